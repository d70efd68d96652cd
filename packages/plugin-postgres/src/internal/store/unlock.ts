/** Breaks the lock of whoever holds it. */
import { Journal, type Lock, type Store } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConnectFailure, Connection } from "../connect.ts"
import { failed, inStore, type StoreName, toStoreFailed, whereMissing } from "./failing.ts"
import { holdingOf } from "./holding.ts"
import type { Statements } from "./statements.ts"

/** How long a session may take to end. */
const endMillis = 10_000
const pollMillis = 20

/** Either it is broken and noted, or nothing was changed. */
export const unlock = Effect.fnUntraced(function* (
  open: Effect.Effect<Connection, ConnectFailure, Scope.Scope>,
  statements: Statements,
  name: StoreName,
  by: Parameters<Store.Operations["unlock"]>[0]
): Effect.fn.Return<Lock.Holder | undefined, Store.StoreFailed, Scope.Scope> {
  const connection = yield* inStore(name)(open)
  const look = connection
    .query(statements.holders)
    .pipe(whereMissing(undefined), inStore(name), Effect.flatMap(holdingOf(name)))
  const run = (text: string) => inStore(name)(connection.query({ text, values: [] }))
  while (true) {
    const found = yield* look
    if (found === undefined) return undefined
    const { holder, pid } = found
    yield* run("BEGIN")
    if (holder !== undefined) {
      // The lease's row stays locked until the end: the holder can write no more.
      const broken = yield* inStore(name)(connection.query(statements.break(holder.run, pid)))
      if (broken.rows.length === 0) {
        yield* run("ROLLBACK")
        continue
      }
      const at = yield* Clock.currentTimeMillis
      const line = Journal.encode({ _tag: "RunUnlocked", at, who: by.who, reason: by.reason })
      yield* inStore(name)(connection.query(statements.note(holder.run, line)))
    }
    yield* Effect.mapError(connection.query(statements.terminate(pid)), (error) =>
      error._tag === "PermissionDenied" ? notAllowed(name) : toStoreFailed(name, error)
    )
    yield* run("COMMIT")
    const until = (yield* Clock.currentTimeMillis) + endMillis
    while ((yield* look)?.pid === pid) {
      if ((yield* Clock.currentTimeMillis) > until) return yield* lingering(name, pid)
      yield* Effect.sleep(pollMillis)
    }
    return holder
  }
})

const notAllowed = (name: StoreName): Store.StoreFailed =>
  failed(
    name,
    `user ${name.user} may not end the session that holds the lock`,
    "connect as the user who holds it, or as one who has the role pg_signal_backend"
  )

const lingering = (name: StoreName, pid: number): Store.StoreFailed =>
  failed(
    name,
    `the lock is broken, but the session that had it (process ${pid} of the server) has not ended yet`,
    "look at pg_stat_activity for what it does; the lock is free as soon as it ends"
  )
