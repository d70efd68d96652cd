/** A default that is dropped although programs that are running need it. */
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import * as facts from "../facts.ts"
import type { Rule, Script, Statement } from "../script.ts"

/** Whether a column that may not be null got a default in this file, and gets none again. */
const isNeeded = ({ facts: known }: Script, statement: Statement, table: string, name: string): boolean => {
  const at = facts.key(table, name)
  const column = known.columns.get(at)
  const isHere = column !== undefined && column.index < statement.index
  const added = isHere
    ? ast.constraintsIn(column.definition.constraints).some(({ contype }) => contype === "CONSTR_DEFAULT")
    : false
  const set = known.defaults.get(at) ?? []
  if (!added && !set.some((index) => index < statement.index)) return false
  if (set.some((index) => index > statement.index)) return false
  return known.notNulls.has(at)
}

export const droppedDefault: Rule = {
  name: "dropped-default",
  severity: "error",
  title: "the default of a NOT NULL column dropped behind its addition, as Django does",
  why: "The old program, which is still running, does not name the column in its INSERTs: each of them fails from here on. So they do after a rollback of the program alone.",
  hint: "keep the default in the database until the old program is gone; in Django: db_default (5.0), or null=True first",
  *check(statement, script) {
    for (const { command, range, table } of alterations(statement)) {
      const { def, name = "", subtype } = command
      if (subtype !== "AT_ColumnDefault" || def !== undefined || !isNeeded(script, statement, table, name)) continue
      yield { ...range, table, message: `${table}.${name} may not be null, and has no default any more` }
    }
  }
}
