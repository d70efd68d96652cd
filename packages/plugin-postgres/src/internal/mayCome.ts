/** What a statement names and is not there, and an earlier step may still make. */
import { Check } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { StatementFailed } from "../PostgresError.ts"
import { schemaResource } from "./whenReached.ts"

/** A table, a column, a schema, a type, a function, a label of an enum. */
const sqlstates: ReadonlyArray<string> = ["42P01", "42703", "3F000", "42704", "42883", "22P02"]

export const mayCome = (error: unknown): error is StatementFailed =>
  error instanceof StatementFailed && sqlstates.includes(error.sqlstate)

/** A check that names what may still come is unavailable, and not failed. */
export const whenMade =
  (hint = "let a step before this one create what it names, or correct it") =>
  <A, E, R>(check: Effect.Effect<Check.Check<A>, E, R>) =>
    Effect.catchIf(check, mayCome, (error) => Effect.succeed(Check.unavailableBecause([schemaResource], error, hint)))
