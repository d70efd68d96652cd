/** Django's lookups on rows in memory: the common ones, over nested objects. */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { QueryInvalid } from "../DjangoError.ts"
import type { Lookups } from "../DjangoProbe.ts"

/** A row: its fields by name, those of a related row as an object of their own. */
export type Row = Readonly<Record<string, Schema.Json>>

const text = (value: Schema.Json | undefined): string => (Predicate.isString(value) ? value : JSON.stringify(value))

type Compare = (found: Schema.Json | undefined, wanted: Schema.Json) => boolean

const exact: Compare = (found, wanted) => JSON.stringify(found) === JSON.stringify(wanted)

const comparisons: Readonly<Record<string, Compare>> = {
  exact,
  iexact: (found, wanted) => text(found).toLowerCase() === text(wanted).toLowerCase(),
  in: (found, wanted) => Array.isArray(wanted) && wanted.some((item) => JSON.stringify(item) === JSON.stringify(found)),
  gt: (found, wanted) => Number(found) > Number(wanted),
  gte: (found, wanted) => Number(found) >= Number(wanted),
  lt: (found, wanted) => Number(found) < Number(wanted),
  lte: (found, wanted) => Number(found) <= Number(wanted),
  contains: (found, wanted) => text(found).includes(text(wanted)),
  startswith: (found, wanted) => text(found).startsWith(text(wanted)),
  isnull: (found, wanted) => (found === undefined || found === null) === wanted
}

/** The value at a path, of every row that a list along it holds. */
const valuesAt = (
  value: Schema.Json | undefined,
  path: ReadonlyArray<string>
): ReadonlyArray<Schema.Json | undefined> => {
  const [name, ...rest] = path
  if (Array.isArray(value)) return value.flatMap((item: Schema.Json) => valuesAt(item, path))
  if (name === undefined) return [value]
  return Predicate.isObject(value) ? valuesAt((value as Row)[name], rest) : [undefined]
}

const holds = (row: Row, lookup: string, wanted: Schema.Json): boolean => {
  const path = lookup.split("__")
  const last = path.at(-1) ?? ""
  const compare = comparisons[last]
  return compare === undefined
    ? valuesAt(row, path).some((found) => exact(found, wanted))
    : valuesAt(row, path.slice(0, -1)).some((found) => compare(found, wanted))
}

/** The first lookup whose field no row has, as Django refuses it. */
export const unknownField = (model: string, rows: ReadonlyArray<Row>, filter: Lookups): QueryInvalid | undefined => {
  const fields = new Set(rows.flatMap((row) => Object.keys(row)))
  const wrong = Object.keys(filter).find((lookup) => !fields.has(lookup.split("__")[0] ?? ""))
  return fields.size === 0 || wrong === undefined
    ? undefined
    : new QueryInvalid({
        message: `filter.${wrong} does not fit ${model}: Cannot resolve keyword into field`,
        hint: `the fields are ${[...fields].sort().join(", ")}`
      })
}

/** The rows that all lookups match. */
export const matching = (rows: ReadonlyArray<Row>, filter: Lookups): ReadonlyArray<Row> =>
  rows.filter((row) => Object.entries(filter).every(([lookup, wanted]) => holds(row, lookup, wanted)))
