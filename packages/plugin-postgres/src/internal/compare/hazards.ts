/** What somebody should know before the statements are run. */
import type { Hazard } from "../../Sql.ts"
import type { Facts, StableId } from "./engine.ts"
import { actsOnExisting, type Item, relationOf, type Sides, subjectsOf } from "./items.ts"
import { kindOf, nameOf } from "./names.ts"
import { isLeftover } from "./swapping.ts"

/** What holds data that nothing brings back. */
const holdsData: ReadonlySet<string> = new Set(["table", "column", "typeAttribute"])

/** What others may be using by its name. */
const isUsed: ReadonlySet<string> = new Set([
  ...["schema", "extension", "view", "materializedView", "foreignTable", "sequence", "type", "domain", "collation"],
  ...[
    "function",
    "procedure",
    "aggregate",
    "publication",
    "subscription",
    "fdw",
    "server",
    "userMapping",
    "eventTrigger"
  ]
])

/** What only belongs to something that stays. */
const belongs: ReadonlySet<string> = new Set(["index", "constraint", "trigger", "policy", "rule"])

/** What an interrupted script has left: by its name, or an index that was to become a constraint. */
const isPassing = ({ from, to }: Sides, id: StableId): boolean => {
  if (id.kind !== "index" && id.kind !== "constraint") return false
  if (isLeftover(id.name)) return true
  if (id.kind !== "index") return false
  const table = from.base.get(id)?.parent
  if (table?.kind !== "table") return false
  const constraint = { kind: "constraint" as const, schema: table.schema, table: table.name, name: id.name }
  return to.base.has(constraint) && !from.base.has(constraint)
}

/** What is there and will not be. Of what goes with something else, only that is said. */
export const drops = (sides: Sides): ReadonlyArray<Hazard> => {
  const { from, to } = sides
  const isGone = (id: StableId | undefined): boolean => id !== undefined && from.base.has(id) && !to.base.has(id)
  return from.base.facts().flatMap(({ id, parent }): ReadonlyArray<Hazard> => {
    if (to.base.has(id) || (parent !== undefined && isGone(parent) && parent.kind !== "schema")) return []
    if (from.base.outgoingEdges(id).some(({ kind }) => kind === "memberOfExtension")) return []
    if (isPassing(sides, id)) return []
    const about = { object: nameOf(id) }
    if (holdsData.has(id.kind)) {
      return [
        {
          ...about,
          kind: "data-loss",
          message: `the ${kindOf(id)} is dropped, with all that it holds`,
          severity: "error"
        }
      ]
    }
    if (isUsed.has(id.kind)) {
      return [{ ...about, kind: "drop", message: `the ${kindOf(id)} is dropped`, severity: "error" }]
    }
    return belongs.has(id.kind)
      ? [{ ...about, kind: "drop", message: `the ${kindOf(id)} is dropped`, severity: "warning" }]
      : []
  })
}

/** What is dropped and made anew, as PostgreSQL has no way to alter it. */
export const replacements = (sides: Sides, items: ReadonlyArray<Item>): ReadonlyArray<Hazard> => {
  const { keyOf } = sides.engine
  const destroyed = new Map(items.flatMap(({ action }) => action?.destroys.map((id) => [keyOf(id), id] as const) ?? []))
  const made = new Set(items.flatMap(({ makes }) => makes))
  return [...destroyed].flatMap(([key, id]): ReadonlyArray<Hazard> => {
    const relation = relationOf(sides, id)
    const goesAlong = id.kind === "column" && relation !== undefined && destroyed.has(keyOf(relation))
    if (!made.has(key) || goesAlong) return []
    const object = nameOf(id)
    if (id.kind === "materializedView") {
      return [
        { kind: "rewrite", object, message: "the materialized view is dropped and made anew", severity: "warning" }
      ]
    }
    if (id.kind === "column" && sides.from.base.get(id)?.payload.generatedExpr != null) {
      return [
        { kind: "rewrite", object, message: "the generated column is dropped and made anew", severity: "warning" }
      ]
    }
    return holdsData.has(id.kind)
      ? [
          {
            kind: "data-loss",
            object,
            message: `the ${kindOf(id)} is dropped and made anew: what it holds is gone`,
            severity: "error"
          }
        ]
      : id.kind === "sequence"
        ? [
            {
              kind: "data-loss",
              object,
              message: "the sequence is dropped and made anew: it begins from its start",
              severity: "error"
            }
          ]
        : []
  })
}

/** Enums whose labels are not just added to. */
export const labels = (sides: Sides): ReadonlyArray<Hazard> =>
  sides.from.base.facts().flatMap(({ id, payload }): ReadonlyArray<Hazard> => {
    const after = sides.to.base.get(id)?.payload.values
    const before = payload.values
    if (id.kind !== "type" || !Array.isArray(before) || !Array.isArray(after)) return []
    const wanted = after.map(String)
    const removed = before.map(String).filter((label) => !wanted.includes(label))
    const object = nameOf(id)
    if (removed.length > 0) {
      const list = removed.map((label) => `'${label}'`).join(", ")
      return [
        {
          kind: "data-loss",
          object,
          message: `the label${removed.length === 1 ? "" : "s"} ${list} will be gone: the type is made anew, its columns are converted under an exclusive lock, and that fails where a row holds what is gone`,
          severity: "error"
        }
      ]
    }
    const kept = wanted.filter((label) => before.includes(label))
    return kept.every((label, i) => label === before[i])
      ? []
      : [
          {
            kind: "rewrite",
            object,
            message:
              "the order of the labels changes: the type is made anew, and its columns are converted under an exclusive lock",
            severity: "warning"
          }
        ]
  })

/** What reads or writes whole tables, or fails because of their rows. */
export const work = (sides: Sides, items: ReadonlyArray<Item>, online: boolean): ReadonlyArray<Hazard> =>
  items.flatMap(({ action, rewrite, sql }): ReadonlyArray<Hazard> => {
    if (action === undefined || !actsOnExisting(sides, action)) return []
    const id = subjectsOf(action)[0]
    if (id === undefined) return []
    const object = nameOf(id)
    const lock = (message: string): ReadonlyArray<Hazard> => [{ kind: "lock", object, message, severity: "warning" }]
    if (/ ADD COLUMN /s.test(sql) && id.kind === "column") return addition(sides, id, rewrite)
    if (/ ALTER COLUMN .* SET NOT NULL$/s.test(sql)) {
      return lock(
        `NOT NULL: it fails where a row holds NULL${online ? "" : ", and reads the whole table while nobody else uses it; --online does not"}`
      )
    }
    if (online || sides.from.base.has(id)) return []
    if (action.verb === "create" && id.kind === "index")
      return lock("the index is built while nobody can write to the table; --online builds it beside them")
    if (action.verb === "create" && id.kind === "constraint")
      return lock("the whole table is read under the lock; --online validates it behind")
    return []
  })

/** A column that has no value for the rows that are there. */
const isUnfilled = ({ base }: Facts, id: StableId): boolean => {
  const payload = base.get(id)?.payload
  return (
    payload?.notNull === true &&
    payload.identity == null &&
    payload.generatedExpr == null &&
    !base.childrenOf(id).some((child) => child.id.kind === "default")
  )
}

interface TableId {
  readonly kind: "table"
  readonly schema: string
  readonly name: string
}

/** Tables that are there, and get a column that has no value for the rows that may be there. */
export const unfilled = (from: Facts, to: Facts): ReadonlyArray<TableId> => {
  const tables = to.base.facts().flatMap(({ id, parent }) => {
    if (id.kind !== "column" || parent?.kind !== "table" || from.base.has(id) || !from.base.has(parent)) return []
    return isUnfilled(to, id) ? [{ kind: "table" as const, schema: id.schema, name: id.table }] : []
  })
  return tables.filter(({ name, schema }, i) => tables.findIndex((t) => t.name === name && t.schema === schema) === i)
}

const addition = (sides: Sides, id: StableId, rewrite: boolean): ReadonlyArray<Hazard> => {
  const payload = sides.to.base.get(id)?.payload
  const object = nameOf(id)
  if (isUnfilled(sides.to, id)) {
    const relation = relationOf(sides, id)
    const hasRows = relation !== undefined && sides.populated.has(sides.engine.keyOf(relation))
    return [
      {
        kind: "irreversible",
        object,
        message: hasRows
          ? "the column is NOT NULL and has no default, and the table has rows: it cannot be added. Give it a default, or add it nullable, fill it, and set NOT NULL then"
          : "the column is NOT NULL and has no default: it cannot be added where the table has rows",
        severity: hasRows ? "error" : "warning"
      }
    ]
  }
  return rewrite && payload?.generatedExpr != null
    ? [
        {
          kind: "rewrite",
          object,
          message: "the column's values are computed: the whole table is written anew",
          severity: "warning"
        }
      ]
    : []
}

/** Secrets are left out, and have to be put in by hand. */
export const secrets = (items: ReadonlyArray<Item>): ReadonlyArray<Hazard> =>
  items.flatMap(({ action, sql }): ReadonlyArray<Hazard> => {
    const id = action === undefined ? undefined : subjectsOf(action)[0]
    return id !== undefined && sql.includes("***")
      ? [
          {
            kind: "unsupported",
            object: nameOf(id),
            message: "its secrets are not written down here: put them in by hand, for '***'",
            severity: "error"
          }
        ]
      : []
  })

/** Roles belong to the whole server: what is missing is made, and nothing else of them is compared. */
export const roles = (names: ReadonlyArray<string>): ReadonlyArray<Hazard> =>
  names.map((name) => ({
    kind: "unsupported",
    object: name,
    message: "the role is not on the server, and is created without a password: give it one where it logs in",
    severity: "warning"
  }))
