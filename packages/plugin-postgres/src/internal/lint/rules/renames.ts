/** Names that running programs know. */
import * as ast from "../../sql/nodes.ts"
import { head, type Rule } from "../script.ts"

export const column: Rule = {
  name: "renaming-column",
  severity: "error",
  title: "a column that is renamed",
  why: "A program that is still running asks for the old name, and fails from this moment on; after a rollback of the program alone, too.",
  hint: "leave the column's name and rename it in the program; or add a column, write both, and drop the old one later",
  *check(statement) {
    if (!("RenameStmt" in statement.node)) return
    const { newname, relation, relationType, renameType, subname } = statement.node.RenameStmt
    if (renameType !== "OBJECT_COLUMN" || relationType === "OBJECT_TYPE") return
    const table = ast.tableOf(relation)
    const to = { to: statement.end }
    yield {
      ...head(statement, 2),
      ...to,
      table,
      message: `programs that ask for ${table}.${subname} fail once it is called ${newname}`
    }
  }
}

const named: ReadonlySet<string> = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"])

export const table: Rule = {
  name: "renaming-table",
  severity: "error",
  title: "a table, view or schema that is renamed or moved",
  why: "A program that is still running asks for the old name, and fails from this moment on; after a rollback of the program alone, too.",
  hint: "leave the table's name and rename it in the program; or make a view of the old name in the same transaction",
  *check(statement, { facts }) {
    const { node, transaction } = statement
    const range = { ...head(statement, 2), to: statement.end }
    if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.objectType === "OBJECT_TABLE") {
      const moved = ast.tableOf(node.AlterObjectSchemaStmt.relation)
      yield {
        ...range,
        table: moved,
        message: `programs that ask for ${moved} do not find it in ${node.AlterObjectSchemaStmt.newschema}`
      }
    }
    if (!("RenameStmt" in node)) return
    const { newname, renameType = "OBJECT_TABLE", subname } = node.RenameStmt
    if (renameType === "OBJECT_SCHEMA") {
      yield { ...range, message: `programs that ask for what is in ${subname} fail once it is called ${newname}` }
    }
    if (!named.has(renameType)) return
    const renamed = ast.tableOf(node.RenameStmt.relation)
    const standsIn = facts.views.some(
      (view) => view.name === renamed && view.transaction === transaction && view.index > statement.index
    )
    if (standsIn && transaction !== undefined) return
    yield {
      ...range,
      table: renamed,
      message: `programs that ask for ${renamed} fail once it is called ${newname}`
    }
  }
}
