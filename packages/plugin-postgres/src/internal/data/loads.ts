/** What is carried from which file into which table, in which order. */
import * as path from "node:path"
import type { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { Import, ImportTable } from "../../PostgresData.ts"
import * as sql from "./content.ts"
import * as failing from "./failing.ts"
import * as files from "./files.ts"
import * as json from "./json.ts"
import { BadLine, reader, rowOf, type Shape } from "./lines.ts"
import type { Exported } from "./manifest.ts"
import { type Group, orderOf } from "./order.ts"
import { ask, type Column, type Relation } from "./relations.ts"
import type { Rows } from "./session.ts"

/** A file and its table. */
export interface Load {
  readonly table: ImportTable
  readonly relation: Relation
  readonly source: files.Source
  readonly shape: Shape
  readonly key: ReadonlyArray<Column>
  /** The columns that a row which is there already gets. */
  readonly updated: ReadonlyArray<Column>
  /** What the export has said of the file. */
  readonly manifest: Exported | undefined
  /** The content that the table has where it holds these rows and no others, as far as that is known before. */
  readonly content: string | undefined
}

export interface Loads {
  readonly groups: ReadonlyArray<Group>
  readonly of: ReadonlyMap<number, Load>
}

/** Something is not there yet, which an earlier step may bring. */
class Missing {
  readonly _tag = "Missing"
  readonly lacks: "schema" | "file"
  readonly reason: string

  constructor(lacks: "schema" | "file", reason: string) {
    this.lacks = lacks
    this.reason = reason
  }
}

/** Looks at the tables and at the beginning of each file. */
export const plan = Effect.fnUntraced(function* (
  rows: Pick<Rows, "query">,
  target: Target.Operations,
  { directory, tables }: Import
) {
  const relations = yield* ask(rows, tables)
  const manifest = yield* files.manifestOf(target, directory)
  const of = new Map<number, Load>()
  for (const [i, table] of tables.entries()) {
    const relation = relations[i]
    if (relation === undefined) {
      return yield* Effect.fail(new Missing("schema", failing.noTable(table).message))
    }
    const source = yield* files.sourceOf(target, directory, table)
    if (source === undefined) {
      const names = ["jsonl", "copy"].map((format) => `${table.schema}.${table.name}.${format}`)
      return yield* Effect.fail(new Missing("file", `there is neither ${names.join(" nor ")} in ${directory}`))
    }
    const exported = manifest?.tables.find(({ file }) => file === path.posix.basename(source.file))
    if (exported !== undefined && exported.bytes !== source.bytes) return yield* failing.otherFile(table, source.file)
    of.set(relation.id, yield* loadOf(target, table, relation, source, exported))
  }
  const order = orderOf([...of.values()].map(({ relation }) => relation))
  if (order._tag === "Failure") return yield* failing.cyclic(order.failure)
  return { groups: order.success, of } satisfies Loads
})

const loadOf = Effect.fnUntraced(function* (
  target: Target.Operations,
  table: ImportTable,
  relation: Relation,
  source: files.Source,
  manifest: Exported | undefined
) {
  const shape = yield* shapeOf(target, table, relation, source, manifest)
  const names = table.key ?? relation.keys.find(({ primary }) => primary)?.columns
  const unique = relation.keys.some(
    ({ columns }) => names?.length === columns.length && columns.every((name) => names.includes(name))
  )
  if (names === undefined || !unique) return yield* failing.noKey(table, table.key)
  const { columns } = shape
  if (columns.length > 0 && names.some((name) => !columns.some((column) => column.name === name))) {
    return yield* failing.keyNotGiven(table, names)
  }
  for (const name of table.initial) {
    if (!relation.columns.some((column) => column.name === name)) return yield* failing.noColumn(table, name)
  }
  const updated = columns.filter(({ name }) => !names.includes(name) && !table.initial.includes(name))
  const isWhole =
    table.transform === undefined && table.initial.length === 0 && table.existing === "update" && manifest !== undefined
  const isSame = isWhole && manifest.columns.length === columns.length
  return {
    table,
    relation,
    source,
    shape,
    key: sql.columnsOf(relation, names),
    updated: table.existing === "keep" ? [] : updated,
    manifest,
    content: isSame ? manifest.content : undefined
  } satisfies Load
})

/** Which columns a file has, and which of them are written. */
const shapeOf = Effect.fnUntraced(function* (
  target: Target.Operations,
  table: ImportTable,
  relation: Relation,
  { file, format }: files.Source,
  manifest: Exported | undefined
) {
  const writable = relation.columns.filter(({ generated }) => !generated)
  const line = yield* files.firstLine(target, file)
  const { transform } = table
  const read = () => {
    if (line === undefined) return { inFile: [], given: [] }
    const inFile =
      manifest?.columns ?? (format === "jsonl" ? Object.keys(rowOf(line, 1)) : writable.map(({ name }) => name))
    if (transform === undefined) return { inFile, given: inFile }
    const all = { format, inFile, transform: undefined, given: inFile, columns: [] }
    const row =
      format === "jsonl"
        ? json.plain(rowOf(line, 1))
        : Object.fromEntries(reader({ ...all, columns: asText(inFile) })(line, 1).map((cell, i) => [inFile[i], cell]))
    return { inFile, given: Object.keys(transform.row(row)) }
  }
  const { given, inFile } = yield* Effect.try({
    try: read,
    catch: (error) => failing.badLine(table, file, error instanceof BadLine ? error : new BadLine(1, String(error)))
  })
  const wanted = given.filter((name) => !table.exclude.includes(name))
  for (const name of wanted) {
    if (!writable.some((column) => column.name === name)) {
      return yield* failing.unknownColumn(
        table,
        file,
        name,
        writable.map((column) => column.name)
      )
    }
  }
  return { format, inFile, transform, given, columns: sql.columnsOf(relation, wanted) } satisfies Shape
})

/** The columns of a file whatever they are in the table. */
const asText = (names: ReadonlyArray<string>): ReadonlyArray<Column> =>
  names.map((name) => ({
    name,
    type: "text",
    kind: "other",
    isJson: false,
    asText: false,
    nullable: true,
    generated: false,
    identity: false,
    sequence: null
  }))

/** Whether each line goes to the server as it is. */
export const goesAsItIs = ({ columns, format, inFile, transform }: Shape): boolean =>
  format === "copy" && transform === undefined && columns.length === inFile.length
