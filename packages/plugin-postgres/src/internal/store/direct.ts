/** Whether a connection has a session of its own, as the lock needs it. */
import type { Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConnectFailure, Watched } from "../connect.ts"
import { inStore, pooled, type StoreName } from "./failing.ts"
import { backend } from "./statements.ts"

const begin = { text: "BEGIN", values: [] }

/**
 * Refuses a pooler that gives its sessions to one transaction after the other. Where the process that serves the
 * connection is the one that the server has named, nothing stands before it. Otherwise a second connection opens a
 * transaction: behind a pooler it gets the session of the first, or takes its place.
 */
export const refusePooler = (
  connection: Watched,
  open: Effect.Effect<Watched, ConnectFailure, Scope.Scope>,
  name: StoreName
): Effect.Effect<void, Store.StoreFailed> =>
  Effect.gen(function* () {
    const own = yield* inStore(name)(backendOf(connection))
    if (own === connection.backend) return
    const isShared = Effect.gen(function* () {
      const second = yield* open
      yield* second.query(begin)
      const other = yield* backendOf(second)
      return other === own || (yield* backendOf(connection)) !== own
    })
    if (yield* inStore(name)(Effect.scoped(isShared))) return yield* pooled(name)
  })

const backendOf = (connection: Watched) => Effect.map(connection.query(backend), ({ rows }) => rows[0]?.pid)
