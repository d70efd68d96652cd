/** Takes the lock of a deployment, as a session of PostgreSQL. */
import { Lock, type Store } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ConnectFailure, Statement, Watched } from "../connect.ts"
import { isShared } from "../direct.ts"
import { inStore, pooled, type StoreName } from "./failing.ts"
import { holdingOf } from "./holding.ts"
import { leaseOf } from "./lease.ts"
import type { Statements } from "./statements.ts"
import * as tables from "./tables.ts"

/** How often a waiting run asks for the lock. It never waits within a statement: that would hold up others. */
const pollMillis = 250

/** For how long, and how often, it is asked who has the lock, where whoever has just taken it has not said so yet. */
const unknownMillis = 2_000
const unknownPollMillis = 50

/**
 * What the session is told. Data is on the disk when a statement ends. A client whose machine is gone without a word is
 * noticed within a minute: later than that client gives itself up, see `lease.ts`.
 */
const settings: Statement = {
  text: `SELECT pg_catalog.set_config(name, wanted, false) FROM (VALUES
    ('tcp_keepalives_idle', '20'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '4')
  ) AS settings (name, wanted)
  UNION ALL
  SELECT pg_catalog.set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local')`,
  values: []
}

/** Lets a statement that runs end with its client. Only newer servers can, and not on every system. */
const watchful: Statement = {
  text: `SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)`,
  values: []
}

export const acquire = Effect.fnUntraced(function* (
  open: Effect.Effect<Watched, ConnectFailure, Scope.Scope>,
  statements: Statements,
  name: StoreName,
  claim: Store.Claim
): Effect.fn.Return<Store.Lease, Lock.LockHeld | Store.StoreFailed, Scope.Scope> {
  // Who does not get the lock leaves no connection behind, however long the caller's scope goes on.
  const scope = yield* Scope.fork(yield* Effect.scope)
  return yield* Scope.provide(acquireWithin(open, statements, name, claim), scope).pipe(
    Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
  )
})

const acquireWithin = Effect.fnUntraced(function* (
  open: Effect.Effect<Watched, ConnectFailure, Scope.Scope>,
  statements: Statements,
  name: StoreName,
  claim: Store.Claim
): Effect.fn.Return<Store.Lease, Lock.LockHeld | Store.StoreFailed, Scope.Scope> {
  const connection = yield* inStore(name)(open)
  if (yield* inStore(name)(isShared(connection, open))) return yield* pooled(name)
  yield* inStore(name)(connection.query(settings))
  yield* Effect.ignore(connection.query(watchful))
  yield* tables.ensure(connection, name)
  const run = yield* take(connection, statements, name, claim)
  return yield* leaseOf(connection, statements, name, run)
})

/** Asks for the lock until it is free, or until it has been waited for long enough. */
const take = Effect.fnUntraced(function* (
  connection: Watched,
  { holders, take: takeLock }: Statements,
  name: StoreName,
  { mode, onWait, wait, who }: Store.Claim
): Effect.fn.Return<number, Lock.LockHeld | Store.StoreFailed> {
  const began = yield* Clock.currentTimeMillis
  const until = began + (wait === undefined ? 0 : Duration.toMillis(wait))
  let told: { readonly run: number | undefined; readonly step: string | undefined } | undefined
  while (true) {
    const now = yield* Clock.currentTimeMillis
    const { rows } = yield* inStore(name)(connection.query(takeLock({ mode, who: JSON.stringify(who), since: now })))
    if (rows[0] !== undefined) return Number(rows[0].run)
    const found = yield* Effect.flatMap(inStore(name)(connection.query(holders)), holdingOf(name))
    const holder = found?.holder
    if (wait === undefined) {
      if (holder !== undefined || now - began > unknownMillis) return yield* Lock.heldBy(holder, now)
      yield* Effect.sleep(found === undefined ? 0 : unknownPollMillis)
    } else if (found !== undefined) {
      if (now >= until) return yield* Lock.heldBy(holder, now)
      const news = { run: holder?.run, step: holder?.step }
      if (told === undefined || told.run !== news.run || told.step !== news.step) onWait(holder)
      told = news
      yield* Effect.sleep(Math.min(pollMillis, until - now))
    }
  }
})
