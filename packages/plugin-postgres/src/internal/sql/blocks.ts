/** What a DO block runs: the statements in it, and those that it puts together. */
import * as Predicate from "effect/Predicate"
import type { Node } from "libpg-query"
import { constantsIn, field, optionOf, walkFields } from "./nodes.ts"
import type { Parser } from "./parser.ts"

export interface Block {
  /** SQL that stands in the block, or in a constant that is executed; where a value is put in, a name stands for it. */
  readonly statements: ReadonlyArray<string>
  /** What is computed in it. */
  readonly expressions: ReadonlyArray<Node>
  /** Expressions whose SQL is known only when they run. */
  readonly unknown: ReadonlyArray<string>
  /** It commits or rolls back by itself. */
  readonly ends: boolean
}

const nothing: Block = { statements: [], expressions: [], unknown: [], ends: false }

/** What stands in a block for a value that is known only when it runs. */
const anything = "anything"

/** Looks into a DO block. One in another language than PL/pgSQL says nothing of what it does. */
export const blockOf = (grammar: Parser, node: Node, sql: string): Block | undefined => {
  if (!("DoStmt" in node)) return undefined
  const language = optionOf(node.DoStmt.args, "language") ?? "plpgsql"
  const body = optionOf(node.DoStmt.args, "as") ?? ""
  if (language !== "plpgsql") return { ...nothing, unknown: [`a block in ${language}`] }
  const tree = grammar.plpgsql(sql)
  if (tree === undefined) return { ...nothing, unknown: [body.trim().split("\n")[0] ?? ""] }
  // What a variable of a type of one's own begins with is not in the tree.
  const initial = [...body.matchAll(/(?::=|\bdefault)\s*('(?:[^']|'')*')/gi)].flatMap(
    ([, value = ""]) => grammar.expression(value) ?? []
  )
  const found = { statements: [] as string[], expressions: initial, unknown: [] as string[], ends: false }
  walkFields(tree, (kind, fields) => {
    if (kind === "PLpgSQL_stmt_commit" || kind === "PLpgSQL_stmt_rollback") found.ends = true
    if (kind === "PLpgSQL_expr") found.expressions.push(...computed(grammar, fields))
    if (kind === "PLpgSQL_stmt_execsql") found.statements.push(queryOf(fields, "sqlstmt"))
    if (kind === "PLpgSQL_stmt_perform") found.statements.push(queryOf(fields, "expr"))
    if (kind === "PLpgSQL_stmt_dynexecute") {
      const expression = queryOf(fields, "query")
      const sql = executed(grammar, expression)
      if (sql === undefined) found.unknown.push(expression)
      else found.statements.push(sql)
    }
  })
  return found
}

/** An expression, the value that is assigned, or a query that a loop runs. */
const computed = (grammar: Parser, fields: object): ReadonlyArray<Node> => {
  const text = field(fields, "query")
  if (!Predicate.isString(text)) return []
  const [, value = text] = /^[\s\w."[\]]+:=([\s\S]*)$/.exec(text) ?? []
  return grammar.executed(value) ?? [grammar.expression(value) ?? []].flat()
}

const queryOf = (fields: object, name: string): string => {
  const expression = field(fields, name)
  const inner = Predicate.isObject(expression) ? field(expression, "PLpgSQL_expr") : undefined
  const query = Predicate.isObject(inner) ? field(inner, "query") : undefined
  return Predicate.isString(query) ? query : ""
}

/** The SQL of `'…'`, `format('… %I …', …)` and `'… ' || name || ' …'`, where its words are constants. */
const executed = (grammar: Parser, expression: string): string | undefined => {
  const tree = grammar.expression(expression)
  if (tree === undefined) return undefined
  if ("A_Const" in tree) return constantsIn(tree)[0]
  if ("FuncCall" in tree) {
    const [template] = tree.FuncCall.args ?? []
    const isFormat = tree.FuncCall.funcname?.some((part) => "String" in part && part.String.sval === "format")
    if (isFormat !== true || template === undefined || !("A_Const" in template)) return undefined
    return constantsIn(template)[0]
      ?.replace(/%(?:\d+\$)?-?\d*[Is]/g, anything)
      .replace(/%(?:\d+\$)?-?\d*L/g, `'${anything}'`)
      .replaceAll("%%", "%")
  }
  const parts = concatenated(tree)
  return parts?.map((part) => ("A_Const" in part ? (constantsIn(part)[0] ?? anything) : anything)).join("")
}

const concatenated = (tree: Node): ReadonlyArray<Node> | undefined => {
  if (!("A_Expr" in tree)) return undefined
  const { lexpr, name, rexpr } = tree.A_Expr
  const [operator] = name ?? []
  if (lexpr === undefined || rexpr === undefined) return undefined
  if (operator === undefined || !("String" in operator) || operator.String.sval !== "||") return undefined
  return [...(concatenated(lexpr) ?? [lexpr]), ...(concatenated(rexpr) ?? [rexpr])]
}
