/** Who runs files of SQL is killed at every unit, and run again: the end is as if nobody had been. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type Embedded, start } from "./support/embedded.ts"

const files = {
  "1.sql": `CREATE TYPE s AS ENUM ('a');
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, s s);
INSERT INTO t (s) SELECT 'a' FROM generate_series(1, 1000);
SELECT pg_sleep(0.2);`,
  "2.sql": `ALTER TYPE s ADD VALUE 'b';
UPDATE t SET s = 'b' WHERE id % 2 = 0; SELECT pg_sleep(0.2);
CREATE INDEX CONCURRENTLY i ON t (s);
INSERT INTO t (s) VALUES ('b'); SELECT pg_sleep(0.2);
DROP INDEX CONCURRENTLY i;
CREATE INDEX CONCURRENTLY j ON t (s);`
}

const state = `SELECT (SELECT json_agg(json_build_array(s, n) ORDER BY s) FROM (SELECT s, count(*) AS n FROM t GROUP BY s) x) AS rows,
  (SELECT json_agg(json_build_array(indexrelid::regclass, indisvalid) ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 't'::regclass) AS indexes,
  (SELECT json_agg(json_build_array(conname, convalidated) ORDER BY conname) FROM pg_constraint WHERE conrelid = 't'::regclass) AS constraints,
  (SELECT json_agg(json_build_array(name, unit, units, state) ORDER BY name, unit) FROM shipshape_migrations) AS ledger`

let embedded: Embedded
const folder = mkdtempSync(join(tmpdir(), "ss-sql-"))
beforeAll(async () => {
  embedded = await start()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
})
afterAll(async () => {
  await embedded?.stop()
  rmSync(folder, { recursive: true })
})

const begin = (database: string) => {
  const worker = fileURLToPath(new URL("support/migrating.ts", import.meta.url))
  const options = ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source"]
  const child = spawn(
    process.execPath,
    [...options, worker, String(embedded.port), embedded.password, database, folder],
    {
      stdio: ["ignore", "ignore", "inherit"]
    }
  )
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  return { child, ended }
}

/** How many units the ledger has, done or begun. */
const unitsOf = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query("SELECT to_regclass('shipshape_migrations') IS NOT NULL AS there")
  if (rows[0].there !== true) return 0
  return (await client.query("SELECT count(*)::int AS n FROM shipshape_migrations")).rows[0].n
}

it("ends the same, wherever it was killed", { timeout: 240_000 }, async () => {
  const whole = await embedded.createDatabase()
  expect(await begin(whole).ended).toBe(0)
  const expected = (await embedded.sql(whole, state)).rows
  const killed = await embedded.createDatabase()
  const { password, port, user } = embedded
  const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: killed })
  await client.connect()
  let kills = 0
  for (;;) {
    const before = await unitsOf(client)
    const { child, ended } = begin(killed)
    let running = true
    const end = ended.then((code) => {
      running = false
      return code
    })
    // Until it is one unit further, or at its end.
    while (running && (await unitsOf(client)) <= before) await new Promise((resolve) => setTimeout(resolve, 10))
    if (running && child.kill("SIGKILL")) kills += 1
    if ((await end) === 0) break
  }
  await client.end()
  expect(kills).toBeGreaterThan(3)
  expect((await embedded.sql(killed, state)).rows).toEqual(expected)
})
