/** How the parser's trees are read: names, lists, constants. */
import * as Predicate from "effect/Predicate"
import type { Constraint, Node, RangeVar, TypeName } from "libpg-query"

export const textOf = (node: Node | undefined): string | undefined =>
  node !== undefined && "String" in node ? node.String.sval : undefined

/** The parts of a name. */
export const texts = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (nodes ?? []).flatMap((node) => textOf(node) ?? [])

/** What stands in a list. */
export const items = (node: Node | undefined): ReadonlyArray<Node> =>
  node !== undefined && "List" in node ? (node.List.items ?? []) : []

/** A name with its schema, which is `public` where it says none. */
export const qualified = (parts: ReadonlyArray<string>): string =>
  parts.length === 1 ? `public.${parts[0]}` : parts.join(".")

/** The name of what a `DROP`, a `COMMENT` or the like is about, in its parts. */
export const partsOf = (node: Node): ReadonlyArray<string> => {
  if ("TypeName" in node) return texts(node.TypeName.names)
  if ("ObjectWithArgs" in node) return texts(node.ObjectWithArgs.objname)
  return ("List" in node ? items(node) : [node]).flatMap(
    (item) => textOf(item) ?? ("TypeName" in item ? texts(item.TypeName.names) : [])
  )
}

export const relationOf = (relation: RangeVar | undefined): string =>
  `${relation?.schemaname ?? "public"}.${relation?.relname ?? ""}`

/** A table, view or index that has another name, or is in another schema, from now on. */
export const movedRelation = (node: Node): { readonly from: string; readonly to: string } | undefined => {
  if ("RenameStmt" in node) {
    const { newname = "", relation, subname } = node.RenameStmt
    if (relation === undefined || subname !== undefined) return undefined
    return { from: relationOf(relation), to: `${relation.schemaname ?? "public"}.${newname}` }
  }
  if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.relation !== undefined) {
    const { newschema = "", relation } = node.AlterObjectSchemaStmt
    return { from: relationOf(relation), to: `${newschema}.${relation.relname ?? ""}` }
  }
  return undefined
}

/** A table whose rows are those of another one, too, from now on: its partition, or one that inherits. */
export const takenIn = (node: Node): ReadonlyArray<{ readonly from: string; readonly to: string }> => {
  if (!("AlterTableStmt" in node)) return []
  const { cmds, relation } = node.AlterTableStmt
  return (cmds ?? []).flatMap((cmd) => {
    const { def, subtype } = "AlterTableCmd" in cmd ? cmd.AlterTableCmd : {}
    if (def === undefined) return []
    if (subtype === "AT_AttachPartition" && "PartitionCmd" in def) {
      return [{ from: relationOf(def.PartitionCmd.name), to: relationOf(relation) }]
    }
    return subtype === "AT_AddInherit" && "RangeVar" in def
      ? [{ from: relationOf(relation), to: relationOf(def.RangeVar) }]
      : []
  })
}

/** Calls back for every object of a tree, from the outside to the inside, by what it is called there: a kind, or a field. */
export const walkFields = (tree: unknown, enter: (kind: string, fields: object) => void): void => {
  if (typeof tree !== "object" || tree === null) return
  for (const [kind, value] of Object.entries(tree)) {
    if (Predicate.isObject(value)) enter(kind, value)
    walkFields(value, enter)
  }
}

export const field = (fields: object, name: string): unknown =>
  Predicate.hasProperty(fields, name) ? fields[name] : undefined

/** The strings that stand in a tree as constants. */
export const constantsIn = (tree: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  walkFields(tree, (kind, fields) => {
    if (kind === "A_Const" && Predicate.hasProperty(fields, "sval")) {
      const text = Predicate.hasProperty(fields.sval, "sval") ? fields.sval.sval : ""
      if (Predicate.isString(text)) found.push(text)
    }
  })
  return found
}

/** The tables, views and the like that are named in a tree. */
export const relationsIn = (tree: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  const common = new Set<string>()
  walkFields(tree, (kind, fields) => {
    if (kind === "CommonTableExpr") common.add(`public.${String(field(fields, "ctename"))}`)
    const [schema, name] = [field(fields, "schemaname"), field(fields, "relname")]
    if (Predicate.isString(name)) found.push(`${Predicate.isString(schema) ? schema : "public"}.${name}`)
  })
  return [...new Set(found)].filter((name) => !common.has(name))
}

/** An option of a list, such as `WITH (create_slot = false)`: its value as text; `""` where it says none. */
export const optionOf = (options: ReadonlyArray<Node> | undefined, wanted: string): string | undefined => {
  for (const option of options ?? []) {
    if (!("DefElem" in option) || option.DefElem.defname !== wanted) continue
    const { arg } = option.DefElem
    if (arg === undefined) return ""
    if ("Boolean" in arg) return String(arg.Boolean.boolval === true)
    if ("Integer" in arg) return String(arg.Integer.ival ?? 0)
    if ("TypeName" in arg) return texts(arg.TypeName.names).at(-1)
    return textOf(arg) ?? ""
  }
  return undefined
}

export const isOn = (value: string | undefined, otherwise: boolean): boolean =>
  value === undefined ? otherwise : !/^(false|off|no|0)$/i.test(value)

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
