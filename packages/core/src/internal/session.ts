import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Deployment } from "../Deployment.ts"
import * as Failure from "../Failure.ts"
import type { JournalInvalid } from "../Journal.ts"
import * as Leftovers from "../Leftovers.ts"
import type { Holder } from "../Lock.ts"
import * as Output from "../Output.ts"
import type { Plan } from "../Plan.ts"
import type { Base } from "../Plugin.ts"
import { type Ingredients, type Proposal, sealed } from "../Proposal.ts"
import type { Allowed, Release } from "../Release.ts"
import type { AnyOptions, ApplyOptions, Report, RunFailed, Session } from "../Run.ts"
import type { ReleaseUnknown } from "../RunError.ts"
import { RunFailedError } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import type { StoreFailed } from "../Store.ts"
import * as Store from "../Store.ts"
import * as Target from "../Target.ts"
import { actor } from "./actor.ts"
import { announce, applyRun } from "./applying.ts"
import { backupOf, backupsIn, releaseOf, wayBack } from "./back.ts"
import { canonical, maskJson } from "./canonical.ts"
import { makeEmit } from "./emit.ts"
import type { Ended } from "./journalled.ts"
import type { Opened, Seen, Started } from "./opened.ts"
import { readPast } from "./past.ts"
import { countsOf } from "./running.ts"
import { see } from "./seeing.ts"
import { statusOf } from "./standing.ts"
import { version } from "./version.ts"

/** How many steps of a group run at a time, where nobody says it. */
const defaultConcurrency = 4

export const makeSession = Effect.fnUntraced(function* <A, E, CheckR, ApplyR, LayerE>(
  deployment: Deployment<string, string, A, E, CheckR, ApplyR>,
  options: AnyOptions,
  started: Started,
  layers: Layer.Layer<CheckR | ApplyR, LayerE, Base>,
  store: Layer.Layer<Store.Store, StoreFailed, Base>
): Effect.fn.Return<Session<A, E>, LayerE | StoreFailed | JournalInvalid | ReleaseUnknown, Scope.Scope> {
  const target = options.target ?? Target.local()
  const clearings: Array<Leftovers.Clearing> = []
  const context = yield* Layer.build(Layer.provideMerge(Layer.merge(layers, store), target)).pipe(
    Effect.provideService(Leftovers.Current, { add: (clearing) => clearings.push(clearing) })
  )
  const secrets = yield* Secrets.Current
  const opened = yield* openedOf(deployment, options, started, context, clearings)
  const inside = <B, E2, R extends CheckR | ApplyR>(name: string, effect: Effect.Effect<B, E2, R>) =>
    effect.pipe(
      Effect.provide(context),
      Effect.provideService(Secrets.Current, secrets),
      Effect.withSpan(`Session.${name}`)
    )
  const look = (mode: "plan" | "verify", at = opened) =>
    Effect.gen(function* () {
      const emit = yield* makeEmit
      announce(at, emit, mode)
      const past = yield* readPast(at.store, { locked: false })
      if (past.running !== undefined) emit(goingOn(past.running))
      const seen = yield* see(at, past, emit)
      emit({ _tag: "Planned", plan: seen.plan })
      return seen
    })
  return {
    plan: inside(
      "plan",
      Effect.map(look("plan"), ({ plan }) => plan)
    ),
    propose: inside(
      "propose",
      Effect.flatMap(look("plan"), (seen) => propose(opened, seen))
    ),
    verify: inside(
      "verify",
      Effect.map(look("verify"), ({ plan }) => plan)
    ),
    apply: (request = {}) => inside("apply", apply(opened, options, request)),
    status: inside(
      "status",
      Effect.flatMap(standing(opened), (at) => Effect.flatMap(look("verify", at), (seen) => statusOf(at, seen)))
    )
  }
})

/** What is seen while another run goes on may be another thing in a moment. */
const goingOn = ({ mode, run, step, who }: Holder) => ({
  _tag: "Notice" as const,
  code: "core.run-going-on",
  message: `run ${run} (${mode}) of ${who.user} on ${who.host} is going on${step === undefined ? "" : `, at “${step}”`}: what is found here may change`
})

const openedOf = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  deployment: Deployment<string, string, A, E, CheckR, ApplyR>,
  options: AnyOptions,
  started: Started,
  context: Context.Context<CheckR | ApplyR | Store.Store>,
  clearings: ReadonlyArray<Leftovers.Clearing>
): Effect.fn.Return<Opened<A, E, CheckR, ApplyR>, StoreFailed | JournalInvalid | ReleaseUnknown> {
  const { instructions, outputs, plugins } = deployment.blueprint(started.environment.name)
  const store = Context.get(context, Store.Store).of(started.place)
  const secrets = yield* Secrets.Current
  const plain = Object.entries(deployment.inputs).filter(([, input]) => !input.secret)
  const opened: Opened<A, E, CheckR, ApplyR> = {
    ...started,
    instructions,
    steps: instructions.flatMap(({ steps }) => steps),
    outputs,
    concurrency: options.concurrency ?? defaultConcurrency,
    store,
    clearings,
    versions: Object.fromEntries([["@shipshape/core", version()], ...plugins.map(({ name, version: v }) => [name, v])]),
    inputs: Object.fromEntries(
      plain.map(([name]) => [name, maskJson(secrets, canonical(started.values.get(`input:${name}`)))])
    ),
    back: undefined
  }
  const { rollback } = started
  if (rollback === undefined) return opened
  const { release, releases } = yield* releaseOf(store, rollback.to, backupsIn(instructions))
  return goingBack(opened, releases, release, { schema: rollback.schema, data: rollback.data })
})

/** The deployment on its way back to a release. */
const goingBack = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  releases: ReadonlyArray<Release>,
  release: Release,
  allowed: Allowed
): Opened<A, E, CheckR, ApplyR> => {
  const back = { release, leaving: releases.at(-1) ?? release, allowed }
  const instructions = wayBack(opened.instructions, back, backupOf(releases, release))
  return { ...opened, back, instructions, steps: instructions.flatMap(({ steps }) => steps) }
}

/** What is to be so as long as the running release stands: where a rollback has left it, what that has put back. */
const standing = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(opened: Opened<A, E, CheckR, ApplyR>) {
  const releases = yield* opened.store.releases
  const release = releases.find(({ number }) => number === releases.at(-1)?.backTo)
  return release === undefined ? opened : goingBack(opened, releases, release, { schema: false, data: false })
})

const ingredientsOf = ({ definition, facts, inputs, plan, versions }: Ingredients): Ingredients => ({
  plan,
  facts,
  inputs,
  definition,
  versions
})

const propose = <A, E, CheckR, ApplyR>(
  { back, only, skip }: Opened<A, E, CheckR, ApplyR>,
  seen: Seen<E, CheckR, ApplyR>
): Effect.Effect<Proposal> =>
  Effect.map(Clock.currentTimeMillis, (at) =>
    sealed({
      ...ingredientsOf(seen),
      ...(only === undefined ? {} : { only }),
      ...(skip === undefined ? {} : { skip }),
      ...(back === undefined ? {} : { allowed: back.allowed }),
      at,
      who: actor(process.env)
    })
  )

/** A plan alone says less than a proposal: where it differs, only what was planned can be told. */
const approvedOf =
  (approved: Plan | Proposal) =>
  (current: Ingredients): Ingredients =>
    "plan" in approved ? approved : { ...ingredientsOf(current), plan: approved }

const apply = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  { revision }: AnyOptions,
  { approved, resume, wait }: ApplyOptions
) {
  const ended = yield* applyRun(opened, {
    mode:
      resume === undefined ? (opened.back === undefined ? "apply" : "rollback") : resume === "undo" ? "undo" : "resume",
    who: actor(process.env),
    revision,
    wait,
    approved: approved === undefined ? undefined : approvedOf(approved)
  })
  const { state } = ended
  if (state.stop !== undefined || ended.aftermath.length > 0) return yield* runFailed<E>(ended)
  const results = [...state.results.values()]
  const known = [...Output.sourcesOf(opened.outputs)].every((source) => state.values.has(source))
  // `Resolved` is what the deployment's `A` is made of already: resolving once more changes no type.
  const outputs = known ? (Output.resolve(opened.outputs, state.values) as A) : undefined
  const report: Report<A> = {
    outcome: "succeeded",
    counts: countsOf(state),
    steps: results,
    outputs,
    run: ended.run,
    release: ended.release
  }
  return report
})

const runFailed = <E>({
  aftermath,
  state
}: Pick<Ended<E, unknown, unknown>, "aftermath"> & {
  readonly state: {
    readonly results: ReadonlyMap<string, { readonly failure?: Failure.Report }>
    readonly stop: { readonly id: string; readonly cause: unknown } | undefined
  }
}): RunFailed<E> => {
  const [first, ...others] = aftermath
  const own =
    state.stop === undefined ? first : (state.results.get(state.stop.id)?.failure ?? Failure.report(state.stop.cause))
  const failure = own ?? Failure.report(undefined)
  const step = state.stop?.id ?? ""
  const error = new RunFailedError({
    step,
    failure,
    aftermath: state.stop === undefined ? others : aftermath,
    cause: state.stop?.cause,
    message: step === "" ? failure.message : `“${step}” failed: ${failure.message}`,
    hint: failure.hint,
    retryable: failure.retryable,
    ...(failure.tail === undefined ? {} : { tail: failure.tail })
  })
  // What ended the run is an error of the deployment's own type, or one of the engine's, which `RunFailed` lists.
  return error as RunFailed<E>
}
