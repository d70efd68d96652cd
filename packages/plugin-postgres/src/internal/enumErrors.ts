/** What the server's refusals mean where an enum is changed. */
import * as Effect from "effect/Effect"
import type { EnumError } from "../PostgresControl.ts"
import {
  EnumInTransaction,
  LabelExists,
  LabelInUse,
  LabelMissing,
  LabelNotCommitted,
  type StatementFailed
} from "../PostgresError.ts"
import type { ProbeError, QualifiedName } from "../PostgresProbe.ts"
import { holdsLabels } from "./enumUses.ts"

export const enumErrors =
  ({ name, schema }: QualifiedName) =>
  <A, E extends ProbeError, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | EnumError, R> =>
    Effect.mapError(change, (error) =>
      // The tag has ruled the others out, which TypeScript does not follow for a type parameter.
      error._tag === "StatementFailed" ? ofSqlstate(`${schema}.${name}`, error as StatementFailed) : error
    )

const ofSqlstate = (type: string, error: StatementFailed): EnumError => {
  const said = { type, cause: error, message: `enum ${type}: ${error.message}` }
  switch (error.sqlstate) {
    case "42710":
      return new LabelExists({
        ...said,
        hint: "somebody else has made it meanwhile: run again, and what is still missing is added"
      })
    case "22023":
      return new LabelMissing({
        ...said,
        hint: "somebody else has changed the labels meanwhile: run again, and they are read anew"
      })
    case "55P04":
      return new LabelNotCommitted({
        ...said,
        hint: "add the label in a step of its own before the one that uses it: it may be used once it is committed"
      })
    case "25001":
      return new EnumInTransaction({
        ...said,
        hint: "add labels with Postgres.enum, which commits each by itself; PostgreSQL before 12 adds none in a transaction"
      })
    case holdsLabels:
      return labelInUse(type, "rows have been written meanwhile that hold a label that goes")
    default:
      return error
  }
}

export const labelInUse = (type: string, why: string): LabelInUse =>
  new LabelInUse({
    type,
    message: `enum ${type} is not replaced: ${why}`,
    hint: "say in `values` what such rows hold afterwards, or change them in a step before this one"
  })
