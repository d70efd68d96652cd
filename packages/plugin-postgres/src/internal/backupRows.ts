/** Counts what a dump holds, in the snapshot that is dumped. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { QueryError } from "../PostgresError.ts"
import { type Connection, escapeIdentifier, type Statement } from "./connect.ts"

const plain = (text: string): Statement => ({ text, values: [] })

/** Neither a dump nor its counting is bounded; a policy that hides rows must fail, and not count less. */
const settings = plain(`SELECT set_config(wanted.name, wanted.value, true)
  FROM (VALUES ('statement_timeout', '0'), ('lock_timeout', '60s'), ('idle_in_transaction_session_timeout', '0'),
    ('transaction_timeout', '0'), ('row_security', 'off')) AS wanted (name, value)
  WHERE EXISTS (SELECT FROM pg_settings s WHERE s.name = wanted.name)`)

/**
 * The tables that a dump holds: not those of the system, of extensions, or of sessions. Partitioned and foreign tables
 * hold no rows themselves.
 */
const tablesOf =
  plain(`SELECT namespace.nspname AS schema, class.relname AS name, format('%I.%I', namespace.nspname, class.relname) AS key,
    class.relkind = 'r' AS "holdsRows"
  FROM pg_class class JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
  WHERE class.relkind IN ('r', 'p', 'f') AND namespace.nspname <> 'information_schema' AND namespace.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = class.oid AND d.deptype = 'e')
  ORDER BY 3`)

const largeObjects = plain("SELECT count(*) AS rows FROM pg_largeobject_metadata")

/** How large objects stand among the tables: no table's name has a space outside of quotes. */
const largeObjectsKey = "large objects"

/** What is in a database. */
export interface Contents {
  /** How many tables there are, with those that hold no rows themselves. */
  readonly tables: number
  /** Rows by table, named as PostgreSQL writes it: `public.users`, `public."Users"`. */
  readonly rows: Readonly<Record<string, number>>
}

/** A snapshot that stays as it is until the scope ends. */
interface Snapshot {
  /** What `pg_dump --snapshot` takes. */
  readonly id: string
  readonly count: Effect.Effect<Contents, QueryError>
}

/** Begins a transaction whose snapshot others may read, too. */
export const snapshot = Effect.fnUntraced(function* (connection: Connection) {
  yield* connection.query(plain("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
  yield* connection.query(settings)
  const { rows } = yield* connection.query(plain("SELECT pg_export_snapshot() AS id"))
  return { id: String(rows[0]?.id), count: count(connection) } satisfies Snapshot
})

/** Counts what is in a database now. */
export const contents = <E>(open: Effect.Effect<Connection, E, Scope.Scope>): Effect.Effect<Contents, E | QueryError> =>
  Effect.scoped(Effect.flatMap(Effect.flatMap(open, snapshot), (taken) => taken.count))

const count = Effect.fnUntraced(function* (connection: Connection) {
  const { rows: tables } = yield* connection.query(tablesOf)
  const holding = tables.filter(({ holdsRows }) => holdsRows === true)
  // All are sent before the first answer is waited for.
  const counted = yield* Effect.forEach(
    [...holding.map(({ name, schema }) => countRows(String(schema), String(name))), largeObjects],
    (statement) => Effect.map(connection.query(statement), ({ rows }) => Number(rows[0]?.rows)),
    { concurrency: "unbounded" }
  )
  const objects = counted.at(-1) ?? 0
  const rows: Record<string, number> = Object.fromEntries(
    holding.map(({ key }, i): readonly [string, number] => [String(key), counted[i] ?? 0])
  )
  if (objects > 0) rows[largeObjectsKey] = objects
  return { tables: tables.length, rows } satisfies Contents
})

/** Without the tables that inherit from it, which are counted by themselves. */
const countRows = (schema: string, name: string): Statement =>
  plain(`SELECT count(*) AS rows FROM ONLY ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`)

/** What of the rows is not as it was, table by table. */
export const differences = (
  expected: Contents["rows"],
  found: Contents["rows"]
): ReadonlyArray<{
  readonly table: string
  readonly expected: number | undefined
  readonly found: number | undefined
}> =>
  [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .sort()
    .map((table) => ({ table, expected: expected[table], found: found[table] }))
    .filter(({ expected, found }) => expected !== found)
