/** What PostgreSQL refuses within a transaction. */
import * as ast from "../../sql/nodes.ts"
import { head, type Rule, type Script, type Statement } from "../script.ts"

const whose = ({ transaction }: Statement): string =>
  transaction?.by === "BEGIN"
    ? "between BEGIN and COMMIT"
    : transaction?.by === "DO"
      ? "in a DO block, which is a transaction"
      : "in the transaction that the file is run in"

export const concurrently: Rule = {
  name: "ban-concurrent-index-creation-in-transaction",
  severity: "error",
  title: "CREATE INDEX CONCURRENTLY in a transaction",
  why: "PostgreSQL refuses it (25001): it commits several times itself.",
  hint: "put it behind the COMMIT, or into a file of its own; in Django: AddIndexConcurrently and atomic = False",
  *check(statement) {
    if (statement.transaction === undefined || !("IndexStmt" in statement.node)) return
    if (statement.node.IndexStmt.concurrent !== true) return
    yield { ...head(statement, 3), message: `CREATE INDEX CONCURRENTLY cannot run ${whose(statement)}` }
  }
}

/** What it is, in words, where it must stand alone. */
const alone = ({ facts, version }: Script, { node, transaction }: Statement): string | undefined => {
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd === true ? "VACUUM" : undefined
  if ("DropStmt" in node) return node.DropStmt.concurrent === true ? "DROP INDEX CONCURRENTLY" : undefined
  if ("CreatedbStmt" in node) return "CREATE DATABASE"
  if ("DropdbStmt" in node) return "DROP DATABASE"
  if ("CreateTableSpaceStmt" in node) return "CREATE TABLESPACE"
  if ("DropTableSpaceStmt" in node) return "DROP TABLESPACE"
  if ("AlterSystemStmt" in node) return "ALTER SYSTEM"
  if ("ClusterStmt" in node) return node.ClusterStmt.relation === undefined ? "CLUSTER of all tables" : undefined
  if ("ReindexStmt" in node) {
    const { kind, params } = node.ReindexStmt
    if (ast.isOn(ast.optionOf(params, "concurrently"), false)) return "REINDEX CONCURRENTLY"
    return kind === "REINDEX_OBJECT_INDEX" || kind === "REINDEX_OBJECT_TABLE"
      ? undefined
      : "REINDEX of a schema or database"
  }
  if ("AlterTableStmt" in node) {
    const detaches = (node.AlterTableStmt.cmds ?? []).some(
      (one) =>
        "AlterTableCmd" in one &&
        one.AlterTableCmd.def !== undefined &&
        "PartitionCmd" in one.AlterTableCmd.def &&
        one.AlterTableCmd.def.PartitionCmd.concurrent === true
    )
    return detaches ? "DETACH PARTITION CONCURRENTLY" : undefined
  }
  if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal === undefined && (version ?? 12) < 12) {
    const made = facts.types.get(ast.nameOf(ast.texts(node.AlterEnumStmt.typeName)))
    return made?.transaction === transaction ? undefined : "ALTER TYPE … ADD VALUE (up to PostgreSQL 11)"
  }
  return undefined
}

export const inTransaction: Rule = {
  name: "not-allowed-in-transaction",
  severity: "error",
  title: "a statement that PostgreSQL refuses in a transaction",
  why: "PostgreSQL refuses it (25001), and everything in the transaction with it.",
  hint: "put it before the BEGIN or behind the COMMIT, or into a file of its own",
  *check(statement, script) {
    if (statement.transaction === undefined) return
    const what = alone(script, statement)
    if (what !== undefined) yield { ...head(statement, 2), message: `${what} cannot run ${whose(statement)}` }
  }
}
