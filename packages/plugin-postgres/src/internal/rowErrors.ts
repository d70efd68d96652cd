/** What it means that a constraint cannot hold for the rows that are there. */
import * as Effect from "effect/Effect"
import { RowsViolate, StatementFailed } from "../PostgresError.ts"
import type { ProbeError, QualifiedName } from "../PostgresProbe.ts"

const notNullViolation = "23502"

const hints: Readonly<Record<string, string>> = {
  [notNullViolation]: "fill the column first, with Postgres.backfill or a `default`, or make it nullable",
  "23503": "add the rows that are pointed to, or clear what points to nothing, in a step before this one",
  "23505": "find them with GROUP BY … HAVING count(*) > 1, and make them different in a step before this one",
  "23514": "correct the rows in a step before this one, with Postgres.backfill say, or correct the check"
}

/** Where a constraint is a helper that proves that a column has a value in each row, `notNull` is that column. */
export const rowErrors =
  ({ name, schema }: QualifiedName, notNull?: string) =>
  <A, E extends ProbeError, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | RowsViolate, R> =>
    Effect.mapError(change, (error) => {
      // The tag has ruled the others out, which TypeScript does not follow for a type parameter.
      const failed = error._tag === "StatementFailed" ? (error as StatementFailed) : undefined
      const hint = notNull === undefined ? hints[failed?.sqlstate ?? ""] : hints[notNullViolation]
      if (failed === undefined || hint === undefined) return error
      return new RowsViolate({
        table: `${schema}.${name}`,
        sqlstate: failed.sqlstate,
        message:
          notNull === undefined
            ? `rows of ${schema}.${name} do not keep it: ${failed.message}`
            : `rows of ${schema}.${name} have nothing in column ${notNull}, which is to be NOT NULL`,
        hint,
        ...(failed.tail === undefined ? {} : { tail: failed.tail }),
        cause: failed
      })
    })

/** Names what a change is about in each refusal. */
export const naming =
  (what: string) =>
  <A, E, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | StatementFailed, R> =>
    Effect.mapError(change, (error) => (error instanceof StatementFailed ? named(what, error) : error))

const named = (
  what: string,
  { hint, message, retryable, sqlstate, tail, ...error }: StatementFailed
): StatementFailed =>
  new StatementFailed({
    sqlstate,
    message: `${what}: ${message}`,
    hint,
    retryable,
    ...(tail === undefined ? {} : { tail }),
    cause: error.cause
  })
