/** The statements of a comparison, with what they make and what they need: in an order that can be changed by that. */
import type { Lock } from "../../Sql.ts"
import type { Details } from "./details.ts"
import type { Action, Engine, Facts, Plan, StableId } from "./engine.ts"
import { quoted } from "./names.ts"

export interface Item {
  readonly sql: string
  /** It is committed by itself, in autocommit. */
  readonly alone: boolean
  readonly lock: Lock | undefined
  readonly rewrite: boolean
  readonly dataLoss: boolean
  readonly makes: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
  readonly destroys: ReadonlyArray<string>
  /** What it came from, where pg-delta has planned it. */
  readonly action?: Action
  /** The first of its transaction: what is before it has to be committed. */
  readonly cut?: boolean
}

/** Both sides, and what is to be done about their difference. */
export interface Sides {
  readonly engine: Engine
  readonly from: Facts
  readonly to: Facts
  readonly fromDetails: Details
  readonly toDetails: Details
  /** Which tables of the first have rows, where that is known. */
  readonly populated: ReadonlySet<string>
}

const locks: Readonly<Record<Action["lockClass"], Lock | undefined>> = {
  none: undefined,
  share: "SHARE",
  shareRowExclusive: "SHARE ROW EXCLUSIVE",
  shareUpdateExclusive: "SHARE UPDATE EXCLUSIVE",
  accessExclusive: "ACCESS EXCLUSIVE"
}

/** A statement of our own. */
export const statement = (sql: string, given: Partial<Item> = {}): Item => ({
  sql,
  alone: false,
  lock: undefined,
  rewrite: false,
  dataLoss: false,
  makes: [],
  needs: [],
  destroys: [],
  ...given
})

const relations: ReadonlySet<string> = new Set(["table", "view", "materializedView", "foreignTable"])

/** The table, or the like, that an object belongs to. */
export const relationOf = (sides: Sides, id: StableId): StableId | undefined => {
  if (relations.has(id.kind)) return id
  const parent = (sides.to.base.get(id) ?? sides.from.base.get(id))?.parent
  return parent === undefined ? undefined : relationOf(sides, parent)
}

export const subjectsOf = (action: Action): ReadonlyArray<StableId> => [
  ...action.produces,
  ...action.destroys,
  ...action.consumes
]

/** Whether it acts on a table that is there already. */
export const actsOnExisting = (sides: Sides, action: Action): boolean =>
  subjectsOf(action).some((id) => {
    const relation = relationOf(sides, id)
    return relation !== undefined && sides.from.base.has(relation)
  })

export const typeOf = (sides: Sides, which: "from" | "to", id: StableId): string =>
  String(sides[which].base.get(id)?.payload.type ?? "")

/** What has to be there for what it makes: the table whose rows a function returns. */
const dependenciesOf = (sides: Sides, { produces }: Action): ReadonlyArray<StableId> =>
  produces.flatMap((id) => sides.to.base.outgoingEdges(id).map(({ to }) => to))

const itemOf = (sides: Sides, action: Action): Item => {
  const { keyOf } = sides.engine
  const existing = actsOnExisting(sides, action)
  return {
    sql: action.sql,
    alone: action.transactionality !== "transactional",
    lock: existing ? (locks[action.lockClass] ?? (action.rewriteRisk ? "ACCESS EXCLUSIVE" : undefined)) : undefined,
    rewrite: existing && action.rewriteRisk && !addsConstant.test(action.sql),
    dataLoss: action.dataLoss === "destructive",
    makes: action.produces.map(keyOf),
    needs: [...action.consumes, ...action.destroys, ...action.releases, ...dependenciesOf(sides, action)].map(keyOf),
    destroys: action.destroys.map(keyOf),
    action
  }
}

/** A column with a default that is one value for all rows, which none of them has to be written for. */
const addsConstant =
  / ADD COLUMN (?!.* GENERATED ).* DEFAULT (?:'(?:[^']|'')*'|-?[\d.]+|true|false|now\(\)|CURRENT_\w+)(?:::[\w ."[\]]+(?:\([\d,]+\))?)?$/s

const enumAddition = /^ALTER TYPE .* ADD VALUE /s

/** Labels first, each alone; grants of a table before those of its columns; the rest as planned. */
export const itemsOf = (
  sides: Sides,
  plan: Plan
): { readonly labels: ReadonlyArray<Item>; readonly rest: ReadonlyArray<Item> } => {
  const items = plan.actions.map((action) => itemOf(sides, action))
  const isLabel = ({ sql }: Item) => enumAddition.test(sql)
  return {
    labels: items.filter(isLabel),
    rest: grantsInOrder(
      sides,
      items.filter((item) => !isLabel(item))
    )
  }
}

const aclOf = ({ action }: Item): Extract<StableId, { kind: "acl" }> | undefined => {
  const ids = action === undefined ? [] : subjectsOf(action)
  return ids.flatMap((id) => (id.kind === "acl" ? [id] : []))[0]
}

/** `GRANT SELECT ("a") ON …`; what is taken from a column stays where it is: the column may be dropped behind it. */
const isOfColumn = (item: Item): boolean =>
  /^(?:GRANT|REVOKE) [A-Z ]+\("/.test(item.sql) && item.action?.destroys.length === 0

/** What is revoked of a table is revoked of its columns too: these are granted behind it, and again where they were. */
const grantsInOrder = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const { keyOf } = sides.engine
  const ofColumns = items.filter(isOfColumn)
  const others = items.filter((item) => !isOfColumn(item))
  const made = new Set(ofColumns.flatMap(({ makes, needs }) => [...makes, ...needs]))
  const again = others.flatMap((item) => {
    const acl = aclOf(item)
    if (acl === undefined || !/^\s*REVOKE /i.test(item.sql)) return []
    return sides.to.base.facts().flatMap(({ id, payload }) => {
      const lost =
        id.kind === "acl" &&
        id.column !== undefined &&
        id.grantee === acl.grantee &&
        keyOf(id.target) === keyOf(acl.target)
      if (!lost || id.kind !== "acl" || made.has(keyOf(id)) || !("schema" in id.target) || !("name" in id.target))
        return []
      made.add(keyOf(id))
      return columnGrants(id.target.schema ?? "", id.target.name, id.column ?? "", id.grantee, payload)
    })
  })
  if (again.length === 0 && ofColumns.length === 0) return items
  const last = others.findLastIndex((item) => aclOf(item) !== undefined)
  const at = last === -1 ? others.length : last + 1
  // A column's grants stand where the last of a table stands, and never before the column itself.
  const behind = Math.max(at, others.findLastIndex((item) => item.makes.some((key) => key.startsWith("column:"))) + 1)
  return [...others.slice(0, behind), ...ofColumns, ...again, ...others.slice(behind)]
}

const columnGrants = (
  schema: string,
  table: string,
  column: string,
  grantee: string,
  payload: Readonly<Record<string, unknown>>
): ReadonlyArray<Item> => {
  const list = (key: string): ReadonlyArray<string> => (Array.isArray(payload[key]) ? payload[key].map(String) : [])
  const grantable = new Set(list("grantable"))
  const to = grantee === "PUBLIC" ? "PUBLIC" : quoted(grantee)
  return list("privileges").map((privilege) =>
    statement(
      `GRANT ${privilege} (${quoted(column)}) ON TABLE ${quoted(schema, table)} TO ${to}${grantable.has(privilege) ? " WITH GRANT OPTION" : ""}`
    )
  )
}
