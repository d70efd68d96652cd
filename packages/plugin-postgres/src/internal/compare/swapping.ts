/** Indexes and keys that others replace: these are built first, so that there is one at any time. */
import type { StableId } from "./engine.ts"
import { type Item, relationOf, type Sides, statement } from "./items.ts"
import { quoted } from "./names.ts"
import type { Ready } from "./resuming.ts"

/** Ends the names of what is there only while a script runs. */
const mark = "_shipshape"

/** A name for what is there only while a script runs. */
export const passing = (name: string): string => `${name.slice(0, 63 - mark.length)}${mark}`

/** Whether something was left by a script that was interrupted. */
export const isLeftover = (name: string): boolean => name.endsWith(mark)

export interface Dropped {
  readonly item: Item
  readonly id: StableId
  readonly table: string
  readonly schema: string
  readonly name: string
}

/** An index, or a constraint that has one, of a table that stays. */
const droppedOf = (sides: Sides, item: Item): Dropped | undefined => {
  const [id, ...more] = item.action?.verb === "drop" ? item.action.destroys : []
  if (id === undefined || more.some(({ kind }) => kind !== "comment")) return undefined
  const relation = relationOf(sides, id)
  if (relation === undefined || !("name" in id) || !("schema" in id) || isLeftover(String(id.name))) return undefined
  const payload = sides.from.base.get(id)?.payload
  const hasIndex =
    id.kind === "index"
      ? payload?.valid !== false
      : id.kind === "constraint" && /^(UNIQUE|PRIMARY KEY)\b/.test(String(payload?.def))
  if (!hasIndex || sides.from.base.get(relation)?.payload.partitionKey != null) return undefined
  return { item, id, table: sides.engine.keyOf(relation), schema: String(id.schema), name: String(id.name) }
}

/** Of a column that changes or goes, what stands on it has to go before. */
const isInTheWay = / (DROP COLUMN|ALTER COLUMN .* (TYPE|DROP NOT NULL|SET EXPRESSION|DROP EXPRESSION))\b/s

/** What is dropped once what replaces it is built, by its table. */
export const replaced = (
  sides: Sides,
  items: ReadonlyArray<Item>,
  isBuilt: (item: Item) => boolean
): ReadonlyArray<Dropped> => {
  const tableOf = (item: Item): string | undefined => {
    const id = item.action?.produces[0] ?? item.action?.consumes[0] ?? item.action?.destroys[0]
    const relation = id === undefined ? undefined : relationOf(sides, id)
    return relation === undefined ? undefined : sides.engine.keyOf(relation)
  }
  const built = new Set(items.filter(isBuilt).map(tableOf))
  const changed = new Set(items.filter(({ sql }) => isInTheWay.test(sql)).map(tableOf))
  return items.flatMap((item) => {
    const dropped = droppedOf(sides, item)
    return dropped !== undefined && built.has(dropped.table) && !changed.has(dropped.table) ? [dropped] : []
  })
}

/** Builds under a passing name, unless that is done, and gives it the name when that is free. */
export const swapped = (
  build: ReadonlyArray<Item>,
  names: { readonly schema: string; readonly name: string },
  old: Dropped | undefined,
  ready: Ready | undefined
): ReadonlyArray<Item> => {
  const [index, constraint] = build
  if (index === undefined) return build
  const other = ready?.name ?? passing(names.name)
  const under = index.sql.replace(
    / CONCURRENTLY (?:"(?:[^"]|"")+"|\S+) ON /,
    () => ` CONCURRENTLY ${quoted(other)} ON `
  )
  const rename = statement(`ALTER INDEX ${quoted(names.schema, other)} RENAME TO ${quoted(names.name)}`, {
    lock: "ACCESS EXCLUSIVE"
  })
  const using = () => ` USING INDEX ${quoted(other)}`
  return [
    ...(ready === undefined ? [{ ...index, sql: under }] : []),
    ...(old === undefined ? [] : [{ ...old.item, cut: true }]),
    constraint === undefined
      ? rename
      : { ...constraint, sql: constraint.sql.replace(/ USING INDEX "(?:[^"]|"")+"/, using) }
  ]
}
