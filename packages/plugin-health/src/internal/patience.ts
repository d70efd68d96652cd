import { Progress } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** A duration that is given as text and may be left out. */
export const durationOr = (text: string) =>
  Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed(text)))

/** The input of every step that waits. */
export const patience = {
  /** How long to wait between two looks: `"2 seconds"`. */
  interval: durationOr("2 seconds"),
  /** How long to wait in all before the step fails: `"60 seconds"`. */
  timeout: durationOr("60 seconds")
}

/** Why something is not healthy, and what a person may do about it. */
export interface Unhealthy {
  readonly reason: string
  readonly hint: string
  /** What was seen, for the failure's tail. */
  readonly lines?: ReadonlyArray<string>
  /** The service whose log tells more. */
  readonly service?: string
  /** Waiting does not help. */
  readonly final?: boolean
}

/** Looks again and again until all is healthy, time is up, or waiting does not help; then it fails with `failed`. */
export const waitUntil = <A, E, R, R2>(
  look: Effect.Effect<A, Unhealthy, R>,
  { interval, timeout }: { readonly interval: Duration.Duration; readonly timeout: Duration.Duration },
  failed: (last: Unhealthy, waited: string) => Effect.Effect<never, E, R2>
): Effect.Effect<void, E, R | R2> =>
  Effect.suspend(() => {
    let last: Unhealthy | undefined
    const note = (found: Unhealthy) => {
      const isNew = found.reason !== last?.reason
      last = found
      return isNew ? Progress.line(found.reason) : Effect.void
    }
    const waited = ` after ${Duration.format(timeout)}`
    return look.pipe(
      Effect.tapError(note),
      Effect.retry({ schedule: Schedule.spaced(interval), while: (found) => found.final !== true }),
      Effect.catch((found) => failed(found, "")),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          failed(last ?? { reason: "no answer yet", hint: "allow it more time with a longer `timeout`" }, waited)
      }),
      Effect.asVoid
    )
  })
