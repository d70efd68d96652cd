/** Stated renames: read, held against both sides, and turned into statements. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { RenamesInvalid } from "../../CompareError.ts"
import type { Facts } from "./engine.ts"
import { bare, named, type Qualified, qualified, quoted } from "./names.ts"

const name = Schema.NonEmptyString

/** What a file of renames holds. */
export const Rename = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("column"), table: name, from: name, to: name }),
  Schema.Struct({ kind: Schema.Literal("table"), from: name, to: name }),
  Schema.Struct({ kind: Schema.Literal("enumValue"), type: name, from: name, to: name })
])

export type Rename = typeof Rename.Type

const hint =
  'write them as [{"kind":"column","table":"public.orders","from":"total","to":"amount"}, {"kind":"table","from":"orders","to":"purchases"}, {"kind":"enumValue","type":"status","from":"open","to":"new"}]'

const invalid = (path: string, message: string): RenamesInvalid =>
  new RenamesInvalid({ path, message: `${path}: ${message}`, hint })

/** A rename that does not fit the two sides. */
const unfit = (path: string, message: string): RenamesInvalid =>
  new RenamesInvalid({
    path,
    message: `${path}: ${message}`,
    hint: "correct the name, or leave the rename out: it goes from what is there to what is to be"
  })

/** Reads the text of a file. */
export const read = (text: string): Effect.Effect<ReadonlyArray<Rename>, RenamesInvalid> =>
  Effect.gen(function* () {
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (cause) => invalid("renames", `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
    })
    if (!Array.isArray(json)) return yield* invalid("renames", "it is no list")
    return yield* Effect.forEach(json, (one: unknown, i) => decoded(one, `renames[${i}]`))
  })

const fields: Readonly<Record<string, ReadonlyArray<string>>> = {
  column: ["table", "from", "to"],
  table: ["from", "to"],
  enumValue: ["type", "from", "to"]
}

const decoded = (one: unknown, path: string): Effect.Effect<Rename, RenamesInvalid> =>
  Effect.gen(function* () {
    if (typeof one !== "object" || one === null) return yield* invalid(path, "it is no object")
    const kind = "kind" in one ? String(one.kind) : undefined
    const wanted = kind === undefined ? undefined : fields[kind]
    if (wanted === undefined) {
      return yield* invalid(
        `${path}.kind`,
        `${kind === undefined ? "it is missing" : `"${kind}" is none`}: it is column, table or enumValue`
      )
    }
    const values = new Map<string, unknown>(Object.entries(one))
    const wrong = wanted.find((key) => typeof values.get(key) !== "string" || values.get(key) === "")
    if (wrong !== undefined) return yield* invalid(`${path}.${wrong}`, "it has to be a name")
    const unknown = [...values.keys()].find((key) => key !== "kind" && !wanted.includes(key))
    if (unknown !== undefined)
      return yield* invalid(`${path}.${unknown}`, `a rename of a ${kind} has ${wanted.join(", ")}`)
    return yield* Effect.mapError(Schema.decodeUnknownEffect(Rename)(one), (error) => invalid(path, String(error)))
  })

/** Those that are still to be done: of the others there is the new name, and not the old one. */
export const left = (renames: ReadonlyArray<Rename>, from: Facts): ReadonlyArray<Rename> => {
  const isThere = (table: Qualified) => kindOf(from, table) !== undefined
  const moves = renames.flatMap((rename) => {
    if (rename.kind !== "table") return []
    const before = qualified(rename.from)
    const after = qualified(rename.to, before.schema)
    return [{ before, after, isDone: !isThere(before) && isThere(after) }]
  })
  const has = ({ name, schema }: Qualified, column: string) =>
    from.base.has({ kind: "column", schema, table: name, name: bare(column) })
  const doneTo = ({ name, schema }: Qualified) =>
    moves.find(({ before, isDone }) => isDone && before.name === name && before.schema === schema)?.after
  return renames.flatMap((rename): ReadonlyArray<Rename> => {
    if (rename.kind === "table") return doneTo(qualified(rename.from)) === undefined ? [rename] : []
    if (rename.kind === "enumValue") {
      const labels = from.base.get({ kind: "type", ...qualified(rename.type) })?.payload.values
      const isDone = Array.isArray(labels) && !labels.includes(rename.from) && labels.includes(rename.to)
      return isDone ? [] : [rename]
    }
    const given = qualified(rename.table)
    const table = doneTo(given)
    const at = table ?? given
    if (!has(at, rename.from) && has(at, rename.to)) return []
    return [table === undefined ? rename : { ...rename, table: quoted(table.schema, table.name) }]
  })
}

/** The statements of the renames, columns before their tables. */
export const statements = (
  renames: ReadonlyArray<Rename>,
  from: Facts,
  to: Facts
): Effect.Effect<ReadonlyArray<string>, RenamesInvalid> =>
  Effect.gen(function* () {
    const placed = renames.map((rename, i) => ({ rename, path: `renames[${i}]` }))
    const order = { enumValue: 0, column: 1, table: 2 }
    const tables = renames.flatMap((rename) => {
      if (rename.kind !== "table") return []
      const before = qualified(rename.from)
      return [{ before, after: qualified(rename.to, before.schema) }]
    })
    const sorted = [...placed].sort((a, b) => order[a.rename.kind] - order[b.rename.kind])
    const lists = yield* Effect.forEach(sorted, ({ path, rename }) => {
      switch (rename.kind) {
        case "enumValue":
          return enumValue(rename, path, from, to)
        case "column":
          return column(rename, path, from, to, tables)
        case "table":
          return table(rename, path, from, to)
      }
    })
    return lists.flat()
  })

const enumValue = Effect.fnUntraced(function* (
  rename: Extract<Rename, { kind: "enumValue" }>,
  path: string,
  from: Facts,
  to: Facts
) {
  const type = qualified(rename.type)
  const shown = named(type.schema, type.name)
  const labels = (facts: Facts) => facts.base.get({ kind: "type", ...type })?.payload.values
  const [had, wanted] = [labels(from), labels(to)]
  if (!Array.isArray(had)) return yield* unfit(`${path}.type`, `there is no enum ${shown}`)
  if (!had.includes(rename.from)) return yield* unfit(`${path}.from`, `${shown} has no label '${rename.from}'`)
  if (had.includes(rename.to)) return yield* unfit(`${path}.to`, `${shown} has the label '${rename.to}' already`)
  if (!Array.isArray(wanted) || !wanted.includes(rename.to)) {
    return yield* unfit(`${path}.to`, `${shown} is not to have a label '${rename.to}'`)
  }
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
  return [`ALTER TYPE ${quoted(type.schema, type.name)} RENAME VALUE ${literal(rename.from)} TO ${literal(rename.to)}`]
})

const relationKinds = ["table", "view", "materializedView", "foreignTable"] as const

const kindOf = ({ base }: Facts, relation: Qualified) => relationKinds.find((kind) => base.has({ kind, ...relation }))

const column = Effect.fnUntraced(function* (
  rename: Extract<Rename, { kind: "column" }>,
  path: string,
  from: Facts,
  to: Facts,
  tables: ReadonlyArray<{ readonly before: Qualified; readonly after: Qualified }>
) {
  const given = qualified(rename.table)
  const isGiven = ({ name, schema }: Qualified) => name === given.name && schema === given.schema
  const moved = tables.find(({ after, before }) => isGiven(before) || isGiven(after))
  const before = kindOf(from, given) === undefined && moved !== undefined ? moved.before : given
  const after = moved?.after ?? given
  const shown = named(before.schema, before.name)
  if (kindOf(from, before) === undefined) return yield* unfit(`${path}.table`, `there is no table ${shown}`)
  const [old, wanted] = [bare(rename.from), bare(rename.to)]
  const has = (facts: Facts, table: Qualified, one: string) =>
    facts.base.has({ kind: "column", schema: table.schema, table: table.name, name: one })
  if (!has(from, before, old)) return yield* unfit(`${path}.from`, `${shown} has no column ${old}`)
  if (has(from, before, wanted)) return yield* unfit(`${path}.to`, `${shown} has a column ${wanted} already`)
  if (!has(to, after, wanted)) {
    return yield* unfit(`${path}.to`, `${named(after.schema, after.name)} is not to have a column ${wanted}`)
  }
  return [`ALTER TABLE ${quoted(before.schema, before.name)} RENAME COLUMN ${quoted(old)} TO ${quoted(wanted)}`]
})

const table = Effect.fnUntraced(function* (
  rename: Extract<Rename, { kind: "table" }>,
  path: string,
  from: Facts,
  to: Facts
) {
  const before = qualified(rename.from)
  const after = qualified(rename.to, before.schema)
  const shown = named(before.schema, before.name)
  const kind = kindOf(from, before)
  if (kind === undefined) return yield* unfit(`${path}.from`, `there is no table ${shown}`)
  if (kindOf(from, after) !== undefined) {
    return yield* unfit(`${path}.to`, `there is a table ${named(after.schema, after.name)} already`)
  }
  if (kindOf(to, after) === undefined) {
    return yield* unfit(`${path}.to`, `there is not to be a table ${named(after.schema, after.name)}`)
  }
  const word = { table: "TABLE", view: "VIEW", materializedView: "MATERIALIZED VIEW", foreignTable: "FOREIGN TABLE" }[
    kind
  ]
  return [
    ...(before.name === after.name
      ? []
      : [`ALTER ${word} ${quoted(before.schema, before.name)} RENAME TO ${quoted(after.name)}`]),
    ...(before.schema === after.schema
      ? []
      : [`ALTER ${word} ${quoted(before.schema, after.name)} SET SCHEMA ${quoted(after.schema)}`])
  ]
})
