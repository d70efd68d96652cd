/** What a type that a deployment writes is to the server: `varchar(200)` is `character varying(200)`. */
import type { Rows, Statement } from "./connect.ts"

/** A type as the catalog identifies it. */
export interface TypeIdentity {
  readonly id: number
  readonly modifier: number
}

/**
 * A statement whose result has the types. They stand in the statement itself, as a modifier cannot be asked for in another
 * way before PostgreSQL 16; {@link pattern} lets nothing through that could be called.
 */
export const question = (types: ReadonlyArray<string>): Statement => ({
  text: `SELECT ${types
    .map(
      (type, i) =>
        `$${i + 1}::pg_catalog.text::pg_catalog.regtype::pg_catalog.oid AS id${i}, NULL::${type} AS sample${i}`
    )
    .join(", ")}`,
  values: types
})

/** Names, quoted names, one list of numbers, `with time zone`, `[]`: a type, and nothing that could be called. */
export const pattern =
  /^(?!\s)(?:"(?:[^"\0]|"")+"|[\p{L}\p{N}_$. ])+(?:\(\s*-?\d+\s*(?:,\s*-?\d+\s*)?\))?[a-z ]*(?:\[\])*$/iu

/** Reads what the server made of one of them. */
export const identityOf = ({ fields, rows }: Rows, i: number): TypeIdentity | undefined => {
  const id = rows[0]?.[`id${i}`]
  const sample = fields[2 * i + 1]
  // Where one of them was more than a type, there are more columns, or they have other names.
  if (typeof id !== "number" || sample?.name !== `sample${i}` || fields[2 * i]?.name !== `id${i}`) return undefined
  // A domain is described as what it is based on; a column of it has no modifier of its own.
  return { id, modifier: sample.typeId === id ? sample.typeModifier : -1 }
}

/** The type as PostgreSQL writes it, quoted and qualified where that is needed: safe to stand in a statement. */
export const canonical = ({ id, modifier }: TypeIdentity): Statement => ({
  text: "SELECT pg_catalog.format_type($1, $2) AS type",
  values: [id, modifier]
})

/** What is known of the types whose values need not be written anew where they get room: the others are not widened. */
const roomOf = ({ id, modifier }: TypeIdentity): { readonly family: string; readonly room: number } | undefined => {
  const given = modifier < 0 ? Number.POSITIVE_INFINITY : modifier - 4
  switch (id) {
    case 25:
      return { family: "text", room: Number.POSITIVE_INFINITY }
    case 1043:
      return { family: "text", room: given }
    case 1700:
      return modifier < 0
        ? { family: "numeric", room: given }
        : { family: `numeric of scale ${given & 0xff_ff}`, room: given >> 16 }
    default:
      return undefined
  }
}

/** What the catalog says of the type of a column. */
export interface Typed {
  readonly typeId: number
  readonly typeModifier: number
}

/** Whether all values of a type are values of another one as they are: no row and no index is written anew. */
export const widens = (from: Typed, to: TypeIdentity): boolean => {
  const [old, wanted] = [roomOf({ id: from.typeId, modifier: from.typeModifier }), roomOf(to)]
  if (old === undefined || wanted === undefined || wanted.room < old.room) return false
  return old.family === wanted.family || (wanted.family === "numeric" && old.family.startsWith("numeric"))
}
