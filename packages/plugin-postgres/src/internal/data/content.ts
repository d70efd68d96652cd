/** How rows are named, compared and summed up in SQL. */
import { escapeIdentifier, type Statement } from "../connect.ts"
import type { Column, Relation } from "./relations.ts"
import { plain } from "./session.ts"

/** A table as it stands in a statement. */
export const tableOf = ({ name, schema }: Pick<Relation, "name" | "schema">): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`

export const list = (columns: ReadonlyArray<Pick<Column, "name">>, of = ""): string =>
  columns.map(({ name }) => `${of}${escapeIdentifier(name)}`).join(", ")

/** Whether a row of `a` has other values than one of `b`. Also types that have no equality are compared so. */
export const differs = (columns: ReadonlyArray<Column>, a: string, b: string): string => {
  // Two bare rows would be compared column by column, with each type's own operator.
  const row = (of: string) => `ROW(${columns.map((column) => comparable(column, of)).join(", ")})::record`
  return `${row(`${a}.`)} OPERATOR(pg_catalog.*<>) ${row(`${b}.`)}`
}

/** Spaces are no part of what json says. */
const comparable = ({ isJson, name }: Column, of: string): string =>
  `${of}${escapeIdentifier(name)}${isJson ? "::jsonb" : ""}`

/**
 * How many rows a table has, and a sum over all their values that does not depend on their order. It is the same on every
 * version of PostgreSQL and on every machine.
 */
export const contentOf = (table: Relation, columns: ReadonlyArray<Column>): Statement =>
  plain(`SELECT count(*)::text AS rows,
    coalesce(sum(('x' || substr(md5(ROW(${columns.map((column) => comparable(column, "t.")).join(", ")})::text), 1, 15))::bit(60)::bigint::numeric), 0)::text AS content
    FROM ${tableOf(table)} AS t`)

/** The columns of these names. */
export const columnsOf = (table: Relation, names: ReadonlyArray<string>): ReadonlyArray<Column> =>
  names.flatMap((name) => table.columns.filter((column) => column.name === name))
