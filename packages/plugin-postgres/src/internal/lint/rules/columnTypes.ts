/** Changes of a column's type. */
import type { Node, TypeName } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { alterations } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import * as facts from "../facts.ts"
import type { Rule, Script, Statement } from "../script.ts"

interface Type {
  readonly name: string
  readonly modifiers: ReadonlyArray<number>
}

/** What the parser calls types by their names in the catalog. */
const inCatalog: Readonly<Record<string, string>> = {
  "character varying": "varchar",
  character: "bpchar",
  "bit varying": "varbit",
  integer: "int4",
  bigint: "int8",
  smallint: "int2",
  decimal: "numeric",
  "timestamp without time zone": "timestamp",
  "timestamp with time zone": "timestamptz",
  "time without time zone": "time",
  "time with time zone": "timetz"
}

/** Reads what `format_type` says: `numeric(10,2)`, `timestamp(3) with time zone`. */
const fromCatalog = (text: string): Type => {
  const modifiers = /\(([\d,]+)\)/.exec(text)?.[1]?.split(",").map(Number) ?? []
  const name = text.replace(/\([\d,]+\)/, "").trim()
  return { name: inCatalog[name] ?? name, modifiers }
}

const fromParser = (type: TypeName | undefined): Type => ({
  name: ast.isArray(type) ? `${ast.typeOf(type)}[]` : ast.typeOf(type),
  modifiers: ast.modifiersOf(type)
})

/** Whether values of one type are just as good as those of the other, so that nothing is written or read. */
const isWider = (from: Type, to: Type): boolean => {
  const [old, wanted] = [from.modifiers[0], to.modifiers[0]]
  const sameOrWider = wanted === undefined || (old !== undefined && wanted >= old)
  switch (`${from.name} ${to.name}`) {
    case "varchar text":
    case "text text":
      return true
    case "text varchar":
      return wanted === undefined
    case "varchar varchar":
    case "varbit varbit":
    case "timestamp timestamp":
    case "timestamptz timestamptz":
    case "time time":
      return sameOrWider
    case "numeric numeric":
      return wanted === undefined || (sameOrWider && (from.modifiers[1] ?? 0) === (to.modifiers[1] ?? 0))
    default:
      return from.name === to.name && String(from.modifiers) === String(to.modifiers)
  }
}

/** What the type is before, by the file or the database. */
const typeBefore = (script: Script, statement: Statement, table: string, column: string): Type | undefined => {
  const added = script.facts.columns.get(facts.key(table, column))
  if (added !== undefined && added.index < statement.index) return fromParser(added.definition.typeName)
  const type = script.catalog?.tables.get(table)?.columns.get(column)?.type
  return type === undefined ? undefined : fromCatalog(type)
}

/** Types that a change without USING most often widens. Whether it does is not known without what they are before. */
const oftenWidened: ReadonlySet<string> = new Set(["varchar", "text", "varbit", "numeric"])

const written = ({ modifiers, name }: Type): string =>
  modifiers.length === 0 ? name : `${name}(${modifiers.join(",")})`

export const changingType: Rule = {
  name: "changing-column-type",
  severity: "error",
  title: "a change of a column's type that writes the table anew",
  why: "The table and its indexes are written anew under an ACCESS EXCLUSIVE lock, and programs that expect the old type may fail.",
  hint: "add a column of the new type, keep both the same by a trigger, fill it in batches, and switch over",
  *check(statement, script) {
    for (const { command, range, table } of alterations(statement)) {
      const { def, name = "", subtype } = command
      if (subtype !== "AT_AlterColumnType" || def === undefined || !("ColumnDef" in def)) continue
      const to = fromParser(def.ColumnDef.typeName)
      const from = typeBefore(script, statement, table, name)
      const { collClause, raw_default } = def.ColumnDef
      const isComputed =
        raw_default !== undefined && ast.columnOf(raw_default) === undefined && !isCastOf(name, raw_default)
      if (from !== undefined && isWider(from, to) && !isComputed && collClause === undefined) continue
      const size = sizeOf(script.catalog, table)
      const message =
        from === undefined
          ? `changing ${name} to ${written(to)} may write ${table} anew: what it is before is not known here`
          : `changing ${name} from ${written(from)} to ${written(to)} writes ${table}${size} anew`
      const unknown =
        from === undefined ? { hint: `${changingType.hint}; widening is fine: --against a database tells` } : {}
      const may =
        from === undefined && raw_default === undefined && collClause === undefined && oftenWidened.has(to.name)
      yield { ...range, ...unknown, ...(may ? { severity: "warning" as const } : {}), table, message }
    }
  }
}

/** `column::type`, which is what happens anyway. */
const isCastOf = (column: string, expression: Node): boolean =>
  "TypeCast" in expression && ast.columnOf(expression.TypeCast.arg) === column
