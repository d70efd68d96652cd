/** Asks a database for what statements are judged by. It only reads. */
import { Secrets } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Address, nameOf } from "../address.ts"
import { type Connection, connect, type Login } from "../connect.ts"
import type { Catalog, CatalogColumn, CatalogIndex, CatalogTable } from "./catalog.ts"

const own = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"

const tables = `SELECT c.oid::text AS id, n.nspname AS schema, c.relname AS name, pg_table_is_visible(c.oid) AS visible,
  c.reltuples::float8 AS rows, pg_table_size(c.oid)::float8 AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm', 'f') AND ${own}`

const columns = `SELECT a.attrelid::text AS id, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull"
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${own}`

const indexes = `SELECT i.indrelid::text AS id, c.relname AS name, i.indisvalid AS "isValid", i.indpred IS NOT NULL AS "isPartial",
  (SELECT array_agg(coalesce(a.attname::text, '') ORDER BY k.place)
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`

const checks = `SELECT k.conrelid::text AS id, a.attname AS name
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'c' AND k.convalidated AND cardinality(k.conkey) = 1
  AND pg_get_constraintdef(k.oid) LIKE 'CHECK ((% IS NOT NULL))%' AND pg_get_constraintdef(k.oid) !~ ' (AND|OR) '`

const functions = `SELECT proname AS name, CASE WHEN bool_or(provolatile = 'v') THEN 'v' WHEN bool_or(provolatile = 's') THEN 's' ELSE 'i' END AS volatility
FROM pg_proc WHERE prokind = 'f' GROUP BY proname`

const domains = `SELECT n.nspname AS schema, t.typname AS name FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND (t.typnotnull OR EXISTS (SELECT 1 FROM pg_constraint WHERE contypid = t.oid)) AND ${own}`

const rowsOf = Schema.decodeUnknownEffect(
  Schema.Struct({
    version: Schema.Tuple([Schema.Struct({ number: Schema.NumberFromString })]),
    tables: Schema.Array(
      Schema.Struct({
        ...{ id: Schema.String, schema: Schema.String, name: Schema.String, visible: Schema.Boolean },
        ...{ rows: Schema.Number, bytes: Schema.Number }
      })
    ),
    columns: Schema.Array(
      Schema.Struct({ id: Schema.String, name: Schema.String, type: Schema.String, notNull: Schema.Boolean })
    ),
    indexes: Schema.Array(
      Schema.Struct({
        ...{ id: Schema.String, name: Schema.String, isValid: Schema.Boolean, isPartial: Schema.Boolean },
        columns: Schema.NullOr(Schema.Array(Schema.String))
      })
    ),
    checks: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })),
    functions: Schema.Array(Schema.Struct({ name: Schema.String, volatility: Schema.String })),
    domains: Schema.Array(Schema.Struct({ schema: Schema.String, name: Schema.String }))
  })
)

type Rows = Effect.Success<ReturnType<typeof rowsOf>>

const version = "SELECT current_setting('server_version_num') AS number"

/** All answers are of the same moment. */
const ask = Effect.fnUntraced(function* (connection: Connection) {
  const query = (text: string) => Effect.map(connection.query({ text, values: [] }), ({ rows }) => rows)
  yield* query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
  const answers = yield* Effect.all(
    {
      version: query(version),
      tables: query(tables),
      columns: query(columns),
      indexes: query(indexes),
      checks: query(checks),
      functions: query(functions),
      domains: query(domains)
    },
    { concurrency: "unbounded" }
  )
  // What is asked for is above: an answer of another shape is a fault of this file.
  return yield* Effect.orDie(rowsOf(answers))
})

const grouped = <A extends { readonly id: string }>(rows: ReadonlyArray<A>): ReadonlyMap<string, ReadonlyArray<A>> =>
  Map.groupBy(rows, ({ id }) => id)

const named = (schema: string, name: string): string => (schema === "public" ? name : `${schema}.${name}`)

const catalogOf = (rows: Rows): Catalog => {
  const [columns, indexes, checks] = [grouped(rows.columns), grouped(rows.indexes), grouped(rows.checks)]
  const tables = new Map<string, CatalogTable>()
  for (const { bytes, id, name, rows: count, schema, visible } of rows.tables) {
    const table: CatalogTable = {
      rows: count,
      bytes,
      columns: new Map((columns.get(id) ?? []).map((one): [string, CatalogColumn] => [one.name, one])),
      indexes: (indexes.get(id) ?? []).map((one): CatalogIndex => ({ ...one, columns: one.columns ?? [] })),
      neverNull: new Set((checks.get(id) ?? []).map((one) => one.name))
    }
    tables.set(named(schema, name), table)
    // By the search path an unqualified name can mean another schema than public.
    if (visible) tables.set(name, table)
  }
  return {
    version: Math.floor(rows.version[0].number / 10_000),
    tables,
    functions: new Map(rows.functions.map(({ name, volatility }) => [name, volatility])),
    constrainedDomains: new Set(rows.domains.map(({ name, schema }) => named(schema, name)))
  }
}

/** Reads what a database holds. */
export const readCatalog = Effect.fnUntraced(function* (address: Address) {
  const { ca, database, host, password, port, tls, user } = address
  yield* Secrets.register(password)
  const login: Login = {
    ...{ server: nameOf(address), user, password, database, resource: undefined },
    ...{ statementTimeout: Duration.seconds(30), lockTimeout: Duration.seconds(2), applicationName: "shipshape lint" }
  }
  const connection = yield* connect(login, { _tag: "Socket", host, port, tls, ca })
  return catalogOf(yield* ask(connection))
}, Effect.scoped)
