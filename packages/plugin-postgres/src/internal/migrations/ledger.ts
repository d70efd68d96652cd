/** The table in which it stands which files were run. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { LedgerLine } from "../../PostgresMigrations.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"
import { escapeIdentifier, type Rows, type Statement } from "../connect.ts"
import { LedgerRow } from "./progress.ts"

const plain = (text: string): Statement => ({ text, values: [] })

export const nameOf = ({ name, schema }: QualifiedName): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`

export const create = (ledger: QualifiedName): Statement =>
  plain(`CREATE TABLE IF NOT EXISTS ${nameOf(ledger)} (
    name text NOT NULL, unit int NOT NULL, units int NOT NULL, checksum text NOT NULL, file_checksum text NOT NULL,
    state text NOT NULL, run text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (name, unit)
  )`)

/** Whether the ledger is there, and whether anything else is in the database. */
export const presence = (ledger: QualifiedName): Statement => ({
  text: `SELECT to_regclass($1) IS NOT NULL AS "isThere", NOT EXISTS (
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'shipshape')
      AND c.oid IS DISTINCT FROM to_regclass($1)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ) AS "isNew"`,
  values: [nameOf(ledger)]
})

export const decodePresence = Schema.decodeUnknownEffect(
  Schema.Struct({ isThere: Schema.Boolean, isNew: Schema.Boolean })
)

export const read = (ledger: QualifiedName): Statement =>
  plain(
    `SELECT name, unit, units, checksum, file_checksum AS "fileChecksum", state FROM ${nameOf(ledger)} ORDER BY at, name, unit`
  )

const decodeRows = Schema.decodeUnknownEffect(Schema.Array(LedgerRow))

export const decode = ({ rows }: Rows) => Effect.orDie(decodeRows(rows))

/** Writes that a unit is begun or committed. A failed attempt that left a line is written over. */
export const write = (ledger: QualifiedName, row: LedgerLine, run: string): Statement => ({
  text: `INSERT INTO ${nameOf(ledger)} AS l (name, unit, units, checksum, file_checksum, state, run) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (name, unit) DO UPDATE SET units = EXCLUDED.units, checksum = EXCLUDED.checksum, file_checksum = EXCLUDED.file_checksum,
      state = EXCLUDED.state, run = EXCLUDED.run, at = EXCLUDED.at WHERE l.state = 'started'`,
  values: [row.name, row.unit, row.units, row.checksum, row.fileChecksum, row.state, run]
})

/** The lines of a file agree on how it ended: a file that was corrected half-way may have more units by then. */
export const complete = (ledger: QualifiedName, name: string, units: number, checksum: string): Statement => ({
  text: `UPDATE ${nameOf(ledger)} SET units = $2, file_checksum = $3 WHERE name = $1`,
  values: [name, units, checksum]
})

export const forget = (ledger: QualifiedName, name: string): Statement => ({
  text: `DELETE FROM ${nameOf(ledger)} WHERE name = $1`,
  values: [name]
})

/** Whoever migrates holds this, so that two do not at once. It ends with the session. */
export const lock = (ledger: QualifiedName): Statement => ({
  text: "SELECT pg_try_advisory_lock(hashtextextended('shipshape migrations ' || $1, 0)) AS got",
  values: [nameOf(ledger)]
})
