/** What a type that a deployment writes is to the server: `varchar(200)` is `character varying(200)`. */
import type { Rows, Statement } from "./connect.ts"

/** A type as the catalog identifies it. */
export interface TypeIdentity {
  readonly id: number
  readonly modifier: number
}

/**
 * A statement whose result has the type. It stands in the statement itself, as a modifier cannot be asked for in another
 * way before PostgreSQL 16; {@link pattern} lets nothing through that could be called.
 */
export const question = (type: string): Statement => ({
  text: `SELECT $1::pg_catalog.text::pg_catalog.regtype::pg_catalog.oid AS id, NULL::${type} AS sample`,
  values: [type]
})

/** Names, quoted names, one list of numbers, `with time zone`, `[]`: a type, and nothing that could be called. */
export const pattern =
  /^(?!\s)(?:"(?:[^"\0]|"")+"|[\p{L}\p{N}_$. ])+(?:\(\s*-?\d+\s*(?:,\s*-?\d+\s*)?\))?[a-z ]*(?:\[\])*$/iu

/** Reads what the server made of it. */
export const identityOf = ({ fields, rows }: Rows): TypeIdentity | undefined => {
  const id = rows[0]?.id
  const sample = fields[1]
  if (typeof id !== "number" || sample === undefined || fields.length !== 2) return undefined
  // A domain is described as what it is based on; a column of it has no modifier of its own.
  return { id, modifier: sample.typeId === id ? sample.typeModifier : -1 }
}

/** The type as PostgreSQL writes it, quoted and qualified where that is needed: safe to stand in a statement. */
export const canonical = ({ id, modifier }: TypeIdentity): Statement => ({
  text: "SELECT pg_catalog.format_type($1, $2) AS type",
  values: [id, modifier]
})
