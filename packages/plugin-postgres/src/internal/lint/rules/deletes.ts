/** Rows that are deleted where nobody looks for it. */
import type { MergeStmt, Node } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { sizeOf } from "../catalog.ts"
import { type Found, head, place, type Rule, type Script, type Statement } from "../script.ts"

/** The tables that a statement deletes from. */
const emptied = (node: Node): ReadonlyArray<{ readonly verb: string; readonly table: string }> => {
  if ("DeleteStmt" in node) return [{ verb: "DELETE", table: ast.tableOf(node.DeleteStmt.relation) }]
  if (!("TruncateStmt" in node)) return []
  return (node.TruncateStmt.relations ?? []).flatMap((one) =>
    "RangeVar" in one ? [{ verb: "TRUNCATE", table: ast.tableOf(one.RangeVar) }] : []
  )
}

const changesSchema = ({ node, within }: Statement): boolean =>
  within === undefined &&
  ("AlterTableStmt" in node || "CreateStmt" in node || "AlterEnumStmt" in node || "IndexStmt" in node)

export const hidden: Rule = {
  name: "hidden-delete",
  severity: "error",
  title: "a DELETE or TRUNCATE within something else",
  why: "Who reads, approves or runs this expects a change of the schema, or a question, and rows are gone afterwards.",
  hint: "put it into a step or file of its own that says so, behind a backup; or ignore it here with the reason",
  *check(statement, script) {
    const { node, within } = statement
    for (const { table, verb } of emptied(node)) {
      const where = within === "EXECUTE" ? "a text that is executed" : "a DO block"
      const isAmong = within === undefined && script.statements.some(changesSchema)
      if (within === undefined && !isAmong) continue
      const message = `${verb} on ${table}${sizeOf(script.catalog, table)} in ${isAmong ? "a file that changes the schema" : where}`
      yield { ...head(statement, 2), table, message }
    }
    yield* inParts(statement)
    yield* inExecuted(statement)
  }
}

/** In a WITH, or in a COPY of what it returns. */
function* inParts(statement: Statement): Generator<Found> {
  const found: Array<Found> = []
  ast.walk(statement.node, (node) => {
    if ("MergeStmt" in node) found.push(...inMerge(statement, node.MergeStmt))
    if (node === statement.node || !("DeleteStmt" in node)) return
    const { relation } = node.DeleteStmt
    const [at, table] = [place(statement, relation?.location), ast.tableOf(relation)]
    found.push({ at, table, message: `DELETE on ${table} within another statement` })
  })
  yield* found
}

const inMerge = (statement: Statement, { mergeWhenClauses = [], relation }: MergeStmt): ReadonlyArray<Found> => {
  const deletes = mergeWhenClauses.some(
    (one) => "MergeWhenClause" in one && one.MergeWhenClause.commandType === "CMD_DELETE"
  )
  const table = ast.tableOf(relation)
  return deletes ? [{ at: place(statement, relation?.location), table, message: `a MERGE deletes from ${table}` }] : []
}

const deleting = /\b(?:delete\s+from|truncate(?:\s+table)?)\b/i

/** In a text that is put together and executed. A constant text is a statement of the script itself. */
function* inExecuted({ body }: Statement): Generator<Found> {
  for (const { at, text } of body?.executed ?? []) {
    const verb = deleting.exec(text)
    if (verb === null || /^(?:'(?:''|[^'])*'|\$(\w*)\$[\s\S]*\$\1\$)$/.test(text.trim())) continue
    const from = at + verb.index
    yield {
      at: from,
      to: from + verb[0].length,
      message: `${verb[0].toUpperCase()} in a text that is put together and executed`
    }
  }
}

const isWhole = (statement: Statement): boolean =>
  "TruncateStmt" in statement.node ||
  ("DeleteStmt" in statement.node && statement.node.DeleteStmt.whereClause === undefined)

export const withoutWhere: Rule = {
  name: "delete-without-where",
  severity: "warning",
  title: "all rows of a table deleted",
  why: "All rows are gone.",
  hint: "say WHERE; or take a backup first, and ignore it with that as the reason",
  *check(statement: Statement, { catalog }: Script) {
    if (!isWhole(statement)) return
    for (const { table } of emptied(statement.node)) {
      yield { ...head(statement, 2), table, message: `all rows of ${table}${sizeOf(catalog, table)} are gone` }
    }
  }
}

export const truncateCascade: Rule = {
  name: "ban-truncate-cascade",
  severity: "error",
  title: "TRUNCATE … CASCADE",
  why: "Every table with a foreign key to it is emptied too, and those with one to these, without being named.",
  hint: "name all tables that should be emptied: TRUNCATE a, b",
  *check(statement) {
    if (!("TruncateStmt" in statement.node) || statement.node.TruncateStmt.behavior !== "DROP_CASCADE") return
    const names = emptied(statement.node).map(({ table }) => table)
    const at = statement.tokens.findLast(({ text }) => text === "cascade")?.start ?? statement.start
    yield { at, message: `every table that refers to ${names.join(", ")} is emptied too` }
  }
}
