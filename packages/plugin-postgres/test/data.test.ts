import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Progress } from "@shipshape/core"
import { Data, Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { forThisFile } from "./support/database.ts"
import { edit, folder, folderWith, lines, make, read, rows, schema, tables } from "./support/dataGround.ts"

const database = forThisFile()

const source = make(database, schema, rows)
const empty = make(database, schema)

const contents = `SELECT (SELECT jsonb_agg(to_jsonb(t) - 'raw' ORDER BY id) FROM suppliers t) AS suppliers, (SELECT jsonb_agg(raw::jsonb ORDER BY id) FROM suppliers) AS raw,
  (SELECT jsonb_agg(t ORDER BY id) FROM users t) AS users, (SELECT jsonb_agg(t ORDER BY id) FROM categories t) AS categories,
  (SELECT jsonb_agg(t ORDER BY id) FROM countries t) AS countries, (SELECT jsonb_agg(t ORDER BY id) FROM currencies t) AS currencies`

const exporting = (directory: string, format: "jsonl" | "copy") =>
  Postgres.exportData("x", {
    directory,
    format,
    tables: tables.map((table) => (table === "users" ? { table, keep: ["hashed_password"] } : table))
  })

describe("rows that are exported and imported", () => {
  for (const format of ["jsonl", "copy"] as const) {
    it.live(`are the same, in the format ${format}, whatever the order of the tables`, () =>
      Effect.gen(function* () {
        const [from, to] = [yield* source, yield* empty]
        const directory = folder()
        const out = exporting(directory, format)
        assert.strictEqual((yield* from.check(out))._tag, "Needed")
        yield* from.apply(out)
        const exported = yield* from.check(out)
        assert.deepStrictEqual(exported._tag === "Satisfied" && exported.output.rows, {
          "public.suppliers": 2,
          "public.users": 3,
          "public.categories": 3,
          "public.countries": 2,
          "public.currencies": 3
        })
        const into = Postgres.importData("y", { directory, tables })
        const before = yield* to.check(into)
        assert.strictEqual(before._tag === "Needed" && before.risk, "additive")
        yield* to.apply(into)
        const after = yield* to.check(into)
        assert.strictEqual(after._tag, "Satisfied")
        assert.deepStrictEqual(yield* to.sql(contents), yield* from.sql(contents))
        // What is inserted next gets an id that is free.
        yield* to.sql("INSERT INTO suppliers (name, country_id) VALUES ('Three', 1)")
        assert.deepStrictEqual(yield* to.sql("SELECT id FROM suppliers WHERE name = 'Three'"), [{ id: "3" }])
        assert.strictEqual((yield* to.check(into))._tag, "Satisfied", "a row of the application is no business of ours")
        yield* to.sql("UPDATE suppliers SET limits = 1 WHERE name = 'One'; DELETE FROM suppliers WHERE name = 'Two'")
        const damaged = yield* to.check(into)
        assert.deepStrictEqual(damaged._tag === "Needed" && damaged.changes, [
          { summary: "import public.suppliers", before: "1 row is missing, 1 has other values", after: "2 rows" }
        ])
        yield* to.apply(into)
        assert.strictEqual((yield* to.check(into))._tag, "Satisfied")
        yield* to.sql("DELETE FROM suppliers WHERE name = 'Three'")
        assert.deepStrictEqual(yield* to.sql(contents), yield* from.sql(contents))
      })
    )
  }

  it.live("lie in files that nobody else can read, and the same rows are the same bytes", () =>
    Effect.gen(function* () {
      const from = yield* source
      const [one, two] = [folder(), folder()]
      for (const directory of [one, two]) yield* from.apply(exporting(directory, "jsonl"))
      const names = fs.readdirSync(one)
      assert.deepStrictEqual(names, [...tables.map((t) => `public.${t}.jsonl`), "manifest.json"].sort().toSorted())
      for (const name of names) {
        assert.strictEqual(fs.statSync(`${one}/${name}`).mode & 0o777, 0o600)
        if (name !== "manifest.json") assert.strictEqual(read(one, name), read(two, name))
      }
      assert.include(read(one, "public.suppliers.jsonl"), '"big":9223372036854775807')
    })
  )

  it.live("that are damaged between are refused, and nothing of the table is written", () =>
    Effect.gen(function* () {
      const [from, to] = [yield* source, yield* empty]
      const directory = folder()
      yield* from.apply(exporting(directory, "jsonl"))
      edit(directory, "public.users.jsonl", (text) => text.replace("b@x", "z@x"))
      const error = yield* Effect.flip(to.apply(Postgres.importData("y", { directory, tables: ["users"] })))
      assert.strictEqual(error._tag, "DataInvalid")
      assert.include(error.message, "public.users.jsonl is not what was exported")
      assert.deepStrictEqual(yield* to.sql("SELECT FROM users"), [])
      edit(directory, "public.users.jsonl", (text) => text.slice(0, -9))
      const shorter = yield* Effect.flip(to.check(Postgres.importData("y", { directory, tables: ["users"] })))
      assert.include(shorter.message, "is not what was exported")
      fs.rmSync(`${directory}/manifest.json`)
      const cut = yield* Effect.flip(to.apply(Postgres.importData("y", { directory, tables: ["users"] })))
      assert.include(cut.message, "public.users.jsonl, line 3: it is no JSON")
    })
  )

  it.live("tell how far they are", () =>
    Effect.gen(function* () {
      const [from, to] = [yield* source, yield* empty]
      const directory = folder()
      const said: Array<string> = []
      const heard = Effect.provideService(Progress.Current, { line: (line: string) => said.push(line) })
      yield* heard(from.apply(exporting(directory, "copy")))
      yield* heard(to.apply(Postgres.importData("y", { directory, tables: ["users", "currencies"] })))
      assert.include(said, "exported 3 rows of public.currencies")
      assert.include(said, "public.users: 3 rows")
      yield* heard(to.apply(Postgres.importData("y", { directory, tables: ["users"] })))
      assert.include(said, "public.users: all rows are there")
    })
  )
})

describe("an export", () => {
  it.live("writes no secret that nobody has spoken of", () =>
    Effect.gen(function* () {
      const from = yield* source
      const directory = folder()
      const error = yield* Effect.flip(from.apply(Postgres.exportData("x", { directory, tables: ["users"] })))
      assert.strictEqual(error._tag, "DataRefused")
      assert.include(error.message, "public.users.hashed_password looks like a secret")
      yield* from.apply(
        Postgres.exportData("x", { directory, tables: [{ table: "users", exclude: ["hashed_password"] }] })
      )
      assert.notInclude(read(directory, "public.users.jsonl"), "secret")
      const changed = Data.transform("1", (row) => ({ ...row, hashed_password: `no-${String(row.id)}` }))
      yield* from.apply(Postgres.exportData("x", { directory, tables: [{ table: "users", transform: changed }] }))
      assert.notInclude(read(directory, "public.users.jsonl"), "secret")
      assert.include(read(directory, "public.users.jsonl"), '"hashed_password":"no-3"')
    })
  )

  it.live("that another is asked for is made anew, and so is one that is too old or damaged", () =>
    Effect.gen(function* () {
      const from = yield* source
      const directory = folder()
      const one = Postgres.exportData("x", { directory, tables: ["currencies"] })
      yield* from.apply(one)
      const tag = (step: typeof one) => Effect.map(from.check(step), ({ _tag }) => _tag)
      assert.strictEqual(yield* tag(one), "Satisfied")
      const others = [
        Postgres.exportData("x", { directory, tables: ["currencies"], maxAge: "0 millis" }),
        Postgres.exportData("x", { directory, tables: ["currencies", "countries"] }),
        Postgres.exportData("x", { directory, tables: ["currencies"], format: "copy" }),
        Postgres.exportData("x", { directory, tables: [{ table: "currencies", exclude: ["name"] }] })
      ]
      for (const other of others) assert.strictEqual(yield* tag(other), "Needed")
      edit(directory, "public.currencies.jsonl", (text) => text.replace("EUR", "EUX"))
      assert.strictEqual(yield* tag(one), "Needed")
    })
  )
})

describe("an import", () => {
  it.live("of files that people write goes by a natural key, keeps what is the application's, and sets sequences", () =>
    Effect.gen(function* () {
      const to = yield* empty
      yield* to.sql("INSERT INTO users (email, hashed_password) VALUES ('b@x', 'chosen'), ('own@x', 'own')")
      const directory = folderWith({
        "public.users.jsonl": lines(
          { email: "a@x", hashed_password: "first", status: "active", nick: "A" },
          { email: "b@x", hashed_password: "first", status: "left", nick: "B" }
        )
      })
      const into = Postgres.importData("y", {
        directory,
        tables: [{ table: "users", key: ["email"], exclude: ["nick"], initial: ["hashed_password"] }]
      })
      const before = yield* to.check(into)
      assert.strictEqual(before._tag === "Needed" && before.risk, undefined)
      yield* to.apply(into)
      assert.strictEqual((yield* to.check(into))._tag, "Satisfied")
      assert.deepStrictEqual(yield* to.sql("SELECT email, hashed_password, status FROM users ORDER BY 1"), [
        { email: "a@x", hashed_password: "first", status: "active" },
        { email: "b@x", hashed_password: "chosen", status: "left" },
        { email: "own@x", hashed_password: "own", status: "active" }
      ])
      const kept = Postgres.importData("y", {
        directory: folderWith({ "public.users.jsonl": lines({ email: "b@x", status: "active" }) }),
        tables: [{ table: "users", key: ["email"], existing: "keep" }]
      })
      assert.strictEqual((yield* to.check(kept))._tag, "Satisfied")
    })
  )

  it.live("changes rows by a function, in both formats, and knows them again", () =>
    Effect.gen(function* () {
      const directory = folder()
      for (const format of ["jsonl", "copy"] as const) {
        const [from, to] = [yield* source, yield* empty]
        yield* from.apply(exporting(directory, format))
        const into = Postgres.importData("y", {
          directory,
          tables: [
            {
              table: "users",
              transform: Data.transform("1", ({ hashed_password: _, ...row }) => ({
                ...row,
                email: `user-${String(row.id)}@example.org`
              }))
            }
          ]
        })
        yield* to.apply(into)
        assert.strictEqual((yield* to.check(into))._tag, "Satisfied")
        const found = yield* to.sql("SELECT email, hashed_password, manager_id FROM users ORDER BY id LIMIT 1")
        assert.deepStrictEqual(found, [{ email: "user-1@example.org", hashed_password: "!", manager_id: "3" }])
        fs.rmSync(directory, { recursive: true })
      }
    })
  )

  it.live("waits for its tables, its columns and its files", () =>
    Effect.gen(function* () {
      const to = yield* empty
      const directory = folderWith({
        "public.later.jsonl": lines({ id: 1 }),
        "public.users.jsonl": lines({ id: 1, late: 2 })
      })
      const lacks = (table: string) =>
        Effect.map(to.check(Postgres.importData("y", { directory, tables: [table] })), (found) =>
          found._tag === "Unavailable" ? [...found.lacks, found.reason] : []
        )
      assert.deepStrictEqual(yield* lacks("later"), ["postgres:schema", "there is no table public.later"])
      assert.match((yield* lacks("users")).join(" "), /^postgres:schema .*has no column late; it has id, email/)
      assert.match((yield* lacks("countries")).join(" "), /^file:.*there is neither public.countries.jsonl nor/)
    })
  )

  it.live("that broke off goes on with the table that it was at", () =>
    Effect.gen(function* () {
      const [from, to] = [yield* source, yield* empty]
      const directory = folder()
      yield* from.apply(exporting(directory, "jsonl"))
      fs.rmSync(`${directory}/manifest.json`)
      const good = read(directory, "public.suppliers.jsonl")
      edit(directory, "public.suppliers.jsonl", (text) => text.replace('"big":-1', '"big":"many"'))
      const into = Postgres.importData("y", { directory, tables })
      const error = yield* Effect.flip(to.apply(into))
      assert.include(error.message, "public.suppliers.jsonl, line 2: invalid input syntax for type bigint")
      const count =
        "SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM suppliers) AS suppliers"
      assert.deepStrictEqual(yield* to.sql(count), [{ users: 3, suppliers: 0 }])
      edit(directory, "public.suppliers.jsonl", () => good)
      const left = yield* to.check(into)
      assert.deepStrictEqual(left._tag === "Needed" && left.changes.map(({ summary }) => summary), [
        "import public.suppliers"
      ])
      yield* to.apply(into)
      assert.deepStrictEqual(yield* to.sql(contents), yield* from.sql(contents))
    })
  )
})

describe("tables that refer to each other", () => {
  const pair = (a: string, b: string) => `
    CREATE TABLE a (id int PRIMARY KEY, b_id int ${a}); CREATE TABLE b (id int PRIMARY KEY, a_id int ${b});
    ALTER TABLE a ADD CONSTRAINT a_to_b FOREIGN KEY (b_id) REFERENCES b ${a.includes("/* d */") ? "DEFERRABLE" : ""};
    ALTER TABLE b ADD CONSTRAINT b_to_a FOREIGN KEY (a_id) REFERENCES a;`
  const directory = () =>
    folderWith({
      "public.a.jsonl": lines({ id: 1, b_id: 2 }, { id: 2, b_id: 1 }),
      "public.b.jsonl": lines({ id: 1, a_id: 1 }, { id: 2, a_id: 2 })
    })

  for (const [name, ddl] of [
    ["by a constraint that can wait are filled together", pair("NOT NULL /* d */", "NOT NULL")],
    ["by a column that can be empty are filled twice", pair("", "NOT NULL")],
    ["by two such columns are too", pair("", "")]
  ] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const to = yield* make(database, ddl)
        const into = Postgres.importData("y", { directory: directory(), tables: ["a", "b"] })
        yield* to.apply(into)
        assert.strictEqual((yield* to.check(into))._tag, "Satisfied")
        yield* to.sql("UPDATE a SET b_id = 1")
        yield* to.apply(into)
        assert.deepStrictEqual(yield* to.sql("SELECT * FROM a ORDER BY id"), [
          { id: 1, b_id: 2 },
          { id: 2, b_id: 1 }
        ])
      })
    )
  }

  it.live("by neither are refused, with the cycle's name", () =>
    Effect.gen(function* () {
      const to = yield* make(database, pair("NOT NULL", "NOT NULL"))
      const error = yield* Effect.flip(
        to.apply(Postgres.importData("y", { directory: directory(), tables: ["b", "a"] }))
      )
      assert.strictEqual(error._tag, "DataRefused")
      assert.include(error.message, "public.b → public.a → public.b, by b_to_a, a_to_b")
    })
  )
})
