/** What a server says of the tables and functions that a script names. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Node } from "libpg-query"
import type { Statement } from "../connect.ts"
import { field, movedRelation, partsOf, qualified, relationsIn, some, takenIn, texts, walkFields } from "./nodes.ts"

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
    FROM (
      SELECT name, (SELECT string_agg(quote_ident(part), '.') FROM unnest(string_to_array(name, '.')) AS part) AS quoted,
        CASE WHEN starts_with(name, 'public.') THEN substr(name, 8) END AS bare
      FROM (SELECT DISTINCT unnest($1::text[]) AS name) AS named) AS wanted
    -- A name without a schema may be one of another schema: by the search path, or by what the file makes of that.
    JOIN pg_catalog.pg_class c ON c.oid = coalesce(to_regclass(wanted.quoted)::oid, to_regclass(quote_ident(wanted.bare))::oid, (
      SELECT other.oid FROM pg_catalog.pg_class other JOIN pg_catalog.pg_namespace n ON n.oid = other.relnamespace
      WHERE $3 AND other.relname = wanted.bare AND other.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname !~ '^pg_'
        AND n.nspname <> 'information_schema' ORDER BY other.reltuples DESC LIMIT 1))
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
  return { text: question, values: [[...tables], [...functions], changesPath(nodes)] }
}

/** Whether statements change which schema a name without one is of: directly, by a function, or as another role. */
const changesPath = (nodes: ReadonlyArray<Node>): boolean =>
  some(
    nodes,
    (node) =>
      ("VariableSetStmt" in node &&
        /^(search_path|role|session_authorization)$/.test(node.VariableSetStmt.name ?? "")) ||
      ("A_Const" in node && node.A_Const.sval?.sval === "search_path")
  )

const decode = Schema.decodeUnknownEffect(Schema.Struct({ answer: Answer }))

/** Reads the answer to the question about these nodes. */
export const catalogOf = (row: unknown, nodes: ReadonlyArray<Node>): Effect.Effect<Catalog, Schema.SchemaError> =>
  Effect.map(decode(row), ({ answer: { tables: found, version, volatile } }) => {
    const tables = new Map(Object.entries(found ?? {}))
    // A table that gets another name has its rows under that, too; and what takes it in has them.
    for (const node of nodes) {
      for (const { from, to } of [...[movedRelation(node) ?? []].flat(), ...takenIn(node)]) {
        const facts = tables.get(from)
        if (facts !== undefined && !tables.has(to)) tables.set(to, facts)
      }
    }
    return {
      major: Math.floor(version / 10_000),
      tables,
      volatile: new Map(Object.entries(volatile ?? {}))
    }
  })
