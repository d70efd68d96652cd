/**
 * One look at the world. Within a look every question is asked once: what a probe has read for one step, the checks of
 * the other steps share. The engine opens a new look for each plan, and after each change.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Resource } from "./Resource.ts"

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
): ((argument: Argument) => Effect.Effect<A, E, R>) => {
  const question = {}
  return Effect.fnUntraced(function* (argument: Argument) {
    const look = yield* Current
    if (look === undefined) return yield* ask(argument)
    const answers = look.answers.get(question) ?? new Map<string, unknown>()
    look.answers.set(question, answers)
    for (;;) {
      // Only this function writes under `question`, and only deferreds of this type.
      const known = answers.get(argument) as Deferred.Deferred<Exit.Exit<A, E> | undefined> | undefined
      if (known === undefined) return yield* askFirst(answers, argument, ask(argument))
      const answer = yield* Deferred.await(known)
      if (answer !== undefined) return yield* answer
    }
  })
}

/** Asks for all who wait. Where whoever asks is interrupted, one of those asks anew: it is no answer to them. */
const askFirst = <A, E, R>(
  answers: Map<string, unknown>,
  argument: string,
  ask: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const answer = Deferred.makeUnsafe<Exit.Exit<A, E> | undefined>()
  answers.set(argument, answer)
  return Effect.onExit(ask, (exit) => {
    if (!Exit.hasInterrupts(exit)) return Deferred.succeed(answer, exit)
    answers.delete(argument)
    return Deferred.succeed(answer, undefined)
  })
}

/**
 * What the check that runs has looked at so far, beside what its step type says. The engine opens one for each check.
 *
 * @example
 * ```ts
 * import { Look } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * assert.equal(Effect.runSync(Effect.service(Look.Observed)), undefined)
 * ```
 *
 * @since 0.1.0
 */
export const Observed: Context.Reference<Set<Resource> | undefined> = Context.Reference<Set<Resource> | undefined>(
  "shipshape/Look/Observed",
  { defaultValue: () => undefined }
)

/**
 * Says that the check that runs looks at a resource. A probe says so where only its plugin's options tell what it looks
 * at: the service in which a database runs, for one. Outside a check it says nothing.
 *
 * Say it for every question, and not within what {@link shared} asks: that is run for one check, and answers many.
 *
 * @example
 * ```ts
 * import { Look, type Resource } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const observed = new Set<Resource.Resource>()
 * Effect.runSync(Look.observe("service:db").pipe(Effect.provideService(Look.Observed, observed)))
 * assert.deepEqual([...observed], ["service:db"])
 * ```
 *
 * @since 0.1.0
 */
export const observe = (resource: Resource): Effect.Effect<void> =>
  Effect.map(Observed, (observed) => {
    observed?.add(resource)
  })
