/** BEGIN and COMMIT: each has its other half. */
import { head, type Rule, transactionOf } from "../script.ts"

export const nesting: Rule = {
  name: "transaction-nesting",
  severity: "error",
  title: "a BEGIN within a transaction, or a COMMIT without one",
  why: "PostgreSQL only warns and goes on: what was meant to be one transaction is several, or none, and half of it stays when the rest fails.",
  hint: "let each BEGIN have one COMMIT; leave both out where whoever runs the file sees to the transaction",
  *check(statement, { statements, outer }) {
    const { body, transaction, within } = statement
    for (const at of transaction === undefined || transaction.by === "DO" ? [] : (body?.ends ?? [])) {
      yield { at, message: "a COMMIT or ROLLBACK in a DO block fails where the block is in a transaction (2D000)" }
    }
    if (!("TransactionStmt" in statement.node) || within !== undefined) return
    const kind = transactionOf(statement)
    if (kind === "begin" && transaction !== undefined) {
      const whose = transaction.by === "file" ? "the file is run in a transaction" : "a transaction is open"
      yield { ...head(statement, 1), message: `${whose} already: this BEGIN begins none` }
    }
    if (kind === "begin" || kind === undefined) return
    if (transaction === undefined) {
      const before = statements.slice(0, statement.index).some(({ within: part }) => part === undefined) && outer > 1
      const then = before ? ": what stands above it was committed statement by statement" : ""
      yield { ...head(statement, 1), message: `no transaction is open here${then}` }
    } else if (transaction.by === "file") {
      yield {
        ...head(statement, 1),
        message: "this ends the transaction that the file is run in: what follows is in none"
      }
    }
  }
}

export const uncommitted: Rule = {
  name: "ban-uncommitted-transaction",
  severity: "error",
  title: "a BEGIN without a COMMIT",
  why: "When the connection closes, all of it is rolled back. Nothing fails, and nothing is done.",
  hint: "add COMMIT at the end",
  *check(statement, { open }) {
    if (open.includes(statement)) yield { ...head(statement, 1), message: "nothing commits this transaction" }
  }
}
