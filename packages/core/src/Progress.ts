/**
 * Where the step that is running says what it is doing: the output of its commands, and lines of its own.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Takes one line. It is masked before it goes anywhere.
 *
 * @since 0.1.0
 */
export interface Progress {
  readonly line: (text: string) => void
}

/**
 * The progress of the step that is running. Outside a step, lines go nowhere.
 *
 * @example
 * ```ts
 * import { Progress } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const lines: Array<string> = []
 * Effect.runSync(Progress.line("pulling").pipe(
 *   Effect.provideService(Progress.Current, { line: (text) => lines.push(text) })
 * ))
 * assert.deepEqual(lines, ["pulling"])
 * ```
 *
 * @since 0.1.0
 */
export const Current: Context.Reference<Progress> = Context.Reference<Progress>("shipshape/Progress", {
  defaultValue: () => ({ line: () => {} })
})

/**
 * Says one line of progress.
 *
 * @example
 * ```ts
 * import { Progress } from "@shipshape/core"
 * import * as Effect from "effect/Effect"
 *
 * Effect.runSync(Progress.line("3 of 10 tables"))
 * ```
 *
 * @since 0.1.0
 */
export const line = (text: string): Effect.Effect<void> => Effect.map(Current, (progress) => progress.line(text))
