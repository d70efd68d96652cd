/** The statements that change a database. Names are quoted, labels and values are literals or parameters. */
import type { NewColumn, NewExtension, NewLabel } from "../PostgresControl.ts"
import type { QualifiedName } from "../PostgresProbe.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"

const statement = (text: string): Statement => ({ text, values: [] })

const qualified = ({ name, schema }: QualifiedName): string => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`

export const createExtension = ({ cascade, name, schema, version }: NewExtension): Statement =>
  statement(
    `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)}` +
      (schema === undefined ? "" : ` SCHEMA ${escapeIdentifier(schema)}`) +
      (version === undefined ? "" : ` VERSION ${escapeLiteral(version)}`) +
      (cascade ? " CASCADE" : "")
  )

export const updateExtension = (name: string, version: string): Statement =>
  statement(`ALTER EXTENSION ${escapeIdentifier(name)} UPDATE TO ${escapeLiteral(version)}`)

export const createEnum = (type: QualifiedName, labels: ReadonlyArray<string>): Statement =>
  statement(`CREATE TYPE ${qualified(type)} AS ENUM (${labels.map(escapeLiteral).join(", ")})`)

/** Alone and committed at once: a label that is added within a transaction cannot be used in it. */
export const addLabel = (type: QualifiedName, { label, neighbour, place }: NewLabel): Statement =>
  statement(
    `ALTER TYPE ${qualified(type)} ADD VALUE IF NOT EXISTS ${escapeLiteral(label)} ${place} ${escapeLiteral(neighbour)}`
  )

/** `type` is as the server writes it, see `columnType.canonical`. */
export const addColumn = (column: NewColumn, type: string): Statement =>
  statement(
    `ALTER TABLE ${qualified({ schema: column.schema, name: column.table })} ` +
      `ADD COLUMN IF NOT EXISTS ${escapeIdentifier(column.name)} ${type}` +
      (column.default === undefined ? "" : ` DEFAULT (${column.default})`) +
      (column.nullable ? "" : " NOT NULL")
  )
