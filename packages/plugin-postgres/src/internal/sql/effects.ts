/** What one statement costs: the strongest lock on a table that others use, whether it is written anew, what is lost. */
import type { CreateStmt, IndexStmt, Node, RenameStmt, SelectStmt } from "libpg-query"
import type { Lock } from "../../Sql.ts"
import { alterTable } from "./alterations.ts"
import { drop } from "./drops.ts"
import {
  type Circumstances,
  type Effect,
  hazard,
  isShared,
  lockOfMode,
  locks,
  severityOfWork,
  sizeOf,
  together
} from "./effect.ts"
import { isOn, optionOf, partsOf, qualified, relationOf, relationsIn, texts, walk } from "./nodes.ts"

/** What a statement costs by itself; one that runs others is the sum of them. */
export const effectOf = (node: Node, here: Circumstances): Effect =>
  together([
    ofDefinition(node, here) ?? ofRows(node, here) ?? ofUpkeep(node, here) ?? {},
    ...writesWithin(node).map((write) => ofRows(write, here) ?? {})
  ])

/** Statements that run those that stand within them. One that is prepared is counted where it stands. */
const runsWhatIsWithin = (node: Node): boolean =>
  "SelectStmt" in node ||
  writesRows(node) ||
  "CopyStmt" in node ||
  "CreateTableAsStmt" in node ||
  "PrepareStmt" in node ||
  ("ExplainStmt" in node && isOn(optionOf(node.ExplainStmt.options, "analyze"), false))

const writesRows = (node: Node): boolean =>
  "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node || "MergeStmt" in node

/** What writes rows in the WITH of a statement, in a COPY, or in what is explained by running it. */
const writesWithin = (statement: Node): ReadonlyArray<Node> => {
  const found: Array<Node> = []
  if (!runsWhatIsWithin(statement)) return found
  walk(statement, (node) => {
    if (node !== statement && writesRows(node)) found.push(node)
    return undefined
  })
  return found
}

const onAll = (tree: unknown, lock: Lock, here: Circumstances): Effect =>
  together(relationsIn(tree).map((table) => locks(table, lock, here)))

/** What changes the schema. */
const ofDefinition = (node: Node, here: Circumstances): Effect | undefined => {
  if ("AlterTableStmt" in node) return alterTable(node.AlterTableStmt, here)
  if ("DropStmt" in node) return drop(node.DropStmt, here)
  if ("IndexStmt" in node) return index(node.IndexStmt, here)
  if ("CreateStmt" in node) return createTable(node.CreateStmt, here)
  if ("RenameStmt" in node) return rename(node.RenameStmt, here)
  if ("AlterEnumStmt" in node) {
    const type = qualified(texts(node.AlterEnumStmt.typeName))
    const { newVal = "", oldVal } = node.AlterEnumStmt
    if (here.made.has(type)) return {}
    const message =
      oldVal === undefined
        ? `a label cannot be dropped once it is added: '${newVal}' stays`
        : `whoever still says '${oldVal}' is refused from then on, and running it again fails`
    return { hazards: [hazard("irreversible", type, message, "notice")] }
  }
  if ("CreateTrigStmt" in node) return locks(relationOf(node.CreateTrigStmt.relation), "SHARE ROW EXCLUSIVE", here)
  if ("RuleStmt" in node) return locks(relationOf(node.RuleStmt.relation), "ACCESS EXCLUSIVE", here)
  if ("CreatePolicyStmt" in node) return locks(relationOf(node.CreatePolicyStmt.table), "ACCESS EXCLUSIVE", here)
  if ("AlterPolicyStmt" in node) return locks(relationOf(node.AlterPolicyStmt.table), "ACCESS EXCLUSIVE", here)
  if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.relation !== undefined) {
    return locks(relationOf(node.AlterObjectSchemaStmt.relation), "ACCESS EXCLUSIVE", here)
  }
  if ("CreateStatsStmt" in node) return onAll(node.CreateStatsStmt.relations, "SHARE UPDATE EXCLUSIVE", here)
  if ("CreatePublicationStmt" in node)
    return onAll(node.CreatePublicationStmt.pubobjects, "SHARE UPDATE EXCLUSIVE", here)
  if ("ViewStmt" in node) {
    const replaced = node.ViewStmt.replace === true ? relationOf(node.ViewStmt.view) : undefined
    const own: Effect =
      replaced !== undefined && here.catalog?.tables.has(replaced) === true
        ? locks(replaced, "ACCESS EXCLUSIVE", here)
        : {}
    return together([own, onAll(node.ViewStmt.query, "ACCESS SHARE", here)])
  }
  if ("DropdbStmt" in node) {
    const { dbname = "" } = node.DropdbStmt
    return { dataLoss: true, hazards: [hazard("data-loss", dbname, "the whole database is gone", "error")] }
  }
  if ("DropOwnedStmt" in node) {
    return {
      lock: "ACCESS EXCLUSIVE",
      dataLoss: true,
      hazards: [hazard("data-loss", "DROP OWNED", "whatever the roles own is dropped", "error")]
    }
  }
  return undefined
}

const index = ({ concurrent, idxname, relation }: IndexStmt, here: Circumstances): Effect => {
  const table = relationOf(relation)
  if (!isShared(table, here)) return {}
  if (concurrent === true) return { lock: "SHARE UPDATE EXCLUSIVE" }
  const message = `nothing can be written to ${table} while the index is built${sizeOf(table, here)}: build it CONCURRENTLY`
  return {
    lock: "SHARE",
    hazards: [
      hazard(
        "lock",
        `${relation?.schemaname ?? "public"}.${idxname ?? `index on ${relation?.relname ?? ""}`}`,
        message,
        severityOfWork(table, here)
      )
    ]
  }
}

const createTable = ({ constraints, inhRelations, partbound, tableElts }: CreateStmt, here: Circumstances): Effect => {
  const referenced = [...(constraints ?? []), ...(tableElts ?? [])].flatMap((element) => {
    const own =
      "Constraint" in element ? [element] : "ColumnDef" in element ? (element.ColumnDef.constraints ?? []) : []
    return own.flatMap((one) =>
      "Constraint" in one && one.Constraint.pktable !== undefined ? [one.Constraint.pktable] : []
    )
  })
  const like = (tableElts ?? []).filter((element) => "TableLikeClause" in element)
  return together([
    onAll(like, "ACCESS SHARE", here),
    onAll(inhRelations, partbound === undefined ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE", here),
    ...referenced.map((table) => locks(relationOf(table), "SHARE ROW EXCLUSIVE", here))
  ])
}

const rename = ({ newname, relation, relationType, renameType, subname }: RenameStmt, here: Circumstances): Effect => {
  if (relation === undefined) return {}
  const table = relationOf(relation)
  // What is renamed is the index, and not its table.
  if (renameType === "OBJECT_INDEX") return {}
  if (!isShared(table, here)) return {}
  const isSeen = renameType === "OBJECT_TABLE" || (renameType === "OBJECT_COLUMN" && relationType === "OBJECT_TABLE")
  const object = subname === undefined ? table : `${table}.${subname}`
  const message = `whoever still says ${subname ?? relation.relname} is refused from then on; it is ${newname} now`
  return { lock: "ACCESS EXCLUSIVE", hazards: isSeen ? [hazard("irreversible", object, message, "notice")] : [] }
}

/** What reads and writes rows. */
const ofRows = (node: Node, here: Circumstances): Effect | undefined => {
  if ("SelectStmt" in node) return select(node.SelectStmt, here)
  if ("InsertStmt" in node) {
    return together([
      onAll(node, "ACCESS SHARE", here),
      locks(relationOf(node.InsertStmt.relation), "ROW EXCLUSIVE", here)
    ])
  }
  if ("UpdateStmt" in node) {
    return together([
      onAll(node, "ACCESS SHARE", here),
      locks(relationOf(node.UpdateStmt.relation), "ROW EXCLUSIVE", here)
    ])
  }
  if ("MergeStmt" in node) {
    const table = relationOf(node.MergeStmt.relation)
    const deletes =
      isShared(table, here) &&
      (node.MergeStmt.mergeWhenClauses ?? []).some(
        (clause) => "MergeWhenClause" in clause && clause.MergeWhenClause.commandType === "CMD_DELETE"
      )
    return together([
      onAll(node, "ACCESS SHARE", here),
      locks(table, "ROW EXCLUSIVE", here),
      deletes ? { dataLoss: true, hazards: [hazard("data-loss", table, "rows are deleted", "warning")] } : {}
    ])
  }
  if ("DeleteStmt" in node) {
    const table = relationOf(node.DeleteStmt.relation)
    if (!isShared(table, here)) return onAll(node, "ACCESS SHARE", here)
    const all = node.DeleteStmt.whereClause === undefined && node.DeleteStmt.usingClause === undefined
    const message = all ? `all rows are deleted${sizeOf(table, here)}` : "rows are deleted"
    return {
      lock: "ROW EXCLUSIVE",
      dataLoss: true,
      hazards: [hazard("data-loss", table, message, all ? "error" : "warning")]
    }
  }
  if ("TruncateStmt" in node) {
    const tables = relationsIn(node.TruncateStmt.relations).filter((table) => isShared(table, here))
    if (tables.length === 0) return {}
    const further = node.TruncateStmt.behavior === "DROP_CASCADE" ? ", and those of all tables that refer to it" : ""
    return {
      lock: "ACCESS EXCLUSIVE",
      dataLoss: true,
      hazards: tables.map((table) =>
        hazard("data-loss", table, `all rows are gone${sizeOf(table, here)}${further}`, "error")
      )
    }
  }
  if ("CopyStmt" in node) {
    const writes = node.CopyStmt.is_from === true
    return together([
      onAll(node.CopyStmt.query, "ACCESS SHARE", here),
      ...(node.CopyStmt.relation === undefined
        ? []
        : [locks(relationOf(node.CopyStmt.relation), writes ? "ROW EXCLUSIVE" : "ACCESS SHARE", here)])
    ])
  }
  if ("CreateTableAsStmt" in node) return onAll(node.CreateTableAsStmt.query, "ACCESS SHARE", here)
  if ("LockStmt" in node) return onAll(node.LockStmt.relations, lockOfMode(node.LockStmt.mode ?? 8), here)
  return undefined
}

const select = ({ intoClause: _, ...statement }: SelectStmt, here: Circumstances): Effect =>
  onAll(statement, (statement.lockingClause?.length ?? 0) > 0 ? "ROW SHARE" : "ACCESS SHARE", here)

/** What keeps tables in order. */
const ofUpkeep = (node: Node, here: Circumstances): Effect | undefined => {
  if ("VacuumStmt" in node) {
    const { is_vacuumcmd, options, rels } = node.VacuumStmt
    const full = is_vacuumcmd === true && isOn(optionOf(options, "full"), false)
    if (!full)
      return rels === undefined ? { lock: "SHARE UPDATE EXCLUSIVE" } : onAll(rels, "SHARE UPDATE EXCLUSIVE", here)
    return anew(relationsIn(rels), here)
  }
  if ("ClusterStmt" in node)
    return anew(node.ClusterStmt.relation === undefined ? [] : [relationOf(node.ClusterStmt.relation)], here)
  if ("RefreshMatViewStmt" in node) {
    const view = relationOf(node.RefreshMatViewStmt.relation)
    if (!isShared(view, here)) return {}
    const concurrent = node.RefreshMatViewStmt.concurrent === true
    return { lock: concurrent ? "EXCLUSIVE" : "ACCESS EXCLUSIVE", rewrite: !concurrent }
  }
  if ("ReindexStmt" in node) {
    const concurrent = isOn(optionOf(node.ReindexStmt.params, "concurrently"), false)
    return { lock: concurrent ? "SHARE UPDATE EXCLUSIVE" : "SHARE", rewrite: true }
  }
  if (
    "CommentStmt" in node &&
    (node.CommentStmt.objtype === "OBJECT_TABLE" || node.CommentStmt.objtype === "OBJECT_COLUMN")
  ) {
    const { object } = node.CommentStmt
    const parts = object === undefined ? [] : partsOf(object)
    return locks(
      qualified(node.CommentStmt.objtype === "OBJECT_COLUMN" ? parts.slice(0, -1) : parts),
      "SHARE UPDATE EXCLUSIVE",
      here
    )
  }
  return undefined
}

/** Tables that are written anew as a whole; none named means all. */
const anew = (tables: ReadonlyArray<string>, here: Circumstances): Effect => {
  const shared = tables.filter((table) => isShared(table, here))
  if (tables.length > 0 && shared.length === 0) return {}
  const objects = shared.length === 0 ? ["all tables"] : shared
  return {
    lock: "ACCESS EXCLUSIVE",
    rewrite: true,
    hazards: objects.map((table) =>
      hazard(
        "rewrite",
        table,
        `the whole table is written anew under ACCESS EXCLUSIVE${sizeOf(table, here)}`,
        severityOfWork(table, here)
      )
    )
  }
}
