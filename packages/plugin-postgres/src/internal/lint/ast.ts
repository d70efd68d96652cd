/** How the trees of the parser are read: names, columns, expressions. */
import * as Predicate from "effect/Predicate"
import type { Constraint, Node, RangeVar, TypeName } from "libpg-query"

/** The kind of a node and what is in it. */
const isNode = (value: unknown): value is Node =>
  Predicate.isObject(value) && Object.keys(value).length === 1 && /^[A-Z]/.test(Object.keys(value)[0] ?? "")

/** Every node of a tree, from the outside to the inside; what `enter` answers with false is not looked into. */
export const walk = (tree: unknown, enter: (node: Node) => false | undefined): void => {
  if (typeof tree !== "object" || tree === null) return
  if (isNode(tree) && enter(tree) === false) return
  for (const value of Object.values(tree)) walk(value, enter)
}

/** Whether some node of a tree is so. */
export const some = (tree: unknown, test: (node: Node) => boolean): boolean => {
  let found = false
  walk(tree, (node) => {
    found ||= test(node)
    return found ? false : undefined
  })
  return found
}

export const textOf = (node: Node | undefined): string | undefined =>
  node !== undefined && "String" in node ? node.String.sval : undefined

/** The parts of a name, or the names of a list. */
export const texts = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (nodes ?? []).flatMap((node) => textOf(node) ?? [])

/** What stands in a list. */
export const items = (node: Node | undefined): ReadonlyArray<Node> =>
  node !== undefined && "List" in node ? (node.List.items ?? []) : []

/** The name of something by its parts, with the schema where that is not `public`. */
export const nameOf = (parts: ReadonlyArray<string>): string => {
  const [schema, name] = [parts.at(-2), parts.at(-1) ?? ""]
  return schema === undefined || schema === "public" ? name : `${schema}.${name}`
}

export const tableOf = (relation: RangeVar | undefined): string =>
  nameOf([...(relation?.schemaname === undefined ? [] : [relation.schemaname]), relation?.relname ?? ""])

export const isTemporary = (relation: RangeVar | undefined): boolean => relation?.relpersistence === "t"

/** The name of a type, without the schema that the parser puts before its own. */
export const typeOf = (type: TypeName | undefined): string => {
  const parts = texts(type?.names)
  return parts[0] === "pg_catalog" ? nameOf(parts.slice(1)) : nameOf(parts)
}

/** The numbers in brackets behind a type. */
export const modifiersOf = (type: TypeName | undefined): ReadonlyArray<number> =>
  (type?.typmods ?? []).flatMap((node) => ("A_Const" in node ? (node.A_Const.ival?.ival ?? 0) : []))

export const isArray = (type: TypeName | undefined): boolean => (type?.arrayBounds?.length ?? 0) > 0

/** The column that an expression is, and nothing beside it. */
export const columnOf = (node: Node | undefined): string | undefined =>
  node !== undefined && "ColumnRef" in node ? texts(node.ColumnRef.fields).at(-1) : undefined

/** All columns that are named in an expression. */
export const columnsIn = (tree: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  walk(tree, (node) => {
    const column = columnOf(node)
    if (column !== undefined) found.push(column)
    return undefined
  })
  return found
}

export const isNull = (node: Node | undefined): boolean =>
  node !== undefined &&
  (("A_Const" in node && node.A_Const.isnull === true) || ("TypeCast" in node && isNull(node.TypeCast.arg)))

/** The text of a constant, also where it is cast. */
export const constantOf = (node: Node | undefined): string | undefined => {
  if (node === undefined) return undefined
  if ("TypeCast" in node) return constantOf(node.TypeCast.arg)
  return "A_Const" in node ? node.A_Const.sval?.sval : undefined
}

export const functionOf = (node: Node | undefined): string | undefined =>
  node !== undefined && "FuncCall" in node ? texts(node.FuncCall.funcname).at(-1) : undefined

/** The constraints that stand behind a column or in a table. */
export const constraintsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<Constraint> =>
  (nodes ?? []).flatMap((node) => ("Constraint" in node ? node.Constraint : []))

/** The column that a check says must not be null. */
export const notNullColumn = (expression: Node | undefined): string | undefined =>
  expression !== undefined && "NullTest" in expression && expression.NullTest.nulltesttype === "IS_NOT_NULL"
    ? columnOf(expression.NullTest.arg)
    : undefined
