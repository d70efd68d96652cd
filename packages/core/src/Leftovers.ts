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
 * What was in flight when a run was cut off.
 *
 * @since 0.1.0
 */
export interface InFlight {
  /** The keys of the attempts at applying or undoing a step that have not ended (`Attempt.Current` has them); maybe none. */
  readonly keys: ReadonlyArray<string>
  /** The number of the run that goes on. Its attempts may have the same keys: only what an earlier one started is left over. */
  readonly run: number
}

/**
 * Ends what attempts in flight have left at work, and gives what was done, a sentence each. It must not fail: what cannot
 * be ended, or looked for, is a sentence, too. Nor must it hang, since the run waits for it.
 *
 * @since 0.1.0
 */
export type Clearing = (inFlight: InFlight) => Effect.Effect<ReadonlyArray<string>>

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
 * const jobs = [{ name: "import", key: "k1", run: 6 }, { name: "resize", key: "k2", run: 6 }]
 *
 * const clearing: Leftovers.Clearing = ({ keys, run }) =>
 *   Effect.sync(() =>
 *     jobs.filter((job) => keys.includes(job.key) && job.run < run).map(({ name }) => `ended job ${name}`)
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
 * assert.deepEqual(Effect.runSync(clearing({ keys: ["k2"], run: 7 })), ["ended job resize"])
 * ```
 *
 * @since 0.1.0
 */
export const clearedBy = (clearing: Clearing): Effect.Effect<void> =>
  Effect.map(Current, (leftovers) => leftovers.add(clearing))
