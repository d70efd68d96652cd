/** In which order tables are filled: what is referred to comes first. */
import * as Result from "effect/Result"
import { nameOf, type Relation } from "./relations.ts"

/** Tables that are filled in one transaction: one, or those of a cycle. */
export interface Group {
  readonly tables: ReadonlyArray<Relation>
  /** Foreign keys that are checked at the transaction's end. */
  readonly deferred: boolean
  /** Columns that are filled once the other tables are, by the id of their table. */
  readonly later: ReadonlyMap<number, ReadonlySet<string>>
}

/** Tables that refer to each other, and no way to fill one before the other. */
export interface Cycle {
  /** `public.a → public.b → public.a`. */
  readonly path: string
  readonly constraints: ReadonlyArray<string>
}

/** Within the chosen tables. A table may refer to itself: the rows of one statement are checked together. */
const referencesOf = (table: Relation, among: ReadonlyArray<Relation>) =>
  table.references.filter(({ to }) => to !== table.id && among.some(({ id }) => id === to))

/** Puts tables into order; those that refer to none stay as they are given. */
export const orderOf = (tables: ReadonlyArray<Relation>): Result.Result<ReadonlyArray<Group>, Cycle> => {
  const groups: Array<Group> = []
  for (const component of components(tables)) {
    const group = groupOf(component)
    if (Result.isFailure(group)) return Result.fail(group.failure)
    groups.push(group.success)
  }
  return Result.succeed(groups)
}

/** Tarjan: the components come out with what they refer to before them. */
const components = (tables: ReadonlyArray<Relation>): ReadonlyArray<ReadonlyArray<Relation>> => {
  const byId = new Map(tables.map((table) => [table.id, table]))
  const found = new Map<number, { index: number; low: number; onStack: boolean }>()
  const stack: Array<Relation> = []
  const out: Array<ReadonlyArray<Relation>> = []
  const visit = (table: Relation) => {
    const own = { index: found.size, low: found.size, onStack: true }
    found.set(table.id, own)
    stack.push(table)
    for (const { to } of referencesOf(table, tables)) {
      const next = byId.get(to)
      if (next === undefined) continue
      const seen = found.get(to) ?? visit(next)
      if (seen.onStack) own.low = Math.min(own.low, seen.low)
    }
    if (own.low === own.index) {
      const members = stack.splice(stack.indexOf(table))
      for (const { id } of members) {
        const member = found.get(id)
        if (member !== undefined) member.onStack = false
      }
      out.push(members)
    }
    return own
  }
  for (const table of tables) if (!found.has(table.id)) visit(table)
  return out
}

const groupOf = (tables: ReadonlyArray<Relation>): Result.Result<Group, Cycle> => {
  const later = new Map<number, Set<string>>()
  const [only] = tables
  if (only === undefined || tables.length === 1) return Result.succeed({ tables, deferred: false, later })
  let left: ReadonlyArray<Relation> = tables
  // What can be checked at the end, or be filled later, ties nobody to an order.
  const ties = (table: Relation, among: ReadonlyArray<Relation>) =>
    referencesOf(table, among).filter((reference) => !reference.deferrable && !isNullable(table, reference.columns))
  const ordered: Array<Relation> = []
  while (left.length > 0) {
    const next = left.find((table) => ties(table, left).length === 0)
    if (next === undefined) return Result.fail(cycleOf(left, ties))
    ordered.push(next)
    left = left.filter((table) => table !== next)
  }
  for (const [i, table] of ordered.entries()) {
    const after = referencesOf(table, ordered.slice(i + 1)).filter(({ deferrable }) => !deferrable)
    const columns = after.flatMap((reference) => reference.columns.filter((name) => isNullable(table, [name])))
    if (columns.length > 0) later.set(table.id, new Set(columns))
  }
  const deferred = ordered.some((table) => referencesOf(table, ordered).some(({ deferrable }) => deferrable))
  return Result.succeed({ tables: ordered, deferred, later })
}

/** A reference of several columns counts for nothing as soon as one of them is NULL. */
const isNullable = (table: Relation, columns: ReadonlyArray<string>): boolean =>
  table.columns.some(({ name, nullable }) => nullable && columns.includes(name))

/** Follows what ties until a table comes again. */
const cycleOf = (
  tables: ReadonlyArray<Relation>,
  ties: (table: Relation, among: ReadonlyArray<Relation>) => Relation["references"]
): Cycle => {
  const path: Array<Relation> = []
  const constraints: Array<string> = []
  let table = tables[0]
  while (table !== undefined && !path.includes(table)) {
    path.push(table)
    const [tie]: Relation["references"] = ties(table, tables)
    if (tie !== undefined) constraints.push(tie.name)
    table = tables.find(({ id }) => id === tie?.to)
  }
  const from = table === undefined ? 0 : path.indexOf(table)
  const names = path.slice(from).map(nameOf)
  return { path: [...names, names[0]].join(" → "), constraints: constraints.slice(from) }
}
