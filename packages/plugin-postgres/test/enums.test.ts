/** Enums beyond the laws: any order of labels, what the server refuses, what stands in the way, who has the lock. */
import { assert, describe, it } from "@effect/vitest"
import { acknowledge, defineDeployment, Progress } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Postgres, PostgresControl, PostgresError } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { enumErrors } from "../src/internal/enumErrors.ts"
import { apply, check, forThisFile } from "./support/database.ts"

const database = forThisFile()

/** A source of numbers that gives the same ones for the same seed (mulberry32). */
const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** Labels in an order, and some of them that are there already, in the same order, one perhaps by another name. */
const randomCase = (seed: number) => {
  const below = random(seed)
  const labels = Array.from({ length: 1 + below(12) }, (_, i) => `l${i}'"\\`).toSorted(() => below(3) - 1)
  const kept = labels.filter(() => below(2) === 0)
  const there = kept.length === 0 ? labels.slice(0, 1) : kept
  const old = below(2) === 0 ? there[below(there.length)] : undefined
  const renames: Record<string, string> = old === undefined ? {} : { before: old }
  return { labels, renames, existing: there.map((label) => (label === old ? "before" : label)) }
}

describe("an enum gets its labels in their order, whatever is there", () => {
  it.effect("in memory", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 300; seed++) {
        const { existing, labels, renames } = randomCase(seed)
        const world = PostgresWorld.make({ enums: { it: existing } })
        const step = Postgres.enum("x", { name: "it", labels, renames })
        yield* Effect.provide(apply(step), world.layer)
        assert.deepStrictEqual(world.enums.get("public.it"), labels)
        assert.strictEqual((yield* Effect.provide(check(step), world.layer))._tag, "Satisfied")
      }
    })
  )

  it.live("on a real server", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 25; seed++) {
        const { existing, labels, renames } = randomCase(seed)
        yield* database.sql(
          `CREATE TYPE random_${seed} AS ENUM (${existing.map((label) => `'${label.replaceAll("'", "''")}'`).join(", ")})`
        )
        const step = Postgres.enum("x", { name: `random_${seed}`, labels, renames })
        yield* apply(step)
        const { rows } = yield* database.sql(`SELECT enum_range(NULL::random_${seed})::text[] AS labels`)
        assert.deepStrictEqual(rows[0].labels, labels, `seed ${seed}`)
        assert.strictEqual((yield* check(step))._tag, "Satisfied")
      }
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("an enum that cannot become what is wanted", () => {
  const conflict = (existing: ReadonlyArray<string>, wanted: Parameters<typeof Postgres.enum>[1]) =>
    Effect.flip(
      Effect.provide(check(Postgres.enum("x", wanted)), PostgresWorld.make({ enums: { it: existing } }).layer)
    )

  it.effect("says what to do", () =>
    Effect.gen(function* () {
      const order = yield* conflict(["a", "b"], { name: "it", labels: ["b", "a"] })
      assert.include(order.message, "another order: a, b")
      assert.include(order.hint, "Postgres.replaceEnum")
      const both = yield* conflict(["a", "b"], { name: "it", labels: ["b"], renames: { a: "b" } })
      assert.include(both.message, "has both a and b")
      const unclear = yield* conflict(["a"], { name: "it", labels: ["a", "b"], renames: { a: "b" } })
      assert.include(unclear.hint, "the old one no longer")
      const stray = yield* Effect.flip(
        Effect.provide(
          check(Postgres.replaceEnum("x", { name: "it", labels: ["a"], values: { b: "c" } })),
          PostgresWorld.make({ enums: { it: ["a", "b"] } }).layer
        )
      )
      assert.include(stray.message, "shall hold c")
    })
  )

  it.live("is refused by the server with an error of its own for each reason", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TYPE refused AS ENUM ('a', 'b')")
      const type = { schema: "public", name: "refused" }
      const control = yield* PostgresControl.PostgresControl
      const label = (label: string, neighbour: string) =>
        Effect.flip(control.addLabel(type, { label, place: "AFTER", neighbour }))
      assert.strictEqual((yield* label("a", "b")).code, "postgres.label-exists")
      assert.strictEqual((yield* label("c", "no")).code, "postgres.label-missing")
      assert.strictEqual((yield* Effect.flip(control.renameLabel(type, "no", "c"))).code, "postgres.label-missing")
      assert.strictEqual((yield* Effect.flip(control.renameLabel(type, "a", "b"))).code, "postgres.label-exists")
      assert.strictEqual((yield* Effect.flip(control.createEnum(type, ["a"]))).code, "postgres.label-exists")
      // A transaction of the plugin's own has none of these; those of scripts do.
      for (const [sqlstate, code] of [
        ["55P04", "postgres.label-not-committed"],
        ["25001", "postgres.enum-in-transaction"]
      ] as const) {
        const said = new PostgresError.StatementFailed({ sqlstate, message: "no", hint: "no" })
        assert.strictEqual((yield* Effect.flip(enumErrors(type)(Effect.fail(said)))).code, code)
      }
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that another transaction has changed is waited for, and its holder is named", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TYPE held AS ENUM ('a')")
      const released = Promise.withResolvers<void>()
      const holder = database.embedded().holdLock(database.name(), "ALTER TYPE held ADD VALUE 'z'", released.promise)
      yield* Effect.promise(() => holder.held)
      const lines: Array<string> = []
      const named = Promise.withResolvers<void>()
      const line = (text: string) => {
        lines.push(text)
        if (text.includes("in its transaction")) named.resolve()
      }
      const step = Postgres.enum("x", { name: "held", labels: ["a", "b"] })
      const trying = yield* Effect.forkChild(
        Effect.provideService(
          Effect.provide(apply(step), database.layer({ lockTimeout: "200 millis" })),
          Progress.Current,
          {
            line
          }
        )
      )
      yield* Effect.promise(() => named.promise)
      assert.match(
        lines.join("\n"),
        /lock timeout: process \d+ \(postgres, idle in transaction, in its transaction for \d s\) has it; trying again/
      )
      // It ends without a commit: the label was never there.
      released.resolve()
      yield* Effect.promise(() => holder.ended)
      yield* Fiber.join(trying)
      const { rows } = yield* database.sql("SELECT enum_range(NULL::held)::text AS labels")
      assert.strictEqual(rows[0].labels, "{a,b}")
    })
  )
})

describe("an enum that is made anew", () => {
  const replace = (name: string, values: Record<string, string> = {}) =>
    Postgres.replaceEnum("x", { name, labels: ["c", "a"], values })

  it.effect("needs somebody who has acknowledged it where data is precious", () =>
    Effect.gen(function* () {
      const options = {
        environments: { production: { data: "precious" } },
        plugins: () => [Postgres.server({ user: "a", database: "d" })]
      } as const
      const lossy = Postgres.replaceEnum("it", { name: "it", labels: ["a"] })
      // @ts-expect-error TypeScript refuses it, too, before anything is run.
      const refused = defineDeployment("it", options, function* () {
        yield* Postgres.backup("backup", { directory: "/backups" })
        yield* lossy
      })
      const accepted = defineDeployment("it", options, function* () {
        yield* Postgres.backup("backup", { directory: "/backups" })
        yield* acknowledge(lossy, { reason: "gone", approvedBy: "dba@example.org" })
      })
      for (const [deployment, labels] of [
        [refused, ["a", "b"]],
        [accepted, ["a"]]
      ] as const) {
        const world = PostgresWorld.make({ enums: { it: ["a", "b"] } })
        yield* Rehearsal.apply(deployment, world.layer, { environment: "production" })
        assert.deepStrictEqual(world.enums.get("public.it"), labels)
      }
    })
  )

  it.live("changes rows with labels that go, and refuses to change others behind the plan's back", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TYPE moved AS ENUM ('a', 'b', 'c'); CREATE TABLE moved_rows (k moved, l moved[])")
      yield* database.sql("INSERT INTO moved_rows VALUES ('a', '{a}'), ('b', '{b}')")
      const refused = yield* Effect.flip(check(replace("moved", { b: "a", a: "c" })))
      assert.strictEqual(refused.code, "postgres.enum-conflict")
      assert.include(refused.message, "a stays a label")
      yield* apply(replace("moved", { b: "a" }))
      const { rows } = yield* database.sql("SELECT k::text, l::text FROM moved_rows ORDER BY ctid")
      assert.deepStrictEqual(rows, [
        { k: "a", l: "{a}" },
        { k: "a", l: "{a}" }
      ])
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("waits for a transaction that uses it, names who that is, and changes nothing until it has ended", () =>
    Effect.gen(function* () {
      yield* database.sql(
        "CREATE TYPE busy AS ENUM ('a', 'b', 'c'); CREATE TABLE busy_rows (id int, k busy); INSERT INTO busy_rows VALUES (1, 'a')"
      )
      const released = Promise.withResolvers<void>()
      const holder = database
        .embedded()
        .holdLock(database.name(), "INSERT INTO busy_rows VALUES (2, 'b')", released.promise)
      yield* Effect.promise(() => holder.held)
      const held = yield* Effect.flip(
        Effect.provide(apply(replace("busy")), database.layer({ lockTimeout: "200 millis", lockRetries: 1 }))
      )
      assert.strictEqual(held.code, "postgres.lock-timeout")
      assert.match(held.message, /process \d+ \(postgres, idle in transaction/)
      const labels = database.sql("SELECT enum_range(NULL::busy)::text AS labels")
      assert.strictEqual((yield* labels).rows[0].labels, "{a,b,c}")
      // It ends without a commit, so that no row holds what goes.
      released.resolve()
      yield* Effect.promise(() => holder.ended)
      yield* Effect.provide(apply(replace("busy")), database.layer())
      assert.strictEqual((yield* labels).rows[0].labels, "{c,a}")
    })
  )

  it.live("keeps rows, arrays, defaults, keys, partitions, owner, grants and comment", () =>
    Effect.gen(function* () {
      yield* database.sql(`
        CREATE ROLE owner_of_kind; CREATE TYPE kind AS ENUM ('a', 'b', 'c');
        ALTER TYPE kind OWNER TO owner_of_kind; REVOKE ALL ON TYPE kind FROM PUBLIC; GRANT USAGE ON TYPE kind TO pg_monitor;
        COMMENT ON TYPE kind IS 'it''s said';
        CREATE TABLE things (id int, one kind NOT NULL DEFAULT 'b', many kind[] DEFAULT '{a}', UNIQUE (id, one));
        CREATE INDEX by_one ON things (one);
        CREATE TABLE parted (id int, k kind) PARTITION BY RANGE (id);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);
        INSERT INTO things VALUES (1, 'a', '{a,b}'), (2, 'b', '{}'), (3, 'c', NULL); INSERT INTO parted VALUES (1, 'b')`)
      const lost = yield* Effect.flip(check(replace("kind")))
      assert.strictEqual(lost.code, "postgres.label-in-use")
      for (const part of [
        "1 row of public.things.one holds b",
        "1 row of public.things.many holds b",
        "1 row of public.parted.k holds b"
      ])
        assert.include(lost.message, part)
      // What the check has seen is looked at again under the lock.
      const meanwhile = yield* Effect.flip(apply(replace("kind")))
      assert.strictEqual(meanwhile.code, "postgres.label-in-use")

      const found = yield* check(replace("kind", { b: "c" }))
      const changes = found._tag === "Needed" ? found.changes.map(({ summary }) => summary) : []
      assert.include(changes, "remove b from enum public.kind")
      assert.include(changes, "change 1 row of public.things.many")
      assert.include(changes, "write public.parted.k anew")
      yield* apply(replace("kind", { b: "c" }))
      assert.strictEqual((yield* check(replace("kind")))._tag, "Satisfied")
      const { rows } = yield* database.sql(`SELECT
        (SELECT string_agg(concat_ws(' ', id, one, many), '; ' ORDER BY id) FROM things) AS things,
        (SELECT string_agg(k::text, ',') FROM parted) AS parted,
        enum_range(NULL::kind)::text AS labels,
        (SELECT pg_get_userbyid(typowner) || ' ' || typacl::text || ' ' || obj_description(oid, 'pg_type') FROM pg_type WHERE typname = 'kind') AS type,
        (SELECT string_agg(pg_get_expr(adbin, adrelid), ' ' ORDER BY adnum) FROM pg_attrdef WHERE adrelid = 'things'::regclass) AS defaults,
        (SELECT count(*)::int FROM pg_index WHERE indrelid = 'things'::regclass AND indisvalid) AS indexes,
        (SELECT count(*)::int FROM pg_type WHERE typname LIKE '%before_shipshape') AS left`)
      assert.deepStrictEqual(rows[0], {
        things: "1 a {a,c}; 2 c {}; 3 c",
        parted: "c",
        labels: "{c,a}",
        type: "owner_of_kind {owner_of_kind=U/owner_of_kind,pg_monitor=U/owner_of_kind} it's said",
        defaults: "'c'::kind '{a}'::kind[]",
        indexes: 2,
        left: 0
      })
    }).pipe(Effect.provide(database.layer()))
  )

  it.live(
    "is refused where views, checks, functions or indexes depend on it, which are listed; nothing is changed",
    () =>
      Effect.gen(function* () {
        yield* database.sql(`CREATE TYPE used AS ENUM ('a', 'b', 'c');
        CREATE TABLE users_of (id int, u used, CONSTRAINT never_b CHECK (u <> 'b'));
        CREATE INDEX only_a ON users_of (id) WHERE u = 'a'; CREATE VIEW seen AS SELECT u FROM users_of;
        CREATE FUNCTION takes(used) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN narrow AS used CHECK (VALUE <> 'c')`)
        const error = yield* Effect.flip(check(replace("used")))
        assert.strictEqual(error.code, "postgres.label-in-use")
        for (const part of ["view seen", "never_b", "only_a", "function takes(used)", "type narrow"])
          assert.include(error.message, part)
        yield* Effect.flip(apply(replace("used")))
        const { rows } = yield* database.sql("SELECT enum_range(NULL::used)::text AS labels")
        assert.strictEqual(rows[0].labels, "{a,b,c}")
      }).pipe(Effect.provide(database.layer()))
  )
})
