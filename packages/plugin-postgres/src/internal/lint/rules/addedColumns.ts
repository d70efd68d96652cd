/** Columns that are added: without writing the table anew, and so that programs that do not know them go on. */
import type { ColumnDef, Node } from "libpg-query"
import * as ast from "../../sql/nodes.ts"
import { addedColumns } from "../alterations.ts"
import { sizeOf } from "../catalog.ts"
import { mayBeSince, place, type Rule, type Script } from "../script.ts"

const volatiles: ReadonlySet<string> = new Set([
  ...["random", "random_normal", "setseed", "gen_random_uuid", "uuidv4", "uuidv7", "gen_random_bytes", "gen_salt"],
  ...["uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "clock_timestamp", "timeofday"],
  ...["nextval", "currval", "lastval", "setval", "pg_sleep"]
])

const steadies: ReadonlySet<string> = new Set([
  ...[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "timezone",
    "to_timestamp",
    "date_trunc"
  ],
  ...["lower", "upper", "concat", "format", "md5", "length", "replace", "trim", "btrim", "substring", "left", "right"],
  ...["coalesce", "abs", "round", "pi", "to_char", "to_json", "to_jsonb", "json_build_object", "json_build_array"],
  ...["jsonb_build_object", "jsonb_build_array", "array_fill", "make_date", "make_interval", "int4range", "int8range"],
  ...["tstzrange", "daterange", "decode", "encode", "int4", "int8", "text", "date", "age", "extract", "date_part"],
  ...["txid_current", "pg_current_xact_id"]
])

/** The first function of a default that gives each row a value of its own, or may. */
const volatileIn = (
  script: Script,
  expression: Node
): { readonly name: string; readonly isSure: boolean } | undefined => {
  let found: { readonly name: string; readonly isSure: boolean } | undefined
  ast.walk(expression, (node) => {
    const name = ast.functionOf(node)
    if (name === undefined || found?.isSure === true) return
    const known = script.catalog?.functions.get(name)
    if (volatiles.has(name) || known === "v") found = { name, isSure: true }
    else if (!steadies.has(name) && known === undefined) found ??= { name, isSure: false }
  })
  return found
}

const serials: ReadonlySet<string> = new Set(["smallserial", "serial", "bigserial", "serial2", "serial4", "serial8"])

/** Why the table is written anew for a column; `undefined` where it is not. */
const rewriteBy = (
  script: Script,
  column: ColumnDef
): { readonly why: string; readonly at: number | undefined; readonly isSure: boolean } | undefined => {
  const type = ast.typeOf(column.typeName)
  const at = column.typeName?.location
  if (serials.has(type)) return { why: `${type} takes a new number for each row`, at, isSure: true }
  for (const { contype, generated_kind, location, raw_expr } of ast.constraintsIn(column.constraints)) {
    if (contype === "CONSTR_IDENTITY")
      return { why: "an identity takes a new number for each row", at: location, isSure: true }
    if (contype === "CONSTR_GENERATED" && generated_kind !== "v") {
      return { why: "a stored generated column is computed for each row", at: location, isSure: true }
    }
    if (contype !== "CONSTR_DEFAULT" || raw_expr === undefined || ast.isNull(raw_expr)) continue
    if (!mayBeSince(script, 11))
      return { why: "before PostgreSQL 11 any default does that", at: location, isSure: true }
    const found = volatileIn(script, raw_expr)
    if (found?.isSure === true)
      return { why: `${found.name}() gives each row a value of its own`, at: location, isSure: true }
    if (found !== undefined)
      return { why: `unless ${found.name}() is stable or immutable`, at: location, isSure: false }
  }
  if (script.catalog?.constrainedDomains.has(type) === true)
    return { why: `${type} is a domain with a constraint`, at, isSure: true }
  return undefined
}

export const withDefault: Rule = {
  name: "adding-field-with-default",
  severity: "error",
  title: "a new column whose default writes the table anew",
  why: "The whole table is written anew under an ACCESS EXCLUSIVE lock: nobody reads or writes until that is done.",
  hint: "add the column without a default, SET DEFAULT for new rows, and fill the old ones in batches",
  *check(statement, script) {
    for (const { definition, name, table } of addedColumns(statement)) {
      const rewrite = rewriteBy(script, definition)
      if (rewrite === undefined) continue
      const message = `adding ${name} writes ${table}${sizeOf(script.catalog, table)} anew: ${rewrite.why}`
      const given = { at: place(statement, rewrite.at), table, message }
      yield rewrite.isSure ? given : { ...given, severity: "warning" }
    }
  }
}

/** What gives a new column a value where nobody names it. */
const hasValue = (column: ColumnDef): boolean =>
  serials.has(ast.typeOf(column.typeName)) ||
  ast
    .constraintsIn(column.constraints)
    .some(
      ({ contype, raw_expr }) =>
        contype === "CONSTR_IDENTITY" ||
        contype === "CONSTR_GENERATED" ||
        (contype === "CONSTR_DEFAULT" && !ast.isNull(raw_expr))
    )

export const required: Rule = {
  name: "adding-required-field",
  severity: "error",
  title: "a new column that is NOT NULL and has no default",
  why: "It fails on a table that has rows; on one that has none, the running program's INSERTs fail from here on, as they do not name the column.",
  hint: "give it a constant DEFAULT, or leave NOT NULL out until programs write it and old rows are filled",
  *check(statement) {
    for (const { definition, name, table } of addedColumns(statement)) {
      const demands = ast
        .constraintsIn(definition.constraints)
        .find(({ contype }) => contype === "CONSTR_NOTNULL" || contype === "CONSTR_PRIMARY")
      if (demands === undefined || hasValue(definition)) continue
      yield { at: place(statement, demands.location), table, message: `rows of ${table} have no value for ${name}` }
    }
  }
}
