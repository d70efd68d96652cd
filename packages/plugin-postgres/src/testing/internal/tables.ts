/** Tables and enums in memory: what is asked of them, and what is changed. */

import type { EnumReplacement, EnumUses } from "../../Enum.ts"
import { widens } from "../../internal/columnType.ts"
import type { QueryError } from "../../PostgresError.ts"
import type { ColumnFacts, ColumnQuestion, ExpressionPair, QualifiedName } from "../../PostgresProbe.ts"
import type { Constraint, Index, TableChange, TableFacts } from "../../Table.ts"
import type { Column, PostgresWorld } from "../PostgresWorld.ts"
import { canonicalType } from "./types.ts"

export const keyOf = ({ name, schema }: QualifiedName): string => `${schema}.${name}`

/** The part of a table in memory that has names, made where it is not there. */
export const named = <A>(of: Map<string, Map<string, A>>, table: string): Map<string, A> => {
  const found = of.get(table) ?? new Map<string, A>()
  of.set(table, found)
  return found
}

export const tableFacts = (world: PostgresWorld, table: QualifiedName): TableFacts | undefined => {
  const key = keyOf(table)
  const columns = world.tables.get(key)
  const rows = world.rows.get(key) ?? 0
  return columns === undefined
    ? undefined
    : {
        partitioned: false,
        rows,
        bytes: rows === 0 ? 0 : 8_192,
        columns: Object.fromEntries(columns),
        constraints: Object.fromEntries(world.constraints.get(key) ?? []),
        indexes: Object.fromEntries(world.indexes.get(key) ?? [])
      }
}

export const columnFacts = (world: PostgresWorld, { name, schema, table, type }: ColumnQuestion): ColumnFacts => {
  const facts = tableFacts(world, { schema, name: table })
  const existing = world.tables.get(keyOf({ schema, name: table }))?.get(name)
  const wanted = canonicalType(type)
  return {
    table: facts,
    // It knows no types beside enums, and takes what it does not know.
    hasType: true,
    existing:
      existing === undefined
        ? undefined
        : {
            ...existing,
            isWanted: existing.type === wanted,
            widens: widens(identity(existing.type), {
              id: identity(wanted).typeId,
              modifier: identity(wanted).typeModifier
            })
          }
  }
}

/** The types that are widened, as a server numbers them. */
const identity = (type: string): { readonly typeId: number; readonly typeModifier: number } => {
  const [, family, first, second] = /^(text|character varying|numeric)(?:\((\d+)(?:,(\d+))?\))?$/.exec(type) ?? []
  if (family === undefined) return { typeId: 0, typeModifier: -1 }
  if (family === "text") return { typeId: 25, typeModifier: -1 }
  const room = first === undefined ? -1 : Number(first)
  if (family === "character varying") return { typeId: 1043, typeModifier: room < 0 ? -1 : room + 4 }
  return { typeId: 1700, typeModifier: room < 0 ? -1 : ((room << 16) | Number(second ?? 0)) + 4 }
}

/** A real server knows more ways to write the same. */
export const isSame = ({ a, b }: ExpressionPair): boolean => worded(a) === worded(b)

const worded = (expression: string): string => {
  const text = expression.trim().replace(/\s+/g, " ")
  return isInBrackets(text) ? worded(text.slice(1, -1)) : text
}

/** Whether the bracket that begins a text is the one that ends it. */
const isInBrackets = (text: string): boolean => {
  let depth = 0
  const closed = [...text].findIndex((character) => {
    depth += character === "(" ? 1 : character === ")" ? -1 : 0
    return depth === 0
  })
  return text.startsWith("(") && closed === [...text].length - 1
}

export const isVolatile = (expression: string): boolean =>
  /\b(?:random|clock_timestamp|gen_random_uuid|nextval|uuid_generate_v4)\s*\(/i.test(expression)

/** Whether a column is of the enum, or of an array of it. */
export const isOf = ({ name, schema }: QualifiedName, { type }: Column): boolean =>
  [name, `${schema}.${name}`].includes(type.replace(/(\[\])+$/, ""))

export const enumUses = (
  world: PostgresWorld,
  type: QualifiedName,
  labels: ReadonlyArray<string>
): EnumUses | undefined => {
  if (!world.enums.has(keyOf(type))) return undefined
  const used = [...world.tables].flatMap(([key, columns]) => {
    const at = key.indexOf(".")
    return [...columns].flatMap(([column, definition]) =>
      isOf(type, definition)
        ? [
            {
              definition,
              column: {
                schema: key.slice(0, at),
                table: key.slice(at + 1),
                column,
                isArray: definition.type.endsWith("[]"),
                rows: world.rows.get(key) ?? 0
              }
            }
          ]
        : []
    )
  })
  return {
    columns: used.map(({ column }) => column),
    dependents: [],
    held: used.flatMap(({ column, definition }) =>
      Object.entries(definition.labels ?? {}).flatMap(([label, rows]) =>
        labels.includes(label) && rows > 0 ? [{ column, label, rows }] : []
      )
    )
  }
}

export const replaceEnum = (world: PostgresWorld, type: QualifiedName, { labels, values }: EnumReplacement): void => {
  world.enums.set(keyOf(type), labels)
  relabel(world, type, (label) => values[label] ?? label)
}

/** Rows hold other labels from now on. */
export const relabel = (world: PostgresWorld, type: QualifiedName, to: (label: string) => string): void => {
  for (const columns of world.tables.values()) {
    for (const [name, column] of columns) {
      if (!isOf(type, column) || column.labels === undefined) continue
      const moved: Record<string, number> = {}
      for (const [label, rows] of Object.entries(column.labels)) moved[to(label)] = (moved[to(label)] ?? 0) + rows
      columns.set(name, { ...column, labels: moved })
    }
  }
}

type Refuse = (code: string, message: string) => QueryError

/** Changes a table, or says why the server would not. */
export const change = (world: PostgresWorld, refuse: Refuse, change: TableChange): QueryError | undefined => {
  const key = keyOf(change._tag === "Backfill" ? change.backfill.table : change.table)
  const columns = world.tables.get(key)
  if (columns === undefined) return refuse("42P01", `relation "${key}" does not exist`)
  switch (change._tag) {
    case "SetDefault":
    case "SetNullable":
    case "SetType":
      return changeColumn(columns, refuse, change)
    case "Backfill":
      world.unfilled.delete(key)
      return undefined
    case "CreateIndex":
    case "DropIndex":
    case "SwapIndex":
      return changeIndex(named(world.indexes, key), refuse, change)
    default:
      return changeConstraint(named(world.constraints, key), named(world.indexes, key), refuse, change)
  }
}

const changeColumn = (
  columns: Map<string, Column>,
  refuse: Refuse,
  change: Extract<TableChange, { readonly column: string }>
): QueryError | undefined => {
  const column = columns.get(change.column)
  if (column === undefined) return refuse("42703", `column "${change.column}" does not exist`)
  if (change._tag === "SetNullable") columns.set(change.column, { ...column, nullable: change.nullable })
  else if (change._tag === "SetType") columns.set(change.column, { ...column, type: canonicalType(change.type) })
  else {
    const { default: _, ...bare } = column
    columns.set(change.column, change.default === null ? bare : { ...bare, default: change.default })
  }
  return undefined
}

const changeIndex = (
  indexes: Map<string, Index>,
  refuse: Refuse,
  change: Extract<TableChange, { readonly _tag: "CreateIndex" | "DropIndex" | "SwapIndex" }>
): QueryError | undefined => {
  if (change._tag === "DropIndex") indexes.delete(change.name)
  else if (change._tag === "SwapIndex") {
    const by = indexes.get(change.by)
    if (by === undefined) return refuse("42P01", `relation "${change.by}" does not exist`)
    indexes.delete(change.by)
    indexes.set(change.name, by)
  } else {
    if (indexes.has(change.name)) return refuse("42P07", `relation "${change.name}" already exists`)
    indexes.set(change.name, { ...change.index, valid: true })
  }
  return undefined
}

const changeConstraint = (
  constraints: Map<string, Constraint>,
  indexes: Map<string, Index>,
  refuse: Refuse,
  change: Extract<
    TableChange,
    { readonly _tag: "AddConstraint" | "ValidateConstraint" | "DropConstraint" | "SwapConstraint" }
  >
): QueryError | undefined => {
  switch (change._tag) {
    case "AddConstraint": {
      const { constraint, index, name } = change
      if (constraints.has(name)) return refuse("42710", `constraint "${name}" already exists`)
      const used = index === undefined ? undefined : indexes.get(index)
      if (index !== undefined && used?.valid !== true) return refuse("42704", `index "${index}" does not exist`)
      constraints.set(name, constraint)
      if (used !== undefined) indexes.set(name, { ...used, constraint: name })
      return undefined
    }
    case "DropConstraint":
      constraints.delete(change.name)
      if (indexes.get(change.name)?.constraint === change.name) indexes.delete(change.name)
      return undefined
    default: {
      const from = change._tag === "SwapConstraint" ? change.by : change.name
      const found = constraints.get(from)
      if (found === undefined) return refuse("42704", `constraint "${from}" does not exist`)
      constraints.delete(from)
      constraints.set(change.name, change._tag === "ValidateConstraint" ? { ...found, valid: true } : found)
      return undefined
    }
  }
}
