/**
 * Runs a deployment: plans it, applies it, verifies it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Access from "./Access.ts"
import type { Revision } from "./Actor.ts"
import type { Deployment } from "./Deployment.ts"
import type { Counts, StepResult } from "./Event.ts"
import * as Input from "./Input.ts"
import { mergePlugins } from "./internal/mergePlugins.ts"
import type { Started } from "./internal/opened.ts"
import { makeSession } from "./internal/session.ts"
import { storeLayer } from "./internal/storeLayer.ts"
import { unknownName } from "./internal/unknownName.ts"
import type { JournalInvalid } from "./Journal.ts"
import type { Holder, LockHeld, LockLost } from "./Lock.ts"
import type { Plan, Strategy } from "./Plan.ts"
import type { Base, PluginOptionsInvalid } from "./Plugin.ts"
import * as Policy from "./Policy.ts"
import type { Proposal } from "./Proposal.ts"
import type { Release } from "./Release.ts"
import type {
  PlanStale,
  ReleaseNotRecorded,
  ReleaseUnknown,
  ResumeRefused,
  RunFailedError,
  StepDidNotConverge,
  StepsInvalid,
  StepTimedOut,
  StepUnavailable,
  UnknownName
} from "./RunError.ts"
import * as Secrets from "./Secrets.ts"
import type { RecordedInvalid, StepInputInvalid } from "./Step.ts"
import type { Store, StoreFailed } from "./Store.ts"

/**
 * A step failed that may not fail. `failure` is its report, `cause` the error itself.
 *
 * @since 0.1.0
 */
export interface RunFailed<out E> extends RunFailedError {
  readonly cause:
    | E
    | StepDidNotConverge
    | StepTimedOut
    | StepUnavailable
    | ReleaseNotRecorded
    | Policy.DestructiveRefused
    | Policy.BackupRequired
    | PlanStale
    | StepInputInvalid
    | RecordedInvalid
    | StoreFailed
}

/**
 * What a run left: how every step ended, and what the deployment returned.
 *
 * @since 0.1.0
 */
export interface Report<out A> {
  readonly outcome: "succeeded"
  readonly counts: Counts
  readonly steps: ReadonlyArray<StepResult>
  /** What the deployment's generator returned; `undefined` where it needs a step that was left out or has failed. */
  readonly outputs: A | undefined
  /** The run's number in the history; `undefined` where there was nothing to resume. */
  readonly run: number | undefined
  /** The release that stands now; `undefined` where the run leaves none. */
  readonly release: number | undefined
}

/**
 * What runs, and whether the world is still what was recorded of it.
 *
 * @since 0.1.0
 */
export interface Status {
  /** The last release; `undefined` where no run has succeeded yet. */
  readonly release: Release | undefined
  /** Where the world is no longer as the release recorded it. */
  readonly differences: ReadonlyArray<{
    readonly step: string
    readonly path: string
    readonly recorded: string | undefined
    readonly now: string | undefined
  }>
  /**
   * Steps of which that cannot be told: they are not in order and know no way back to look along, or are none of the
   * deployment any more.
   */
  readonly unknown: ReadonlyArray<string>
  /** What every check says now. */
  readonly plan: Plan
  /** The run that is going on. */
  readonly holder: Holder | undefined
}

/**
 * What looking fails with.
 *
 * @since 0.1.0
 */
export type LookFailed = StepsInvalid | StoreFailed | JournalInvalid

/**
 * How a plan is applied.
 *
 * @since 0.1.0
 */
export interface ApplyOptions {
  /** What was approved: the run stops, with the differences, if anything else would be applied by now. */
  readonly approved?: Plan | Proposal | undefined
  /** How long to wait for the lock, where another run holds it. The default is to fail at once. */
  readonly wait?: Duration.Input | undefined
  /**
   * Goes on with the run that was interrupted, and refuses to where the deployment has changed since; or takes back what
   * that run has applied.
   */
  readonly resume?: "finish" | "undo" | undefined
}

/**
 * What is refused before anything runs.
 *
 * @since 0.1.0
 */
export type Refusal =
  | Input.InputsInvalid
  | PluginOptionsInvalid
  | StepsInvalid
  | UnknownName
  | Policy.FreshRefused
  | Policy.DestructiveRefused
  | ReleaseUnknown
  | StoreFailed
  | JournalInvalid

/**
 * The strategies that an environment allows.
 *
 * @since 0.1.0
 */
export type StrategyFor<Env extends string, Disposable extends string> = [Env] extends [Disposable]
  ? Strategy
  : "update" | `✗ '${Env}' holds precious data: a fresh start is refused`

/**
 * How to run a deployment.
 *
 * @since 0.1.0
 */
export interface Options<Env extends string, Disposable extends string> {
  readonly environment: Env
  /** `update` (the default) keeps data; `fresh` starts from nothing. */
  readonly strategy?: StrategyFor<Env, Disposable> | undefined
  /** Where inputs come from, the first source that has one wins. The default is the process' environment. */
  readonly inputs?: ReadonlyArray<Input.Source>
  /** Ids of the only steps to run; the others are checked and left alone. */
  readonly only?: ReadonlyArray<string>
  /** Ids of steps to leave alone. */
  readonly skip?: ReadonlyArray<string>
  /** How many steps of a group run at a time. The default is 4. */
  readonly concurrency?: number
  /** The target that plugins act on. The default is this machine. */
  readonly target?: Layer.Layer<Base>
  /** Where lock, journal and releases live, in place of what the deployment says. */
  readonly store?: Layer.Layer<Store, StoreFailed, Base>
  /** Goes back to a release: to the one before, or to the one with this number. */
  readonly rollback?: {
    readonly to?: number | undefined
    /** Schema changes may be reversed, and what they added is lost. */
    readonly schema?: boolean
    /** Data may be replaced by that of the release's backup. */
    readonly data?: boolean
  }
  /** The revision of the repository, for the journal and the release. */
  readonly revision?: Revision
}

/**
 * Options with the types' promises forgotten: what the engine makes sure of again.
 *
 * @since 0.1.0
 */
export type AnyOptions = Omit<Options<string, string>, "strategy"> & { readonly strategy?: string | undefined }

/**
 * A deployment with its inputs decoded and its plugins' layers built.
 *
 * @since 0.1.0
 */
export interface Session<out A, out E> {
  /** Checks everything and says what the world lacks. Changes nothing. */
  readonly plan: Effect.Effect<Plan, LookFailed>
  /** The same plan with all that it was made of: to be saved, approved, and applied later. Changes nothing. */
  readonly propose: Effect.Effect<Proposal, LookFailed>
  /** Takes the lock, looks again, and applies what the world lacks, with a record of each attempt before and after it. */
  readonly apply: (options?: ApplyOptions) => Effect.Effect<Report<A>, Refused | RunFailed<E>>
  /** Checks everything, and takes nothing for granted that a step may still change. Changes nothing. */
  readonly verify: Effect.Effect<Plan, LookFailed>
  /** Says which release runs, and whether the world is still what was recorded of it. Changes nothing. */
  readonly status: Effect.Effect<Status, LookFailed | E | RecordedInvalid>
}

/**
 * What ends a run before it changes anything, or in its middle, where it loses the lock or cannot write its journal.
 *
 * @since 0.1.0
 */
export type Refused =
  | StepsInvalid
  | PlanStale
  | ResumeRefused
  | Policy.DestructiveRefused
  | Policy.BackupRequired
  | LockHeld
  | LockLost
  | StoreFailed
  | JournalInvalid

/**
 * The error where a layer lacks services: its argument names them.
 *
 * @since 0.1.0
 */
export interface LayerDoesNotProvide<in out Services extends string> {
  readonly "~shipshape/LayerDoesNotProvide": Services
}

/**
 * A layer that provides all a deployment needs, or an error that names what it lacks.
 *
 * @since 0.1.0
 */
export type Complete<Required, Provides, LayerE> = [Exclude<Required, Provides | Base>] extends [never]
  ? Layer.Layer<Provides, LayerE, Base>
  : LayerDoesNotProvide<Access.KeyOf<Exclude<Required, Provides | Base>>>

/**
 * Opens a deployment with the layers of its own plugins: decodes its inputs, refuses what may not be, and builds what
 * the steps need. Nothing is changed.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Run, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const noop = Step.make("acme.noop", {
 *   description: "Nothing", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* noop("nothing", {})
 * })
 *
 * const plan = await Effect.runPromise(Effect.scoped(
 *   Effect.flatMap(Run.open(deployment, { environment: "staging" }), (session) => session.plan)
 * ))
 * assert.deepEqual(plan.summary, { none: 1, apply: 0, deferred: 0, blocked: 0 })
 * ```
 *
 * @since 0.1.0
 */
export const open = Effect.fn("Run.open")(function* <
  Name extends string,
  Disposable extends string,
  A,
  E,
  CheckR,
  ApplyR,
  Env extends Name
>(
  deployment: Deployment<Name, Disposable, A, E, CheckR, ApplyR>,
  options: Options<Env, Disposable>
): Effect.fn.Return<Session<A, E>, Refusal | E, Scope.Scope> {
  const started = yield* start(deployment, options)
  const layers = yield* mergePlugins<CheckR | ApplyR, E>(
    deployment.blueprint(options.environment).plugins,
    started.values
  )
  const store = yield* storeLayer(deployment, options.store, options.environment, started.values)
  return yield* makeSession(deployment, options, started, layers, store)
})

/**
 * Opens a deployment with a layer in place of its plugins' own: fake worlds in a test, say.
 *
 * @example
 * ```ts
 * import { Access, Check, defineDeployment, Plugin, Run, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * class Greeter extends Access.Probe<Greeter, { readonly greeted: boolean }>()("acme/Greeter") {}
 * const greet = Step.make("acme.greet", {
 *   description: "Greeted", risk: "additive", input: {}, output: {},
 *   check: () => Effect.map(Greeter, (g) => g.greeted ? Check.satisfied({}) : Check.needed([{ summary: "greet" }])),
 *   apply: () => Effect.void
 * })
 * const acme = Plugin.define("acme", {
 *   version: "1.0.0", description: "Greetings", steps: { greet }, options: {},
 *   layer: () => Layer.succeed(Greeter, { greeted: true })
 * })
 * const deployment = defineDeployment("hello", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [acme({})]
 * }, function*() {
 *   yield* greet("greet", {})
 * })
 *
 * const session = Run.openWith(deployment, Layer.succeed(Greeter, { greeted: false }), { environment: "staging" })
 * const plan = await Effect.runPromise(Effect.scoped(Effect.flatMap(session, (s) => s.plan)))
 * assert.equal(plan.summary.apply, 1)
 * ```
 *
 * @since 0.1.0
 */
export const openWith = Effect.fn("Run.openWith")(function* <
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
  layer: Complete<CheckR | ApplyR, Provides, LayerE>,
  options: Options<Env, Disposable>
): Effect.fn.Return<Session<A, E>, Refusal | LayerE, Scope.Scope> {
  const started = yield* start(deployment, options)
  const store = yield* storeLayer(deployment, options.store, options.environment, started.values)
  // `Complete` is this layer type exactly when the layer provides all that is needed.
  return yield* makeSession(
    deployment,
    options,
    started,
    layer as unknown as Layer.Layer<CheckR | ApplyR, LayerE, Base>,
    store
  )
})

/** Everything that can be refused before a layer is built. */
const start = Effect.fnUntraced(function* (
  deployment: Deployment.Any,
  options: AnyOptions
): Effect.fn.Return<Started, Refusal> {
  const environment = deployment.environments[options.environment]
  if (environment === undefined) {
    return yield* unknownName("environment", options.environment, Object.keys(deployment.environments))
  }
  const strategy: Strategy = options.strategy === "fresh" ? "fresh" : "update"
  const refused = Policy.fresh(options.environment, environment, strategy)
  if (refused !== undefined) return yield* refused
  const ids = deployment.blueprint(options.environment).instructions.flatMap((i) => i.steps.map((step) => step.id))
  for (const id of [...(options.only ?? []), ...(options.skip ?? [])]) {
    if (!ids.includes(id)) return yield* unknownName("step", id, ids)
  }
  const decoded = yield* Input.decode(
    deployment.inputs,
    options.inputs ?? [{ name: "the environment", variables: process.env }]
  )
  yield* Secrets.register(decoded)
  const { only, rollback, skip } = options
  return {
    place: { deployment: deployment.name, environment: options.environment },
    environment: { name: options.environment, ...environment },
    strategy,
    only: only === undefined || only.length === 0 ? undefined : only,
    skip: skip === undefined || skip.length === 0 ? undefined : skip,
    rollback:
      rollback === undefined
        ? undefined
        : { to: rollback.to, schema: rollback.schema === true, data: rollback.data === true },
    values: new Map(Object.entries(decoded).map(([name, value]) => [`input:${name}`, value])),
    leftOut: (id) =>
      only !== undefined && !only.includes(id)
        ? "left out by --only"
        : skip?.includes(id) === true
          ? "left out by --skip"
          : undefined
  }
})
