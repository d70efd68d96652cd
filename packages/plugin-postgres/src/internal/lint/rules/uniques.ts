/** Unique constraints, primary keys and exclusions: the index that they need is built first. */
import type { ConstrType } from "libpg-query"
import { addedConstraints } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import { type Found, place, type Rule, type Script, type Statement } from "../script.ts"

/** Constraints whose index is built by the statement itself. */
function* building(statement: Statement, { catalog }: Script, kind: ConstrType, what: string): Generator<Found> {
  for (const { column, constraint, range, table } of addedConstraints(statement)) {
    if (constraint.contype !== kind || constraint.indexname !== undefined) continue
    const at = column === undefined ? range : { at: place(statement, constraint.location) }
    const name = constraint.conname ?? what
    yield { ...at, table, message: `${table}${sizeOf(catalog, table)} is locked until the index of ${name} is built` }
  }
}

export const unique: Rule = {
  name: "disallowed-unique-constraint",
  severity: "error",
  title: "a unique constraint whose index is not there",
  why: "Adding it builds the index under an ACCESS EXCLUSIVE lock: nobody reads or writes meanwhile. It fails where values repeat.",
  hint: "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … UNIQUE USING INDEX",
  check: (statement, script) => building(statement, script, "CONSTR_UNIQUE", "the unique constraint")
}

export const primaryKey: Rule = {
  name: "adding-serial-primary-key-field",
  severity: "error",
  title: "a primary key whose index is not there",
  why: "Adding it builds the index under an ACCESS EXCLUSIVE lock, and reads the table for nulls: nobody reads or writes meanwhile.",
  hint: "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … PRIMARY KEY USING INDEX",
  check: (statement, script) => building(statement, script, "CONSTR_PRIMARY", "the primary key")
}

export const exclusion: Rule = {
  name: "adding-exclusion-constraint",
  severity: "error",
  title: "an exclusion constraint on a table that is there",
  why: "Its index is built under an ACCESS EXCLUSIVE lock, and PostgreSQL has no other way: it takes no NOT VALID and no USING INDEX.",
  hint: "add it in a maintenance window, or to a new table that takes the old one's place",
  check: (statement, script) => building(statement, script, "CONSTR_EXCLUSION", "the exclusion constraint")
}
