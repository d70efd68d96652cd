/** What is gone afterwards, and what still asks for it. */
import type { ObjectType } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import { type Found, head, type Rule, type Script, type Statement } from "../script.ts"

/** What a DROP statement names, of one kind. */
const dropped = ({ node }: Statement, kind: ObjectType): ReadonlyArray<string> =>
  "DropStmt" in node && node.DropStmt.removeType === kind
    ? (node.DropStmt.objects ?? []).map((object) => ast.textOf(object) ?? ast.nameOf(ast.texts(ast.items(object))))
    : []

export const column: Rule = {
  name: "ban-drop-column",
  severity: "error",
  title: "DROP COLUMN",
  why: "Its values are gone, and a program that is still running and names the column fails from this moment on.",
  hint: "release programs that do not use the column first, and take a backup; ignore with that as the reason",
  *check(statement) {
    for (const { command, range, table } of alterations(statement)) {
      if (command.subtype !== "AT_DropColumn") continue
      yield { ...range, table, message: `the values of ${table}.${command.name} are gone` }
    }
  }
}

export const table: Rule = {
  name: "ban-drop-table",
  severity: "error",
  title: "DROP TABLE",
  why: "Its rows are gone, and a program that is still running and asks for it fails from this moment on.",
  hint: "release programs that do not use the table first, and take a backup; ignore with that as the reason",
  *check(statement, { catalog }) {
    for (const name of dropped(statement, "OBJECT_TABLE")) {
      yield { ...head(statement, 2), table: name, message: `the rows of ${name}${sizeOf(catalog, name)} are gone` }
    }
    if ("DropOwnedStmt" in statement.node) {
      yield { ...head(statement, 2), message: "all tables that the role owns in this database are gone" }
    }
  }
}

export const database: Rule = {
  name: "ban-drop-database",
  severity: "error",
  title: "DROP DATABASE",
  why: "All that is in it is gone.",
  hint: "a migration has no reason to; to go back, restore into a new database and swap the names",
  *check(statement) {
    if (!("DropdbStmt" in statement.node)) return
    yield { ...head(statement, 2), message: `all that is in ${statement.node.DropdbStmt.dbname} is gone` }
  }
}

export const schema: Rule = {
  name: "ban-drop-schema",
  severity: "error",
  title: "DROP SCHEMA",
  why: "With CASCADE all that is in it is gone, and so is what other schemas have built upon it.",
  hint: "drop what is meant by its name",
  *check(statement) {
    for (const name of dropped(statement, "OBJECT_SCHEMA")) {
      yield { ...head(statement, 2), message: `the schema ${name} is gone, with CASCADE also what is in it` }
    }
  }
}

export const cascade: Rule = {
  name: "drop-cascade",
  severity: "error",
  title: "DROP … CASCADE",
  why: "What depends on it goes too, whatever that is on this server: views, foreign keys of other tables, columns, functions.",
  hint: "name what should go, and drop it first; without CASCADE PostgreSQL says what depends on it",
  *check(statement, script) {
    yield* inDrop(statement, script)
    if ("DropOwnedStmt" in statement.node && statement.node.DropOwnedStmt.behavior === "DROP_CASCADE") {
      yield { ...head(statement, 2), message: "all that depends on what the role owns goes too" }
    }
    for (const { command, range, table } of alterations(statement)) {
      const drops = command.subtype === "AT_DropColumn" || command.subtype === "AT_DropConstraint"
      if (!drops || command.behavior !== "DROP_CASCADE") continue
      yield { ...range, table, message: `all that depends on ${table}.${command.name} goes too` }
    }
  }
}

function* inDrop(statement: Statement, { facts }: Script): Generator<Found> {
  if (!("DropStmt" in statement.node) || statement.node.DropStmt.behavior !== "DROP_CASCADE") return
  const { objects = [], removeType = "OBJECT_TABLE" } = statement.node.DropStmt
  const names = dropped(statement, removeType)
  if (names.length > 0 && names.every((name) => facts.tables.has(name))) return
  const at = statement.tokens.findLast(({ text }) => text === "cascade")?.start ?? statement.start
  const what = names.length === objects.length ? names.join(", ") : "it"
  yield { at, message: `all that depends on ${what} goes too` }
}
