/** What an interrupted script has done already, and need not be done again. */
import type { StableId } from "./engine.ts"
import { type Item, relationOf, type Sides } from "./items.ts"
import { quoted } from "./names.ts"
import { passing } from "./swapping.ts"

type Named = Extract<StableId, { schema: string; table: string; name: string }>

const withoutMark = (definition: unknown): string => String(definition).replace(/ NOT VALID$/, "")

/** A constraint that is there and not validated yet, instead of being dropped and made anew. */
export const validatedOnly = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const isHalf = (id: StableId | undefined): id is Named => {
    if (id?.kind !== "constraint") return false
    const [had, wanted] = [sides.from.base.get(id)?.payload, sides.to.base.get(id)?.payload]
    return had?.validated === false && wanted?.validated === true && withoutMark(had.def) === withoutMark(wanted.def)
  }
  return items.flatMap((item): ReadonlyArray<Item> => {
    const { action } = item
    const id = action?.verb === "drop" ? action.destroys[0] : action?.produces[0]
    if (!isHalf(id) || sides.from.base.get(id)?.parent?.kind !== "table") return [item]
    if (action?.verb === "drop") return []
    if (action?.verb !== "create") return [item]
    const sql = `ALTER TABLE ${quoted(id.schema, id.table)} VALIDATE CONSTRAINT ${quoted(id.name)}`
    return [{ ...item, sql, lock: "SHARE UPDATE EXCLUSIVE" }]
  })
}

/** An index that is built already for what an item makes. */
export interface Ready {
  readonly name: string
  readonly key: string
}

/** `index` is what would be built. */
export const readyFor = (sides: Sides, item: Item, index: Item): Ready | undefined => {
  const made = item.action?.produces[0]
  const relation = made === undefined ? undefined : relationOf(sides, made)
  if (relation === undefined || made === undefined || !("schema" in made) || !("name" in made)) return undefined
  const { keyOf } = sides.engine
  const isUnique = index.sql.startsWith("CREATE UNIQUE ")
  const columns = columnsOf(index.sql)
  return [passing(String(made.name)), ...(made.kind === "constraint" ? [made.name] : [])].flatMap((name) => {
    const id: StableId = { kind: "index", schema: String(made.schema), name }
    const fact = sides.from.base.get(id)
    const definition = String(fact?.payload.def)
    return fact?.parent !== undefined &&
      keyOf(fact.parent) === keyOf(relation) &&
      fact.payload.valid !== false &&
      definition.startsWith("CREATE UNIQUE ") === isUnique &&
      columnsOf(definition) === columns
      ? [{ name, key: keyOf(id) }]
      : []
  })[0]
}

/** What an index is of, beside its name and its table: a key's is always a B-tree. */
const columnsOf = (sql: string): string =>
  sql.replace(
    /^CREATE .*?INDEX .*? ON (ONLY )?("(?:[^"]|"")+"|[^". ]+)(\.("(?:[^"]|"")+"|[^". ]+))? (USING btree )?/s,
    ""
  )

/** A check of our own, by which a column is to be NOT NULL. */
export const checkOf = (
  sides: Sides,
  column: Named,
  name: string
): { readonly key: string; readonly isValid: boolean } | undefined => {
  const id: StableId = { kind: "constraint", schema: column.schema, table: column.table, name }
  const found = sides.from.base.get(id)
  return found === undefined ? undefined : { key: sides.engine.keyOf(id), isValid: found.payload.validated !== false }
}
