/** What units that are committed have left in their session, which has ended before the rest of the file is run. */
import type { Node } from "libpg-query"
import { functionOf, isTemporary, relationsIn } from "../sql/nodes.ts"
import type { PlannedStatement, PlannedUnit } from "../sql/plan.ts"

/** The statements that set something for the session, to be run again in the next one. */
export const settingsOf = (units: ReadonlyArray<PlannedUnit>): ReadonlyArray<PlannedStatement> =>
  units.flatMap(({ statements }) => statements.filter(({ node }) => sets(node)))

const sets = (node: Node): boolean => {
  if ("DiscardStmt" in node) return true
  if ("VariableSetStmt" in node)
    return node.VariableSetStmt.is_local !== true && node.VariableSetStmt.name !== "TRANSACTION"
  // As pg_dump writes it.
  if (!("SelectStmt" in node) || node.SelectStmt.fromClause !== undefined) return false
  const results = node.SelectStmt.targetList ?? []
  return (
    results.length > 0 &&
    results.every((result) => "ResTarget" in result && functionOf(result.ResTarget.val) === "set_config")
  )
}

/** A temporary table that the rest of a file uses, and that is gone; `undefined` where there is none. */
export const lostTable = (units: ReadonlyArray<PlannedUnit>, done: number): string | undefined => {
  const nodesOf = (some: ReadonlyArray<PlannedUnit>) =>
    some.flatMap(({ statements }) => statements.flatMap(({ blockNodes, node }) => [node, ...blockNodes]))
  const [before, left] = [nodesOf(units.slice(0, done)), nodesOf(units.slice(done))]
  const made = new Set(left.flatMap(temporaryTable))
  const used = new Set(relationsIn(left))
  return before.flatMap(temporaryTable).find((name) => used.has(`public.${name}`) && !made.has(name))
}

const temporaryTable = (node: Node): ReadonlyArray<string> => {
  const into =
    "CreateStmt" in node && node.CreateStmt.oncommit !== "ONCOMMIT_DROP"
      ? node.CreateStmt.relation
      : "CreateTableAsStmt" in node && node.CreateTableAsStmt.into?.onCommit !== "ONCOMMIT_DROP"
        ? node.CreateTableAsStmt.into?.rel
        : "SelectStmt" in node
          ? node.SelectStmt.intoClause?.rel
          : "ViewStmt" in node
            ? node.ViewStmt.view
            : undefined
  return isTemporary(into) && into?.relname !== undefined ? [into.relname] : []
}
