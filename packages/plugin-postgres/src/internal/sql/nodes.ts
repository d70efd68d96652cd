/** How the parser's trees are read: names, lists, constants. */
import * as Predicate from "effect/Predicate"
import type { Node, RangeVar } from "libpg-query"

const textOf = (node: Node | undefined): string | undefined =>
  node !== undefined && "String" in node ? node.String.sval : undefined

/** The parts of a name. */
export const texts = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (nodes ?? []).flatMap((node) => textOf(node) ?? [])

const itemsOf = (node: Node): ReadonlyArray<Node> => ("List" in node ? (node.List.items ?? []) : [node])

/** A name with its schema, which is `public` where it says none. */
export const qualified = (parts: ReadonlyArray<string>): string =>
  parts.length === 1 ? `public.${parts[0]}` : parts.join(".")

/** The name of what a `DROP`, a `COMMENT` or the like is about, in its parts. */
export const partsOf = (node: Node): ReadonlyArray<string> => {
  if ("TypeName" in node) return texts(node.TypeName.names)
  if ("ObjectWithArgs" in node) return texts(node.ObjectWithArgs.objname)
  return itemsOf(node).flatMap((item) => textOf(item) ?? ("TypeName" in item ? texts(item.TypeName.names) : []))
}

export const relationOf = (relation: RangeVar | undefined): string =>
  `${relation?.schemaname ?? "public"}.${relation?.relname ?? ""}`

/** Calls back for every object of a tree, from the outside to the inside, by what it is called there: a kind, or a field. */
export const walk = (tree: unknown, enter: (kind: string, fields: object) => void): void => {
  if (typeof tree !== "object" || tree === null) return
  for (const [kind, value] of Object.entries(tree)) {
    if (Predicate.isObject(value)) enter(kind, value)
    walk(value, enter)
  }
}

export const field = (fields: object, name: string): unknown =>
  Predicate.hasProperty(fields, name) ? fields[name] : undefined

/** The strings that stand in a tree as constants. */
export const constantsIn = (tree: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  walk(tree, (kind, fields) => {
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
  walk(tree, (kind, fields) => {
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
