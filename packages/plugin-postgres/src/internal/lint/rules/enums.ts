/** Labels of enums: added by themselves, so that they can be used, and never taken for something else. */
import type { AlterEnumStmt } from "libpg-query"
import { type Use, useOf } from "../../sql/labelUses.ts"
import * as ast from "../../sql/nodes.ts"
import type { Label } from "../facts.ts"
import { type Found, head, place, type Rule, type Script, type Statement } from "../script.ts"

const typeOf = (statement: AlterEnumStmt): string => ast.nameOf(ast.texts(statement.typeName))

/** Where a use is in the file. In the body of a function the parser says no place. */
const placeOf = (statement: Statement, { at }: Use, label: string): number => {
  const quoted = `'${label.replaceAll("'", "''")}'`
  const body = at === undefined ? statement.tokens.find(({ text }) => text.includes(quoted)) : undefined
  return body === undefined ? place(statement, at) : body.start + body.text.indexOf(quoted)
}

export const usedInTransaction: Rule = {
  name: "enum-label-used-in-transaction",
  severity: "error",
  title: "a label that is used in the transaction that adds it",
  why: "Until the transaction that adds a label has committed, PostgreSQL refuses to read it (55P04): in a cast, an INSERT, a default, a check, an index, a view or a function.",
  hint: "put ALTER TYPE … ADD VALUE before the BEGIN, or into a file that runs before this one",
  *check(statement, script) {
    if (statement.transaction === undefined) return
    for (const added of script.facts.labels) {
      if (added.transaction !== statement.transaction || added.index >= statement.index) continue
      const severity = severityOf(script, added)
      const use = severity === undefined ? undefined : useOf(statement.node, added)
      if (use === undefined || severity === undefined) continue
      const [{ label, type }, may] = [added, use.isSure ? "is" : "may be"]
      yield {
        at: placeOf(statement, use, label),
        severity: use.isSure ? severity : "warning",
        message: `'${label}' of ${type} ${may} used before the transaction that adds it has committed`
      }
    }
  }
}

/** A type that the same transaction makes may be extended and used on 11, and again from 17. */
const severityOf = ({ facts, version }: Script, { transaction, type }: Label): Found["severity"] => {
  if (facts.types.get(type)?.transaction !== transaction) return "error"
  if (version === undefined) return "warning"
  return version >= 12 && version <= 16 ? "error" : undefined
}

export const renaming: Rule = {
  name: "renaming-enum-label",
  severity: "error",
  title: "a label that is renamed",
  why: "The running program still says the old label, and fails from this moment on. Run again, the statement fails (22023).",
  hint: "add the new label, let programs write it, change the rows, and leave the old one",
  *check(statement, { facts }) {
    if (!("AlterEnumStmt" in statement.node) || statement.node.AlterEnumStmt.oldVal === undefined) return
    const { newVal, oldVal } = statement.node.AlterEnumStmt
    const type = typeOf(statement.node.AlterEnumStmt)
    if (facts.types.has(type)) return
    yield {
      ...head(statement, 3),
      message: `programs that say '${oldVal}' of ${type} fail once it is called '${newVal}'`
    }
  }
}

export const notIdempotent: Rule = {
  name: "enum-label-without-if-not-exists",
  severity: "warning",
  title: "ADD VALUE without IF NOT EXISTS",
  why: "A label stays added, whatever fails behind it. The next run fails there (42710) and comes no further.",
  hint: "write ADD VALUE IF NOT EXISTS with BEFORE or AFTER, and check the order where the label may have been there",
  *check(statement, { facts }) {
    if (!("AlterEnumStmt" in statement.node) || statement.within !== undefined) return
    const { newVal, oldVal, skipIfNewValExists } = statement.node.AlterEnumStmt
    const type = typeOf(statement.node.AlterEnumStmt)
    if (oldVal !== undefined || skipIfNewValExists === true || facts.types.has(type)) return
    yield { ...head(statement, 2), message: `adding '${newVal}' to ${type} a second time fails` }
  }
}

export const order: Rule = {
  name: "require-enum-value-ordering",
  severity: "notice",
  title: "ADD VALUE that says no place",
  why: "Labels sort, and compare with < and >, in their order. Without a place the new one comes last.",
  hint: "say BEFORE or AFTER",
  *check(statement) {
    if (!("AlterEnumStmt" in statement.node)) return
    const { newVal, newValNeighbor, oldVal } = statement.node.AlterEnumStmt
    if (oldVal !== undefined || newValNeighbor !== undefined) return
    yield { ...head(statement, 2), message: `'${newVal}' becomes the last of ${typeOf(statement.node.AlterEnumStmt)}` }
  }
}
