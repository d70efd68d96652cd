/** Writes the rows of tables to files. */
import * as path from "node:path"
import { Progress, type Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Export, Exported, ExportTable } from "../../PostgresData.ts"
import { DataRefused } from "../../PostgresError.ts"
import type { ServerFacts } from "../../PostgresProbe.ts"
import * as sql from "./content.ts"
import * as failing from "./failing.ts"
import * as files from "./files.ts"
import * as json from "./json.ts"
import { perChunk, rowOf } from "./lines.ts"
import * as manifests from "./manifest.ts"
import * as meters from "./meter.ts"
import { ask, type Column, nameOf, type Relation } from "./relations.ts"
import type { Rows, Sessions } from "./session.ts"

/** What looks like something that nobody should find in a file. */
const secretive = /passw|secret|api_?key|private_?key|(^|_)(pass|pwd|passphrase|token|salt|otp|credential)s?(_|$)/i

interface Chosen {
  readonly relation: Relation
  readonly table: ExportTable
  readonly columns: ReadonlyArray<Column>
}

export const exporter =
  (sessions: Sessions, target: Target.Operations, server: Effect.Effect<ServerFacts, failing.ServerError>) =>
  ({ directory, format, tables }: Export) =>
    Effect.gen(function* () {
      const { database, version } = yield* server
      const rows = yield* sessions.reading
      const chosen = yield* choose(yield* ask(rows, tables), tables)
      const copied = format === "copy" ? tables.find(({ transform }) => transform !== undefined) : undefined
      if (copied !== undefined) return yield* failing.transformOfCopy(copied)
      const takenAt = yield* Clock.currentTimeMillis
      yield* files.folder(target, directory)
      const written = yield* Effect.forEach(chosen, (one) => exportOne({ rows, target, directory, format }, one)).pipe(
        Effect.onError(() =>
          Effect.forEach(tables, (table) => Effect.ignore(target.remove(partialOf(directory, table, format))), {
            discard: true
          })
        )
      )
      yield* files.publish(
        target,
        directory,
        tables.map((table) => ({
          partial: partialOf(directory, table, format),
          file: path.posix.join(directory, manifests.nameOf(table, format))
        })),
        manifests.format({ database, server: version, takenAt, tables: written })
      )
    }).pipe(Effect.scoped)

const partialOf = (directory: string, table: ExportTable, format: Export["format"]): string =>
  path.posix.join(directory, `.${manifests.nameOf(table, format)}.partial`)

/** Refuses what is not there, and what looks like a secret and nobody has said anything of. */
const choose = Effect.fnUntraced(function* (
  relations: ReadonlyArray<Relation | undefined>,
  tables: ReadonlyArray<ExportTable>
) {
  const chosen: Array<Chosen> = []
  const open: Array<string> = []
  for (const [i, table] of tables.entries()) {
    const relation = relations[i]
    if (relation === undefined) return yield* failing.noTable(table)
    for (const name of [...table.exclude, ...table.keep]) {
      if (!relation.columns.some((column) => column.name === name)) return yield* failing.noColumn(table, name)
    }
    const columns = relation.columns.filter(({ generated, name }) => !generated && !table.exclude.includes(name))
    const doubtful = columns.filter(({ name }) => secretive.test(name) && !table.keep.includes(name))
    if (table.transform === undefined) open.push(...doubtful.map(({ name }) => `${nameOf(table)}.${name}`))
    chosen.push({ relation, table, columns })
  }
  if (open.length === 0) return chosen
  return yield* new DataRefused({
    tables: [...new Set(open.map((name) => name.slice(0, name.lastIndexOf("."))))],
    message: `${open.join(", ")} ${open.length === 1 ? "looks like a secret" : "look like secrets"}, and would stand in a file`,
    hint: "put the column into `exclude`, change it with a `transform`, or say in `keep` that it may be written"
  })
})

interface Into {
  readonly rows: Rows
  readonly target: Target.Operations
  readonly directory: string
  readonly format: Export["format"]
}

const exportOne = Effect.fnUntraced(function* (
  { directory, format, rows, target }: Into,
  { columns, relation, table }: Chosen
) {
  const { line } = yield* Progress.Current
  const name = nameOf(table)
  const summed = yield* rows.query(sql.contentOf(relation, columns))
  const count = Number(summed.rows[0]?.rows)
  const meter = meters.make(`export ${name}`, { rows: count }, line)
  const { transform } = table
  let names: ReadonlyArray<string> = columns.map((column) => column.name)
  const transforming =
    transform === undefined
      ? []
      : [
          perChunk((text, number) => {
            const row = transform.row(json.plain(rowOf(text, number)))
            names = Object.keys(row)
            return `${JSON.stringify(row)}\n`
          })
        ]
  const file = partialOf(directory, table, format)
  yield* files
    .write(target, file, (stream) =>
      rows.out(copyOut(relation, columns, format), ...transforming, meter.stream, stream)
    )
    .pipe(Effect.catchTag("StreamFailed", (failed) => Effect.fail(failing.ofStream(table, file, failed))))
  if (meter.rows() !== count) return yield* failing.otherCount(table, file, count, meter.rows())
  yield* Progress.line(`exported ${count} rows of ${name}`)
  return {
    schema: table.schema,
    table: table.name,
    file: manifests.nameOf(table, format),
    format,
    columns: names,
    rows: count,
    bytes: meter.bytes(),
    sha256: meter.sha256(),
    ...(transform === undefined ? { content: String(summed.rows[0]?.content) } : { transform: transform.version })
  } satisfies manifests.Exported
})

/** In the order of the primary key, so that the same rows are the same file. */
const copyOut = (relation: Relation, columns: ReadonlyArray<Column>, format: Export["format"]): string => {
  const key = relation.keys.find(({ primary }) => primary)
  const order = key === undefined ? "" : ` ORDER BY ${sql.list(sql.columnsOf(relation, key.columns))}`
  if (format === "copy") return `COPY (SELECT ${sql.list(columns)} FROM ${sql.tableOf(relation)}${order}) TO STDOUT`
  const values = columns.map((column) => {
    const name = sql.list([column])
    return column.asText ? `t.${name}::text AS ${name}` : column.isJson ? `t.${name}::jsonb AS ${name}` : `t.${name}`
  })
  // JSON has neither of these characters, so that it comes out as it is.
  return `COPY (SELECT row_to_json(r) FROM (SELECT ${values.join(", ")} FROM ${sql.tableOf(relation)} AS t${order}) AS r)
    TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')`
}

/** What a folder holds, where it is what is asked for and all of it is as it was written. */
export const exported =
  (target: Target.Operations) =>
  ({ directory, format, tables }: Export) =>
    Effect.gen(function* () {
      const manifest = yield* Effect.orElseSucceed(files.manifestOf(target, directory), () => undefined)
      if (manifest === undefined || manifest.tables.length !== tables.length) return undefined
      const rows: Record<string, number> = {}
      for (const table of tables) {
        const found = manifest.tables.find((one) => one.schema === table.schema && one.table === table.name)
        if (found === undefined || found.format !== format || found.transform !== table.transform?.version)
          return undefined
        if (found.columns.some((name) => table.exclude.includes(name))) return undefined
        const file = path.posix.join(directory, found.file)
        const stat = yield* target.stat(file)
        if (stat?.size !== found.bytes || (yield* files.sha256Of(target, file)) !== found.sha256) return undefined
        rows[nameOf(table)] = found.rows
      }
      return { takenAt: manifest.takenAt, rows } satisfies Exported
    })
