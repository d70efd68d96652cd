/** Constraints and indexes on tables that are in use, without long locks. */
import type { StableId } from "./engine.ts"
import { actsOnExisting, type Item, relationOf, type Sides, statement } from "./items.ts"
import { quoted } from "./names.ts"
import { checkOf, readyFor } from "./resuming.ts"
import { type Dropped, isLeftover, passing, replaced, swapped } from "./swapping.ts"

/** What is done now, and what once that is committed. */
interface Two {
  readonly now: ReadonlyArray<Item>
  readonly later: ReadonlyArray<Item>
}

/** Where statements go: what is done at once, what makes columns NOT NULL, what is built, what is validated. */
interface Places {
  readonly now: Array<Item>
  readonly nulls: Array<Item>
  readonly later: Array<Item>
  readonly last: Array<Item>
  /** What is dropped behind all that. */
  readonly drops: Map<Item, Dropped>
  /** What is made later, and has to be waited for. */
  readonly waits: Set<string>
  /** Columns that are made NOT NULL. */
  readonly filled: Set<string>
  /** What an interrupted script has left and is used: it is not dropped. */
  readonly used: Set<string>
}

/** Takes what can wait to the end, with what needs it. */
export const online = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const planned = items.filter(({ action }) => action !== undefined)
  const isBuilt = (item: Item) => isOnExisting(sides, item) && apart(sides, item)?.now.length === 0
  const places: Places = {
    now: [],
    nulls: [],
    later: [],
    last: [],
    drops: new Map(replaced(sides, planned, isBuilt).map((dropped) => [dropped.item, dropped])),
    waits: new Set(),
    filled: new Set(),
    used: new Set()
  }
  for (const item of planned) if (!places.drops.has(item)) place(sides, places, item)
  // What is not planned by pg-delta is behind all that is, as it may be about any of that.
  const ours = items.filter(({ action }) => action === undefined).map(concurrent)
  const { drops, last, later, nulls, used } = places
  const isDropOf = ({ action }: Item, is: (id: StableId) => boolean) =>
    action?.verb === "drop" && action.destroys.some(is)
  const isUsed = (item: Item) => isDropOf(item, (id) => used.has(sides.engine.keyOf(id)))
  const now = places.now.filter((item) => !isUsed(item))
  // What an interrupted script has left goes first: the names are needed.
  const isLeft = (item: Item) => isDropOf(item, (id) => "name" in id && isLeftover(String(id.name)))
  return [
    ...now.filter(isLeft),
    ...now.filter((item) => !isLeft(item)),
    ...nulls,
    ...cutFirst(later),
    ...last,
    ...cutFirst([...drops.keys()].filter((item) => !isUsed(item))),
    ...cutFirst(ours)
  ]
}

const place = (sides: Sides, places: Places, item: Item): void => {
  const { drops, filled, last, later, now, nulls, used, waits } = places
  const isExisting = isOnExisting(sides, item)
  const two = isExisting ? (validated(sides, item) ?? apart(sides, item)) : undefined
  const checked = isExisting ? notNull(sides, item, used) : undefined
  const column = identified(item)
  if (column !== undefined && filled.has(column)) nulls.push(item)
  else if (two?.now.length === 0) {
    for (const key of item.makes) waits.add(key)
    const old = [...drops.values()].find((dropped) => isTaken(sides, item, dropped))
    const [index = item] = two.later
    const ready = readyFor(sides, item, index)
    if (ready !== undefined) used.add(ready.key)
    const isOwn = old !== undefined && used.has(sides.engine.keyOf(old.id))
    if (old !== undefined) drops.delete(old.item)
    const names = namesOf(item)
    later.push(
      ...(names === undefined || (old === undefined && ready === undefined)
        ? two.later
        : swapped(two.later, names, isOwn ? undefined : old, ready))
    )
  } else if ([...item.needs, ...item.makes].some((key) => waits.has(key))) {
    for (const key of item.makes) waits.add(key)
    later.push(...(two?.now ?? [item]))
    last.push(...(two?.later ?? []))
  } else if (checked !== undefined) {
    now.push(...checked.now)
    filled.add(columnOf(item))
    nulls.push(...checked.later)
  } else if (/ VALIDATE CONSTRAINT /.test(item.sql)) last.push({ ...item, cut: true })
  else {
    now.push(...(two?.now ?? [item]))
    last.push(...(two?.later ?? []))
  }
}

const namesOf = ({ action }: Item): { readonly schema: string; readonly name: string } | undefined => {
  const id = action?.produces[0]
  return id !== undefined && "schema" in id && "name" in id
    ? { schema: String(id.schema), name: String(id.name) }
    : undefined
}

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
const notNull = (sides: Sides, item: Item, used: Set<string>): Two | undefined => {
  const [, table, column] = /^(ALTER TABLE .+) ALTER COLUMN ("(?:[^"]|"")+") SET NOT NULL$/s.exec(item.sql) ?? []
  const id = item.action?.produces[0] ?? item.action?.consumes[0]
  if (table === undefined || column === undefined || id?.kind !== "column") return undefined
  const check = passing(`${id.table.slice(0, 20)}_${id.name.slice(0, 20)}_not_null`)
  const name = quoted(check)
  const there = checkOf(sides, id, check)
  if (there !== undefined) used.add(there.key)
  return {
    now:
      there === undefined
        ? [
            statement(`${table} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID`, {
              lock: "ACCESS EXCLUSIVE"
            })
          ]
        : [],
    later: [
      ...(there?.isValid === true
        ? []
        : [statement(`${table} VALIDATE CONSTRAINT ${name}`, { lock: "SHARE UPDATE EXCLUSIVE", cut: true })]),
      { ...item, cut: true },
      statement(`${table} DROP CONSTRAINT ${name}`, { lock: "ACCESS EXCLUSIVE" })
    ]
  }
}
