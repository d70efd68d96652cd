/** How a store in PostgreSQL fails. */
import { Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { QueryError } from "../../PostgresError.ts"
import type { ConnectFailure, Rows } from "../connect.ts"

/** Who uses which schema of which database. */
export interface StoreName {
  readonly schema: string
  readonly database: string
  readonly server: string
  readonly user: string
}

export const describe = ({ database, schema, server }: StoreName): string =>
  `schema ${schema} of database ${database} at ${server}`

export const failed = (name: StoreName, problem: string, hint: string): Store.StoreFailed =>
  new Store.StoreFailed({ message: `the store in ${describe(name)}: ${problem}`, hint })

/** To connect to the server itself: a pooler gives a session's lock to whoever comes next. */
const directHint =
  "give the store the server's own address: a pooler such as PgBouncer cannot keep the lock for one session"

export const pooled = (name: StoreName): Store.StoreFailed =>
  failed(name, "a pooler stands before it, which lets several connections share one session", directHint)

/** What is wrong, said for the store. */
export const toStoreFailed = (name: StoreName, error: ConnectFailure | QueryError): Store.StoreFailed =>
  new Store.StoreFailed({
    message: `the store in ${describe(name)}: ${error.message}`,
    hint: hintOf(name, error),
    retryable: error.retryable,
    cause: error
  })

const hintOf = ({ database, schema, user }: StoreName, error: ConnectFailure | QueryError): string => {
  switch (error._tag) {
    case "PermissionDenied":
      return `connect as the owner of schema ${schema}; where there is none, let the owner of the database run: CREATE SCHEMA ${schema} AUTHORIZATION ${user}`
    case "DatabaseMissing":
      return `correct the database's name, or create it: createdb ${database}; better not the one that is deployed`
    case "NotReadOnly":
      return "this server is a read-only copy: give the store the address of the primary"
    case "PoolerInBetween":
      return directHint
    default:
      return error.hint
  }
}

/** Says it for the store. */
export const inStore =
  (name: StoreName) =>
  <A, R>(effect: Effect.Effect<A, ConnectFailure | QueryError, R>): Effect.Effect<A, Store.StoreFailed, R> =>
    Effect.mapError(effect, (error) => toStoreFailed(name, error))

/** Where there are no tables yet, there is nothing to be found. */
export const whereMissing =
  <B>(nothing: B) =>
  <A, R>(
    effect: Effect.Effect<A, ConnectFailure | QueryError, R>
  ): Effect.Effect<A | B, ConnectFailure | QueryError, R> =>
    Effect.catchIf(
      effect,
      (error) => error._tag === "StatementFailed" && error.sqlstate === "42P01",
      () => Effect.succeed(nothing)
    )

/** Reads rows of the store's own tables; where there are no tables, there are no rows. */
export const rowsOf = <S extends Schema.Constraint & { readonly DecodingServices: never }>(row: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(row))
  return (name: StoreName) => (found: Rows | undefined) =>
    Effect.mapError(decode(found?.rows ?? []), (error) =>
      failed(
        name,
        `it holds something that this version of Shipshape does not read: ${error.message}`,
        "use the version that wrote it; if none did, find out what changes the store's tables, and put them back"
      )
    )
}
