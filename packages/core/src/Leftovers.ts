/**
 * What a run that was cut off has left at work, and what ends it before the next run looks.
 *
 * A command of this machine ends with the run that has started it. Where something else starts it, an engine in a
 * container or a server, it goes on, and would write beside the next run: only the plugin that had it started can end it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Ends what these attempts have left at work, and gives what was done, a sentence each. It takes the keys of the attempts
 * that were in flight (`Attempt.Current` has them). It must not fail: what cannot be ended is a sentence, too.
 *
 * @since 0.1.0
 */
export type Clearing = (attempts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>

/**
 * Takes what plugins have to clear away.
 *
 * @since 0.1.0
 */
export interface Leftovers {
  readonly add: (clearing: Clearing) => void
}

/**
 * Where the deployment that is being opened keeps them. Outside of one, nothing is kept.
 *
 * @example
 * ```ts
 * import { Leftovers } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const clearings: Array<Leftovers.Clearing> = []
 * const registering = Leftovers.clearedBy(() => Effect.succeed([])).pipe(
 *   Effect.provideService(Leftovers.Current, { add: (clearing) => clearings.push(clearing) })
 * )
 * Effect.runSync(registering)
 * assert.equal(clearings.length, 1)
 * ```
 *
 * @since 0.1.0
 */
export const Current: Context.Reference<Leftovers> = Context.Reference<Leftovers>("shipshape/Leftovers", {
  defaultValue: () => ({ add: () => {} })
})

/**
 * Has leftovers cleared away: in each run that goes on with one that was cut off, once it has the lock and before it looks
 * at anything. A plan clears nothing. A plugin says so in its layer.
 *
 * @example
 * ```ts
 * import { Leftovers, Plugin } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const jobs = new Map([["k1", "import"], ["k2", "resize"]])
 *
 * const clearing: Leftovers.Clearing = (attempts) =>
 *   Effect.sync(() =>
 *     attempts.flatMap((key) => {
 *       const job = jobs.get(key)
 *       return jobs.delete(key) ? [`ended job ${job}, which an interrupted run had started`] : []
 *     })
 *   )
 *
 * const queue = Plugin.define("acme", {
 *   version: "1.0.0",
 *   description: "Jobs",
 *   steps: {},
 *   options: {},
 *   layer: () => Layer.effectDiscard(Leftovers.clearedBy(clearing))
 * })
 *
 * assert.equal(queue({}).name, "acme")
 * assert.deepEqual(Effect.runSync(clearing(["k2"])), ["ended job resize, which an interrupted run had started"])
 * ```
 *
 * @since 0.1.0
 */
export const clearedBy = (clearing: Clearing): Effect.Effect<void> =>
  Effect.map(Current, (leftovers) => leftovers.add(clearing))
