/** What importing a million rows costs beside a bare COPY, and what a backup costs beside a bare pg_dump. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Target } from "@shipshape/core"
import { Postgres, PostgresControl, PostgresData } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { programs, type SystemServer, start } from "../packages/plugin-postgres/test/support/system.ts"
import { table, time } from "./lib/measure.ts"

const million = 1_000_000

/** As master data is: a key, a natural key, a reference, and a few values. */
const ddl = `
CREATE TABLE countries (id int PRIMARY KEY, code text NOT NULL UNIQUE);
INSERT INTO countries SELECT n, 'c' || n FROM generate_series(1, 200) n;
CREATE TABLE suppliers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, country_id int NOT NULL REFERENCES countries,
  balance numeric(12, 2), made timestamptz NOT NULL, note text)`

const filling = (
  rows: number
) => `INSERT INTO suppliers SELECT n, 'supplier-' || n || '@example.org', 'Supplier number ' || n, 1 + n % 200,
  n * 1.25, '2024-01-01'::timestamptz + n * interval '1 second', CASE WHEN n % 3 = 0 THEN 'a note of some length on number ' || n END
  FROM generate_series(1, ${rows}) n`

const layerOf = (server: SystemServer, database: string) =>
  Layer.provide(
    Result.getOrThrow(Postgres.server({ host: server.host, user: server.user, database }).layer(new Map())),
    Target.local()
  )

/** The largest memory that the process has had while something ran, beyond what it had before, in MB. */
const peak = async (work: () => Promise<unknown>): Promise<number> => {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  await work()
  clearInterval(watching)
  return (most - before) / 1024 / 1024
}

const suppliers = { schema: "public", name: "suppliers" }

export const benchRows = async (): Promise<void> => {
  const server = await start()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-bench-"))
  fs.chmodSync(folder, 0o777)
  try {
    await imports(server, folder)
    await backups(server, folder)
  } finally {
    await server.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const tool = (name: string) => path.join(programs ?? "", name)

const imports = async (server: SystemServer, folder: string): Promise<void> => {
  const from = await server.createDatabase()
  const to = await server.createDatabase()
  await server.sql(from, ddl)
  await server.sql(from, filling(million))
  await server.sql(to, ddl)
  const control = <A, E>(f: (data: PostgresData.DataControl["Service"]) => Effect.Effect<A, E>, database: string) =>
    Effect.runPromise(Effect.provide(Effect.flatMap(PostgresData.DataControl, f), layerOf(server, database)))
  const probe = <A, E>(f: (data: PostgresData.DataProbe["Service"]) => Effect.Effect<A, E>) =>
    Effect.runPromise(Effect.provide(Effect.flatMap(PostgresData.DataProbe, f), layerOf(server, to)))
  const rows: Array<ReadonlyArray<string | number>> = []
  const file = path.join(folder, "bare.copy")
  const psql = (...commands: ReadonlyArray<string>) =>
    execFileSync(tool("psql"), [
      "-q",
      "-h",
      server.host,
      "-U",
      server.user,
      "-d",
      to,
      ...commands.flatMap((one) => ["-c", one])
    ])
  execFileSync(tool("psql"), [
    "-q",
    "-h",
    server.host,
    "-U",
    server.user,
    "-d",
    from,
    "-c",
    `\\copy suppliers to '${file}'`
  ])
  const empty = () => server.sql(to, "TRUNCATE suppliers")
  const bare = await time(1, async () => {
    await empty()
    psql(`\\copy suppliers from '${file}'`)
  })
  rows.push(["psql \\copy", bare, "1.00 ×", ""])
  for (const format of ["copy", "jsonl"] as const) {
    const directory = path.join(folder, format)
    const exporting = { directory, format, tables: [{ ...suppliers, exclude: [], keep: [] }] }
    const exported = await time(1, () => control((data) => data.exportData(exporting), from))
    rows.push([`export, ${format}`, exported, `${(exported / bare).toFixed(2)} ×`, ""])
    const wanted = { directory, tables: [{ ...suppliers, exclude: [], existing: "update" as const, initial: [] }] }
    const load = () => control((data) => data.importData(wanted), to)
    const imported = await time(1, async () => {
      await empty()
      await load()
    })
    await empty()
    const memory = await peak(load)
    rows.push([`import, ${format}, into an empty table`, imported, `${(imported / bare).toFixed(2)} ×`, memory])
    const checked = await time(1, () => probe((data) => data.compare(wanted)))
    rows.push([`check that all is there, ${format}`, checked, `${(checked / bare).toFixed(2)} ×`, ""])
  }
  const wanted = {
    directory: path.join(folder, "copy"),
    tables: [{ ...suppliers, exclude: [], existing: "update" as const, initial: [] }]
  }
  await server.sql(to, "UPDATE suppliers SET note = 'x' WHERE id % 100 = 0")
  const upserted = await time(1, async () => {
    await server.sql(to, "UPDATE suppliers SET note = 'x' WHERE id % 100 = 0")
    await control((data) => data.importData(wanted), to)
  })
  rows.push(["import over 1,000,000 rows, 1 % changed", upserted, `${(upserted / bare).toFixed(2)} ×`, ""])
  table("1,000,000 rows (one run each, after one that does not count)", ["", "ms", "of bare COPY", "MB more"], rows)
}

/** About a gigabyte of text that is as compressible as an application's. */
const backups = async (server: SystemServer, folder: string): Promise<void> => {
  const database = await server.createDatabase()
  await server.sql(database, ddl)
  await server.sql(database, filling(million))
  await server.sql(
    database,
    `CREATE TABLE documents AS SELECT n AS id, (SELECT string_agg(md5((n * 31 + i)::text) || ' the same words again ', '') FROM generate_series(1, 14) i) AS body
      FROM generate_series(1, 900000) n`
  )
  const { rows } = await server.sql(database, "SELECT pg_database_size(current_database()) / 1024 / 1024 AS mb")
  const dump = path.join(folder, "bare.dump")
  const connection = ["-h", server.host, "-U", server.user]
  const bare = await time(1, () => {
    execFileSync(tool("pg_dump"), [...connection, "--format=custom", `--file=${dump}`, `--dbname=dbname='${database}'`])
    execFileSync("sync", [dump])
  })
  const taken = await time(1, () =>
    Effect.runPromise(
      Effect.provide(
        Effect.flatMap(PostgresControl.PostgresControl, (control) =>
          control.backup({ directory: path.join(folder, "backups"), drill: false, keep: 1 })
        ),
        layerOf(server, database)
      )
    )
  )
  table(
    `A backup of ${Number(rows[0].mb)} MB`,
    ["", "ms", "of pg_dump"],
    [
      ["pg_dump --format=custom", bare, "1.00 ×"],
      ["backup, counted and read to its end", taken, `${(taken / bare).toFixed(2)} ×`]
    ]
  )
}
