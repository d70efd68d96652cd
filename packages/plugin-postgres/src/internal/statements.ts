/** The statements that change a database. Names are quoted, labels and values are literals or parameters. */
import type { NewColumn, NewExtension, NewLabel } from "../PostgresControl.ts"
import type { QualifiedName } from "../PostgresProbe.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { qualified } from "./tableSql.ts"

const statement = (text: string): Statement => ({ text, values: [] })

export const createExtension = ({ cascade, name, schema, version }: NewExtension): Statement =>
  statement(
    `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)}` +
      (schema === undefined ? "" : ` SCHEMA ${escapeIdentifier(schema)}`) +
      (version === undefined ? "" : ` VERSION ${escapeLiteral(version)}`) +
      (cascade ? " CASCADE" : "")
  )

export const updateExtension = (name: string, version: string): Statement =>
  statement(`ALTER EXTENSION ${escapeIdentifier(name)} UPDATE TO ${escapeLiteral(version)}`)

export const moveExtension = (name: string, schema: string): Statement =>
  statement(`ALTER EXTENSION ${escapeIdentifier(name)} SET SCHEMA ${escapeIdentifier(schema)}`)

export const dropExtension = (name: string): Statement =>
  statement(`DROP EXTENSION IF EXISTS ${escapeIdentifier(name)}`)

export const dropEnum = (type: QualifiedName): Statement => statement(`DROP TYPE IF EXISTS ${qualified(type)}`)

export const createEnum = (type: QualifiedName, labels: ReadonlyArray<string>): Statement =>
  statement(`CREATE TYPE ${qualified(type)} AS ENUM (${labels.map(escapeLiteral).join(", ")})`)

/**
 * Alone and committed at once: a label that is added within a transaction cannot be used in it. `IF NOT EXISTS` would hide
 * that it stands in another place, or next to nothing.
 */
export const addLabel = (type: QualifiedName, { label, neighbour, place }: NewLabel): Statement =>
  statement(`ALTER TYPE ${qualified(type)} ADD VALUE ${escapeLiteral(label)} ${place} ${escapeLiteral(neighbour)}`)

export const renameLabel = (type: QualifiedName, from: string, to: string): Statement =>
  statement(`ALTER TYPE ${qualified(type)} RENAME VALUE ${escapeLiteral(from)} TO ${escapeLiteral(to)}`)

/** `type` is as the server writes it, see `columnType.canonical`. */
export const addColumn = (column: NewColumn, type: string): Statement =>
  statement(
    `ALTER TABLE ${qualified({ schema: column.schema, name: column.table })} ` +
      `ADD COLUMN IF NOT EXISTS ${escapeIdentifier(column.name)} ${type}` +
      (column.collation === undefined ? "" : ` COLLATE ${escapeIdentifier(column.collation)}`) +
      (column.default === undefined ? "" : ` DEFAULT (${column.default})`) +
      (column.nullable ? "" : " NOT NULL")
  )

/** What {@link dropColumn} says where it has dropped nothing: a state of our own. */
export const holdsValues = "SS001"

/**
 * Drops a column in which each row has nothing, or its default. `type` is as the server writes it. Looking and dropping are
 * one statement under one lock, so that nothing is written between.
 *
 * Rows that were there when the column was added have what the default gave then, which the server keeps for the table
 * (`attmissingval`, an array of one value): that of `now()` is another one by now. Values are compared as text, as not all
 * types can be compared.
 */
export const dropColumn = (column: NewColumn, type: string): Statement => {
  const table = qualified({ schema: column.schema, name: column.table })
  const name = escapeIdentifier(column.name)
  const isDefault =
    column.default === undefined
      ? "false"
      : `kept.${name}::text IS NOT DISTINCT FROM (${column.default})::${type}::text`
  const body = `BEGIN
    LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (
      SELECT FROM ${table} AS kept
      WHERE kept.${name} IS NOT NULL AND NOT ${isDefault} AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = kept.tableoid AND a.attname = ${escapeLiteral(column.name)}
          AND (a.attmissingval::text::text[])[1] = kept.${name}::text
      )
    ) THEN
      RAISE EXCEPTION USING ERRCODE = '${holdsValues}', MESSAGE = 'the column holds values';
    END IF;
    ALTER TABLE ${table} DROP COLUMN ${name};
  END`
  return statement(`DO ${escapeLiteral(body)}`)
}
