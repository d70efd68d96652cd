/** Which statements PostgreSQL refuses within a transaction. */
import type { AlterSubscriptionStmt, AlterTableStmt, Node } from "libpg-query"
import { isOn, optionOf } from "./nodes.ts"

/** What a statement is that must be committed by itself; `undefined` where it may stand in a transaction. */
export const aloneBecause = (node: Node): string | undefined => {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true ? "CREATE INDEX CONCURRENTLY" : undefined
  if ("DropStmt" in node) return node.DropStmt.concurrent === true ? "DROP INDEX CONCURRENTLY" : undefined
  if ("ReindexStmt" in node) return reindex(node)
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd === true ? "VACUUM" : undefined
  if ("ClusterStmt" in node) return node.ClusterStmt.relation === undefined ? "CLUSTER of all tables" : undefined
  if ("CreatedbStmt" in node) return "CREATE DATABASE"
  if ("DropdbStmt" in node) return "DROP DATABASE"
  if ("AlterDatabaseStmt" in node) {
    const moves = optionOf(node.AlterDatabaseStmt.options, "tablespace") !== undefined
    return moves ? "ALTER DATABASE … SET TABLESPACE" : undefined
  }
  if ("CreateTableSpaceStmt" in node) return "CREATE TABLESPACE"
  if ("DropTableSpaceStmt" in node) return "DROP TABLESPACE"
  if ("AlterSystemStmt" in node) return "ALTER SYSTEM"
  if ("AlterTableStmt" in node) return detach(node.AlterTableStmt)
  if ("CreateSubscriptionStmt" in node) {
    const { options } = node.CreateSubscriptionStmt
    const makesSlot = isOn(optionOf(options, "create_slot"), isOn(optionOf(options, "connect"), true))
    return makesSlot ? "CREATE SUBSCRIPTION with a slot" : undefined
  }
  if ("DropSubscriptionStmt" in node) return "DROP SUBSCRIPTION"
  if ("AlterSubscriptionStmt" in node) return subscription(node.AlterSubscriptionStmt)
  if ("DiscardStmt" in node) return node.DiscardStmt.target === "DISCARD_ALL" ? "DISCARD ALL" : undefined
  if ("TransactionStmt" in node) {
    const { kind } = node.TransactionStmt
    if (kind === "TRANS_STMT_COMMIT_PREPARED") return "COMMIT PREPARED"
    return kind === "TRANS_STMT_ROLLBACK_PREPARED" ? "ROLLBACK PREPARED" : undefined
  }
  return undefined
}

/** What does not always have to be alone, but cannot be seen not to: a procedure may commit, a table be partitioned. */
export const worksAlone = (node: Node): boolean => "CallStmt" in node || "ReindexStmt" in node || "ClusterStmt" in node

const reindex = (node: Extract<Node, { readonly ReindexStmt: unknown }>): string | undefined => {
  const { kind, params } = node.ReindexStmt
  if (isOn(optionOf(params, "concurrently"), false)) return "REINDEX CONCURRENTLY"
  const ofOne = kind === "REINDEX_OBJECT_INDEX" || kind === "REINDEX_OBJECT_TABLE"
  return ofOne ? undefined : "REINDEX of more than one table"
}

const detach = ({ cmds }: AlterTableStmt): string | undefined =>
  (cmds ?? []).some((cmd) => {
    if (!("AlterTableCmd" in cmd) || cmd.AlterTableCmd.subtype !== "AT_DetachPartition") return false
    const { def } = cmd.AlterTableCmd
    return def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true
  })
    ? "DETACH PARTITION CONCURRENTLY"
    : undefined

const subscription = ({ kind, options }: AlterSubscriptionStmt): string | undefined => {
  const changes =
    kind === "ALTER_SUBSCRIPTION_SET_PUBLICATION" ||
    kind === "ALTER_SUBSCRIPTION_ADD_PUBLICATION" ||
    kind === "ALTER_SUBSCRIPTION_DROP_PUBLICATION"
  const refreshes = kind === "ALTER_SUBSCRIPTION_REFRESH" || (changes && isOn(optionOf(options, "refresh"), true))
  const isOnServer = ["failover", "two_phase", "slot_name"].some((name) => optionOf(options, name) !== undefined)
  return refreshes || isOnServer ? "ALTER SUBSCRIPTION on its server" : undefined
}

/** A new slot wants a transaction that has written nothing. */
export const wantsFreshTransaction = (node: Node): boolean =>
  "SelectStmt" in node && JSON.stringify(node).includes('"pg_create_logical_replication_slot"')
