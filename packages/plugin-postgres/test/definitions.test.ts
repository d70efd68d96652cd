/** What is there is known by what it is, and not by its name: indexes, columns, privileges. */
import { assert, describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { apply, check, forThisFile } from "./support/database.ts"

const database = forThisFile()

const changesOf = (found: Effect.Success<ReturnType<typeof check>>) =>
  found._tag === "Needed" ? found.changes.map(({ summary }) => summary) : found._tag

describe("an index", () => {
  const table = { table: "words", name: "i" }
  const word = { column: "word", collation: "C" } as const

  it.live("is another one by each of its parts, and is built anew", () =>
    Effect.gen(function* () {
      yield* database.sql('CREATE TABLE words (id int, word text, more text COLLATE "C", list int[])')
      const definitions: ReadonlyArray<Parameters<typeof Postgres.index>[1]> = [
        { ...table, columns: ["word"] },
        { ...table, columns: [word] },
        { ...table, columns: [{ ...word, descending: true }] },
        { ...table, columns: [{ ...word, descending: true, nullsFirst: false }] },
        { ...table, columns: [{ column: "word", operators: "text_pattern_ops" }] },
        { ...table, columns: ["word"], include: ["id"] },
        { ...table, columns: ["word"], unique: true, include: ["id"] },
        { ...table, columns: ["more", "word"] },
        { ...table, columns: [{ expression: 'lower(word) COLLATE "C"' }] },
        { ...table, columns: ["word"], where: "id BETWEEN 1 AND 9" },
        { ...table, columns: ["list"], method: "gin" }
      ]
      for (const [i, definition] of definitions.entries()) {
        const step = Postgres.index("x", definition)
        assert.strictEqual((yield* check(step))._tag, "Needed", `definition ${i}`)
        yield* apply(step)
        for (const [j, other] of definitions.entries()) {
          const found = yield* check(Postgres.index("x", other))
          assert.strictEqual(found._tag, i === j ? "Satisfied" : "Needed", `definition ${j} where ${i} is there`)
        }
      }
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("a column", () => {
  it.live("has its collation, or that is a conflict; its default is the same in other words", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TABLE texts (a text COLLATE "C" DEFAULT ('x' || 'y'), n numeric(8, 2) DEFAULT 1)`)
      const column = (more: { name: string; type: string; collation?: string; default?: string }) =>
        check(Postgres.column("x", { table: "texts", ...more }))
      assert.strictEqual((yield* column({ name: "a", type: "text", collation: "C" }))._tag, "Satisfied")
      const other = yield* Effect.flip(column({ name: "a", type: "text", collation: "POSIX" }))
      assert.strictEqual(other.code, "postgres.column-conflict")
      assert.include(other.message, "texts.a")
      for (const [name, type, expression] of [
        ["a", "text", "'x'||'y'"],
        ["n", "decimal(8,2)", "1.00"],
        ["n", "numeric(8,2)", "2"]
      ] as const) {
        const found = yield* column({ name, type, default: expression })
        assert.strictEqual(found._tag, expression === "2" ? "Needed" : "Satisfied", expression)
      }
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("a new column", () => {
  it.live("is planned with its lock, and the rows that are written for it", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE known AS SELECT n FROM generate_series(1, 1000) n")
      yield* database.sql("ANALYZE known")
      const column = (more: object) => check(Postgres.column("x", { table: "known", name: "c", type: "uuid", ...more }))
      const add = { summary: "public.known: add column c uuid" }
      const quick = "ACCESS EXCLUSIVE lock for a moment, no rows are read"
      const plans: ReadonlyArray<readonly [object, ReadonlyArray<{ summary: string; after: string }>]> = [
        [{}, [{ ...add, after: quick }]],
        [{ default: "'00000000-0000-0000-0000-000000000001'" }, [{ ...add, after: quick }]],
        [{ default: "gen_random_uuid()" }, [{ ...add, after: "ACCESS EXCLUSIVE lock, writes anew about 1,000 rows" }]],
        [
          { default: "gen_random_uuid()", nullable: false },
          [
            { ...add, after: quick },
            {
              summary: "public.known: fill column c with gen_random_uuid() in batches, and then set NOT NULL",
              after: "ROW EXCLUSIVE lock, writes anew about 1,000 rows"
            }
          ]
        ]
      ]
      for (const [given, changes] of plans) {
        assert.deepStrictEqual(yield* column(given), { _tag: "Needed", changes })
      }
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("privileges", () => {
  it.live("are those that are held, by whatever they came; what comes later is seen, or has them by default", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE SCHEMA app; CREATE ROLE maker; CREATE ROLE reader; GRANT ALL ON SCHEMA app TO maker")
      yield* database.sql("SET ROLE maker; CREATE TABLE app.one (id int); CREATE TABLE app.two (id int)")
      const reads = Postgres.grant("x", { to: "reader", privileges: ["SELECT", "INSERT"], on: { tablesIn: "app" } })
      yield* database.sql("GRANT SELECT ON app.one TO reader")
      assert.notStrictEqual((yield* check(reads))._tag, "Satisfied")
      yield* apply(reads)
      assert.strictEqual((yield* check(reads))._tag, "Satisfied")
      // A table that comes later has none of it.
      yield* database.sql("SET ROLE maker; CREATE TABLE app.three (id int)")
      assert.deepStrictEqual(changesOf(yield* check(reads)), ["privileges of reader on tables of app: held"])
      yield* apply(reads)
      const defaults = Postgres.defaultPrivileges("x", {
        owner: "maker",
        schema: "app",
        on: "tables",
        privileges: ["SELECT", "INSERT"],
        to: "reader"
      })
      yield* apply(defaults)
      yield* database.sql("SET ROLE maker; CREATE TABLE app.four (id int)")
      assert.strictEqual((yield* check(reads))._tag, "Satisfied")
      assert.strictEqual((yield* check(defaults))._tag, "Satisfied")
      // One of them by another way is not all of them.
      yield* database.sql("ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA app REVOKE INSERT ON TABLES FROM reader")
      assert.strictEqual((yield* check(defaults))._tag, "Needed")
      yield* database.sql("REVOKE INSERT ON app.two FROM reader")
      assert.strictEqual((yield* check(reads))._tag, "Needed")
    }).pipe(Effect.provide(database.layer()))
  )
})
