/** Indexes are built and dropped while others go on. */
import * as ast from "../../sql/nodes.ts"
import { sizeOf } from "../catalog.ts"
import { head, place, type Rule } from "../script.ts"

export const creation: Rule = {
  name: "require-concurrent-index-creation",
  severity: "error",
  title: "an index that is not built CONCURRENTLY",
  why: "CREATE INDEX holds a SHARE lock until the whole index is built: nobody can insert, update or delete meanwhile.",
  hint: "write CREATE INDEX CONCURRENTLY, outside of a transaction",
  *check(statement, script) {
    if (!("IndexStmt" in statement.node)) return
    const { concurrent, idxname, relation } = statement.node.IndexStmt
    if (concurrent === true || ast.isTemporary(relation)) return
    const table = ast.tableOf(relation)
    const locked = statement.transaction && script.facts.locks.get(statement.transaction.id)
    const held =
      locked !== undefined && locked.index < statement.index && locked.table === table
        ? `; and readers too, as the ALTER TABLE above it in the same transaction locks ${table} against everybody`
        : ""
    const name = idxname ?? "the index"
    const message = `building ${name} keeps everybody from writing to ${table}${sizeOf(script.catalog, table)}${held}`
    yield { ...head(statement, statement.node.IndexStmt.unique === true ? 3 : 2), table, message }
  }
}

export const deletion: Rule = {
  name: "require-concurrent-index-deletion",
  severity: "error",
  title: "an index that is not dropped CONCURRENTLY",
  why: "DROP INDEX takes an ACCESS EXCLUSIVE lock on the table, and everybody waits behind it while it waits for the longest query.",
  hint: "write DROP INDEX CONCURRENTLY, one index a statement, outside of a transaction",
  *check(statement, { facts }) {
    if (!("DropStmt" in statement.node)) return
    const { behavior, concurrent, objects = [], removeType } = statement.node.DropStmt
    if (removeType !== "OBJECT_INDEX" || concurrent === true || behavior === "DROP_CASCADE") return
    for (const object of objects) {
      const name = ast.nameOf(ast.texts(ast.items(object)))
      const table = facts.indexes.findLast((one) => one.name === name && one.index < statement.index)?.table
      const message = `dropping ${name} locks its table against readers and writers`
      yield { ...head(statement, 2), ...(table === undefined ? {} : { table }), message }
    }
  }
}

export const reindex: Rule = {
  name: "require-concurrent-reindex",
  severity: "error",
  title: "REINDEX without CONCURRENTLY",
  why: "REINDEX keeps everybody from writing to the table, and those queries that would use the index from reading it.",
  hint: "write REINDEX … CONCURRENTLY (from PostgreSQL 12)",
  *check(statement) {
    if (!("ReindexStmt" in statement.node)) return
    const { kind, name, params, relation } = statement.node.ReindexStmt
    if (ast.isOn(ast.optionOf(params, "concurrently"), false)) return
    const of = relation === undefined ? (name ?? "the database") : ast.tableOf(relation)
    const isSystem = kind === "REINDEX_OBJECT_SYSTEM"
    const hint = isSystem ? { hint: "system catalogs have no other way: do it in a maintenance window" } : {}
    const message = `rebuilding what belongs to ${of} keeps others from writing`
    yield { ...head(statement, 2), ...hint, table: of, message }
  }
}

export const detaching: Rule = {
  name: "require-concurrent-partition-detach",
  severity: "error",
  title: "a partition that is not detached CONCURRENTLY",
  why: "DETACH PARTITION takes an ACCESS EXCLUSIVE lock on the whole partitioned table.",
  hint: "write DETACH PARTITION … CONCURRENTLY (from PostgreSQL 14), outside of a transaction",
  *check(statement, { version = 18 }) {
    if (!("AlterTableStmt" in statement.node) || version < 14) return
    const table = ast.tableOf(statement.node.AlterTableStmt.relation)
    for (const node of statement.node.AlterTableStmt.cmds ?? []) {
      const command = "AlterTableCmd" in node ? node.AlterTableCmd : undefined
      if (command?.subtype !== "AT_DetachPartition" || command.def === undefined || !("PartitionCmd" in command.def))
        continue
      const { concurrent, name } = command.def.PartitionCmd
      if (concurrent === true) continue
      const message = `detaching ${ast.tableOf(name)} locks ${table} against readers and writers`
      yield { at: place(statement, name?.location), table, message }
    }
  }
}
