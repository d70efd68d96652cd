/** Whether a connection has a session of its own. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { QueryError } from "../PostgresError.ts"
import type { ConnectFailure, Statement, Watched } from "./connect.ts"
import { pooled, type Where } from "./sqlstate.ts"

const begin: Statement = { text: "BEGIN", values: [] }
const backend: Statement = { text: "SELECT pg_catalog.pg_backend_pid() AS pid", values: [] }

/**
 * Whether a pooler gives its sessions to one transaction after the other. Where the process that serves the connection is
 * the one that the server has named, nothing stands before it. Otherwise a second connection opens a transaction: behind
 * a pooler it gets the session of the first, or takes its place.
 */
export const isShared = (
  connection: Watched,
  open: Effect.Effect<Watched, ConnectFailure, Scope.Scope>
): Effect.Effect<boolean, ConnectFailure | QueryError> =>
  Effect.gen(function* () {
    const own = yield* backendOf(connection)
    if (own === connection.backend) return false
    const second = yield* open
    yield* second.query(begin)
    const other = yield* backendOf(second)
    return other === own || (yield* backendOf(connection)) !== own
  }).pipe(Effect.scoped)

/** Opens a connection that has a session of its own, or says that it has none. */
export const openDirectly = (
  where: Where,
  open: Effect.Effect<Watched, ConnectFailure, Scope.Scope>
): Effect.Effect<Watched, ConnectFailure | QueryError, Scope.Scope> =>
  Effect.tap(open, (connection) =>
    Effect.flatMap(isShared(connection, open), (shared) => (shared ? Effect.fail(pooled(where)) : Effect.void))
  )

const backendOf = (connection: Watched) => Effect.map(connection.query(backend), ({ rows }) => rows[0]?.pid)
