import { Progress } from "@shipshape/core"
import * as Effect from "effect/Effect"

/** Runs a command whose output is an answer, and no progress: a row of a table is nobody else's business. */
export const quietly = Effect.provideService(Progress.Current, { line: () => {} })
