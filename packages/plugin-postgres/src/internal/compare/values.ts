/** What statements do to the rows that are there: numbers that must go on, and conversions that lose. */
import type { Hazard } from "../../Sql.ts"
import type { StableId } from "./engine.ts"
import { type Item, type Sides, statement, typeOf } from "./items.ts"
import { nameOf, quoted } from "./names.ts"

type ColumnId = Extract<StableId, { schema: string; table: string; name: string }>

/**
 * A sequence that is new under a column with values begins behind the highest of them: from the transaction on that makes
 * it, as it would be taken for an old one by whoever looks after that.
 */
export const sequencesSet = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const all = [...items]
  for (const { isMadeBy, set } of newSequences(sides)) {
    const at = all.findLastIndex(isMadeBy)
    all.splice(at === -1 ? all.length : at + 1, 0, set)
  }
  return all
}

interface NewSequence {
  readonly set: Item
  readonly isMadeBy: (item: Item) => boolean
}

const newSequences = (sides: Sides): ReadonlyArray<NewSequence> =>
  sides.to.base.facts().flatMap(({ id, payload }) => {
    if (id.kind !== "column") return []
    const before = sides.from.base.get(id)
    if (before === undefined) return []
    if (payload.identity != null && before.payload.identity == null) {
      const column = `ALTER TABLE ${quoted(id.schema, id.table)} ALTER COLUMN ${quoted(id.name)} ADD GENERATED `
      const sequence = `pg_catalog.pg_get_serial_sequence(${literal(quoted(id.schema, id.table))}, ${literal(id.name)})`
      return [{ set: setTo(id, sequence), isMadeBy: ({ sql }) => sql.startsWith(column) }]
    }
    const sequence = newSequenceOf(sides, id)
    if (sequence === undefined) return []
    const key = sides.engine.keyOf(sequence.id)
    return [
      { set: setTo(id, `${literal(sequence.name)}::pg_catalog.regclass`), isMadeBy: ({ makes }) => makes.includes(key) }
    ]
  })

const newSequenceOf = (
  sides: Sides,
  column: ColumnId
): { readonly name: string; readonly id: StableId } | undefined => {
  const value = String(sides.to.base.get({ ...column, kind: "default" })?.payload.expr ?? "")
  const name = /^nextval\('(.+)'::regclass\)$/.exec(value)?.[1]?.replaceAll("''", "'")
  if (name === undefined) return undefined
  const found = sides.to.base
    .facts()
    .find(({ id }) => id.kind === "sequence" && (quoted(id.schema, id.name) === name || nameOf(id) === name))
  return found === undefined || sides.from.base.has(found.id) ? undefined : { name, id: found.id }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const setTo = (column: ColumnId, sequence: string): Item => {
  const name = quoted(column.name)
  return statement(
    `SELECT pg_catalog.setval(${sequence}, pg_catalog.max(${name})) FROM ${quoted(column.schema, column.table)} HAVING pg_catalog.max(${name}) > 0`,
    { lock: "ACCESS SHARE" }
  )
}

interface Type {
  readonly name: string
  readonly length: number | undefined
  readonly scale: number | undefined
}

const typeFrom = (text: string): Type => {
  const [, before = text, length, scale, after = ""] = /^([^(]*)\((\d+)(?:,(-?\d+))?\)(.*)$/.exec(text) ?? []
  return {
    name: `${before}${after}`,
    length: length === undefined ? undefined : Number(length),
    scale: scale === undefined ? undefined : Number(scale)
  }
}

/** What a conversion does. */
type Conversion = "nothing is written anew" | "kept" | "lossy" | "may fail"

const integers: ReadonlyArray<string> = ["smallint", "integer", "bigint"]

const texts: ReadonlySet<string> = new Set(["text", "character varying"])

const atMost = (a: number | undefined, b: number | undefined) => b === undefined || (a !== undefined && a <= b)

const lossy: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/^(numeric|real|double precision)$/, /^(smallint|integer|bigint|real)$/],
  [/^(numeric|bigint)$/, /^(real|double precision)$/],
  [/^timestamp/, /^(date|time)/],
  [/^json$/, /^jsonb$/]
]

/** How a column's values come from one type into another. */
const conversionOf = (fromText: string, toText: string): Conversion => {
  const [from, to] = [typeFrom(fromText), typeFrom(toText)]
  if (texts.has(from.name) && texts.has(to.name)) {
    return to.name === "text" || atMost(from.length, to.length) ? "nothing is written anew" : "lossy"
  }
  if (from.name === to.name) {
    if (from.name === "numeric") {
      if (to.length === undefined) return "nothing is written anew"
      const scale = (to.scale ?? 0) - (from.scale ?? 0)
      if (from.length === undefined || scale < 0) return "lossy"
      return scale === 0 && to.length >= from.length
        ? "nothing is written anew"
        : to.length - from.length >= scale
          ? "kept"
          : "may fail"
    }
    return atMost(from.length, to.length) ? "kept" : "lossy"
  }
  if (to.name === "text" || (to.name === "character varying" && to.length === undefined)) return "kept"
  if (to.name === "character varying" || to.name === "character") return "lossy"
  const [a, b] = [integers.indexOf(from.name), integers.indexOf(to.name)]
  if (a !== -1 && b !== -1) return a < b ? "kept" : "may fail"
  if (a !== -1 && to.name === "numeric" && to.length === undefined) return "kept"
  if (lossy.some(([one, other]) => one.test(from.name) && other.test(to.name))) return "lossy"
  if ((from.name === "real" && to.name === "double precision") || (from.name === "date" && /^timestamp/.test(to.name)))
    return "kept"
  return "may fail"
}

const strings: ReadonlySet<string> = new Set(["text", "character varying", "character", "name"])

/** Whether PostgreSQL converts one type into another; everything can be written as text, and read from that. */
export const isCastable = (sides: Sides, fromText: string, toText: string): boolean => {
  const [from, to] = [typeFrom(fromText).name, typeFrom(toText).name]
  if (from === to || strings.has(from) || strings.has(to)) return true
  if (from.endsWith("[]") && to.endsWith("[]")) return isCastable(sides, from.slice(0, -2), to.slice(0, -2))
  return sides.fromDetails.casts.has(`${from} ${to}`)
}

/** What giving columns another type does to their values. */
export const conversions = (sides: Sides): ReadonlyArray<Hazard> => retyped(sides).flatMap(conversionHazard)

const conversionHazard = ({ conversion, from, id, to }: Retyped): ReadonlyArray<Hazard> => {
  const object = nameOf(id)
  switch (conversion) {
    case "nothing is written anew":
      return []
    case "kept":
      return [
        {
          kind: "rewrite",
          object,
          message: `from ${from} to ${to}: the whole table is written anew, and nobody else uses it meanwhile`,
          severity: "warning"
        }
      ]
    case "lossy":
      return [
        {
          kind: "data-loss",
          object,
          message: `from ${from} to ${to}: values are cut or rounded without a word`,
          severity: "error"
        }
      ]
    case "may fail":
      return [
        {
          kind: "rewrite",
          object,
          message: `from ${from} to ${to}: the whole table is written anew, and it fails where a value cannot be converted`,
          severity: "warning"
        }
      ]
  }
}

interface Retyped {
  readonly id: ColumnId
  readonly from: string
  readonly to: string
  readonly conversion: Conversion
}

export const retyped = (sides: Sides): ReadonlyArray<Retyped> =>
  sides.to.base.facts().flatMap(({ id, parent }) => {
    if (id.kind !== "column" || parent?.kind !== "table" || !sides.from.base.has(id)) return []
    const [from, to] = [typeOf(sides, "from", id), typeOf(sides, "to", id)]
    return from === to ? [] : [{ id, from, to, conversion: conversionOf(from, to) }]
  })
