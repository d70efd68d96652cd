/** What it means that a constraint cannot hold for the rows that are there. */
import * as Effect from "effect/Effect"
import { RowsViolate, type StatementFailed } from "../PostgresError.ts"
import type { ProbeError, QualifiedName } from "../PostgresProbe.ts"

const hints: Readonly<Record<string, string>> = {
  "23502": "fill the column first, with Postgres.backfill or a `default`, or make it nullable",
  "23503": "add the rows that are pointed to, or clear what points to nothing, in a step before this one",
  "23505": "find them with GROUP BY … HAVING count(*) > 1, and make them different in a step before this one",
  "23514": "correct the rows in a step before this one, with Postgres.backfill say, or correct the check"
}

export const rowErrors =
  ({ name, schema }: QualifiedName) =>
  <A, E extends ProbeError, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | RowsViolate, R> =>
    Effect.mapError(change, (error) => {
      // The tag has ruled the others out, which TypeScript does not follow for a type parameter.
      const failed = error._tag === "StatementFailed" ? (error as StatementFailed) : undefined
      const hint = failed === undefined ? undefined : hints[failed.sqlstate]
      if (failed === undefined || hint === undefined) return error
      return new RowsViolate({
        table: `${schema}.${name}`,
        sqlstate: failed.sqlstate,
        message: `rows of ${schema}.${name} do not keep it: ${failed.message}`,
        hint,
        ...(failed.tail === undefined ? {} : { tail: failed.tail }),
        cause: failed
      })
    })
