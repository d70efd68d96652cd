/**
 * Whether two SQL expressions are the same to the server: what a deployment writes, and what the server has made of it.
 * Both are planned and not run, and compared as the server shows them: `kind IN ('a', 'b')` is what it keeps as
 * `((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))`. Nothing is read or written, so
 * that a check may ask.
 */
import * as Predicate from "effect/Predicate"
import { escapeIdentifier, type Rows, type Statement } from "./connect.ts"

/** Two expressions over the columns of a table, or over none; `type` is what they are converted to. */
export interface Pair {
  readonly a: string
  readonly b: string
  readonly table?: { readonly schema: string; readonly name: string } | undefined
  readonly type?: string | undefined
}

// A newline ends what may be a comment at the end of an expression.
const one = ({ a, b, table, type }: Pair, i: number): string => {
  const shown = (expression: string) =>
    type === undefined ? `(${expression}\n)::text` : `(${expression}\n)::${type}::text`
  const from =
    table === undefined
      ? ""
      : // A row that is made of nothing: the plan does not depend on partitions, privileges or what is known of the rows.
        ` FROM pg_catalog.jsonb_populate_record(NULL::${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}, '{}') AS ${escapeIdentifier(table.name)}`
  return `SELECT ${i}, ${shown(a)}, ${shown(b)}${from}`
}

export const question = (pairs: ReadonlyArray<Pair>): Statement => ({
  text: `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ${pairs.map(one).join(" UNION ALL ")}`,
  values: []
})

/** Whether the expressions of a pair are the same. */
export const isSame = ({ rows }: Rows, i: number): boolean => {
  const found = outputs(rows[0]?.["QUERY PLAN"]).find(([index]) => index === String(i))
  return found !== undefined && found.length === 3 && worded(found[1] ?? "") === worded(found[2] ?? "")
}

/** What is only written in another way. */
const worded = (expression: string): string => expression.replaceAll("CURRENT_TIMESTAMP", "now()")

/** All that nodes of a plan put out. */
const outputs = (node: unknown): ReadonlyArray<ReadonlyArray<string>> => {
  if (Array.isArray(node)) return node.flatMap(outputs)
  if (!Predicate.isObject(node)) return []
  const own = "Output" in node && Array.isArray(node.Output) ? [node.Output.map(String)] : []
  return [...own, ...("Plan" in node ? outputs(node.Plan) : []), ...("Plans" in node ? outputs(node.Plans) : [])]
}
