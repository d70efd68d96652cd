/** What a change of a table costs while it goes on, in words for a plan. */
import type { Check } from "@shipshape/core"
import type { QualifiedName } from "../PostgresProbe.ts"
import type { Lock } from "../Sql.ts"
import type { TableChange, TableFacts } from "../Table.ts"

interface Cost {
  readonly what: string
  readonly lock: Lock
  /** What it reads or writes of the table, and not just of the catalog. */
  readonly work?: "reads" | "rewrites"
}

const rowsOf = ({ bytes, rows }: TableFacts): string =>
  rows < 0
    ? bytes === 0
      ? "no rows"
      : "its rows, of which there is no estimate"
    : `about ${rows.toLocaleString("en")} rows`

/** The change, as a person approves it: what is done, the lock, and the rows that are read or written under it. */
export const describe = (change: TableChange, facts: TableFacts): Check.Change => {
  const { lock, what, work } = costOf(change)
  const table = change._tag === "Backfill" ? change.backfill.table : change.table
  return {
    summary: `${table.schema}.${table.name}: ${what}`,
    after: costText(lock, work, facts)
  }
}

const costText = (lock: Lock, work: Cost["work"], facts: TableFacts): string =>
  `${lock} lock${
    work === undefined
      ? " for a moment, no rows are read"
      : `, ${work === "reads" ? "reads" : "writes anew"} ${rowsOf(facts)}`
  }`

/** A column that is new, and how rows that are there get a value. */
interface AddedColumn {
  readonly name: string
  readonly type: string
  /** The table is written anew at once, as each row gets a value of its own. */
  readonly rewrites: boolean
  /** The expression that rows get in batches, before the column is made NOT NULL. */
  readonly filledWith: string | undefined
}

export const describeColumn = (
  table: QualifiedName,
  { filledWith, name, rewrites, type }: AddedColumn,
  facts: TableFacts
): ReadonlyArray<Check.Change> => {
  const of = `${table.schema}.${table.name}`
  const added = {
    summary: `${of}: add column ${name} ${type}`,
    after: costText("ACCESS EXCLUSIVE", rewrites ? "rewrites" : undefined, facts)
  }
  if (filledWith === undefined) return [added]
  return [
    added,
    {
      summary: `${of}: fill column ${name} with ${filledWith} in batches, and then set NOT NULL`,
      after: costText("ROW EXCLUSIVE", "rewrites", facts)
    }
  ]
}

const costOf = (change: TableChange): Cost => {
  switch (change._tag) {
    case "SetDefault":
      return {
        what:
          change.default === null
            ? `drop the default of column ${change.column}`
            : `set the default of column ${change.column} to ${change.default}`,
        lock: "ACCESS EXCLUSIVE"
      }
    case "SetNullable":
      return {
        what: change.nullable ? `drop NOT NULL of column ${change.column}` : `set NOT NULL of column ${change.column}`,
        lock: "ACCESS EXCLUSIVE"
      }
    case "SetType":
      return { what: `widen column ${change.column} to ${change.type}`, lock: "ACCESS EXCLUSIVE" }
    case "AddConstraint":
      return {
        what: `add constraint ${change.name} (${change.constraint.definition}${change.constraint.valid ? "" : ", not yet checked for rows that are there"})`,
        lock: change.constraint.kind === "foreign" ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE",
        ...(change.constraint.valid && change.index === undefined ? { work: "reads" } : {})
      }
    case "ValidateConstraint":
      return { what: `check the rows for constraint ${change.name}`, lock: "SHARE UPDATE EXCLUSIVE", work: "reads" }
    case "DropConstraint":
      return { what: `drop constraint ${change.name}`, lock: "ACCESS EXCLUSIVE" }
    case "SwapConstraint":
      return { what: `let ${change.by} take the place of constraint ${change.name}`, lock: "ACCESS EXCLUSIVE" }
    case "CreateIndex":
      return {
        what: `build ${change.index.unique ? "unique " : ""}index ${change.name}${change.concurrently ? " concurrently" : ""}`,
        lock: change.concurrently ? "SHARE UPDATE EXCLUSIVE" : "SHARE",
        work: "reads"
      }
    case "DropIndex":
      return {
        what: `drop index ${change.name}`,
        lock: change.concurrently ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"
      }
    case "SwapIndex":
      return { what: `let ${change.by} take the place of index ${change.name}`, lock: "ACCESS EXCLUSIVE" }
    default:
      return {
        what: `set ${Object.keys(change.backfill.set).join(", ")} where ${change.backfill.where}, in batches`,
        lock: "ROW EXCLUSIVE",
        work: "reads"
      }
  }
}
