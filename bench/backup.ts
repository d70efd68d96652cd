/** What a backup costs beside a bare pg_dump, phase by phase. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Progress } from "@shipshape/core"
import { PostgresControl } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type SystemServer, start } from "../packages/plugin-postgres/test/support/system.ts"
import { table, time } from "./lib/measure.ts"
import { client, ddl, filling, layerOf, scale } from "./lib/postgres.ts"

export const benchBackup = async (): Promise<void> => {
  const server = await start()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-bench-"))
  fs.chmodSync(folder, 0o777)
  try {
    await backups(server, folder)
  } finally {
    await server.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** About a gigabyte of text that is as compressible as an application's, in tables that can be dumped at once. */
const fill = async (server: SystemServer): Promise<string> => {
  const database = await server.createDatabase()
  await server.sql(database, ddl)
  await server.sql(database, filling(Math.round(1_000_000 * scale)))
  for (const name of ["documents", "versions"]) {
    await server.sql(
      database,
      `CREATE TABLE ${name} AS SELECT n AS id, (SELECT string_agg(md5((n * 31 + i)::text) || ' the same words again ', '') FROM generate_series(1, 14) i) AS body
        FROM generate_series(1, ${Math.round(450_000 * scale)}) n`
    )
  }
  return database
}

const backups = async (server: SystemServer, folder: string): Promise<void> => {
  const database = await fill(server)
  const { rows: sizes } = await server.sql(database, "SELECT pg_database_size(current_database()) / 1024 / 1024 AS mb")
  const bareOf = (...args: ReadonlyArray<string>) => {
    const dump = path.join(folder, "bare.dump")
    fs.rmSync(dump, { recursive: true, force: true })
    client(server, "pg_dump", database, [...args, `--file=${dump}`])
    execFileSync("sync", [dump])
  }
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const [format, args] of [
    ["custom", ["--format=custom"]],
    ["directory", ["--format=directory", "--jobs=2"]]
  ] as const) {
    const bare = await time(1, () => bareOf(...args))
    let dumped = 0
    const taken = await time(1, () => {
      const begun = performance.now()
      const line = (text: string) => {
        if (text.startsWith("dumped")) dumped = performance.now() - begun
      }
      const take = Effect.flatMap(PostgresControl.PostgresControl, (control) =>
        control.backup({ directory: path.join(folder, format), drill: false, keep: 1, format, jobs: 2 })
      )
      return Effect.runPromise(
        take.pipe(Effect.provideService(Progress.Current, { line }), Effect.provide(layerOf(server, database)))
      )
    })
    const ratio = (millis: number) => `${(millis / bare).toFixed(2)} ×`
    const read = format === "custom" ? "dumped and counted, and read to its end meanwhile" : "dumped and counted"
    const rest = format === "custom" ? "what is on the disk compared with that" : "read to its end, and summed up"
    rows.push([`pg_dump ${args.join(" ")}`, bare, "1.00 ×"])
    rows.push([`  ${read}`, dumped, ratio(dumped)])
    rows.push([`  ${rest}, and the rest`, taken - dumped, ratio(taken - dumped)])
    rows.push([`backup, ${format}`, taken, ratio(taken)])
  }
  table(
    `A backup of ${Number(sizes[0].mb)} MB (one run each, after one that does not count)`,
    ["", "ms", "of pg_dump"],
    rows
  )
}
