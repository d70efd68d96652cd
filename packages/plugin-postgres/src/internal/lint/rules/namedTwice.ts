/** Columns that are set or declared twice in one statement. */
import type { Node, ResTarget } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { type Found, head, place, type Rule, type Statement } from "../script.ts"

interface Named {
  readonly name: string
  readonly location: number | undefined
}

/** The second of two that have the same name. */
const second = (named: ReadonlyArray<Named>): Named | undefined =>
  named.find(({ name }, i) => named.findIndex((one) => one.name === name) < i)

const targetsOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<ResTarget> =>
  (nodes ?? []).flatMap((node) => ("ResTarget" in node ? node.ResTarget : []))

/** What is set: a[1] = …, a[2] = … is fine, but not beside a = …. */
const setTwice = (nodes: ReadonlyArray<Node> | undefined): Named | undefined => {
  const targets = targetsOf(nodes)
  const whole = new Set(targets.filter(({ indirection }) => indirection === undefined).map(({ name }) => name))
  return second(targets.flatMap(({ location, name = "" }) => (whole.has(name) ? { name, location } : [])))
}

/** What is set in a statement and in those that stand in its WITH. */
function* inChanges(statement: Statement): Generator<Found> {
  const lists: Array<ReadonlyArray<Node> | undefined> = []
  ast.walk(statement.node, (node) => {
    if ("UpdateStmt" in node) lists.push(node.UpdateStmt.targetList)
    if ("InsertStmt" in node) lists.push(node.InsertStmt.cols, node.InsertStmt.onConflictClause?.targetList)
    if ("MergeWhenClause" in node) lists.push(node.MergeWhenClause.targetList)
    return undefined
  })
  for (const list of lists) {
    const found = setTwice(list)
    if (found !== undefined) yield { at: place(statement, found.location), message: `${found.name} is set twice` }
  }
}

/** The columns that a table, a view, or a table made of a query gets, as far as their names are known. */
const declared = ({ node }: Statement): ReadonlyArray<Named> => {
  const created = "CreateForeignTableStmt" in node ? node.CreateForeignTableStmt.base : undefined
  const table = "CreateStmt" in node ? node.CreateStmt : created
  if (table !== undefined) {
    const columns = (table.tableElts ?? []).flatMap((one) => ("ColumnDef" in one ? one.ColumnDef : []))
    return columns.map(({ colname = "", location }) => ({ name: colname, location }))
  }
  if ("ViewStmt" in node) return columnsOf(node.ViewStmt.query, ast.texts(node.ViewStmt.aliases))
  if ("CreateTableAsStmt" in node) {
    return columnsOf(node.CreateTableAsStmt.query, ast.texts(node.CreateTableAsStmt.into?.colNames))
  }
  return "SelectStmt" in node && node.SelectStmt.intoClause !== undefined ? columnsOf(node, []) : []
}

/** The columns of a query; the first of them are called as the aliases say. */
const columnsOf = (query: Node | undefined, aliases: ReadonlyArray<string>): ReadonlyArray<Named> => {
  let select = query !== undefined && "SelectStmt" in query ? query.SelectStmt : undefined
  while (select?.larg !== undefined) select = select.larg
  const targets = targetsOf(select?.targetList)
  // Which columns * is is not known, nor then which ones the aliases are of.
  const isStar = targets.some(({ val }) => val !== undefined && "ColumnRef" in val && ast.columnOf(val) === undefined)
  const renamed = aliases.map((name, i) => ({ name, location: targets[i]?.location }))
  if (isStar && aliases.length > 0) return renamed
  const others = targets.slice(aliases.length).flatMap(({ location, name, val }) => {
    const called = name ?? nameOf(val)
    return called === undefined ? [] : { name: called, location }
  })
  return [...renamed, ...others]
}

/** What PostgreSQL calls the column of an expression that has no name; `undefined` where that is not known here. */
const nameOf = (value: Node | undefined): string | undefined => {
  if (value === undefined) return undefined
  if ("ColumnRef" in value) return ast.columnOf(value)
  if ("FuncCall" in value) return ast.functionOf(value)
  if ("TypeCast" in value) {
    const inner = nameOf(value.TypeCast.arg)
    return inner === nameless ? ast.texts(value.TypeCast.typeName?.names).at(-1) : inner
  }
  if ("CoalesceExpr" in value) return "coalesce"
  return "A_Const" in value ? nameless : undefined
}

const nameless = "?column?"

export const twice: Rule = {
  name: "ban-duplicate-column-assignments",
  severity: "error",
  title: "a column that is named twice",
  why: "PostgreSQL refuses the statement (42601 or 42701).",
  hint: "leave one of them",
  *check(statement) {
    yield* inChanges(statement)
    const found = second(declared(statement))
    if (found === undefined) return
    const at = found.location === undefined ? head(statement, 2) : { at: place(statement, found.location) }
    yield { ...at, message: `${found.name} is declared twice` }
  }
}
