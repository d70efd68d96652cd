/** Foreign keys: checked without stopping writes, and with an index. */
import type { ColumnDef, Constraint } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { addedConstraints } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import { type Found, place, type Rule, type Script, type Statement } from "../script.ts"

export const addingForeignKey: Rule = {
  name: "adding-foreign-key-constraint",
  severity: "error",
  title: "a foreign key that is checked while it is added",
  why: "All rows are looked up while SHARE ROW EXCLUSIVE locks on both tables keep everybody from writing to either.",
  hint: "add it NOT VALID, and VALIDATE CONSTRAINT in a later transaction, which lets others write; a column first, then its key",
  *check(statement, script) {
    for (const { column, constraint, range, table } of addedConstraints(statement)) {
      if (constraint.contype !== "CONSTR_FOREIGN" || constraint.skip_validation === true) continue
      if (constraint.is_enforced === false) continue
      const other = ast.tableOf(constraint.pktable)
      const name = constraint.conname ?? "the foreign key"
      const at = column === undefined ? range : { at: place(statement, constraint.location) }
      const size = sizeOf(script.catalog, table)
      if (column !== undefined && !hasDefault(column)) {
        const message = `adding ${name} keeps everybody from writing to ${other}, and from ${table}${size}, until the end of the transaction`
        yield { ...at, table, severity: "warning", message, why: newColumn }
        continue
      }
      const message = `checking ${name} keeps everybody from writing to ${table}${size} and ${other}`
      yield { ...at, table, message }
    }
  }
}

const newColumn =
  "The new column is null in all rows, so that none is looked up. But a SHARE ROW EXCLUSIVE lock on the other table and an ACCESS EXCLUSIVE lock on this one are taken and held until the COMMIT, and everybody waits behind them while they wait."

const hasDefault = ({ constraints }: ColumnDef): boolean =>
  ast.constraintsIn(constraints).some(({ contype }) => contype === "CONSTR_DEFAULT" || contype === "CONSTR_GENERATED")

interface Key {
  readonly table: string
  readonly columns: ReadonlyArray<string>
  readonly at: Pick<Found, "at" | "to">
}

/** Foreign keys of new tables and of those that are there. */
const keysOf = (statement: Statement): ReadonlyArray<Key> => {
  const isKey = ({ contype }: Constraint) => contype === "CONSTR_FOREIGN"
  const added = addedConstraints(statement).filter(({ constraint }) => isKey(constraint))
  const keys = added.map(({ columns, constraint, table }) => ({
    ...{ table, columns },
    at: { at: place(statement, constraint.location) }
  }))
  if (!("CreateStmt" in statement.node)) return keys
  const table = ast.tableOf(statement.node.CreateStmt.relation)
  for (const element of statement.node.CreateStmt.tableElts ?? []) {
    if ("ColumnDef" in element) {
      for (const one of ast.constraintsIn(element.ColumnDef.constraints).filter(isKey)) {
        keys.push({ table, columns: [element.ColumnDef.colname ?? ""], at: { at: place(statement, one.location) } })
      }
    } else if ("Constraint" in element && isKey(element.Constraint)) {
      const at = { at: place(statement, element.Constraint.location) }
      keys.push({ table, columns: ast.texts(element.Constraint.fk_attrs), at })
    }
  }
  return keys
}

/** Whether the first columns of an index are these, in whatever order. */
const serves = (index: ReadonlyArray<string>, columns: ReadonlyArray<string>): boolean => {
  const first = index.slice(0, columns.length)
  return columns.every((column) => first.includes(column))
}

const hasIndex = ({ catalog, facts }: Script, table: string, columns: ReadonlyArray<string>): boolean =>
  facts.indexes.some((one) => one.table === table && !one.isPartial && serves(one.columns, columns)) ||
  (catalog?.tables.get(table)?.indexes.some((one) => one.isValid && !one.isPartial && serves(one.columns, columns)) ??
    false)

export const missingIndex: Rule = {
  name: "missing-foreign-key-index",
  severity: "warning",
  title: "a foreign key without an index",
  why: "PostgreSQL makes no index for a foreign key. Each delete or change of a key on the other side then reads this whole table.",
  hint: "add CREATE INDEX on these columns; CONCURRENTLY where the table is there already",
  *check(statement, script) {
    for (const { at, columns, table } of keysOf(statement)) {
      if (columns.length === 0 || hasIndex(script, table, columns)) continue
      const unknown = script.catalog === undefined && !script.facts.tables.has(table)
      const message = `no index of ${table} begins with ${columns.join(", ")}`
      yield { ...at, message: unknown ? `${message} in this file` : message }
    }
  }
}
