/**
 * Whether two SQL expressions are the same to the server: what a deployment writes, and what the server has made of it.
 * Both are planned and not run, and compared as the server shows them: `kind IN ('a', 'b')` is what it keeps as
 * `((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))`. Nothing is read or written, so
 * that a check may ask.
 */
import * as Predicate from "effect/Predicate"
import { StatementFailed } from "../PostgresError.ts"
import { escapeIdentifier, type Rows, type Statement } from "./connect.ts"

/** Two expressions over the columns of a table, or over none; `type` is what they are converted to. */
export interface Pair {
  readonly a: string
  readonly b: string
  readonly table?: { readonly schema: string; readonly name: string } | undefined
  readonly type?: string | undefined
}

/** Pairs over the same columns, and where each of them stands among all. */
interface Branch {
  readonly from: string
  readonly pairs: Array<Pair>
}

interface Asked {
  readonly branches: ReadonlyArray<Branch>
  readonly width: number
  /** Branch and place of each pair. */
  readonly places: ReadonlyArray<readonly [number, number]>
}

/** A branch may have so many columns as a query may have, with room to spare. */
const maxPairs = 500

const fromOf = ({ table }: Pair): string =>
  table === undefined
    ? ""
    : // A row that is made of nothing: the plan does not depend on partitions, privileges or what is known of the rows.
      ` FROM pg_catalog.jsonb_populate_record(NULL::${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}, '{}') AS ${escapeIdentifier(table.name)}`

/** Those of a table are planned together, which costs less. */
const arrange = (pairs: ReadonlyArray<Pair>): Asked => {
  const branches: Array<Branch> = []
  const places = pairs.map((pair) => {
    const from = fromOf(pair)
    let branch = branches.findIndex((one) => one.from === from && one.pairs.length < maxPairs)
    if (branch < 0) branch = branches.push({ from, pairs: [] }) - 1
    return [branch, (branches[branch]?.pairs.push(pair) ?? 1) - 1] as const
  })
  return { branches, width: Math.max(...branches.map(({ pairs }) => pairs.length)), places }
}

// A newline ends what may be a comment at the end of an expression.
const shown = (expression: string, type: string | undefined): string =>
  type === undefined ? `(${expression}\n)::text` : `(${expression}\n)::${type}::text`

export const question = (pairs: ReadonlyArray<Pair>): Statement => {
  const { branches, width } = arrange(pairs)
  const selects = branches.map(({ from, pairs: them }, i) => {
    const columns = them.flatMap(({ a, b, type }) => [shown(a, type), shown(b, type)])
    const empty = Array.from({ length: 2 * (width - them.length) }, () => "NULL")
    return `SELECT ${[i, ...columns, ...empty].join(", ")}${from}`
  })
  return { text: `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ${selects.join(" UNION ALL ")}`, values: [] }
}

/** Which pairs are the same; `undefined` where one was more than one expression, which spoils it for those beside it. */
export const areSame = ({ rows }: Rows, pairs: ReadonlyArray<Pair>): ReadonlyArray<boolean | undefined> => {
  const found = new Map<string, ReadonlyArray<string>>()
  for (const [branch = "", ...columns] of outputs(rows[0]?.["QUERY PLAN"])) {
    if (!found.has(branch)) found.set(branch, columns)
  }
  const { places, width } = arrange(pairs)
  return places.map(([branch, place]) => {
    const columns = found.get(String(branch))
    if (columns?.length !== 2 * width) return undefined
    return worded(columns[2 * place] ?? "") === worded(columns[2 * place + 1] ?? " ")
  })
}

/** What the server keeps of a literal is the literal, and its type. */
const typedLiteral = /^('(?:[^']|'')*'|-?\d+(?:\.\d+)?)::[\w ."]+(?:\(\d+(?:,\d+)?\))?(?:\[\])*$/

/** A refusal of an expression, with what a deployment has written; where in the question it stood says nothing to anybody. */
export const ofPair = <E>({ b }: Pair, error: E): E | StatementFailed => {
  if (!(error instanceof StatementFailed)) return error
  const { hint, message, sqlstate } = error
  return new StatementFailed({
    sqlstate,
    message: `the expression ${b}: ${message.replace(/, line \d+, column \d+/, "")}`,
    hint: sqlstate === "42601" ? "write one SQL expression, without a semicolon, its parentheses in pairs" : hint,
    cause: error.cause
  })
}

/** Whether a pair is the same as it is written, so that the server need not be asked. */
export const isPlainlySame = ({ a, b, type }: Pair): boolean =>
  a.trim() === b.trim() || (type !== undefined && typedLiteral.exec(a)?.[1] === b.trim())

/** What is only written in another way. */
const worded = (expression: string): string => expression.replaceAll("CURRENT_TIMESTAMP", "now()")

/** All that nodes of a plan put out. */
const outputs = (node: unknown): ReadonlyArray<ReadonlyArray<string>> => {
  if (Array.isArray(node)) return node.flatMap(outputs)
  if (!Predicate.isObject(node)) return []
  const own = "Output" in node && Array.isArray(node.Output) ? [node.Output.map(String)] : []
  return [...own, ...("Plan" in node ? outputs(node.Plan) : []), ...("Plans" in node ? outputs(node.Plans) : [])]
}
