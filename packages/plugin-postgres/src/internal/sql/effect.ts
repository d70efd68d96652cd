/** What a statement costs, and how costs add up. */
import type { Hazard, Lock } from "../../Sql.ts"
import type { Catalog } from "./catalog.ts"

export interface Effect {
  readonly lock?: Lock | undefined
  readonly rewrite?: boolean
  readonly dataLoss?: boolean
  readonly hazards?: ReadonlyArray<Hazard>
}

/** What is known where a statement runs. */
export interface Circumstances {
  /** Tables and types that the file itself has made before: nobody else uses them, and nothing is in them. */
  readonly made: ReadonlySet<string>
  readonly catalog: Catalog | undefined
  readonly major: number | undefined
}

const order: ReadonlyArray<Lock> = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE"
]

/** The lock by its number in the parser's tree, from 1. */
export const lockOfMode = (mode: number): Lock => order[mode - 1] ?? "ACCESS EXCLUSIVE"

const strength = (lock: Lock | undefined): number => (lock === undefined ? -1 : order.indexOf(lock))

export const strongest = (locks: ReadonlyArray<Lock | undefined>): Lock | undefined =>
  locks.reduce((a, b) => (strength(b) > strength(a) ? b : a), undefined)

export const together = (effects: ReadonlyArray<Effect>): Effect => ({
  lock: strongest(effects.map(({ lock }) => lock)),
  rewrite: effects.some(({ rewrite }) => rewrite === true),
  dataLoss: effects.some(({ dataLoss }) => dataLoss === true),
  hazards: effects.flatMap(({ hazards }) => hazards ?? [])
})

/** Whether a table is somebody else's too: the file has not made it, and it is there as far as is known. */
export const isShared = (table: string, { catalog, made }: Circumstances): boolean =>
  !made.has(table) && (catalog === undefined || catalog.tables.has(table))

export const locks = (table: string, lock: Lock, here: Circumstances): Effect => (isShared(table, here) ? { lock } : {})

export const hazard = (
  kind: Hazard["kind"],
  object: string,
  message: string,
  severity: Hazard["severity"]
): Hazard => ({ kind, object, message, severity })

/** `(about 1,200,000 rows)`, where the catalog knows it. */
export const sizeOf = (table: string, { catalog }: Circumstances): string => {
  const rows = catalog?.tables.get(table)?.rows
  return rows === undefined || rows < 0 ? "" : ` (about ${rows.toLocaleString("en-US")} rows)`
}

/** So few rows are read or written at once. */
const few = 1_000

/** How much work in proportion to a table's rows matters. */
export const severityOfWork = (table: string, { catalog }: Circumstances): Hazard["severity"] => {
  const rows = catalog?.tables.get(table)?.rows
  return rows !== undefined && rows >= 0 && rows < few ? "notice" : "warning"
}
