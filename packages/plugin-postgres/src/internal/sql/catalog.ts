/** What a server says of the tables and functions that a script names. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Node } from "libpg-query"
import type { Statement } from "../connect.ts"
import { field, partsOf, qualified, relationsIn, texts, walkFields } from "./nodes.ts"

const Column = Schema.Struct({
  /** By PostgreSQL's internal name: `int4`, `varchar`. */
  type: Schema.String,
  /** -1 where the type has none. */
  modifier: Schema.Number,
  notNull: Schema.Boolean
})

const Table = Schema.Struct({
  /** An estimate; -1 where the table was never analyzed. */
  rows: Schema.Number,
  columns: Schema.Record(Schema.String, Column),
  /** Columns of which a valid check says that they are not null. */
  notNullBy: Schema.Array(Schema.String)
})

const Answer = Schema.Struct({
  version: Schema.Number,
  tables: Schema.NullOr(Schema.Record(Schema.String, Table)),
  volatile: Schema.NullOr(Schema.Record(Schema.String, Schema.Boolean))
})

export type ColumnFacts = typeof Column.Type

export interface Catalog {
  readonly major: number
  /** By schema and name, those that are there. */
  readonly tables: ReadonlyMap<string, typeof Table.Type>
  /** Whether a function of this name is volatile. */
  readonly volatile: ReadonlyMap<string, boolean>
}

const question = `SELECT json_build_object(
  'version', current_setting('server_version_num')::int,
  'tables', (
    SELECT json_object_agg(wanted.name, json_build_object(
      'rows', c.reltuples::bigint,
      'columns', (
        SELECT coalesce(json_object_agg(a.attname, json_build_object(
          'type', t.typname, 'modifier', a.atttypmod, 'notNull', a.attnotnull)), '{}')
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'notNullBy', (
        SELECT coalesce(json_agg(a.attname), '[]')
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
        WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated
          AND pg_catalog.pg_get_expr(k.conbin, k.conrelid) = format('(%I IS NOT NULL)', a.attname))))
    FROM (SELECT DISTINCT unnest($1::text[]) AS name) AS wanted
    JOIN pg_catalog.pg_class c ON c.oid = to_regclass(
      (SELECT string_agg(quote_ident(part), '.') FROM unnest(string_to_array(wanted.name, '.')) AS part))
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')),
  'volatile', (
    SELECT json_object_agg(name, volatile) FROM (
      SELECT p.proname AS name, bool_or(p.provolatile = 'v') AS volatile
      FROM pg_catalog.pg_proc p WHERE p.proname = ANY ($2::text[]) GROUP BY p.proname) AS found)
) AS answer`

/** Asks about everything that statements name, at once. */
export const questionFor = (nodes: ReadonlyArray<Node>): Statement => {
  const functions = new Set<string>()
  const tables = new Set(relationsIn(nodes))
  for (const node of nodes) {
    const named = "DropStmt" in node ? node.DropStmt.objects : "CommentStmt" in node ? [node.CommentStmt.object] : []
    for (const object of named ?? []) {
      const parts = object === undefined ? [] : partsOf(object)
      // A comment on a column names its table before it.
      tables.add(qualified(parts)).add(qualified(parts.slice(0, -1)))
    }
  }
  walkFields(nodes, (kind, fields) => {
    const name = kind === "FuncCall" ? field(fields, "funcname") : undefined
    if (Array.isArray(name)) functions.add(texts(name).at(-1) ?? "")
  })
  return { text: question, values: [[...tables], [...functions]] }
}

const decode = Schema.decodeUnknownEffect(Schema.Struct({ answer: Answer }))

/** Reads the answer. */
export const catalogOf = (row: unknown): Effect.Effect<Catalog, Schema.SchemaError> =>
  Effect.map(decode(row), ({ answer: { tables, version, volatile } }) => ({
    major: Math.floor(version / 10_000),
    tables: new Map(Object.entries(tables ?? {})),
    volatile: new Map(Object.entries(volatile ?? {}))
  }))
