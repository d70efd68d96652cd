import { spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import * as readline from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import { Progress } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { forThisFile } from "./support/database.ts"
import { folder, make } from "./support/dataGround.ts"

const database = forThisFile()

const ddl = `
CREATE TABLE countries (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE suppliers (id serial PRIMARY KEY, name text NOT NULL UNIQUE, country_id int NOT NULL REFERENCES countries)`

const rows = `INSERT INTO countries SELECT n, 'c' || n FROM generate_series(1, 300) n;
INSERT INTO suppliers (name, country_id) SELECT 's' || n, 1 + n % 300 FROM generate_series(1, 5000) n`

const tables = ["suppliers", "countries"]

/** Imports in another process, which is killed once it has said something. */
const killed = async (args: ReadonlyArray<string>, when: (line: string) => boolean) => {
  const script = path.join(import.meta.dirname, "support", "importing.ts")
  const child = spawn(process.execPath, ["--conditions=@shipshape/source", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = once(child, "exit")
  const said = new Promise<void>((resolve) => {
    readline.createInterface(child.stdout).on("line", (line) => {
      if (when(line)) resolve()
    })
  })
  await Promise.race([said, ended.then(([code]) => Promise.reject(new Error(`it ended by itself, with ${code}`)))])
  child.kill("SIGKILL")
  await ended
}

describe("an import that is killed", () => {
  for (const format of ["jsonl", "copy"] as const) {
    it.live(`goes on with the table that it was at, and does not touch those that are there, as ${format}`, () =>
      Effect.gen(function* () {
        const [from, to] = [yield* make(database, ddl, rows), yield* make(database, ddl)]
        const directory = folder()
        yield* from.apply(Postgres.exportData("x", { directory, format, tables }))
        const { holdLock, password, port, user } = database.embedded()
        const released = Promise.withResolvers<void>()
        // The second table cannot be written until it is: the import is killed between the two.
        const holder = holdLock(to.name, "LOCK TABLE suppliers IN ROW EXCLUSIVE MODE", released.promise)
        yield* Effect.promise(() => holder.held)
        const args = [String(port), user, password, to.name, directory, ...tables]
        yield* Effect.promise(() => killed(args, (line) => line === "public.countries: 300 rows"))
        released.resolve()
        yield* Effect.promise(() => holder.ended)
        // The server hears of it by the connection, and takes back what was begun.
        yield* to
          .sql("SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'shipshape%'")
          .pipe(Effect.repeat({ until: (found) => found.length === 0, schedule: Schedule.spaced("20 millis") }))
        const count =
          "SELECT (SELECT count(*)::int FROM countries) AS countries, (SELECT count(*)::int FROM suppliers) AS suppliers"
        assert.deepStrictEqual(yield* to.sql(count), [{ countries: 300, suppliers: 0 }])
        const versions = "SELECT string_agg(ctid || ' ' || xmin, ',' ORDER BY id) AS all FROM countries"
        const before = yield* to.sql(versions)
        const into = Postgres.importData("y", { directory, tables: ["suppliers", "countries"] })
        const found = yield* to.check(into)
        assert.deepStrictEqual(found._tag === "Needed" && found.changes.map(({ summary }) => summary), [
          "import public.suppliers"
        ])
        const said: Array<string> = []
        yield* Effect.provideService(to.apply(into), Progress.Current, { line: (line: string) => said.push(line) })
        assert.deepStrictEqual(said, ["public.countries: all rows are there", "public.suppliers: 5000 rows"])
        assert.deepStrictEqual(yield* to.sql(versions), before)
        assert.strictEqual((yield* to.check(into))._tag, "Satisfied")
        const all = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) AS sum FROM suppliers t"
        assert.deepStrictEqual(yield* to.sql(all), yield* from.sql(all))
        assert.deepStrictEqual(yield* to.sql("SELECT nextval('suppliers_id_seq')::int AS n"), [{ n: 5001 }])
      })
    )
  }
})
