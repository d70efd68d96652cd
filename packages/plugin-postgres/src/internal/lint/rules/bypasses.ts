/** What goes round the server's own care. */
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import { head, place, type Rule } from "../script.ts"

export const catalogWrite: Rule = {
  name: "writing-system-catalog",
  severity: "error",
  title: "a change of PostgreSQL's own tables",
  why: "Nothing checks it: a label that is deleted from pg_enum stays in rows and indexes, which then cannot be read.",
  hint: "use the statement that PostgreSQL has for it",
  *check(statement) {
    const { node } = statement
    const relation =
      "UpdateStmt" in node
        ? node.UpdateStmt.relation
        : "DeleteStmt" in node
          ? node.DeleteStmt.relation
          : "InsertStmt" in node
            ? node.InsertStmt.relation
            : undefined
    if (relation === undefined || !/^pg_(?!temp)/.test(relation.relname ?? "")) return
    if (relation.schemaname !== undefined && relation.schemaname !== "pg_catalog") return
    yield { at: place(statement, relation.location), message: `${relation.relname} is PostgreSQL's own` }
  }
}

export const disabledTriggers: Rule = {
  name: "disabled-triggers",
  severity: "error",
  title: "foreign keys and triggers switched off",
  why: "Rows come and go without their foreign keys being checked, and nothing checks them later: the constraint says valid and is not.",
  hint: "change rows in the order of their keys, or make the keys DEFERRABLE",
  *check(statement) {
    const { node } = statement
    if ("VariableSetStmt" in node && node.VariableSetStmt.name === "session_replication_role") {
      const [value] = node.VariableSetStmt.args ?? []
      if (ast.constantOf(value)?.toLowerCase() === "replica") {
        yield { ...head(statement, 2), message: "no foreign key and no trigger is looked at from here on" }
      }
    }
    for (const { command, range, table } of alterations(statement)) {
      if (command.subtype !== "AT_DisableTrigAll") continue
      yield { ...range, table, message: `no foreign key of ${table} is looked at from here on` }
    }
  }
}

export const swallowed: Rule = {
  name: "swallowed-exception",
  severity: "warning",
  title: "WHEN OTHERS that says nothing",
  why: "Whatever fails in the block is undone and the script goes on as if it were done.",
  hint: "name the condition that may happen (WHEN duplicate_object), or RAISE at the end of the handler",
  *check({ body }) {
    for (const at of body?.swallows ?? []) yield { at, message: "every failure of this block is swallowed" }
  }
}
