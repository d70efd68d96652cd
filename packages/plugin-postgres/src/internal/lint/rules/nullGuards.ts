/** Conditions that are neither true nor false, so that what they guard is not guarded. */
import type { A_Expr, Node, SubLink } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import type { Found, Rule, Script, Statement } from "../script.ts"

const comparisons: ReadonlySet<string> = new Set([...["=", "<>", "!=", "<", ">", "<=", ">=", "~", "~*", "!~", "!~*"]])

const isComparison = ({ kind, name }: A_Expr): boolean =>
  kind === "AEXPR_OP" && comparisons.has(ast.texts(name).at(-1) ?? "")

/** Other expressions that are null where their left side is. */
const kinds: ReadonlySet<A_Expr["kind"]> = new Set([
  ...(["AEXPR_IN", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR", "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN"] as const),
  ...(["AEXPR_OP_ANY", "AEXPR_OP_ALL"] as const)
])

const isNullWithNull = (expression: A_Expr): boolean => isComparison(expression) || kinds.has(expression.kind)

/** Whether it asks for a value, which null is not: a guard that stops at that value rightly lets null pass. */
const isMatch = ({ name, rexpr }: A_Expr): boolean =>
  ["=", "~~", "~~*", "~", "~*", "BETWEEN"].includes(ast.texts(name).at(-1) ?? "") && !isNothing(rexpr)

/** What stands for null elsewhere: an empty text, and false. */
const isNothing = (value: Node | undefined): boolean =>
  ast.constantOf(value) === "" ||
  (value !== undefined &&
    "A_Const" in value &&
    value.A_Const.boolval !== undefined &&
    value.A_Const.boolval.boolval !== true)

/** What a comparison with null is, in words; `undefined` where it is none. */
const withNull = (expression: A_Expr): string | undefined => {
  const { kind, lexpr, name, rexpr } = expression
  if (isComparison(expression) && (ast.isNull(lexpr) || ast.isNull(rexpr))) return "a comparison with NULL"
  if ((kind === "AEXPR_OP_ANY" || kind === "AEXPR_OP_ALL") && ast.isNull(rexpr))
    return "a comparison with the elements of NULL"
  const isNotIn = kind === "AEXPR_IN" && ast.texts(name)[0] === "<>"
  return isNotIn && ast.items(rexpr).some(ast.isNull) ? "NOT IN with a NULL in its list" : undefined
}

/** Whether it is known that a subquery gives no nulls; `undefined` where that is not known. */
const neverNull = ({ subselect }: SubLink, { catalog, facts }: Script): boolean | undefined => {
  if (subselect === undefined || !("SelectStmt" in subselect)) return undefined
  const { fromClause = [], targetList = [], whereClause } = subselect.SelectStmt
  const [target] = targetList
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
  if (value === undefined) return undefined
  if (!("ColumnRef" in value))
    return "CoalesceExpr" in value || ast.functionOf(value) === "count" || "A_Const" in value || undefined
  const column = ast.columnOf(value)
  const isTested = (node: Node) =>
    "NullTest" in node && node.NullTest.nulltesttype === "IS_NOT_NULL" && ast.columnOf(node.NullTest.arg) === column
  if (ast.some(whereClause, isTested)) return true
  const [from] = fromClause
  if (fromClause.length !== 1 || from === undefined || !("RangeVar" in from) || column === undefined) return undefined
  const table = ast.tableOf(from.RangeVar)
  const known = catalog?.tables.get(table)?.columns.get(column)
  if (known !== undefined) return known.notNull
  return facts.notNulls.has(`${table}/${column}`) || facts.primaryKeys.has(`${table}/${column}`) || undefined
}

const aggregatesOfNothing: ReadonlySet<string> = new Set([
  "sum",
  "max",
  "min",
  "avg",
  "bool_and",
  "bool_or",
  "string_agg",
  "array_agg"
])

type Variables = Statement["given"]

/** Why a value may be null. */
const mayBeNull = (value: Node | undefined, given: Variables): string | undefined => {
  if (value === undefined) return undefined
  if ("TypeCast" in value) return mayBeNull(value.TypeCast.arg, given)
  if ("A_Expr" in value && value.A_Expr.kind === "AEXPR_NULLIF") return "nullif() is null where both are the same"
  if ("FuncCall" in value) {
    const name = ast.functionOf(value)
    if (name === "current_setting" && value.FuncCall.args?.length === 2)
      return "current_setting(…, true) is null where it is not set"
    if (name === "to_regclass" || name === "to_regtype") return `${name}() is null where there is no such thing`
    const [first] = value.FuncCall.args ?? []
    return strict.has(name ?? "") ? mayBeNull(first, given) : undefined
  }
  if ("SubLink" in value)
    return value.SubLink.subLinkType === "EXPR_SUBLINK" ? nothingFound(value.SubLink.subselect, given) : undefined
  if (ast.isNull(value)) return "it is null"
  const name = ast.columnOf(value)
  const all = (name === undefined ? undefined : given.get(name)) ?? []
  const whys = all.map(({ position, query }) => nothingFound(query, given, position))
  const [why] = whys
  // Where one of them is a value, it may be that one.
  return why === undefined || whys.includes(undefined) ? undefined : `${name} may be null: ${why}`
}

/** Functions that are null where their argument is. */
const strict: ReadonlySet<string> = new Set(["lower", "upper", "btrim", "trim", "length", "md5"])

/** Why a column of a query for one row is null. */
const nothingFound = (query: Node | undefined, given: Variables, position = 0): string | undefined => {
  if (query === undefined || !("SelectStmt" in query)) return undefined
  const { fromClause, groupClause, targetList = [], whereClause } = query.SelectStmt
  const target = targetList[position]
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
  if (fromClause === undefined && whereClause === undefined) return mayBeNull(value, given)
  const name = groupClause === undefined ? ast.functionOf(value) : undefined
  if (name === "count") return undefined
  if (name !== undefined && aggregatesOfNothing.has(name)) return `${name}() is null where there are no rows`
  const isAggregated = groupClause === undefined && ast.some(value, (node) => ast.functionOf(node) === "count")
  return isAggregated ? undefined : "it is null where no row is found"
}

interface Part {
  readonly at: number | undefined
  readonly why: string
}

/** The first part of a condition for which null is as good as false although it should be as good as true. */
const nullPart = (condition: Node, given: Variables): Part | undefined => {
  let found: Part | undefined
  let isTested = false
  const visit = (tree: Node | undefined, isNegated: boolean): void =>
    ast.walk(tree, (node) => {
      if ("NullTest" in node || "BooleanTest" in node) isTested = true
      if ("NullTest" in node || "BooleanTest" in node || "CoalesceExpr" in node || "SubLink" in node) return false
      if ("A_Expr" in node && (isNegated || !isMatch(node.A_Expr)) && isNullWithNull(node.A_Expr)) {
        const why = mayBeNull(node.A_Expr.lexpr, given) ?? mayBeNull(node.A_Expr.rexpr, given)
        if (why !== undefined) found ??= { at: node.A_Expr.location, why }
      }
      if (!("BoolExpr" in node) || node.BoolExpr.boolop !== "NOT_EXPR") return undefined
      const [inner] = node.BoolExpr.args ?? []
      const why = mayBeNull(inner, given)
      if (why !== undefined) found ??= { at: node.BoolExpr.location, why }
      visit(inner, !isNegated)
      return false
    })
  visit(condition, false)
  return isTested ? undefined : found
}

/** Variables of which no condition asks whether they are null, or whether a row was found. */
const withoutTested = ({ body, given, guards }: Statement): Variables => {
  if (body?.asksFound === true) return new Map()
  const tested = new Set<string | undefined>()
  ast.walk(guards, (node) => {
    if ("NullTest" in node) tested.add(ast.columnOf(node.NullTest.arg))
    return undefined
  })
  return new Map([...given].filter(([name]) => !tested.has(name)))
}

function* inStatement(statement: Statement, script: Script, tree: unknown, offset: number): Generator<Found> {
  const found: Array<Found> = []
  ast.walk(tree, (node) => {
    if ("A_Expr" in node) {
      const what = withNull(node.A_Expr)
      if (what !== undefined) found.push({ at: offset + (node.A_Expr.location ?? 0), message: `${what} is never true` })
    }
    const inner = "BoolExpr" in node && node.BoolExpr.boolop === "NOT_EXPR" ? node.BoolExpr.args?.[0] : undefined
    if (inner === undefined || !("SubLink" in inner) || inner.SubLink.subLinkType !== "ANY_SUBLINK") return
    if (inner.SubLink.operName !== undefined) return
    const known = neverNull(inner.SubLink, script)
    if (known === true) return
    const message = "NOT IN is never true once the subquery gives one NULL"
    const at = offset + (inner.SubLink.location ?? statement.start)
    found.push({
      at,
      message,
      hint: "write NOT EXISTS (SELECT … WHERE …)",
      ...(known === undefined ? { severity: "warning" as const } : {})
    })
  })
  yield* found
}

export const nullGuard: Rule = {
  name: "guard-is-null",
  severity: "error",
  title: "a condition that is NULL where it should stop something",
  why: "What is compared with NULL is neither true nor false. An IF takes that for false and does not raise; a WHERE finds no rows; a CHECK lets all pass.",
  hint: "write IS DISTINCT FROM, IS NULL, or coalesce(…, '')",
  *check(statement, script) {
    yield* inStatement(statement, script, statement.node, statement.offset)
    const given = withoutTested(statement)
    for (const { condition, offset, stops } of statement.guards) {
      yield* inStatement(statement, script, condition, offset)
      const part = stops ? nullPart(condition, given) : undefined
      if (part === undefined) continue
      yield { at: offset + (part.at ?? 0), message: `this guard does not stop what it should: ${part.why}` }
    }
  }
}
