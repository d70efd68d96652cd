/**
 * Waiting for locks. Whoever waits for a strong lock lets everybody queue behind it, so that a statement gives up soon, lets
 * the others pass, and tries again; and who held the lock is said.
 */
import { Progress } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { LockTimeout, type QueryError } from "../PostgresError.ts"
import type { ConnectFailure, Rows, Statement } from "./connect.ts"

export interface Patience {
  /** How long a statement waits for a lock. */
  readonly lockTimeout: Duration.Duration
  /** How often a statement is tried again that has waited for so long. */
  readonly lockRetries: number
}

/** Pauses grow from a quarter of a second to five seconds, and are never quite the same. */
const pauses = Schedule.min([Schedule.exponential("250 millis", 1.6), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered
)

const blockers = (backend: number): Statement => ({
  text: `SELECT holder.pid::int AS pid, holder.usename::text AS "user", holder.application_name AS application, holder.state,
      extract(epoch FROM clock_timestamp() - holder.xact_start)::int AS seconds
    FROM unnest(pg_blocking_pids($1)) AS blocking (pid) JOIN pg_stat_activity holder USING (pid)`,
  values: [backend]
})

const described = ({ application, pid, seconds, state, user }: Readonly<Record<string, unknown>>): string =>
  pid === 0
    ? "a prepared transaction"
    : `process ${pid} (${[application, user, state]
        .filter(Predicate.isString)
        .filter((s) => s !== "")
        .join(", ")}${Predicate.isNumber(seconds) ? `, in its transaction for ${seconds} s` : ""})`

/** Runs a statement, again where it waits for a lock too long or is in a deadlock, and says who blocks it. */
export const withPatience = (
  run: Effect.Effect<Rows, QueryError>,
  backend: number | undefined,
  ask: (statement: Statement) => Effect.Effect<Rows, ConnectFailure | QueryError>,
  { lockRetries, lockTimeout }: Patience
): Effect.Effect<Rows, QueryError> =>
  Effect.suspend(() => {
    let holders: ReadonlyArray<string> = []
    // It looks shortly before the statement gives up, as nobody waits any more afterwards.
    const look =
      backend === undefined
        ? Effect.void
        : Effect.sleep(Duration.times(lockTimeout, 0.6)).pipe(
            Effect.andThen(ask(blockers(backend))),
            Effect.tap(({ rows }) =>
              Effect.sync(() => {
                holders = rows.map(described)
              })
            ),
            Effect.exit
          )
    const once = Effect.raceFirst(run, Effect.andThen(look, Effect.never)).pipe(
      Effect.mapError((error) => (error._tag === "LockTimeout" ? blocked(error, holders) : error)),
      Effect.tapError((error) => (isPassing(error) ? Progress.line(`${error.message}; trying again`) : Effect.void))
    )
    return Effect.retry(once, { schedule: pauses, times: lockRetries, while: isPassing })
  })

const isPassing = (error: QueryError): boolean =>
  error._tag === "LockTimeout" || (error._tag === "StatementFailed" && error.sqlstate === "40P01")

const blocked = ({ cause, hint, message }: LockTimeout, holders: ReadonlyArray<string>): LockTimeout =>
  holders.length === 0
    ? new LockTimeout({ message, hint, retryable: true, cause })
    : new LockTimeout({
        message: `${message}: ${holders.join(", ")} ${holders.length === 1 ? "has" : "have"} it`,
        hint: "run again when that has ended, or end it: SELECT pg_terminate_backend(PROCESS)",
        retryable: true,
        cause
      })
