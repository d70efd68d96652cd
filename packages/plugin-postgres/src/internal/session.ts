/** The connections of one run: opened when they are needed, and opened anew when they broke. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { QueryError } from "../PostgresError.ts"
import {
  type ConnectFailure,
  type Connection,
  connect,
  type Login,
  type Route,
  type Rows,
  type Statement
} from "./connect.ts"

import { endWithClient, makeWaiting, writerName } from "./orphans.ts"

/** What a question of a probe gave: each statement has a result of its own. */
export type Answers = ReadonlyArray<Exit.Exit<Rows, QueryError>>

/** Talks to one database. */
export interface Session {
  /** Runs statements, each in a read-only transaction of its own, in one round trip. */
  readonly ask: (statements: ReadonlyArray<Statement>) => Effect.Effect<Answers, ConnectFailure | QueryError>
  /** Runs one statement by itself, committed at once. */
  readonly execute: (statement: Statement) => Effect.Effect<Rows, ConnectFailure | QueryError>
}

/** How long a question of a probe may take. */
const questionTimeout = "30 seconds"

const begin: Statement = { text: "BEGIN TRANSACTION READ ONLY", values: [] }
const rollback: Statement = { text: "ROLLBACK", values: [] }
const nothing: Statement = { text: "SELECT 1", values: [] }

/** Makes a session that the scope closes. Nothing is opened before the first question. */
export const make = Effect.fnUntraced(function* (
  login: Login,
  route: Route
): Effect.fn.Return<Session, never, Scope.Scope> {
  const reading = yield* keep(connect({ ...login, statementTimeout: Duration.fromInputUnsafe(questionTimeout) }, route))
  const own = writerName()
  const writing = yield* keep(Effect.tap(connect({ ...login, applicationName: own }, route), endWithClient))
  const waiting = makeWaiting(own)
  const oneAtATime = yield* Semaphore.make(1)

  const askOnce = Effect.fnUntraced(function* (statements: ReadonlyArray<Statement>) {
    const connection = yield* reading
    // All are sent before the first answer is waited for; a failure ends its own transaction alone.
    const results = yield* Effect.forEach(
      statements.flatMap((statement) => [begin, statement, rollback]),
      (statement) => Effect.exit(connection.query(statement)),
      { concurrency: "unbounded" }
    )
    const own = results.filter((_, i) => i % 3 === 1)
    const lost = own.find(isLost)
    return lost === undefined ? own : yield* Effect.failCause(lost.cause)
  })

  return {
    // Asking again does no harm, and a connection that has broken meanwhile is known by using it.
    ask: waiting((statements) => Effect.catchTag(askOnce(statements), "ConnectionLost", () => askOnce(statements))),
    execute: (statement) =>
      Effect.gen(function* () {
        const alive = yield* Effect.flatMap(writing, (connection) =>
          Effect.as(connection.query(nothing), connection)
        ).pipe(Effect.catchTag("ConnectionLost", () => writing))
        return yield* Effect.onInterrupt(alive.query(statement), () => alive.destroy)
      }).pipe(oneAtATime.withPermits(1))
  }
})

/** Asks one thing, read-only. */
export const oneOf = (session: Session, statement: Statement): Effect.Effect<Rows, ConnectFailure | QueryError> =>
  Effect.flatMap(session.ask([statement]), ([answer = Exit.die("a statement without an answer")]) => answer)

const isLost = (answer: Exit.Exit<Rows, QueryError>): answer is Exit.Failure<never, QueryError> =>
  Exit.isFailure(answer) && answer.cause.reasons.some((r) => r._tag === "Fail" && r.error._tag === "ConnectionLost")

/** Gives the connection that is open, or opens one; the scope closes the last. */
const keep = Effect.fnUntraced(function* (
  open: Effect.Effect<Connection, ConnectFailure, Scope.Scope>
): Effect.fn.Return<Effect.Effect<Connection, ConnectFailure>, never, Scope.Scope> {
  const oneAtATime = yield* Semaphore.make(1)
  let kept: { readonly connection: Connection; readonly scope: Scope.Closeable } | undefined
  const drop = Effect.suspend(() => {
    const scope = kept?.scope
    kept = undefined
    return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
  })
  yield* Effect.addFinalizer(() => drop)
  return Effect.gen(function* () {
    if (kept?.connection.isOpen() === true) return kept.connection
    yield* drop
    const scope = yield* Scope.make()
    const connection = yield* Scope.provide(open, scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    kept = { connection, scope }
    return connection
  }).pipe(oneAtATime.withPermits(1))
})
