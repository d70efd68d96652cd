/** What a statement names and is not there, and an earlier step may still make. */
import { StatementFailed } from "../PostgresError.ts"

/** A table, a column, a schema, a type, a function, a label of an enum. */
const sqlstates: ReadonlyArray<string> = ["42P01", "42703", "3F000", "42704", "42883", "22P02"]

export const mayCome = (error: unknown): error is StatementFailed =>
  error instanceof StatementFailed && sqlstates.includes(error.sqlstate)
