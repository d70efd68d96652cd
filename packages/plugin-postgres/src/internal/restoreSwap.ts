/** Lets one database take the place of another. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type QueryError, RestoreRefused } from "../PostgresError.ts"
import { type Connection, escapeIdentifier } from "./connect.ts"
import * as marks from "./restoreMarks.ts"

const plain = (text: string) => ({ text, values: [] })

const rename = (from: string, to: string): string =>
  `ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`

const allow = (database: string, allowed: boolean): string =>
  `ALTER DATABASE ${escapeIdentifier(database)} WITH ALLOW_CONNECTIONS ${allowed}`

/** Two connections to another database: one changes, and the other ends the sessions that stand in its way. */
export interface Hands {
  readonly changing: Connection
  readonly ending: Connection
}

/** Who takes whose place. */
export interface Swap {
  readonly live: marks.Marked
  readonly scratch: string
  readonly mark: marks.Restored
}

/** Renames both at once: there is always one database of that name, whenever this ends. */
export const swap = (hands: Hands, { live, mark, scratch }: Swap) =>
  together(
    hands,
    [live.name, scratch],
    [
      rename(live.name, mark.before),
      allow(mark.before, false),
      marks.write(mark.before, live.comment, { _tag: "replaced", of: live.name, sha256: mark.sha256 }).text,
      rename(scratch, live.name)
    ]
  )

/** The second rename of a swap whose first was made. */
export const finish = (hands: Hands, before: marks.Marked, { of, sha256 }: marks.Restored, scratch: string) =>
  Effect.andThen(
    together(
      hands,
      [scratch],
      [
        allow(before.name, false),
        marks.write(before.name, before.comment, { _tag: "replaced", of, sha256 }).text,
        rename(scratch, of)
      ]
    ),
    endSessions(hands.ending, [before.name])
  )

/** Takes back the first rename of a swap. */
export const putBack = (hands: Hands, before: marks.Marked, { of }: marks.Restored) =>
  together(
    hands,
    [before.name],
    [rename(before.name, of), allow(of, true), marks.write(of, before.comment, undefined).text]
  )

/** In one transaction, while sessions of the databases are ended. A rename keeps new ones out until it is committed. */
const together = (hands: Hands, databases: ReadonlyArray<string>, statements: ReadonlyArray<string>) => {
  const { changing, ending } = hands
  const change = Effect.gen(function* () {
    yield* changing.query(plain("BEGIN"))
    for (const statement of statements) yield* changing.query(plain(statement))
    yield* changing.query(plain("COMMIT"))
  }).pipe(Effect.onError(() => Effect.ignore(changing.query(plain("ROLLBACK")))))
  // Whether sessions may be ended is known before anything is changed.
  const keepEnding = Effect.forever(Effect.delay(Effect.ignore(endSessions(ending, databases)), "100 millis"))
  return Effect.andThen(
    Effect.mapError(endSessions(ending, databases), (error) =>
      error._tag === "PermissionDenied" ? cannotEnd(databases, error) : error
    ),
    Effect.uninterruptible(
      Effect.raceFirst(
        // The server waits five seconds for sessions to go.
        Effect.retry(change, { while: isInUse, schedule: Schedule.recurs(3) }),
        Effect.interruptible(keepEnding)
      )
    )
  )
}

const cannotEnd = ([database = ""]: ReadonlyArray<string>, cause: QueryError): RestoreRefused =>
  new RestoreRefused({
    database,
    message: `sessions of ${database} cannot be ended, and while there are any it cannot be renamed: ${cause.message}`,
    hint: "stop what is connected to it, or let a superuser grant pg_signal_backend to the user who connects; then run again",
    retryable: true,
    cause
  })

const isInUse = (error: QueryError): boolean => error._tag === "StatementFailed" && error.sqlstate === "55006"

const endSessions = (connection: Connection, databases: ReadonlyArray<string>): Effect.Effect<void, QueryError> =>
  Effect.asVoid(
    connection.query({
      text: `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = ANY ($1) AND pid <> pg_backend_pid() AND usesysid IS NOT NULL`,
      values: [databases]
    })
  )
