/**
 * The attempt that is going on: who asks, for which run, and under which key.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * One attempt at applying a step, or at taking it back.
 *
 * @since 0.1.0
 */
export interface Attempt {
  readonly deployment: string
  readonly environment: string
  /** The run's number, which is its fencing number too: that of a later run is greater. */
  readonly run: number
  readonly step: string
  /** 1 for the first. */
  readonly attempt: number
  /**
   * The same in every attempt at this step with this input, in this run and in those that resume it: give it to services
   * that take an idempotency key.
   */
  readonly key: string
}

/**
 * The attempt in which `apply` or `restore` runs; `undefined` in a check.
 *
 * @example
 * ```ts
 * import { Attempt } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const key = Effect.map(Attempt.Current, (attempt) => attempt?.key ?? "none")
 * assert.equal(Effect.runSync(key), "none")
 * ```
 *
 * @since 0.1.0
 */
export const Current: Context.Reference<Attempt | undefined> = Context.Reference<Attempt | undefined>(
  "shipshape/Attempt",
  { defaultValue: () => undefined }
)
