/** Statements that reach beyond the database that they are run in: to the server, its files, or another one. */
import type { Node } from "libpg-query"
import { functionOf, some } from "./nodes.ts"

const ofServer = [
  ...["CreatedbStmt", "DropdbStmt", "AlterDatabaseStmt", "AlterDatabaseSetStmt", "AlterDatabaseRefreshCollStmt"],
  ...["CreateRoleStmt", "AlterRoleStmt", "AlterRoleSetStmt", "DropRoleStmt", "GrantRoleStmt", "AlterSystemStmt"],
  ...["CreateTableSpaceStmt", "DropTableSpaceStmt", "AlterTableSpaceOptionsStmt", "DropOwnedStmt", "ReassignOwnedStmt"],
  ...["CreateSubscriptionStmt", "AlterSubscriptionStmt", "DropSubscriptionStmt", "LoadStmt", "CheckPointStmt"]
]

const shared: ReadonlySet<string | undefined> = new Set(["OBJECT_DATABASE", "OBJECT_ROLE", "OBJECT_TABLESPACE"])

/** Functions whose effect is not the database's own. */
const reaching =
  /^(dblink|lo_(import|export)|pg_(terminate_backend|cancel_backend|reload_conf|rotate_logfile|promote|switch_wal|create_.*_slot|drop_replication_slot|.*replication_origin.*|write_file|.*_file_write|file_unlink))/

/** What only says what is to be done, and does not do it. */
const ofLater = ["ViewStmt", "CreateFunctionStmt", "CreateStmt", "AlterTableStmt", "RuleStmt", "CreatePolicyStmt"]

export const reachesBeyond = (node: Node): boolean => {
  const kind = Object.keys(node)[0] ?? ""
  if (ofServer.includes(kind)) return true
  if (ofLater.includes(kind)) return false
  if ("CopyStmt" in node) return node.CopyStmt.filename !== undefined || node.CopyStmt.is_program === true
  if ("GrantStmt" in node) return shared.has(node.GrantStmt.objtype)
  if ("CommentStmt" in node) return shared.has(node.CommentStmt.objtype)
  if ("RenameStmt" in node) return shared.has(node.RenameStmt.renameType)
  if ("AlterOwnerStmt" in node) return shared.has(node.AlterOwnerStmt.objectType)
  return some(node, (inner) => reaching.test(functionOf(inner) ?? ""))
}
