/** The tables of a store: made by whoever acts first, and never by looking. */
import type { Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { QueryError } from "../../PostgresError.ts"
import { type Connection, escapeIdentifier } from "../connect.ts"
import { failed, inStore, type StoreName, whereMissing } from "./failing.ts"
import { tablesOf, tablesVersion } from "./statements.ts"

/** Makes what is missing, and refuses tables that a later version has changed. */
export const ensure = (connection: Connection, name: StoreName): Effect.Effect<void, Store.StoreFailed> =>
  Effect.gen(function* () {
    const tables = tablesOf(name.schema)
    const version = connection.query({ text: `SELECT version FROM ${tables.version}`, values: [] }).pipe(
      Effect.map(({ rows }) => Number(rows[0]?.version)),
      whereMissing(undefined)
    )
    const found = yield* inStore(name)(
      Effect.flatMap(version, (known) =>
        known === undefined ? Effect.andThen(create(connection, name.schema), version) : Effect.succeed(known)
      ).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 50, while: isBeaten }))
    )
    if (found === tablesVersion) return
    return yield* failed(
      name,
      found === undefined || Number.isNaN(found)
        ? "its tables do not say their version"
        : `its tables have version ${found}, and this Shipshape knows version ${tablesVersion}`,
      "use the version of Shipshape that made them, or give the store a schema of its own"
    )
  })

/** Two sessions make the same thing at once: the second finds it when it looks again. */
const isBeaten = (error: { readonly _tag: string; readonly sqlstate?: string }): boolean =>
  error.sqlstate !== undefined && ["23505", "42P06", "42P07", "42710"].includes(error.sqlstate)

const create = Effect.fnUntraced(function* (
  connection: Connection,
  schema: string
): Effect.fn.Return<void, QueryError> {
  const run = (text: string, values: ReadonlyArray<unknown> = []) => connection.query({ text, values })
  const made = Effect.gen(function* () {
    yield* run("BEGIN")
    // CREATE SCHEMA IF NOT EXISTS asks for the right to create it where it is there, too.
    const { rows } = yield* run("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema])
    if (rows.length === 0) yield* run(`CREATE SCHEMA ${escapeIdentifier(schema)}`)
    for (const statement of definitions(schema)) yield* run(statement)
    yield* run("COMMIT")
  })
  yield* Effect.onError(made, () => Effect.ignore(run("ROLLBACK")))
})

const definitions = (schema: string): ReadonlyArray<string> => {
  const { journal, leases, releases, version } = tablesOf(schema)
  const place = "deployment text NOT NULL, environment text NOT NULL"
  return [
    `CREATE TABLE ${version} (version integer NOT NULL)`,
    `INSERT INTO ${version} VALUES (${tablesVersion})`,
    // Who has the lock, by the process of its session; without one, the run that had it last. A number is used once the
    // run has begun its journal.
    `CREATE TABLE ${leases} (
      ${place}, run integer NOT NULL, begun boolean NOT NULL, mode text NOT NULL, who json NOT NULL, since bigint NOT NULL, step text,
      pid integer, backend_start timestamptz,
      PRIMARY KEY (deployment, environment)
    )`,
    `CREATE TABLE ${journal} (
      ${place}, run integer NOT NULL, seq integer NOT NULL, line text NOT NULL,
      PRIMARY KEY (deployment, environment, run, seq)
    )`,
    `CREATE TABLE ${releases} (
      ${place}, number integer NOT NULL, release json NOT NULL,
      PRIMARY KEY (deployment, environment, number)
    )`
  ]
}
