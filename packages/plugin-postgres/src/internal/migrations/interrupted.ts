/** A statement that is committed by itself, and of which nobody knows whether it was: what can be done about each kind. */
import type { Node } from "libpg-query"
import { escapeIdentifier, type Statement } from "../connect.ts"

/** How to go on with a statement that may have been run, in part or as a whole. */
export type Remedy =
  /** It is run again; where it fails with one of these states it was done. */
  | { readonly _tag: "Again"; readonly before: ReadonlyArray<Statement>; readonly doneIf: ReadonlyArray<string> }
  /** Whether it was done is asked; it is run where the answer is no. */
  | { readonly _tag: "Ask"; readonly done: Statement; readonly clear: Statement }
  /** Nobody can know. */
  | { readonly _tag: "Uncertain" }

const again = (...doneIf: ReadonlyArray<string>): Remedy => ({ _tag: "Again", before: [], doneIf })

export const remedyOf = (node: Node): Remedy => {
  // A label that is there already: 42710.
  if ("AlterEnumStmt" in node) return again("42710")
  if ("IndexStmt" in node && node.IndexStmt.idxname !== undefined) {
    const { idxname, relation } = node.IndexStmt
    const name = [...(relation?.schemaname === undefined ? [] : [relation.schemaname]), idxname]
      .map(escapeIdentifier)
      .join(".")
    return {
      _tag: "Ask",
      done: {
        text: "SELECT coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)), false) AS done",
        values: [name]
      },
      // What an interrupted CONCURRENTLY leaves is there, and not valid.
      clear: { text: `DROP INDEX CONCURRENTLY IF EXISTS ${name}`, values: [] }
    }
  }
  if ("DropStmt" in node) return again("42704", "42P01")
  if ("CreatedbStmt" in node) return again("42P04")
  if ("DropdbStmt" in node) return again("3D000")
  if ("CreateTableSpaceStmt" in node || "CreateSubscriptionStmt" in node) return again("42710")
  if ("DropTableSpaceStmt" in node || "DropSubscriptionStmt" in node) return again("42704")
  const isRepeatable =
    "VacuumStmt" in node ||
    "ReindexStmt" in node ||
    "ClusterStmt" in node ||
    "AlterSystemStmt" in node ||
    "AlterDatabaseStmt" in node ||
    "AlterSubscriptionStmt" in node ||
    "DiscardStmt" in node
  return isRepeatable ? again() : { _tag: "Uncertain" }
}
