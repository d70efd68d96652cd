import { assert, describe, it } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { apply, check, forThisFile } from "./support/database.ts"

const database = forThisFile()

const extension = Postgres.extension("x", { name: "pg_trgm" })

describe("an extension", () => {
  it.live("that the server does not have is found out when planning", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(check(Postgres.extension("x", { name: `no"such` })))
      assert.strictEqual(error.code, "postgres.extension-unavailable")
      const version = yield* Effect.flip(check(Postgres.extension("x", { name: "pg_trgm", version: "99" })))
      assert.include(version.message, "not in 99")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that the user may not create is found out when planning: untrusted, or no CREATE on the database", () =>
    Effect.gen(function* () {
      const asGuest = yield* database.guest
      const untrusted = yield* Effect.flip(
        Effect.provide(check(Postgres.extension("x", { name: "file_fdw" })), asGuest)
      )
      assert.strictEqual(untrusted.code, "postgres.extension-not-trusted")
      assert.include(untrusted.message, "only a superuser")
      const trusted = yield* Effect.flip(Effect.provide(check(extension), asGuest))
      assert.strictEqual(trusted.code, "postgres.extension-not-allowed")
      assert.include(trusted.message, "lacks CREATE")
      yield* database.sql(`GRANT CREATE ON DATABASE ${database.name()} TO guest`)
      assert.strictEqual((yield* Effect.provide(check(extension), asGuest))._tag, "Needed")
      yield* database.sql(`REVOKE ALL ON DATABASE ${database.name()} FROM guest`)
    })
  )

  it.live("is updated to the version that is asked for, with the extensions that it needs", () =>
    Effect.gen(function* () {
      yield* apply(Postgres.extension("x", { name: "earthdistance", cascade: true }))
      const { rows } = yield* database.sql(
        "SELECT count(*)::int AS n FROM pg_extension WHERE extname IN ('cube', 'earthdistance')"
      )
      assert.strictEqual(rows[0].n, 2)
      yield* database.sql("CREATE EXTENSION hstore VERSION '1.4'; CREATE SCHEMA elsewhere")
      const update = Postgres.extension("x", { name: "hstore", version: "1.8" })
      const found = yield* check(update)
      assert.strictEqual(found._tag === "Needed" ? found.risk : undefined, "reversible")
      yield* apply(update)
      assert.deepStrictEqual(yield* check(update), { _tag: "Satisfied", output: { version: "1.8" } })
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("an extension that is there", () => {
  const hstore = (more: object) => Postgres.extension("x", { name: "hstore", ...more })

  it.live("is moved to the schema that is asked for, and updated to what the server has, where that is asked for", () =>
    Effect.gen(function* () {
      yield* database.sql("DROP EXTENSION hstore; CREATE EXTENSION hstore VERSION '1.4'")
      assert.strictEqual((yield* check(hstore({})))._tag, "Satisfied")
      const both = hstore({ schema: "elsewhere", update: true })
      assert.deepStrictEqual(yield* check(both), {
        _tag: "Needed",
        risk: "reversible",
        changes: [
          { summary: "move extension hstore", before: "public", after: "elsewhere" },
          { summary: "update extension hstore", before: "1.4", after: "1.8" }
        ]
      })
      yield* apply(both)
      assert.deepStrictEqual(yield* check(both), { _tag: "Satisfied", output: { version: "1.8" } })
      const see = Effect.map(
        database.sql("SELECT extversion, extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'hstore'"),
        ({ rows }) => rows
      )
      yield* Laws.undo({ step: hstore({ schema: "public" }), see })
      yield* Laws.check({ step: hstore({ schema: "public" }), see })
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("an enum", () => {
  it.live("that has other labels, or another order, is a conflict and stays as it is", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
      const wanted = (labels: ReadonlyArray<string>) => Postgres.enum("x", { name: "mood", labels })
      const order = yield* Effect.flip(check(wanted(["ok", "sad", "happy"])))
      assert.strictEqual(order.code, "postgres.enum-conflict")
      assert.include(order.message, "another order")
      const extra = yield* Effect.flip(apply(wanted(["sad", "ok"])))
      assert.include(extra.message, "happy")
    }).pipe(Effect.provide(database.layer()))
  )

  it("refuses labels that PostgreSQL would cut or that stand twice", () => {
    for (const labels of [[], ["a", "a"], ["é".repeat(32)], [""]]) {
      assert.strictEqual(Postgres.enum("x", { name: "x", labels }).prepare(new Map())._tag, "Failure")
    }
  })
})

describe("a column", () => {
  it.live("of another type is a conflict; the same type in other words is not", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE DOMAIN email AS varchar(99)")
      yield* database.sql(
        `CREATE TABLE people (a varchar(20), b timestamptz, c numeric(10, 2)[], d email, e "char", f text)`
      )
      const typed = (name: string, type: string) => check(Postgres.column("x", { table: "people", name, type }))
      const same: ReadonlyArray<readonly [string, string]> = [
        ["a", "character varying(20)"],
        ["b", "timestamp with time zone"],
        ["c", "decimal( 10,2 )[]"],
        ["d", "public.email"],
        ["e", `"char"`]
      ]
      for (const [name, type] of same) assert.strictEqual((yield* typed(name, type))._tag, "Satisfied", type)
      const other: ReadonlyArray<readonly [string, string]> = [
        ["a", "varchar(19)"],
        ["b", "timestamp"],
        ["c", "numeric(10,3)[]"],
        ["d", "varchar(99)"],
        ["e", "char"],
        ["f", "no_such_type"]
      ]
      for (const [name, type] of other) {
        assert.strictEqual((yield* Effect.flip(typed(name, type))).code, "postgres.column-conflict", type)
      }
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("gets room, and rows are not written anew for it", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE roomy AS SELECT 'x'::varchar(20) AS a, 1.5::numeric(5, 2) AS n")
      const file = database.sql("SELECT pg_relation_filenode('roomy') AS it")
      const before = (yield* file).rows[0].it
      for (const [name, type] of [
        ["a", "varchar(21)"],
        ["a", "varchar"],
        ["a", "text"],
        ["n", "numeric(9, 2)"],
        ["n", "numeric"]
      ] as const) {
        const wider = Postgres.column("x", { table: "roomy", name, type })
        const found = yield* check(wider)
        assert.strictEqual(found._tag === "Needed" ? found.risk : found._tag, "reversible", type)
        yield* apply(wider)
        assert.strictEqual((yield* check(wider))._tag, "Satisfied", type)
      }
      assert.strictEqual((yield* file).rows[0].it, before)
      const other = yield* Effect.flip(
        check(Postgres.column("x", { table: "roomy", name: "n", type: "numeric(5, 3)" }))
      )
      assert.strictEqual(other.code, "postgres.column-conflict")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("of a table that is not there yet waits for the steps that may make it", () =>
    Effect.gen(function* () {
      const found = yield* check(Postgres.column("x", { table: "later", name: "a", type: "text" }))
      assert.deepStrictEqual(found._tag === "Unavailable" ? found.lacks : [], ["postgres:schema"])
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that must not be null needs a default where there are rows", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE filled AS SELECT 1 AS n")
      const without = Postgres.column("x", { table: "filled", name: "a", type: "int", nullable: false })
      const error = yield* Effect.flip(apply(without))
      assert.include(error.hint, "give the column a default")
      yield* apply(Postgres.column("x", { table: "filled", name: "a", type: "int", nullable: false, default: "7" }))
      assert.strictEqual((yield* database.sql("SELECT a FROM filled")).rows[0].a, 7)
    }).pipe(Effect.provide(database.layer()))
  )

  it("takes a type, and no code", () => {
    const prepared = (type: string) => Postgres.column("x", { table: "t", name: "c", type }).prepare(new Map())._tag
    for (const type of [
      "text",
      "varchar(20)",
      `"My Type"`,
      `app."Ty""pe"[]`,
      "numeric(10, -2)",
      "timestamp(3) with time zone"
    ]) {
      assert.strictEqual(prepared(type), "Success", type)
    }
    for (const type of [
      "",
      "int; DROP TABLE t",
      "int, pg_sleep(1)",
      "pg_sleep(1), 2",
      "int DEFAULT f(x)",
      "int -- x",
      "int)",
      `"open`
    ]) {
      assert.strictEqual(prepared(type), "Failure", type)
    }
  })

  it.live("whose type is followed by a constraint does not get it", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE plain (n int)")
      const error = yield* Effect.flip(
        apply(Postgres.column("x", { table: "plain", name: "a", type: "int primary key" }))
      )
      assert.strictEqual(error.code, "postgres.statement-failed")
    }).pipe(Effect.provide(database.layer()))
  )
})
