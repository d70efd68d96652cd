import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { forThisFile } from "./support/database.ts"
import { folder, folderWith, lines, make } from "./support/dataGround.ts"
import { proxyTo } from "./support/proxy.ts"

const database = forThisFile()

const ddl = "CREATE TABLE items (id int PRIMARY KEY, name varchar(9) NOT NULL UNIQUE, of int REFERENCES items)"

const importing = (directory: string) => Postgres.importData("y", { directory, tables: ["items"] })

/** More than fits into what lies between two processes. */
const many = (count: number): string => {
  let text = ""
  for (let id = 1; id <= count; id++) text += `{"id":${id},"name":"n${id}","of":null}\n`
  return text
}

/** What a file holds, and what is said of it. Nothing of it may be in the table. */
const files: ReadonlyArray<readonly [string, string, string | Uint8Array, RegExp]> = [
  ["no JSON", "jsonl", '{"id":1,"name":"a","of":null}\n{"id":2,\n', /jsonl, line 2: it is no JSON/],
  ["an empty line", "jsonl", '{"id":1,"name":"a","of":null}\n\n', /jsonl, line 2: it is empty/],
  ["a list", "jsonl", "[1]\n", /jsonl, line 1: it is no JSON object/],
  [
    "a column that nobody knows",
    "jsonl",
    lines({ id: 1, nam: "a" }),
    /line 1: public.items has no column nam; it has id, name, of/
  ],
  [
    "a row with other columns",
    "jsonl",
    lines({ id: 1, name: "a" }, { id: 2, of: 1 }),
    /line 2: it has of and lacks name, unlike the first/
  ],
  [
    "a value that is none",
    "jsonl",
    lines({ id: 1, name: "a" }, { id: "two", name: "b" }),
    /line 2: invalid input syntax for type integer/
  ],
  ["a value that is too long", "jsonl", lines({ id: 1, name: "more than nine" }), /line 1: value too long/],
  [
    "nothing where something must be",
    "jsonl",
    lines({ id: 1, name: "a" }, { id: 2, name: null }),
    /line 2: null value in column "name"/
  ],
  ["a key twice", "jsonl", lines({ id: 1, name: "a" }, { id: 1, name: "b" }), /line 2: duplicate key.*SQLSTATE 23505/],
  [
    "a reference to nothing",
    "jsonl",
    lines({ id: 1, name: "a", of: 7 }),
    /jsonl: insert or update .* violates foreign key.*23503/
  ],
  [
    "no UTF-8",
    "jsonl",
    Buffer.from('{"id":1,"name":"a","of":null}\n{"id":2,"name":"\xfc","of":null}\n', "latin1"),
    /line 2: it is not UTF-8/
  ],
  ["no UTF-8", "copy", Buffer.from("1\ta\t\\N\n2\t\xfc\t\\N\n", "latin1"), /line 2: invalid byte sequence/],
  ["cells that are missing", "copy", "1\ta\t\\N\n2\tb\n", /copy, line 2: missing data for column "of"/],
  ["cells that are too many", "copy", "1\ta\t\\N\t9\n", /copy, line 1: extra data after last expected column/],
  ["NUL", "jsonl", '{"id":1,"name":"a\\u0000","of":null}\n', /line 1: invalid byte sequence/]
]

describe("a file with", () => {
  for (const [name, format, content, message] of files) {
    it.live(`${name}, as ${format}, is refused with its line, and nothing of it is written`, () =>
      Effect.gen(function* () {
        const to = yield* make(database, ddl)
        const error = yield* Effect.flip(to.apply(importing(folderWith({ [`public.items.${format}`]: content }))))
        assert.strictEqual(error.code, "postgres.data-invalid")
        assert.match(error.message, message)
        assert.deepStrictEqual(yield* to.sql("SELECT FROM items"), [])
      })
    )
  }
})

describe("keys", () => {
  it.live("that nothing makes unique, or that rows do not have, are refused", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl, "CREATE TABLE plain (id int)", "INSERT INTO items VALUES (7, 'a')")
      const directory = folderWith({
        "public.items.jsonl": lines({ id: 1, name: "a" }),
        "public.plain.jsonl": lines({ id: 1 })
      })
      const refusal = (table: Parameters<typeof Postgres.importData>[1]["tables"]) =>
        Effect.map(
          Effect.flip(to.apply(Postgres.importData("y", { directory, tables: table }))),
          ({ message }) => message
        )
      assert.include(yield* refusal(["plain"]), "public.plain has no primary key")
      assert.include(
        yield* refusal([{ table: "items", key: ["of"] }]),
        "nothing says that of is unique in public.items"
      )
      assert.include(
        yield* refusal([{ table: "items", key: ["id"], exclude: ["id"] }]),
        "the rows for public.items do not have the key id"
      )
      // Rows of other tables would refer to another row.
      assert.include(
        yield* refusal([{ table: "items", key: ["name"] }]),
        'the row with "name" a is there with "id" 7, and the file gives it 1'
      )
      assert.deepStrictEqual(yield* to.sql("SELECT * FROM items"), [{ id: 7, name: "a", of: null }])
    })
  )

  it.live("that come twice in a file for a table with rows are refused", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl, "INSERT INTO items VALUES (7, 'z')")
      const directory = folderWith({ "public.items.jsonl": lines({ id: 1, name: "a" }, { id: 1, name: "b" }) })
      const error = yield* Effect.flip(to.apply(importing(directory)))
      assert.include(error.message, 'more than one row has "id" 1')
    })
  )
})

describe("an import", () => {
  it.live("without the right to write says so", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl)
      yield* to.sql("CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON items TO reader")
      const directory = folderWith({ "public.items.jsonl": lines({ id: 1, name: "a" }) })
      const reader = { user: "reader", password: Redacted.make("r") }
      assert.strictEqual((yield* to.check(importing(directory), reader))._tag, "Needed")
      const error = yield* Effect.flip(to.apply(importing(directory), reader))
      assert.strictEqual(error.code, "postgres.permission-denied")
      yield* to.sql("DROP OWNED BY reader; DROP ROLE reader")
    })
  )

  it.live("beside another one of the same rows takes turns, and each row is there once", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl)
      const directory = folderWith({ "public.items.jsonl": many(5_000) })
      const one = to.apply(importing(directory), { lockTimeout: "30 seconds" })
      yield* Effect.all([one, one], { concurrency: 2 })
      assert.deepStrictEqual(yield* to.sql("SELECT count(*)::int AS n FROM items"), [{ n: 5_000 }])
    })
  )

  it.live("whose server dies leaves nothing, and goes on once it is back", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl)
      const directory = folderWith({ "public.items.jsonl": many(200_000) })
      const running = yield* Effect.forkChild(Effect.flip(to.apply(importing(directory))))
      const writer = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND pid <> pg_backend_pid()`
      yield* Effect.repeat(to.sql(writer), { until: (found) => found.length > 0 })
      yield* to.sql(`SELECT pg_terminate_backend(pid) FROM (${writer}) AS w`)
      const error = yield* Fiber.join(running)
      assert.strictEqual(error.code, "postgres.connection-lost")
      assert.deepStrictEqual(yield* to.sql("SELECT FROM items LIMIT 1"), [])
      yield* to.apply(importing(directory))
      assert.deepStrictEqual(yield* to.sql("SELECT count(*)::int AS n FROM items"), [{ n: 200_000 }])
    })
  )

  it.live("that is interrupted leaves nothing behind on the server", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl)
      const directory = folderWith({ "public.items.jsonl": many(200_000) })
      const running = yield* Effect.forkChild(to.apply(importing(directory)))
      const busy =
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND pid <> pg_backend_pid()"
      yield* Effect.repeat(to.sql(busy), { until: (found) => found.length > 0 })
      yield* Fiber.interrupt(running)
      yield* Effect.repeat(to.sql(busy), { until: (found) => found.length === 0 })
      assert.deepStrictEqual(yield* to.sql("SELECT FROM items LIMIT 1"), [])
    })
  )

  it.live("over a line that breaks says so", () =>
    Effect.gen(function* () {
      const to = yield* make(database, ddl)
      const proxy = yield* proxyTo(database.embedded().port)
      const directory = folderWith({ "public.items.jsonl": many(200_000) })
      const running = yield* Effect.forkChild(Effect.flip(to.apply(importing(directory), { port: proxy.port })))
      const busy =
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %' AND pid <> pg_backend_pid()"
      yield* Effect.repeat(to.sql(busy), { until: (found) => found.length > 0 })
      proxy.cutNext = true
      assert.strictEqual((yield* Fiber.join(running)).code, "postgres.connection-lost")
    }).pipe(Effect.scoped)
  )
})

/** A file system that is soon full; tests that need one are left out where none can be made. */
const small = (): string | undefined => {
  const directory = folder()
  fs.mkdirSync(directory)
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "none", directory], { stdio: "ignore" })
    return directory
  } catch {
    return undefined
  }
}

describe("an export", () => {
  const full = small()
  it.live.skipIf(full === undefined)("onto a full disk says so, and leaves nothing", () =>
    Effect.gen(function* () {
      const from = yield* make(database, ddl, "INSERT INTO items SELECT n, n FROM generate_series(1, 50000) n")
      const directory = path.join(full ?? "", "out")
      const error = yield* Effect.flip(from.apply(Postgres.exportData("x", { directory, tables: ["items"] })))
      assert.strictEqual(error.code, "postgres.disk-full")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.ensuring(Effect.sync(() => execFileSync("umount", [full ?? ""]))))
  )

  it.live("without the right to read, or of a table that is not there, writes nothing", () =>
    Effect.gen(function* () {
      const from = yield* make(database, ddl)
      yield* from.sql("CREATE ROLE nobody LOGIN PASSWORD 'r'")
      const directory = folder()
      const out = (table: string) => Postgres.exportData("x", { directory, tables: [table] })
      const denied = from.apply(out("items"), { user: "nobody", password: Redacted.make("r") })
      assert.strictEqual((yield* Effect.flip(denied)).code, "postgres.permission-denied")
      assert.strictEqual((yield* Effect.flip(from.apply(out("later")))).code, "postgres.data-refused")
      assert.deepStrictEqual(fs.existsSync(directory) ? fs.readdirSync(directory) : [], [])
      yield* from.sql("DROP ROLE nobody")
    })
  )
})
