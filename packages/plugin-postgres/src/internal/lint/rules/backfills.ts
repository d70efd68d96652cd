/** Rows that are filled in the transaction that has locked their table. */
import type { Node, UpdateStmt } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { sizeOf } from "../catalog.ts"
import * as facts from "../facts.ts"
import { head, type Rule, type Script, type Statement } from "../script.ts"

/** Whether an UPDATE is about all rows: by no condition, or by one that rows fulfil unless they are special. */
const isWhole = ({ fromClause, whereClause }: UpdateStmt, table: string, { facts: known }: Script): boolean =>
  whereClause === undefined ||
  isBroad(whereClause, fromClause !== undefined, (column) => known.columns.has(facts.key(table, column)))

/** Tests for null and emptiness, joins with other tables, and whatever is said of columns that are new. */
const isBroad = (condition: Node, joins: boolean, isNew: (column: string) => boolean): boolean => {
  if ("A_Const" in condition || "NullTest" in condition) return true
  if ("BoolExpr" in condition) return (condition.BoolExpr.args ?? []).every((part) => isBroad(part, joins, isNew))
  const columns = ast.columnsIn(condition)
  if (columns.length > 0 && columns.every(isNew)) return true
  if (!("A_Expr" in condition)) return false
  const { lexpr, rexpr } = condition.A_Expr
  const isJoin = joins && ast.columnOf(lexpr) !== undefined && ast.columnOf(rexpr) !== undefined
  return isJoin || ast.constantOf(rexpr) === ""
}

export const backfill: Rule = {
  name: "backfill-in-ddl-transaction",
  severity: "error",
  title: "all rows of a table updated in a transaction that has changed a table",
  why: "The lock of the ALTER TABLE is held until the COMMIT: nobody reads or writes the table while all its rows are written.",
  hint: "commit the ALTER TABLE first, then update in batches, each in a transaction of its own",
  *check(statement: Statement, script: Script) {
    if (!("UpdateStmt" in statement.node) || statement.transaction === undefined) return
    const lock = script.facts.locks.get(statement.transaction.id)
    if (lock === undefined || lock.index > statement.index) return
    const table = ast.tableOf(statement.node.UpdateStmt.relation)
    if (!isWhole(statement.node.UpdateStmt, table, script)) return
    const size = sizeOf(script.catalog, table)
    const message = `all rows of ${table}${size} are written while ${lock.table} is locked by the ALTER TABLE above`
    yield { ...head(statement, 2), table, message }
  }
}

export const wholeUpdate: Rule = {
  name: "update-without-where",
  severity: "warning",
  title: "all rows of a table updated at once",
  why: "Every row is written anew and locked until the end, the table grows to twice its size, and replicas fall behind.",
  hint: "update in batches, each in a transaction of its own; say WHERE true where it is meant",
  *check(statement, script) {
    if (!("UpdateStmt" in statement.node) || statement.node.UpdateStmt.whereClause !== undefined) return
    const table = ast.tableOf(statement.node.UpdateStmt.relation)
    yield { ...head(statement, 2), table, message: `every row of ${table}${sizeOf(script.catalog, table)} is written` }
  }
}
