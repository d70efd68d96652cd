/** An index that was not finished stays, and looks as if it were there. */
import * as ast from "../../sql/nodes.ts"
import { head, type Rule } from "../script.ts"

export const invalidIndex: Rule = {
  name: "invalid-index-left-behind",
  severity: "warning",
  title: "an invalid index that IF NOT EXISTS takes for a good one",
  why: "A CREATE INDEX CONCURRENTLY that fails leaves an index that is not valid: no query uses it, a unique one proves nothing, and every write pays for it. IF NOT EXISTS then finds it and is content.",
  hint: "put DROP INDEX CONCURRENTLY IF EXISTS before it, or check pg_index.indisvalid",
  *check(statement, { catalog, facts }) {
    if (!("IndexStmt" in statement.node)) return
    const { concurrent, idxname, if_not_exists, relation } = statement.node.IndexStmt
    if (idxname === undefined) return
    if (facts.droppedIndexes.get(idxname)?.some((index) => index < statement.index) === true) return
    const table = ast.tableOf(relation)
    const existing = catalog?.tables.get(table)?.indexes.find(({ name }) => name === idxname)
    if (existing !== undefined && !existing.isValid) {
      const message = `${idxname} is there and not valid: a build of it failed before`
      const then = if_not_exists === true ? "this statement will take it for built" : "this statement will fail"
      yield { ...head(statement, 2), severity: "error", message: `${message}, and ${then}` }
    } else if (concurrent === true && if_not_exists === true && existing === undefined) {
      yield {
        ...head(statement, 2),
        table,
        message: `if building ${idxname} fails, the next run takes what it left for built`
      }
    }
  }
}
