/** Columns in their order: pg-delta adds some of them behind others that stand behind them. */
import type { Item, Sides } from "./items.ts"
import { quoted } from "./names.ts"

interface Addition {
  readonly at: number
  readonly table: string
  /** Whether the table is new, too. */
  readonly isNew: boolean
  readonly position: number
  readonly clause: string
}

const additionOf = (sides: Sides, item: Item, at: number): Addition | undefined => {
  const id = item.action?.verb === "create" ? item.action.produces[0] : undefined
  if (id?.kind !== "column") return undefined
  const start = `ALTER TABLE ${quoted(id.schema, id.table)} ADD COLUMN `
  if (!item.sql.startsWith(start)) return undefined
  const table = { kind: "table", schema: id.schema, name: id.table } as const
  return {
    at,
    table: sides.engine.keyOf(table),
    isNew: !sides.from.base.has(table),
    position: Number(sides.to.base.get(id)?.payload._position),
    clause: item.sql.slice(start.length)
  }
}

/** Folds columns into new tables, and sorts those of others, where nothing between needs them. */
export const inOrder = (sides: Sides, given: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  let items = given
  const tables = new Set(given.flatMap((item, i) => additionOf(sides, item, i)?.table ?? []))
  for (const table of tables) {
    const additions = items.flatMap((item, i) => additionOf(sides, item, i) ?? []).filter((one) => one.table === table)
    items = additions.some(({ isNew }) => isNew) ? folded(sides, items, additions) : sorted(items, additions)
  }
  return items
}

const sorted = (items: ReadonlyArray<Item>, additions: ReadonlyArray<Addition>): ReadonlyArray<Item> => {
  const wanted = additions.toSorted((a, b) => a.position - b.position)
  if (wanted.every((one, i) => one === additions[i])) return items
  const places = additions.map(({ at }) => at)
  return gathered(items, places, () => wanted.flatMap(({ at }) => items[at] ?? []))
}

const folded = (sides: Sides, items: ReadonlyArray<Item>, additions: ReadonlyArray<Addition>): ReadonlyArray<Item> => {
  const created = items.findIndex(({ action, makes }) => action?.verb === "create" && makes[0] === additions[0]?.table)
  const create = items[created]
  const sql = create === undefined ? undefined : withColumns(sides, create, additions)
  if (create === undefined || sql === undefined) return items
  return gathered(items, [created, ...additions.map(({ at }) => at)], (parts) => [
    { ...create, sql, makes: parts.flatMap(({ makes }) => makes), needs: parts.flatMap(({ needs }) => needs) }
  ])
}

/** Brings some statements together where the last of them is, and what needs them behind it; nothing where that cannot be. */
const gathered = (
  items: ReadonlyArray<Item>,
  places: ReadonlyArray<number>,
  combine: (parts: ReadonlyArray<Item>) => ReadonlyArray<Item>
): ReadonlyArray<Item> => {
  const [first, last] = [Math.min(...places), Math.max(...places)]
  const isPart = new Set(places)
  const made = new Set<string>()
  /** What has to be there until it is let go by what is behind now. */
  const held = new Set<string>()
  const behind: Array<Item> = []
  const between: Array<Item> = []
  for (let i = first; i <= last; i++) {
    const item = items[i]
    if (item === undefined) continue
    const isBehind =
      [...item.needs, ...item.makes].some((key) => made.has(key)) || item.destroys.some((key) => held.has(key))
    if (isPart.has(i)) {
      for (const key of item.makes) made.add(key)
    } else if (isBehind) {
      behind.push(item)
      for (const key of item.makes) made.add(key)
      for (const key of item.needs) held.add(key)
    } else between.push(item)
  }
  const parts = places.toSorted((a, b) => a - b).flatMap((at) => items[at] ?? [])
  const madeBehind = new Set(behind.flatMap(({ makes }) => makes))
  // What needs something that needs it stays where it is.
  if (parts.some(({ needs }) => needs.some((key) => madeBehind.has(key)))) return items
  return [...items.slice(0, first), ...between, ...combine(parts), ...behind, ...items.slice(last + 1)]
}

/** The statement with more columns; `undefined` where it has none of its own to stand beside. */
const withColumns = (sides: Sides, create: Item, additions: ReadonlyArray<Addition>): string | undefined => {
  const id = create.action?.produces[0]
  if (id?.kind !== "table") return undefined
  const start = `TABLE ${quoted(id.schema, id.name)} (`
  const at = create.sql.indexOf(start)
  if (at === -1) return undefined
  const open = at + start.length
  const clauses = clausesOf(create.sql, open)
  if (clauses === undefined) return undefined
  const position = (clause: string): number => {
    const name = /^"((?:[^"]|"")+)"/.exec(clause)?.[1]?.replaceAll('""', '"')
    const column =
      name === undefined ? undefined : sides.to.base.get({ kind: "column", schema: id.schema, table: id.name, name })
    return column === undefined ? Number.POSITIVE_INFINITY : Number(column.payload._position)
  }
  const all = [...clauses.list, ...additions.map(({ clause }) => clause)]
  const placed = all.map((clause) => ({ clause, at: position(clause) }))
  placed.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
  const list = placed.map(({ clause }) => `\n  ${clause}`).join(",")
  return `${create.sql.slice(0, open)}${list}\n${create.sql.slice(clauses.end)}`
}

/** What stands between commas, up to the closing parenthesis. */
const clausesOf = (
  sql: string,
  from: number
): { readonly list: ReadonlyArray<string>; readonly end: number } | undefined => {
  const list: Array<string> = []
  let [depth, start, quote] = [0, from, ""]
  for (let i = from; i < sql.length; i++) {
    const char = sql[i] ?? ""
    if (quote !== "") {
      if (char === quote) quote = ""
    } else if (char === "'" || char === '"') quote = char
    else if (char === "(" || char === "[") depth++
    else if ((char === ")" || char === "]") && depth > 0) depth--
    else if (depth === 0 && (char === "," || char === ")")) {
      const clause = sql.slice(start, i).trim()
      if (clause !== "") list.push(clause)
      if (char === ")") return { list, end: i }
      start = i + 1
    }
  }
  return undefined
}
