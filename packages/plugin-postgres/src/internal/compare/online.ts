/** Constraints and indexes on tables that are in use, without long locks. */
import type { StableId } from "./engine.ts"
import { actsOnExisting, type Item, relationOf, type Sides, statement } from "./items.ts"
import { quoted } from "./names.ts"
import { type Dropped, isLeftover, passing, replaced, swapped } from "./swapping.ts"

/** What is done now, and what once that is committed. */
interface Two {
  readonly now: ReadonlyArray<Item>
  readonly later: ReadonlyArray<Item>
}

/** Takes what can wait to the end, with what needs it. */
export const online = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const now: Array<Item> = []
  const later: Array<Item> = []
  const last: Array<Item> = []
  const waits = new Set<string>()
  const nulls: Array<Item> = []
  const filled = new Set<string>()
  const planned = items.filter(({ action }) => action !== undefined)
  const isBuilt = (item: Item) => isOnExisting(sides, item) && apart(sides, item)?.now.length === 0
  const drops = new Map(replaced(sides, planned, isBuilt).map((dropped) => [dropped.item, dropped]))
  for (const item of planned) {
    if (drops.has(item)) continue
    const isExisting = isOnExisting(sides, item)
    const two = isExisting ? (validated(sides, item) ?? apart(sides, item)) : undefined
    const checked = isExisting ? notNull(item) : undefined
    const column = identified(item)
    if (column !== undefined && filled.has(column)) {
      nulls.push(item)
      continue
    }
    if (two?.now.length === 0 || [...item.needs, ...item.makes].some((key) => waits.has(key))) {
      for (const key of item.makes) waits.add(key)
      if (two?.now.length === 0) {
        const old = [...drops.values()].find((dropped) => isTaken(sides, item, dropped))
        if (old !== undefined) drops.delete(old.item)
        later.push(...(old === undefined ? two.later : swapped(two.later, old)))
      } else {
        later.push(...(two?.now ?? [item]))
        last.push(...(two?.later ?? []))
      }
    } else if (checked !== undefined) {
      now.push(...checked.now)
      filled.add(columnOf(item))
      nulls.push(...checked.later)
    } else {
      now.push(...(two?.now ?? [item]))
      last.push(...(two?.later ?? []))
    }
  }
  // What is not planned by pg-delta is behind all that is, as it may be about any of that.
  const ours = items.filter(({ action }) => action === undefined).map(concurrent)
  const left = now.filter(isOfLeftover)
  return [
    ...left,
    ...now.filter((item) => !isOfLeftover(item)),
    ...nulls,
    ...cutFirst(later),
    ...last,
    ...cutFirst([...drops.keys()]),
    ...cutFirst(ours)
  ]
}

/** What an interrupted script has left goes first: the names are needed. */
const isOfLeftover = ({ action }: Item): boolean =>
  action?.verb === "drop" && action.destroys.some((id) => "name" in id && isLeftover(String(id.name)))

/** Whether what is built needs the name of what is dropped, or both are the one primary key. */
const isTaken = (sides: Sides, { action }: Item, dropped: Dropped): boolean => {
  const id = action?.produces[0]
  if (id === undefined || !("schema" in id) || !("name" in id) || id.schema !== dropped.schema) return false
  const isKey = (facts: Sides["from"], about: StableId | undefined) =>
    about !== undefined && String(facts.base.get(about)?.payload.def).startsWith("PRIMARY KEY")
  const relation = relationOf(sides, id)
  const isSameTable = relation !== undefined && sides.engine.keyOf(relation) === dropped.table
  return (
    id.name === dropped.name ||
    (isSameTable && isKey(sides.to, id) && isKey(sides.from, dropped.item.action?.destroys[0]))
  )
}

/** `ALTER TABLE … ALTER COLUMN …`, as a name for the column. */
const columnOf = ({ sql }: Item): string => /^(ALTER TABLE .+? ALTER COLUMN "(?:[^"]|"")+") /s.exec(sql)?.[1] ?? ""

/** The column that becomes an identity, which has to be NOT NULL before. */
const identified = (item: Item): string | undefined =>
  / ADD GENERATED (ALWAYS|BY DEFAULT) AS IDENTITY/.test(item.sql) ? columnOf(item) : undefined

/** The index of a partition. */
const concurrent = (item: Item): Item =>
  /^CREATE (UNIQUE )?INDEX (?!.* ON ONLY )/s.test(item.sql) ? besideWriters(item) : item

const besideWriters = (item: Item): Item => ({
  ...item,
  sql: item.sql.replace(/^CREATE (UNIQUE )?INDEX /, "CREATE $1INDEX CONCURRENTLY "),
  alone: true,
  lock: "SHARE UPDATE EXCLUSIVE"
})

const cutFirst = (items: ReadonlyArray<Item>): ReadonlyArray<Item> =>
  items.map((item, i) => (i === 0 ? { ...item, cut: true } : item))

const isOnExisting = (sides: Sides, { action }: Item): boolean => action !== undefined && actsOnExisting(sides, action)

/** Foreign keys and checks hold for new rows at once, and for those that are there a transaction later. */
const validated = (sides: Sides, item: Item): Two | undefined => {
  const [, table, name, definition] =
    /^(ALTER (?:FOREIGN )?TABLE .+?) ADD CONSTRAINT ("(?:[^"]|"")+") (.*)$/s.exec(item.sql) ?? []
  if (definition === undefined || !/^(FOREIGN KEY|CHECK) /.test(definition)) return undefined
  if (/ (NOT VALID|NOT ENFORCED)$/.test(item.sql) || table?.startsWith("ALTER FOREIGN")) return undefined
  // Not before 18, and there is nothing to tell who runs it.
  if (definition.startsWith("FOREIGN KEY") && isPartitioned(sides, item)) return undefined
  return {
    now: [{ ...item, sql: `${item.sql} NOT VALID` }],
    later: [statement(`${table} VALIDATE CONSTRAINT ${name}`, { lock: "SHARE UPDATE EXCLUSIVE", cut: true })]
  }
}

const isPartitioned = (sides: Sides, item: Item): boolean =>
  (item.action?.produces ?? []).some((id) => {
    const relation = relationOf(sides, id)
    return relation !== undefined && sides.to.base.get(relation)?.payload.partitionKey != null
  })

/** Indexes, unique and primary keys are built beside who writes. */
const apart = (sides: Sides, item: Item): Two | undefined => {
  if (isPartitioned(sides, item)) return undefined
  if (/^CREATE (UNIQUE )?INDEX /.test(item.sql)) {
    return { now: [], later: [besideWriters(item)] }
  }
  const [, table, name, kind, nulls = "", columns, deferrable = ""] =
    /^ALTER TABLE (.+?) ADD CONSTRAINT ("(?:[^"]|"")+") (UNIQUE|PRIMARY KEY) (NULLS NOT DISTINCT )?(\(.*?\)(?: INCLUDE \(.*?\))?)( (?:DEFERRABLE|INITIALLY).*)?$/s.exec(
      item.sql
    ) ?? []
  if (table === undefined || columns === undefined || columns.includes("WITHOUT OVERLAPS")) return undefined
  const index = statement(
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} ${columns}${nulls === "" ? "" : " NULLS NOT DISTINCT"}`,
    { alone: true, lock: "SHARE UPDATE EXCLUSIVE" }
  )
  return {
    now: [],
    later: [
      index,
      { ...item, sql: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${name}${deferrable}` }
    ]
  }
}

/** By way of a check, which is read without a lock: NOT NULL then believes it. */
const notNull = (item: Item): Two | undefined => {
  const [, table, column] = /^(ALTER TABLE .+) ALTER COLUMN ("(?:[^"]|"")+") SET NOT NULL$/s.exec(item.sql) ?? []
  const id = item.action?.produces[0] ?? item.action?.consumes[0]
  if (table === undefined || column === undefined || id?.kind !== "column") return undefined
  const name = quoted(passing(`${id.table.slice(0, 20)}_${id.name.slice(0, 20)}_not_null`))
  return {
    now: [
      statement(`${table} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID`, { lock: "ACCESS EXCLUSIVE" })
    ],
    later: [
      statement(`${table} VALIDATE CONSTRAINT ${name}`, { lock: "SHARE UPDATE EXCLUSIVE", cut: true }),
      { ...item, cut: true },
      statement(`${table} DROP CONSTRAINT ${name}`, { lock: "ACCESS EXCLUSIVE" })
    ]
  }
}
