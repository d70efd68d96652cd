/** The connections of one run: opened when they are needed, and opened anew when they broke. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { NotReadOnly, type QueryError } from "../PostgresError.ts"
import {
  type ConnectFailure,
  connect,
  type Login,
  type Route,
  type Rows,
  type Statement,
  type Watched
} from "./connect.ts"
import { openDirectly } from "./direct.ts"
import { type Patience, withPatience } from "./lockWaiting.ts"
import { endWithClient, makeWaiting, writerName } from "./orphans.ts"

/** What a question of a probe gave: each statement has a result of its own. */
export type Answers = ReadonlyArray<Exit.Exit<Rows, QueryError>>

/** Talks to one database. */
export interface Session {
  /** Runs statements in one read-only transaction, in one round trip. One that fails does not harm the others. */
  readonly ask: (statements: ReadonlyArray<Statement>) => Effect.Effect<Answers, ConnectFailure | QueryError>
  /** Runs one statement by itself, committed at once. One that waits for a lock too long is run again. */
  readonly execute: (statement: Statement) => Effect.Effect<Rows, ConnectFailure | QueryError>
  /** Runs statements in one transaction, and all again where one waits for a lock too long. */
  readonly executeAll: (statements: ReadonlyArray<Statement>) => Effect.Effect<Rows, ConnectFailure | QueryError>
  /** Runs one statement by itself that blocks nobody while it waits and works: it may take as long as it needs. */
  readonly executePatiently: (statement: Statement) => Effect.Effect<Rows, ConnectFailure | QueryError>
}

/** How long a question of a probe may take. */
const questionTimeout = "30 seconds"

const plain = (text: string): Statement => ({ text, values: [] })

const beginReading = plain("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
/** Compiling a question that is asked once takes longer than answering it. */
const uncompiled = plain("SET LOCAL jit = off")
const mark = plain("SAVEPOINT question")
const backToMark = plain("ROLLBACK TO SAVEPOINT question")
const begin = plain("BEGIN")
const commit = plain("COMMIT")
const rollback = plain("ROLLBACK")
const nothing = plain("SELECT 1")
const noLimits = plain("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)")
const ownLimits = plain(
  "SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout')"
)

/** A query. Anything else may end the transaction in which the others are asked, and gets one of its own. */
const isQuery = ({ text }: Statement): boolean => /^[\s(]*(?:select|with|values|table|explain)\b/i.test(text)

/** The statements in the order in which they are sent, and where the answer to each of the given ones stands. */
const conversation = (statements: ReadonlyArray<Statement>) => {
  const sent: Array<Statement> = [beginReading, uncompiled, mark]
  const places = new Map<Statement, number>()
  for (const statement of statements.filter(isQuery)) {
    places.set(statement, sent.push(statement) - 1)
    sent.push(backToMark)
  }
  sent.push(rollback)
  for (const statement of statements.filter((one) => !isQuery(one))) {
    sent.push(beginReading)
    places.set(statement, sent.push(statement) - 1)
    sent.push(rollback)
  }
  return { sent, placeOf: (statement: Statement) => places.get(statement) ?? -1 }
}

/** Makes a session that the scope closes. Nothing is opened before the first question. */
export const make = Effect.fnUntraced(function* (
  login: Login,
  route: Route,
  patience: Patience
): Effect.fn.Return<Session, never, Scope.Scope> {
  const reading = yield* keep(connect({ ...login, statementTimeout: Duration.fromInputUnsafe(questionTimeout) }, route))
  const own = writerName()
  const writing = yield* keep(
    Effect.tap(openDirectly(login, connect({ ...login, applicationName: own }, route)), endWithClient)
  )
  const waiting = makeWaiting(own)
  const oneAtATime = yield* Semaphore.make(1)

  const askOnce = Effect.fnUntraced(function* (statements: ReadonlyArray<Statement>) {
    const connection = yield* reading
    const { placeOf, sent } = conversation(statements)
    // All are sent before the first answer is waited for.
    const results = yield* Effect.forEach(sent, (statement) => Effect.exit(connection.query(statement)), {
      concurrency: "unbounded"
    })
    const lost = results.find(isLost)
    return lost === undefined
      ? statements.map((one) => results[placeOf(one)] ?? Exit.die("a statement without an answer"))
      : yield* Effect.failCause(lost.cause)
  })
  // Asking again does no harm, and a connection that has broken meanwhile is known by using it.
  const askTwice = (statements: ReadonlyArray<Statement>) =>
    Effect.catchTag(askOnce(statements), "ConnectionLost", () => askOnce(statements))

  const opened = Effect.flatMap(writing, (connection) => Effect.as(connection.query(nothing), connection)).pipe(
    Effect.catchTag("ConnectionLost", () => writing)
  )
  /** Uses the writing connection alone. What is interrupted ends with its connection. */
  const write = (use: (connection: Watched) => Effect.Effect<Rows, QueryError>) =>
    Effect.flatMap(opened, (connection) =>
      withPatience(
        Effect.onInterrupt(use(connection), () => connection.destroy),
        connection.backend,
        (statement) =>
          Effect.flatMap(askTwice([statement]), ([answer = Exit.die("a statement without an answer")]) => answer),
        patience
      )
    ).pipe(
      Effect.catchTag("NotReadOnly", ({ cause }) => Effect.fail(mayOnlyRead(login, cause))),
      oneAtATime.withPermits(1)
    )

  return {
    ask: waiting(askTwice),
    execute: (statement) => write((connection) => connection.query(statement)),
    executeAll: (statements) =>
      write((connection) =>
        Effect.gen(function* () {
          yield* connection.query(begin)
          let last = noRows
          for (const statement of statements) last = yield* connection.query(statement)
          yield* connection.query(commit)
          return last
        }).pipe(Effect.tapError(() => Effect.exit(connection.query(rollback))))
      ),
    executePatiently: (statement) =>
      write((connection) =>
        Effect.andThen(connection.query(noLimits), connection.query(statement)).pipe(
          Effect.ensuring(Effect.exit(connection.query(ownLimits)))
        )
      )
  }
})

/** It is a standby, or the user or the database is set so. */
const mayOnlyRead = ({ server, user }: Login, cause: unknown): NotReadOnly =>
  new NotReadOnly({
    message: `PostgreSQL at ${server} lets user ${user} read only${cause instanceof Error ? `: ${cause.message}` : ""}`,
    hint: "connect to the primary server where this is a standby; else let default_transaction_read_only be off for the user and the database",
    cause
  })

const noRows: Rows = { rows: [], fields: [] }

/** Asks one thing, read-only. */
export const oneOf = (session: Session, statement: Statement): Effect.Effect<Rows, ConnectFailure | QueryError> =>
  Effect.flatMap(session.ask([statement]), ([answer = Exit.die("a statement without an answer")]) => answer)

const isLost = (answer: Exit.Exit<Rows, QueryError>): answer is Exit.Failure<never, QueryError> =>
  Exit.isFailure(answer) && answer.cause.reasons.some((r) => r._tag === "Fail" && r.error._tag === "ConnectionLost")

/** Gives the connection that is open, or opens one; the scope closes the last. */
const keep = Effect.fnUntraced(function* (
  open: Effect.Effect<Watched, ConnectFailure | QueryError, Scope.Scope>
): Effect.fn.Return<Effect.Effect<Watched, ConnectFailure | QueryError>, never, Scope.Scope> {
  const oneAtATime = yield* Semaphore.make(1)
  let kept: { readonly connection: Watched; readonly scope: Scope.Closeable } | undefined
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
