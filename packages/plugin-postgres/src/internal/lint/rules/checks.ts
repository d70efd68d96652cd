/** Checks and NOT NULL: rows that are there are looked at while others go on. */
import * as ast from "../../sql/nodes.ts"
import { addedConstraints, alterations } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import * as facts from "../facts.ts"
import { head, mayBeSince, place, type Rule, type Script, type Statement } from "../script.ts"

export const notValid: Rule = {
  name: "constraint-missing-not-valid",
  severity: "error",
  title: "a constraint that is checked while the table is locked",
  why: "Adding a check reads the whole table under an ACCESS EXCLUSIVE lock: nobody reads or writes meanwhile.",
  hint: "add it NOT VALID, commit, and VALIDATE CONSTRAINT in a later transaction",
  *check(statement, script) {
    const size = (table: string) => sizeOf(script.catalog, table)
    for (const { column, constraint, range, table } of addedConstraints(statement)) {
      const { conname, contype, skip_validation } = constraint
      const scans = contype === "CONSTR_CHECK" || (contype === "CONSTR_NOTNULL" && column === undefined)
      if (!scans || skip_validation === true || constraint.is_enforced === false) continue
      const at = column === undefined ? range : { at: place(statement, constraint.location) }
      const name = conname ?? "the check"
      yield { ...at, table, message: `checking ${name} locks ${table}${size(table)} until all its rows are read` }
    }
    for (const { command, range, table } of alterations(statement)) {
      if (command.subtype !== "AT_ValidateConstraint" || statement.transaction === undefined) continue
      const added = addedIn(script, statement, table, command.name ?? "")
      if (!added) continue
      const message = `${command.name} is validated in the transaction that adds it, whose lock on ${table}${size(table)} is held meanwhile`
      yield { ...range, table, message }
    }
  }
}

/** Whether a constraint is added not valid in the transaction of a statement, before it. */
const addedIn = (script: Script, statement: Statement, table: string, name: string): boolean =>
  script.statements
    .slice(0, statement.index)
    .some(
      (other) =>
        other.transaction === statement.transaction &&
        addedConstraints(other).some((one) => one.table === table && one.constraint.conname === name)
    )

/** Whether it is known by then that a column holds no null, so that PostgreSQL needs not look. */
const isProven = (script: Script, statement: Statement, table: string, column: string): boolean => {
  if (!mayBeSince(script, 12)) return false
  if (script.catalog?.tables.get(table)?.neverNull.has(column) === true) return true
  return script.facts.validations.some((one) => {
    if (one.table !== table || one.index >= statement.index) return false
    const check = script.facts.checks.get(facts.key(table, one.constraint))
    // One of an earlier file is taken to be about this column.
    return check === undefined || check.notNull === column
  })
}

export const notNull: Rule = {
  name: "adding-not-nullable-field",
  severity: "error",
  title: "SET NOT NULL that reads the whole table",
  why: "SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, and fails where a null is left.",
  hint: "add CHECK (column IS NOT NULL) NOT VALID, VALIDATE it in a later transaction, then SET NOT NULL (which from PostgreSQL 12 trusts the check), then drop the check",
  *check(statement, script) {
    for (const { command, range, table } of alterations(statement)) {
      const { name = "", subtype } = command
      if (subtype !== "AT_SetNotNull" || isProven(script, statement, table, name)) continue
      if (script.catalog?.tables.get(table)?.columns.get(name)?.notNull === true) continue
      const size = sizeOf(script.catalog, table)
      yield { ...range, table, message: `${table}${size} is locked until all its rows are read for nulls in ${name}` }
    }
    if ("AlterDomainStmt" in statement.node && statement.node.AlterDomainStmt.subtype === settingNotNull) {
      const domain = ast.nameOf(ast.texts(statement.node.AlterDomainStmt.typeName))
      const message = `every table with a column of ${domain} is locked until all its rows are read for nulls`
      yield { ...head(statement, 2), message, hint: "put NOT NULL on the columns, one after the other" }
    }
  }
}

export const dropNotNull: Rule = {
  name: "ban-drop-not-null",
  severity: "warning",
  title: "DROP NOT NULL",
  why: "Programs that have relied on it do not expect a null there.",
  hint: "make sure that all that reads the column takes a null",
  *check(statement) {
    for (const { command, range, table } of alterations(statement)) {
      if (command.subtype !== "AT_DropNotNull") continue
      yield { ...range, table, message: `${table}.${command.name} may be null from here on` }
    }
  }
}

/** What ALTER DOMAIN does, by the letters of PostgreSQL's parser. */
const [adding, settingNotNull] = ["C", "O"]

export const domainConstraint: Rule = {
  name: "ban-alter-domain-with-add-constraint",
  severity: "error",
  title: "a constraint that is added to a domain",
  why: "All columns of the domain, in all tables, are read while they are locked against writes.",
  hint: "put the check on the columns, NOT VALID first; or add it to the domain NOT VALID",
  *check(statement) {
    if (!("AlterDomainStmt" in statement.node)) return
    const { def, subtype, typeName } = statement.node.AlterDomainStmt
    if (subtype !== adding) return
    if (def !== undefined && "Constraint" in def && def.Constraint.skip_validation === true) return
    const name = ast.nameOf(ast.texts(typeName))
    yield { ...head(statement, 2), message: `every table with a column of ${name} is locked and read` }
  }
}

export const constrainedDomain: Rule = {
  name: "ban-create-domain-with-constraint",
  severity: "warning",
  title: "a domain with a constraint",
  why: "A later change of the constraint locks and reads every table that uses it, and a new column of the domain rewrites its table.",
  hint: "use the plain type, and a check on the columns",
  *check(statement) {
    if (!("CreateDomainStmt" in statement.node)) return
    const { constraints, domainname } = statement.node.CreateDomainStmt
    const given = ast
      .constraintsIn(constraints)
      .filter(({ contype }) => contype === "CONSTR_CHECK" || contype === "CONSTR_NOTNULL")
    if (given.length === 0) return
    yield {
      ...head(statement, 2),
      message: `the constraint of ${ast.nameOf(ast.texts(domainname))} cannot be changed online`
    }
  }
}
