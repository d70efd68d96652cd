/** New tables with all of their columns, and these in their order: pg-delta adds some of them behind the rest. */
import type { Item, Sides } from "./items.ts"
import { quoted } from "./names.ts"

interface Addition {
  readonly at: number
  readonly table: string
  readonly clause: string
}

const additionOf = (sides: Sides, item: Item, at: number): Addition | undefined => {
  const id = item.action?.verb === "create" ? item.action.produces[0] : undefined
  if (id?.kind !== "column" || sides.from.base.has({ kind: "table", schema: id.schema, name: id.table }))
    return undefined
  const start = `ALTER TABLE ${quoted(id.schema, id.table)} ADD COLUMN `
  if (!item.sql.startsWith(start)) return undefined
  return {
    at,
    table: sides.engine.keyOf({ kind: "table", schema: id.schema, name: id.table }),
    clause: item.sql.slice(start.length)
  }
}

/** Folds each into its table where nothing between needs the table. */
export const whole = (sides: Sides, given: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  let items = given
  const tables = new Set(given.flatMap((item, i) => additionOf(sides, item, i)?.table ?? []))
  for (const table of tables) items = folded(sides, items, table)
  return items
}

const folded = (sides: Sides, items: ReadonlyArray<Item>, table: string): ReadonlyArray<Item> => {
  const created = items.findIndex(({ action, makes }) => action?.verb === "create" && makes[0] === table)
  const create = items[created]
  const additions = items.flatMap((item, i) => additionOf(sides, item, i) ?? []).filter((one) => one.table === table)
  const last = Math.max(...additions.map(({ at }) => at))
  const sql = create === undefined ? undefined : withColumns(sides, create, additions)
  if (create === undefined || sql === undefined) return items
  const isAddition = new Set(additions.map(({ at }) => at))
  const made = new Set(create.makes)
  const moved = new Set<number>()
  for (let i = created + 1; i <= last; i++) {
    const item = items[i]
    if (item === undefined) continue
    if (isAddition.has(i)) {
      for (const key of item.makes) made.add(key)
    } else if (item.needs.some((key) => made.has(key)) || item.makes.some((key) => made.has(key))) {
      moved.add(i)
      for (const key of item.makes) made.add(key)
    }
  }
  const parts = additions.flatMap(({ at }) => items[at] ?? [])
  const movedKeys = new Set([...moved].flatMap((i) => items[i]?.makes ?? []))
  // A column that needs what needs the table stays behind it.
  if (parts.some(({ needs }) => needs.some((key) => movedKeys.has(key)))) return items
  const one: Item = {
    ...create,
    sql,
    makes: [...create.makes, ...parts.flatMap(({ makes }) => makes)],
    needs: [...create.needs, ...parts.flatMap(({ needs }) => needs)]
  }
  const between = items.slice(created + 1, last + 1).flatMap((item, i) => {
    const at = created + 1 + i
    return isAddition.has(at) || moved.has(at) ? [] : [item]
  })
  return [
    ...items.slice(0, created),
    ...between,
    one,
    ...[...moved].sort((a, b) => a - b).flatMap((i) => items[i] ?? []),
    ...items.slice(last + 1)
  ]
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
