/**
 * One look at the world. Within a look every question is asked once: what a probe has read for one step, the checks of
 * the other steps share. The engine opens a new look for each plan, and after each change.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * What has been seen in one look: answers by question, then by the question's argument.
 *
 * @since 0.1.0
 */
export interface Look {
  readonly answers: Map<object, Map<string, unknown>>
}

/**
 * Opens a new look.
 *
 * @example
 * ```ts
 * import { Look } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Look.make().answers.size, 0)
 * ```
 *
 * @since 0.1.0
 */
export const make = (): Look => ({ answers: new Map() })

/**
 * The look that checks run in. Outside a run nothing is shared: every question opens a look of its own.
 *
 * @example
 * ```ts
 * import { Look } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const look = Look.make()
 * assert.equal(Effect.runSync(Look.Current.pipe(Effect.provideService(Look.Current, look))), look)
 * ```
 *
 * @since 0.1.0
 */
export const Current: Context.Reference<Look | undefined> = Context.Reference<Look | undefined>("shipshape/Look", {
  defaultValue: () => undefined
})

/**
 * Makes a question that is asked once per look and argument, also when it is asked concurrently. Its answer or its
 * failure is shared.
 *
 * @example
 * ```ts
 * import { Look } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * let asked = 0
 * const version = Look.shared((tool: string) => Effect.sync(() => `${tool} ${++asked}`))
 *
 * const both = Effect.all([version("docker"), version("docker")]).pipe(
 *   Effect.provideService(Look.Current, Look.make())
 * )
 * assert.deepEqual(Effect.runSync(both), ["docker 1", "docker 1"])
 * ```
 *
 * @since 0.1.0
 */
export const shared = <Argument extends string, A, E, R>(
  ask: (argument: Argument) => Effect.Effect<A, E, R>
): (argument: Argument) => Effect.Effect<A, E, R> => {
  const question = {}
  return Effect.fnUntraced(function*(argument: Argument) {
    const look = yield* Current
    if (look === undefined) return yield* ask(argument)
    let answers = look.answers.get(question)
    if (answers === undefined) look.answers.set(question, answers = new Map())
    // Only this function writes under `question`, and only deferreds of this type.
    const known = answers.get(argument) as Deferred.Deferred<A, E> | undefined
    if (known !== undefined) return yield* Deferred.await(known)
    const answer = Deferred.makeUnsafe<A, E>()
    answers.set(argument, answer)
    return yield* Effect.onExit(ask(argument), (exit: Exit.Exit<A, E>) => Deferred.done(answer, exit))
  })
}
