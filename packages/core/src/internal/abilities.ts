/** What a step can do beside check and apply, for one input: with values as the JSON that is stored. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { BackupProof } from "../BackupProof.ts"
import type { Back, Keeping, Way } from "../Release.ts"
import type { RecordedInvalid } from "../Step.ts"
import { formatIssue } from "./issue.ts"
import type { Extras } from "./stepType.ts"

/** See `Prepared`. */
export interface Abilities<out A, out E, out CheckR, out ApplyR> {
  readonly undo:
    | {
        readonly capture: Effect.Effect<Schema.Json, E, CheckR>
        readonly restore: (captured: Schema.Json) => Effect.Effect<void, E | RecordedInvalid, ApplyR>
      }
    | undefined
  readonly release:
    | {
        readonly record: (output: unknown) => Effect.Effect<Schema.Json, E, CheckR>
        readonly keep: (part: Schema.Json, keeping: Keeping) => Effect.Effect<void, E | RecordedInvalid, ApplyR>
        readonly forget: (part: Schema.Json, keeping: Keeping) => Effect.Effect<void, E | RecordedInvalid, ApplyR>
        /** `undefined` where the step does in a rollback what it always does. */
        readonly back: (
          part: Schema.Json,
          how: Omit<Back<unknown, unknown>, "input" | "part">
        ) => Result.Result<Way<A, E, CheckR, ApplyR>, RecordedInvalid> | undefined
      }
    | undefined
  readonly proof: ((output: unknown) => BackupProof) | undefined
}

type Complain = (type: string, what: string, problem: string) => RecordedInvalid

/** Binds what a step type can do to one input. All values that pass here are those of the step type that gave them. */
export const abilitiesOf = (
  type: string,
  input: unknown,
  backup: ((output: never) => BackupProof) | undefined,
  extras: Extras,
  complain: Complain
): Abilities<unknown, unknown, unknown, unknown> => ({
  undo: undoOf(type, input as never, extras.undo, complain),
  release: releaseOf(type, input as never, extras.release, complain),
  proof: backup === undefined ? undefined : (output) => backup(output as never)
})

const undoOf = (
  type: string,
  input: never,
  undo: Extras["undo"],
  complain: Complain
): Abilities<unknown, unknown, unknown, unknown>["undo"] => {
  if (undo === undefined) return undefined
  const encode = Schema.encodeSync(undo.captured)
  const decode = Schema.decodeUnknownResult(undo.captured)
  return {
    capture: Effect.map(undo.capture(input), encode),
    restore: (captured) =>
      Result.match(decode(captured), {
        onFailure: (issue) => Effect.fail(complain(type, "what undo needs", formatIssue(issue))),
        onSuccess: (value) => undo.restore(value, input)
      })
  }
}

const releaseOf = (
  type: string,
  input: never,
  release: Extras["release"],
  complain: Complain
): Abilities<unknown, unknown, unknown, unknown>["release"] => {
  if (release === undefined) return undefined
  const encode = Schema.encodeSync(release.part)
  const decode = Schema.decodeUnknownResult(release.part)
  const stored = (part: Schema.Json) =>
    Result.mapError(decode(part), (issue) => complain(type, "a release's part", formatIssue(issue)))
  const using = (use: typeof release.keep) => (part: Schema.Json, keeping: Keeping) =>
    use === undefined
      ? Effect.void
      : Result.match(stored(part), {
          onFailure: (error) => Effect.fail(error),
          onSuccess: (value) => use(value, keeping, input)
        })
  const { back } = release
  return {
    record: (output) => Effect.map(release.record(input, output as never), encode),
    keep: using(release.keep),
    forget: using(release.forget),
    back: (part, how) =>
      back === undefined ? undefined : Result.map(stored(part), (value) => back({ ...how, input, part: value }))
  }
}
