/** What importing a million rows costs beside a bare COPY, and how much memory it takes. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { PostgresData } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type SystemServer, start } from "../packages/plugin-postgres/test/support/system.ts"
import { table, time } from "./lib/measure.ts"
import { client, ddl, filling, importing, layerOf, scale } from "./lib/postgres.ts"

const rowsOfAll = Math.round(1_000_000 * scale)
const suppliers = { schema: "public", name: "suppliers" }
const formats = ["copy", "jsonl"] as const

export const benchRows = async (): Promise<void> => {
  const server = await start()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-bench-"))
  fs.chmodSync(folder, 0o777)
  try {
    await imports(server, folder)
    await memory(server, folder)
  } finally {
    await server.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A database with so many rows, and an empty one. */
const pair = async (server: SystemServer, rows: number) => {
  const from = await server.createDatabase()
  const to = await server.createDatabase()
  await server.sql(from, ddl)
  await server.sql(from, filling(rows))
  await server.sql(to, ddl)
  const control = <A, E>(f: (data: PostgresData.DataControl["Service"]) => Effect.Effect<A, E>, database: string) =>
    Effect.runPromise(Effect.provide(Effect.flatMap(PostgresData.DataControl, f), layerOf(server, database)))
  return {
    from,
    to,
    empty: () => server.sql(to, "TRUNCATE suppliers"),
    exportTo: (directory: string, format: (typeof formats)[number]) =>
      control(
        (data) => data.exportData({ directory, format, tables: [{ ...suppliers, exclude: [], keep: [] }] }),
        from
      ),
    load: (directory: string) => control((data) => data.importData(importing(directory)), to)
  }
}

const imports = async (server: SystemServer, folder: string): Promise<void> => {
  const { empty, exportTo, from, load, to } = await pair(server, rowsOfAll)
  const file = path.join(folder, "bare.copy")
  client(server, "psql", from, ["-q", "-c", `\\copy suppliers to '${file}'`])
  const bare = await time(1, async () => {
    await empty()
    client(server, "psql", to, ["-q", "-c", `\\copy suppliers from '${file}'`])
  })
  const rows: Array<ReadonlyArray<string | number>> = [["psql \\copy", bare, "1.00 ×"]]
  const add = (name: string, millis: number) => rows.push([name, millis, `${(millis / bare).toFixed(2)} ×`])
  for (const format of formats) {
    const directory = path.join(folder, format)
    add(`export, ${format}`, await time(1, () => exportTo(directory, format)))
    const imported = await time(1, async () => {
      await empty()
      await load(directory)
    })
    add(`import, ${format}, into an empty table`, imported)
    const compare = Effect.flatMap(PostgresData.DataProbe, (data) => data.compare(importing(directory)))
    add(
      `check that all is there, ${format}`,
      await time(1, () => Effect.runPromise(Effect.provide(compare, layerOf(server, to))))
    )
  }
  const upserted = await time(1, async () => {
    await server.sql(to, "UPDATE suppliers SET note = 'x' WHERE id % 100 = 0")
    await load(path.join(folder, "copy"))
  })
  add("import over all rows, 1 % changed", upserted)
  table(
    `${rowsOfAll.toLocaleString("en-US")} rows (one run each, after one that does not count)`,
    ["", "ms", "of bare COPY"],
    rows
  )
}

/** Ten times the rows in a process of its own: memory is flat where both take the same. */
const memory = async (server: SystemServer, folder: string): Promise<void> => {
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const count of [rowsOfAll / 10, rowsOfAll]) {
    const { empty, exportTo, to } = await pair(server, count)
    for (const format of formats) {
      const directory = path.join(folder, `${format}-${count}`)
      await exportTo(directory, format)
      await empty()
      const script = path.join(import.meta.dirname, "lib", "importMemory.ts")
      const args = ["--expose-gc", ...process.execArgv, script, server.host, server.user, to, directory]
      const { alive, rss } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }))
      rows.push([`${count.toLocaleString("en-US")} rows, ${format}`, rss, alive])
    }
  }
  table("Memory of an import beyond that of the process before", ["", "MB of RSS", "MB alive after collecting"], rows)
}
