/** What makes PostgreSQL read a label of an enum, so that it must have been committed by then: else it refuses with 55P04. */
import type { Node, TypeName } from "libpg-query"
import { columnOf, constantOf, functionOf, isNull, nameOf, optionOf, texts, typeOf, walk } from "./nodes.ts"

export interface EnumLabel {
  /** The type's name, as it is written. */
  readonly type: string
  readonly label: string
}

export interface Use {
  /** Where in the statement's text; `undefined` where that is not known. */
  readonly at: number | undefined
  /** A value that is known only when it runs may be the label, or not. */
  readonly isSure: boolean
}

/** The label that a statement adds. A renamed one is not new, unless the one that it was is. */
export const addedLabel = (node: Node): EnumLabel | undefined =>
  "AlterEnumStmt" in node && node.AlterEnumStmt.oldVal === undefined
    ? { type: nameOf(texts(node.AlterEnumStmt.typeName)), label: node.AlterEnumStmt.newVal ?? "" }
    : undefined

/** Whether names may mean the same type: where only one of them says a schema, the search path decides. */
export const maySame = (one: string, other: string): boolean => {
  const [a, b] = [one.split("."), other.split(".")]
  return a.length === b.length ? one === other : a.at(-1) === b.at(-1)
}

/** Functions that give labels without naming them. */
const listing: ReadonlySet<string | undefined> = new Set(["enum_range", "enum_first", "enum_last"])

/** Where a statement uses a label, in it as it stands. What functions do that it calls is not seen. */
export const useOf = (node: Node, wanted: EnumLabel): Use | undefined => {
  // What is said in these is just text.
  if ("CommentStmt" in node || "AlterEnumStmt" in node || "DoStmt" in node || "VariableSetStmt" in node)
    return undefined
  const uses: Array<Use> = []
  walk(node, (inner) => {
    const found = use(inner, wanted)
    if (found === undefined || found === false) return found
    uses.push(found)
    return undefined
  })
  if ("CreateFunctionStmt" in node && isInBody(node, wanted.label)) uses.push({ at: undefined, isSure: true })
  return uses.find(({ isSure }) => isSure) ?? uses[0]
}

/** `false` where nothing within can be one. */
const use = (node: Node, { label, type }: EnumLabel): Use | false | undefined => {
  const isType = (name: TypeName | undefined) => maySame(typeOf(name), type)
  if ("TypeCast" in node) {
    const { arg, location, typeName } = node.TypeCast
    if (!isType(typeName)) return constantOf(arg) === undefined ? undefined : false
    const isKnown = constantOf(arg) !== undefined || isNull(arg)
    return isKnown ? undefined : { at: location, isSure: false }
  }
  if ("A_Expr" in node) {
    const { lexpr, rexpr } = node.A_Expr
    // What is compared as something else is not read as a label.
    const isOther = (one: Node | undefined) =>
      one !== undefined &&
      (columnOf(one) === "enumlabel" ||
        ("TypeCast" in one && !isType(one.TypeCast.typeName) && constantOf(one) === undefined))
    return isOther(lexpr) || isOther(rexpr) ? false : undefined
  }
  if ("AlterTableCmd" in node && node.AlterTableCmd.subtype === "AT_AlterColumnType") {
    const { def } = node.AlterTableCmd
    const converts = def !== undefined && "ColumnDef" in def && isType(def.ColumnDef.typeName)
    return converts ? { at: def.ColumnDef.typeName?.location, isSure: false } : undefined
  }
  if (listing.has(functionOf(node))) {
    const at = "FuncCall" in node ? node.FuncCall.location : undefined
    const [given] = "FuncCall" in node ? (node.FuncCall.args ?? []) : []
    const isCast = given !== undefined && "TypeCast" in given
    // Which label is the first depends on where the new one stands.
    const isSure = isCast && functionOf(node) !== "enum_first"
    return isCast && !isType(given.TypeCast.typeName) ? undefined : { at, isSure }
  }
  if (!("A_Const" in node)) return undefined
  const [text, at] = [node.A_Const.sval?.sval, node.A_Const.location]
  if (text === label) return { at, isSure: true }
  // Arrays, rows and JSON hold values as text.
  return text !== undefined && /^\s*[[{(]/.test(text) && text.includes(label) ? { at, isSure: false } : undefined
}

/** A function in SQL is checked when it is made; one in PL/pgSQL only when it is called. */
const isInBody = (
  { CreateFunctionStmt: { options } }: Extract<Node, { readonly CreateFunctionStmt: unknown }>,
  label: string
): boolean =>
  optionOf(options, "language")?.toLowerCase() === "sql" &&
  (options ?? []).some(
    (one) =>
      "DefElem" in one &&
      one.DefElem.defname === "as" &&
      one.DefElem.arg !== undefined &&
      "List" in one.DefElem.arg &&
      texts(one.DefElem.arg.List.items).some((body) => quotes(body, label))
  )

/** Whether a text of SQL names a label as a constant. */
export const quotes = (sql: string, label: string): boolean => sql.includes(`'${label.replaceAll("'", "''")}'`)
