/**
 * A whole deployment, run against fake worlds: offline, in virtual time if the test wants it, and never failing: how it
 * ended is data.
 *
 * @since 0.1.0
 */

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type { Deployment } from "../Deployment.ts"
import * as Event from "../Event.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import type { Plan } from "../Plan.ts"
import type { Base } from "../Plugin.ts"
import * as Run from "../Run.ts"
import { RunFailedError } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import * as FakeTarget from "./FakeTarget.ts"
import * as MemoryStore from "./MemoryStore.ts"

/**
 * How to rehearse: inputs are given as a record of variables.
 *
 * @since 0.1.0
 */
export interface Options<Env extends string, Disposable extends string>
  extends Omit<Run.Options<Env, Disposable>, "inputs"> {
  readonly inputs?: Readonly<Record<string, string>>
  /** How the plan is applied. */
  readonly apply?: Run.ApplyOptions
}

/**
 * How a rehearsal ended.
 *
 * @since 0.1.0
 */
export interface Rehearsed<out A> {
  readonly exitCode: number
  readonly plan: Plan | undefined
  readonly outputs: A | undefined
  readonly failure: Failure.Report | undefined
  /** What went wrong after that, in taking back or going back. */
  readonly aftermath: ReadonlyArray<Failure.Report>
  /** Ids of the steps that were applied, in the order in which they ended. */
  readonly applied: ReadonlyArray<string>
  /** How every step ended, by id. */
  readonly steps: Readonly<Record<string, Event.StepResult>>
  readonly events: ReadonlyArray<Event.Event>
}

const rehearse = Effect.fnUntraced(function* <A, E, R>(
  run: Effect.Effect<A, E, R>
): Effect.fn.Return<Omit<Rehearsed<never>, "outputs"> & { readonly value: A | undefined }, never, R> {
  const events: Array<Event.Event> = []
  const exit = yield* run.pipe(
    Effect.provideService(Event.CurrentSink, (event) => events.push(event)),
    Effect.provideService(Secrets.Current, Secrets.make()),
    Effect.exit
  )
  const results = events.filter((event) => event._tag === "StepFinished")
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return {
    value: Exit.isSuccess(exit) ? exit.value : undefined,
    exitCode: error === undefined ? ExitCode.succeeded : ExitCode.of(error),
    failure: error === undefined ? undefined : Failure.report(error),
    aftermath: error instanceof RunFailedError ? error.aftermath : [],
    plan: events.findLast((event) => event._tag === "Planned")?.plan,
    applied: results.filter((event) => event.outcome === "applied").map((event) => event.id),
    steps: Object.fromEntries(results.map((result) => [result.id, result])),
    events
  }
})

/**
 * Plans a deployment against a layer of fake worlds.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Step } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const noop = Step.make("acme.noop", {
 *   description: "Nothing", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* noop("nothing", {})
 * })
 * const { plan } = await Effect.runPromise(Rehearsal.plan(deployment, Layer.empty, { environment: "staging" }))
 * assert.equal(plan?.summary.none, 1)
 * ```
 *
 * @since 0.1.0
 */
export const plan = <
  Name extends string,
  Disposable extends string,
  A,
  E,
  CheckR,
  ApplyR,
  Env extends Name,
  Provides,
  LayerE
>(
  deployment: Deployment<Name, Disposable, A, E, CheckR, ApplyR>,
  layer: Run.Complete<CheckR | ApplyR, Provides, LayerE>,
  options: Options<Env, Disposable>
): Effect.Effect<Rehearsed<A>> =>
  Effect.map(
    rehearse(Effect.scoped(Effect.flatMap(open(deployment, layer, options), (session) => session.plan))),
    ({ value: _, ...rehearsed }) => ({ ...rehearsed, outputs: undefined })
  )

/**
 * Plans and applies a deployment against a layer of fake worlds.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Step } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * let done = false
 * const once = Step.make("acme.once", {
 *   description: "Done", risk: "additive", input: {}, output: {},
 *   check: () => Effect.sync(() => done ? Check.satisfied({}) : Check.needed([{ summary: "do it" }])),
 *   apply: () => Effect.sync(() => { done = true })
 * })
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* once("once", {})
 * })
 * const { applied, exitCode } = await Effect.runPromise(
 *   Rehearsal.apply(deployment, Layer.empty, { environment: "staging" })
 * )
 * assert.deepEqual([applied, exitCode], [["once"], 0])
 * ```
 *
 * @since 0.1.0
 */
export const apply = <
  Name extends string,
  Disposable extends string,
  A,
  E,
  CheckR,
  ApplyR,
  Env extends Name,
  Provides,
  LayerE
>(
  deployment: Deployment<Name, Disposable, A, E, CheckR, ApplyR>,
  layer: Run.Complete<CheckR | ApplyR, Provides, LayerE>,
  options: Options<Env, Disposable>
): Effect.Effect<Rehearsed<A>> =>
  Effect.map(
    rehearse(
      Effect.scoped(Effect.flatMap(open(deployment, layer, options), (session) => session.apply(options.apply)))
    ),
    ({ value, ...rehearsed }) => ({ ...rehearsed, outputs: value?.outputs })
  )

const open = <Name extends string, Disposable extends string, A, E, CheckR, ApplyR, Env extends Name, Provides, LayerE>(
  deployment: Deployment<Name, Disposable, A, E, CheckR, ApplyR>,
  layer: Run.Complete<CheckR | ApplyR, Provides, LayerE>,
  { apply: _apply, inputs, store, target, ...options }: Options<Env, Disposable>
) =>
  Run.openWith(deployment, layer, {
    ...options,
    target: target ?? fakeTarget,
    store: store ?? MemoryStore.layer(MemoryStore.make()),
    inputs: [{ name: "the test", variables: inputs ?? {} }]
  })

/** Nothing of a rehearsal reaches this machine by accident: its target is empty and knows no command. */
const fakeTarget: Layer.Layer<Base> = FakeTarget.layer(FakeTarget.make({}))
