/** Roles and what they may do, schemas, databases, owners, settings, sequences, connections: in memory and on a real server. */
import { assert, describe, it } from "@effect/vitest"
import type { Step } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Postgres, PostgresProbe } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { apply, check, forThisFile, serverLayer } from "./support/database.ts"
import type { Services } from "./support/laws.ts"

const database = forThisFile()

type AnyStep = Step.Step<unknown, unknown, Services, Services, string>

/** What is done one after the other; each is tried with the laws, and those with an undo are taken back and done again. */
const steps = (name: string): ReadonlyArray<AnyStep> => [
  Postgres.role("x", { name: `a"pp ${name}`, login: true, connectionLimit: 40, password: Redacted.make("pä'ss") }),
  Postgres.role("x", { name: `a"pp ${name}`, createDatabase: true, connectionLimit: -1 }),
  Postgres.role("x", { name: `readers ${name}` }),
  Postgres.membership("x", { role: `readers ${name}`, member: `a"pp ${name}` }),
  Postgres.membership("x", { role: `readers ${name}`, member: `a"pp ${name}`, admin: true }),
  Postgres.schema("x", { name: `s"c ${name}` }),
  Postgres.schema("x", { name: `s"c ${name}`, owner: `a"pp ${name}` }),
  Postgres.owner("x", { of: { table: "documents" }, owner: `a"pp ${name}` }),
  Postgres.owner("x", { of: { type: "status" }, owner: `a"pp ${name}` }),
  Postgres.grant("x", { to: `readers ${name}`, privileges: ["USAGE"], on: { schema: `s"c ${name}` } }),
  Postgres.grant("x", { to: `readers ${name}`, privileges: ["SELECT"], on: { table: "documents" } }),
  Postgres.grant("x", { to: `readers ${name}`, privileges: ["SELECT", "INSERT"], on: { tablesIn: "public" } }),
  Postgres.grant("x", { to: `readers ${name}`, privileges: ["USAGE"], on: { type: "status" } }),
  Postgres.defaultPrivileges("x", {
    owner: `a"pp ${name}`,
    schema: "public",
    on: "tables",
    privileges: ["SELECT"],
    to: `readers ${name}`
  }),
  Postgres.defaultPrivileges("x", {
    owner: `a"pp ${name}`,
    on: "sequences",
    privileges: ["USAGE"],
    to: `readers ${name}`
  }),
  Postgres.setting("x", { role: `a"pp ${name}`, name: "search_path", value: "" }),
  Postgres.setting("x", { role: `a"pp ${name}`, name: "search_path", value: `"$user",Odd,  public` }),
  Postgres.setting("x", { role: `a"pp ${name}`, name: "statement_timeout", value: "30s" }),
  Postgres.setting("x", { role: `a"pp ${name}`, name: "statement_timeout", value: "31s" })
]

const tryAll = (all: ReadonlyArray<AnyStep>, see: Effect.Effect<unknown>) =>
  Effect.forEach(
    all,
    (step) =>
      Effect.gen(function* () {
        // A password is not brought back; the role that had it is dropped.
        if (step.traits.undo) yield* Laws.undo({ step, see })
        yield* Laws.check({ step, see })
      }).pipe(Effect.mapError((cause) => new Error(`${step.type}: ${String(cause)}`, { cause }))),
    { discard: true }
  )

describe("the laws hold", () => {
  it.effect("in memory", () => {
    const world = PostgresWorld.make({ tables: { documents: { id: "int" }, more: {} }, enums: { status: ["a"] } })
    const see = Effect.sync(() => [...world.objects].toSorted())
    return Effect.provide(tryAll(steps("one"), see), world.layer)
  })

  it.live(
    "on a real server",
    () =>
      Effect.gen(function* () {
        yield* database.sql(
          "CREATE TABLE documents (id serial PRIMARY KEY); CREATE VIEW more AS SELECT 1 AS n; CREATE TYPE status AS ENUM ('a')"
        )
        const see = Effect.map(
          database.sql(`SELECT
          (SELECT json_agg(to_jsonb(r) - 'oid' ORDER BY rolname) FROM pg_roles r WHERE rolname LIKE '% one') AS roles,
          (SELECT json_agg(json_build_array(roleid::regrole, member::regrole, admin_option) ORDER BY 1::text) FROM pg_auth_members WHERE roleid::regrole::text LIKE '% one"') AS members,
          (SELECT json_agg(json_build_array(nspname, nspowner::regrole, (SELECT array_agg(x::text ORDER BY x::text) FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner))) x)) ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE '% one') AS schemas,
          (SELECT json_agg(json_build_array(relname, relowner::regrole, (SELECT array_agg(x::text ORDER BY x::text) FROM aclexplode(coalesce(relacl, acldefault('r', relowner))) x)) ORDER BY relname) FROM pg_class WHERE relname IN ('documents', 'more')) AS tables,
          (SELECT json_agg(json_build_array(typowner::regrole, (SELECT array_agg(x::text ORDER BY x::text) FROM aclexplode(coalesce(typacl, acldefault('T', typowner))) x))) FROM pg_type WHERE typname = 'status') AS types,
          (SELECT json_agg(json_build_array(defaclrole::regrole, defaclobjtype, defaclacl::text)) FROM pg_default_acl) AS defaults,
          (SELECT json_agg(setconfig) FROM pg_db_role_setting WHERE setrole::regrole::text LIKE '% one"') AS settings`),
          ({ rows }) => rows
        )
        yield* tryAll(steps("one"), see)
        const { rows } = yield* database.sql(
          `SELECT setconfig FROM pg_db_role_setting WHERE setrole::regrole::text = '"a""pp one"'`
        )
        assert.deepStrictEqual(rows[0].setconfig, [`search_path="$user", "Odd", public`, "statement_timeout=31s"])
      }).pipe(Effect.provide(database.layer())),
    120_000
  )
})

describe("a role's password", () => {
  it.live("is right or wrong, for a superuser and for others, and is never sent", () =>
    Effect.gen(function* () {
      const step = (password: string) =>
        Postgres.role("x", { name: "keeper", login: true, password: Redacted.make(password) })
      yield* Effect.provide(apply(step("first")), database.layer())
      const { rows } = yield* database.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'")
      assert.match(rows[0].rolpassword, /^SCRAM-SHA-256\$4096:/)
      const guest = yield* database.guest
      const { port } = database.embedded()
      const asKeeper = (password: string) =>
        Effect.exit(
          Effect.provide(
            Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.server),
            serverLayer({ port, user: "keeper", password: Redacted.make(password), database: database.name() })
          )
        )
      assert.strictEqual((yield* asKeeper("first"))._tag, "Success")
      for (const layer of [database.layer(), guest]) {
        assert.strictEqual((yield* Effect.provide(check(step("first")), layer))._tag, "Satisfied")
        const wrong = yield* Effect.provide(check(step("second")), layer)
        assert.deepStrictEqual(wrong._tag === "Needed" && wrong.changes, [{ summary: "role keeper: set its password" }])
      }
      yield* Effect.provide(apply(step("second")), database.layer())
      assert.strictEqual((yield* asKeeper("first"))._tag, "Failure")
      assert.strictEqual((yield* asKeeper("second"))._tag, "Success")
    })
  )
})

describe("other things of a server", () => {
  it.live("a role, a table or a schema that is not there is waited for", () =>
    Effect.gen(function* () {
      const waiting: ReadonlyArray<AnyStep> = [
        Postgres.grant("x", { to: "nobody", privileges: ["USAGE"], on: { schema: "public" } }),
        Postgres.grant("x", { to: "PUBLIC", privileges: ["SELECT"], on: { table: "nothing" } }),
        Postgres.owner("x", { of: { schema: "nothing" }, owner: "postgres" }),
        Postgres.membership("x", { role: "nobody", member: "postgres" }),
        Postgres.setting("x", { role: "nobody", name: "work_mem", value: "1MB" })
      ]
      for (const step of waiting) {
        const found = yield* check(step)
        assert.deepStrictEqual(found._tag === "Unavailable" ? found.lacks : found, ["postgres:schema"])
      }
      const everybody = Postgres.grant("x", { to: "PUBLIC", privileges: ["CREATE"], on: { schema: "public" } })
      yield* apply(everybody)
      assert.strictEqual((yield* check(everybody))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("a database is made, and its limit changed", () =>
    Effect.gen(function* () {
      const name = `${database.name()}_"other`
      for (const connectionLimit of [3, 5]) {
        const step = Postgres.database("x", { name, encoding: "UTF8", connectionLimit })
        assert.strictEqual((yield* check(step))._tag, "Needed")
        yield* apply(step)
        assert.strictEqual((yield* check(step))._tag, "Satisfied")
      }
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("sequences go on behind the rows that were imported, and are never set back", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TABLE im (id serial, n bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT 5)); CREATE TABLE ahead (id serial); CREATE TABLE empty (id serial);
        INSERT INTO im (id, n) VALUES (70, 700); SELECT nextval('ahead_id_seq') FROM generate_series(1, 9); INSERT INTO ahead VALUES (3)`)
      const step = Postgres.sequences("x", {})
      const found = yield* check(step)
      assert.deepStrictEqual(found._tag === "Needed" && found.changes, [
        { summary: "next value of public.im.id", before: "1", after: "after 70" },
        { summary: "next value of public.im.n", before: "1", after: "after 700" }
      ])
      yield* apply(step)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
      const { rows } = yield* database.sql(
        "SELECT nextval('im_id_seq')::int AS a, nextval('im_n_seq')::int AS b, nextval('ahead_id_seq')::int AS c, nextval('empty_id_seq')::int AS d"
      )
      assert.deepStrictEqual(rows[0], { a: 71, b: 705, c: 10, d: 1 })
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("connections are counted against the limits of server, database and role", () =>
    Effect.gen(function* () {
      const budget = (workers: number, role?: string) =>
        check(
          Postgres.connectionBudget("x", {
            pools: { web: { workers, connections: 2 } },
            spare: 1,
            ...(role === undefined ? {} : { role })
          })
        )
      assert.deepStrictEqual(yield* budget(10), { _tag: "Satisfied", output: { needed: 21, available: 97 } })
      const many = yield* Effect.flip(budget(50))
      assert.strictEqual(many.code, "postgres.connections-exceeded")
      assert.include(many.message, "101 connections are needed (web 50 × 2, spare 1), and the server gives 97")
      yield* database.sql("CREATE ROLE few CONNECTION LIMIT 4")
      assert.include((yield* Effect.flip(budget(2, "few"))).message, "the role gives 4")
    }).pipe(Effect.provide(database.layer()))
  )
})
