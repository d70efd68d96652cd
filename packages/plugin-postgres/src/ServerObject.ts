/**
 * What a server has beside tables and types: roles and what they may do, schemas, databases, owners and settings.
 *
 * @since 0.1.0
 */

/**
 * What privileges are on. `tablesIn` and `sequencesIn` are all tables (views, too) and all sequences of a schema.
 *
 * @since 0.1.0
 */
export type Granted =
  | { readonly on: "database" | "schema" | "tablesIn" | "sequencesIn"; readonly name: string }
  | { readonly on: "table" | "sequence" | "type"; readonly schema: string; readonly name: string }

/**
 * What has an owner; views and sequences count as tables.
 *
 * @since 0.1.0
 */
export type Owned =
  | { readonly of: "database" | "schema"; readonly name: string }
  | { readonly of: "table" | "type"; readonly schema: string; readonly name: string }

/**
 * One thing of a server that is there or not, and has a state.
 *
 * @since 0.1.0
 */
export type ServerObject =
  | { readonly kind: "role"; readonly name: string }
  | { readonly kind: "membership"; readonly role: string; readonly member: string }
  | { readonly kind: "schema"; readonly name: string }
  | { readonly kind: "database"; readonly name: string }
  | { readonly kind: "owner"; readonly of: Owned }
  | { readonly kind: "setting"; readonly name: string; readonly database: string | null; readonly role: string | null }
  | { readonly kind: "grant"; readonly on: Granted; readonly to: string }
  | {
      readonly kind: "defaultPrivileges"
      /** Whose new objects get them. */
      readonly owner: string
      readonly schema: string | null
      readonly objects: "tables" | "sequences" | "functions" | "types" | "schemas"
      readonly to: string
    }

/**
 * What is known of one, by the names of what may be changed of it.
 *
 * @since 0.1.0
 */
export type ObjectState = Readonly<Record<string, string | number | boolean | null | ReadonlyArray<string>>>

/**
 * How many connections a server gives.
 *
 * @since 0.1.0
 */
export interface ConnectionLimits {
  /** `max_connections` of the server. */
  readonly server: number
  /** Those of it that are kept for superusers and replication. */
  readonly reserved: number
  /** What the database allows, where it has a limit of its own. */
  readonly database: number | undefined
  /** What the role allows, where it has a limit of its own. */
  readonly role: number | undefined
}

/**
 * A sequence that gives a column its values, and the greatest value that the column has.
 *
 * @since 0.1.0
 */
export interface ColumnSequence {
  readonly schema: string
  readonly table: string
  readonly column: string
  /** The next value that it gives. */
  readonly next: number
  /** `undefined` where the table has no rows. */
  readonly greatest: number | undefined
}
