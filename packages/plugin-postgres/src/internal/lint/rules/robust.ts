/** What cannot be run again after it has failed half way. */
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import * as facts from "../facts.ts"
import { type Found, head, type Rule, type Script, type Statement } from "../script.ts"

const dropKinds: Readonly<Record<string, string>> = {
  OBJECT_TABLE: "table",
  OBJECT_INDEX: "index",
  OBJECT_TYPE: "type",
  OBJECT_VIEW: "view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_SCHEMA: "schema",
  OBJECT_EXTENSION: "extension"
}

/** What a statement fails on when it has been run before, and what would keep it from that. */
function* fragile(statement: Statement, script: Script): Generator<Found> {
  const { node } = statement
  const [two, missing] = [head(statement, 2), "write IF NOT EXISTS"]
  if ("CreateStmt" in node) {
    const { if_not_exists, oncommit, relation } = node.CreateStmt
    if (if_not_exists === true || (ast.isTemporary(relation) && oncommit === "ONCOMMIT_DROP")) return
    yield { ...two, message: `creating ${ast.tableOf(relation)} a second time fails`, hint: missing }
  } else if ("IndexStmt" in node) {
    const { idxname, if_not_exists } = node.IndexStmt
    if (if_not_exists === true || idxname === undefined) return
    if (script.facts.droppedIndexes.get(idxname)?.some((index) => index < statement.index) === true) return
    const hint =
      "put DROP INDEX CONCURRENTLY IF EXISTS before it, which also takes an invalid one away; or write IF NOT EXISTS"
    yield { ...two, message: `creating ${idxname} a second time fails`, hint }
  } else if ("DropStmt" in node) {
    const kind = dropKinds[node.DropStmt.removeType ?? ""]
    if (kind === undefined || node.DropStmt.missing_ok === true) return
    yield { ...two, message: `dropping the ${kind} a second time fails`, hint: "write IF EXISTS" }
  } else {
    yield* fragileAlterations(statement, script)
  }
}

function* fragileAlterations(statement: Statement, { facts: known }: Script): Generator<Found> {
  for (const { command, range, table } of alterations(statement)) {
    const { def, missing_ok, name, subtype } = command
    if (subtype === "AT_AddColumn" && missing_ok !== true && def !== undefined && "ColumnDef" in def) {
      const message = `adding ${table}.${def.ColumnDef.colname} a second time fails`
      yield { ...range, message, hint: "write ADD COLUMN IF NOT EXISTS" }
    } else if (subtype === "AT_DropColumn" && missing_ok !== true) {
      yield { ...range, message: `dropping ${table}.${name} a second time fails`, hint: "write DROP COLUMN IF EXISTS" }
    } else if (subtype === "AT_DropConstraint" && missing_ok !== true) {
      yield { ...range, message: `dropping ${name} a second time fails`, hint: "write DROP CONSTRAINT IF EXISTS" }
    } else if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def) {
      const { conname } = def.Constraint
      if (conname === undefined || isDroppedBefore(known, statement, table, conname)) continue
      const hint = `put ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${conname} before it`
      yield { ...range, message: `adding ${conname} a second time fails`, hint }
    }
  }
}

/** A drop makes one addition good, not the next. */
const isDroppedBefore = (known: facts.Facts, { index }: Statement, table: string, name: string): boolean => {
  const at = facts.key(table, name)
  const last = Math.max(-1, ...(known.droppedConstraints.get(at) ?? []).filter((dropped) => dropped <= index))
  const added = Math.max(-1, ...(known.addedConstraints.get(at) ?? []).filter((before) => before < index))
  return last > added
}

export const robust: Rule = {
  name: "prefer-robust-stmts",
  severity: "warning",
  title: "a statement that fails when it is run again",
  why: "Outside of a transaction, what stands before a failure stays. The next run then fails at the first of these, and comes no further.",
  hint: "write IF EXISTS or IF NOT EXISTS, or put all of it into one transaction",
  *check(statement, script) {
    // One statement alone is done or not.
    if (statement.transaction !== undefined || script.outer < 2) return
    yield* fragile(statement, script)
  }
}
