import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Deployment, Environment } from "../Deployment.ts"
import type { Counts, RunOutcome, StepResult } from "../Event.ts"
import * as Failure from "../Failure.ts"
import * as Output from "../Output.ts"
import type { Plan, PlannedStep, Strategy } from "../Plan.ts"
import type { Base } from "../Plugin.ts"
import * as Policy from "../Policy.ts"
import type { AnyOptions, Report, RunFailed, Session } from "../Run.ts"
import { PlanStale, RunFailedError, StepsInvalid, StepUnavailable } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import type { Instruction, Prepared, Step, StepInputInvalid } from "../Step.ts"
import * as Target from "../Target.ts"
import { digest } from "./digest.ts"
import { type Emit, makeEmit } from "./emit.ts"
import { execute, type State } from "./execute.ts"
import { type Finding, observe, outputOf } from "./observe.ts"
import { resolve } from "./resolve.ts"

/** What is settled before a layer is built. */
export interface Started {
  readonly environment: { readonly name: string } & Environment
  readonly strategy: Strategy
  readonly values: Output.Values
  readonly leftOut: (id: string) => string | undefined
}

/** A deployment for one environment, ready to be looked at. */
interface Opened<A, E, CheckR, ApplyR> extends Started {
  readonly name: string
  readonly instructions: ReadonlyArray<Instruction<unknown, E, CheckR, ApplyR, string>>
  readonly steps: ReadonlyArray<Step<unknown, E, CheckR, ApplyR, string>>
  readonly outputs: A
  readonly concurrency: number
}

/** What one look has found, beside the plan that was made of it. */
interface Seen<E, CheckR, ApplyR> {
  readonly plan: Plan
  readonly values: Output.Values
  readonly findings: ReadonlyMap<string, Finding<E, CheckR, ApplyR>>
}

/** How many steps of a group run at a time, where nobody says it. */
const defaultConcurrency = 4

export const makeSession = Effect.fnUntraced(function* <A, E, CheckR, ApplyR, LayerE>(
  deployment: Deployment<string, string, A, E, CheckR, ApplyR>,
  options: AnyOptions,
  started: Started,
  layers: Layer.Layer<CheckR | ApplyR, LayerE, Base>
): Effect.fn.Return<Session<A, E>, LayerE, Scope.Scope> {
  const context = yield* Layer.build(Layer.provideMerge(layers, options.target ?? Target.local()))
  const secrets = yield* Secrets.Current
  const { instructions, outputs } = deployment.blueprint(started.environment.name)
  const opened: Opened<A, E, CheckR, ApplyR> = {
    ...started,
    name: deployment.name,
    instructions,
    steps: instructions.flatMap((instruction) => instruction.steps),
    outputs,
    concurrency: options.concurrency ?? defaultConcurrency
  }
  const look = (mode: "plan" | "verify") =>
    Effect.gen(function* () {
      const emit = yield* makeEmit
      announce(opened, emit, mode)
      const { plan } = yield* see(opened, emit)
      emit({ _tag: "Planned", plan })
      return plan
    }).pipe(
      Effect.provide(context),
      Effect.provideService(Secrets.Current, secrets),
      Effect.withSpan(`Session.${mode}`)
    )
  return {
    plan: look("plan"),
    verify: look("verify"),
    apply: (request = {}) =>
      apply(opened, request.approved).pipe(
        Effect.provide(context),
        Effect.provideService(Secrets.Current, secrets),
        Effect.withSpan("Session.apply")
      )
  }
})

const announce = <A, E, CheckR, ApplyR>(
  { environment, instructions, name, strategy }: Opened<A, E, CheckR, ApplyR>,
  emit: Emit,
  mode: "plan" | "apply" | "verify"
): void =>
  emit({
    _tag: "RunStarted",
    mode,
    deployment: name,
    environment: environment.name,
    data: environment.data,
    strategy,
    steps: instructions.flatMap(({ steps }, group) =>
      steps.map(({ id, type }) => ({ id, type, ...(steps.length > 1 ? { group } : {}) }))
    )
  })

const see = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  emit: Emit
): Effect.fn.Return<Seen<E, CheckR, ApplyR>, StepsInvalid, CheckR> {
  const { environment, leftOut, name, steps, strategy } = opened
  const { findings, invalid, values } = yield* observe({
    steps,
    values: opened.values,
    fresh: strategy === "fresh",
    onChecked: (id) => emit({ _tag: "StepChecked", id })
  })
  if (invalid.length > 0) return yield* stepsInvalid(invalid)
  const secrets = yield* Secrets.Current
  const planned = Secrets.maskDeep(secrets, resolve(opened.instructions, findings, leftOut))
  const head = { deployment: name, environment: environment.name, data: environment.data, strategy }
  const facts = [...findings.values()].map((finding) =>
    "prepared" in finding ? { input: finding.prepared.input, output: outputOf(finding) } : finding
  )
  return {
    findings,
    values,
    plan: {
      ...head,
      digest: digest({ ...head, steps: planned, facts: Secrets.maskDeep(secrets, facts) }),
      steps: planned,
      summary: {
        none: countOf(planned, "none"),
        apply: countOf(planned, "apply"),
        deferred: countOf(planned, "deferred"),
        blocked: countOf(planned, "blocked")
      }
    }
  }
})

const countOf = (steps: ReadonlyArray<PlannedStep>, action: PlannedStep["action"]): number =>
  steps.filter((step) => step.action === action).length

const stepsInvalid = (problems: ReadonlyArray<StepInputInvalid>): StepsInvalid =>
  new StepsInvalid({
    problems,
    message: problems.map((problem) => problem.message).join("\n"),
    hint: [...new Set(problems.map((problem) => problem.hint))].join("; ")
  })

const apply = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  approved: Plan | undefined
): Effect.fn.Return<Report<A>, StepsInvalid | PlanStale | Policy.DestructiveRefused | RunFailed<E>, CheckR | ApplyR> {
  const emit = yield* makeEmit
  const begun = yield* Clock.currentTimeMillis
  const state: State = {
    values: new Map(opened.values),
    results: new Map(),
    touched: [],
    changed: false,
    stop: undefined
  }
  const finished = (outcome: RunOutcome, failure?: Failure.Report) =>
    Effect.map(Clock.currentTimeMillis, (now) =>
      emit({
        _tag: "RunFinished",
        outcome,
        counts: countsOf([...state.results.values()]),
        durationMs: now - begun,
        ...(failure === undefined ? {} : { failure })
      })
    )
  announce(opened, emit, "apply")
  yield* Effect.gen(function* () {
    const seen = yield* see(opened, emit)
    emit({ _tag: "Planned", plan: seen.plan })
    if (approved !== undefined && approved.digest !== seen.plan.digest) return yield* stale(approved, seen.plan)
    const { environment } = opened
    const refused = Policy.destructive(environment.name, environment, seen.plan.steps)
    if (refused !== undefined) return yield* refused
    const blocked = seen.plan.steps.find((step) => step.action === "blocked" && step.optional === undefined)
    if (blocked !== undefined) return noteBlocked(opened.steps, blocked, state, emit)
    for (const [id, value] of seen.values) state.values.set(id, value)
    yield* execute(opened.instructions, {
      planned: new Map(seen.plan.steps.map((step) => [step.id, step])),
      prepared: preparedOf(seen.findings),
      environment,
      concurrency: opened.concurrency,
      state,
      emit
    })
  }).pipe(
    Effect.tapError((error) => finished("refused", Failure.report(error))),
    Effect.onInterrupt(() => {
      noteUnreached(opened.steps, "not run, because the run was interrupted", state, emit)
      return finished("interrupted")
    })
  )
  const results = [...state.results.values()]
  if (state.stop !== undefined) {
    const { cause } = state.stop
    // What a step's own check has found out refuses the whole run, as long as nothing is changed.
    if (cause instanceof Policy.DestructiveRefused && !state.changed) {
      yield* finished("refused", Failure.report(cause))
      return yield* cause
    }
    yield* finished("failed")
    return yield* runFailed<E>(state.stop, results)
  }
  yield* finished("succeeded")
  const known = [...Output.sourcesOf(opened.outputs)].every((source) => state.values.has(source))
  // `Resolved` is what the deployment's `A` is made of already: resolving once more changes no type.
  const outputs = known ? (Output.resolve(opened.outputs, state.values) as A) : undefined
  return { outcome: "succeeded", counts: countsOf(results), steps: results, outputs }
})

const preparedOf = <E, CheckR, ApplyR>(
  findings: ReadonlyMap<string, Finding<E, CheckR, ApplyR>>
): ReadonlyMap<string, Prepared<unknown, E, CheckR, ApplyR>> =>
  new Map([...findings].flatMap(([id, finding]) => ("prepared" in finding ? [[id, finding.prepared] as const] : [])))

const stale = (approved: Plan, current: Plan): PlanStale => {
  const before = new Map(approved.steps.map((step) => [step.id, JSON.stringify(step)]))
  const moved = current.steps.filter((step) => before.get(step.id) !== JSON.stringify(step)).map((step) => step.id)
  return new PlanStale({
    approved: approved.digest,
    current: current.digest,
    message: `the world has moved since the plan was approved: ${moved.join(", ") || "what the checks found"} differ`,
    hint: "look at the new plan, and approve that"
  })
}

const note = (result: StepResult, state: State, emit: Emit): void => {
  state.results.set(result.id, result)
  emit({ _tag: "StepFinished", ...result })
}

/** The steps whose turn has not come, and why it never will. */
const noteUnreached = (steps: ReadonlyArray<Step.Any>, reason: string, state: State, emit: Emit): void => {
  for (const { id, type } of steps) {
    if (!state.results.has(id)) note({ id, type, outcome: "notRun", changes: [], durationMs: 0, reason }, state, emit)
  }
}

/** A step that no step before it can help: the run could not get past it, so it changes nothing at all. */
const noteBlocked = (steps: ReadonlyArray<Step.Any>, blocked: PlannedStep, state: State, emit: Emit): void => {
  const { id, reason = "it cannot be checked", type } = blocked
  const cause = new StepUnavailable({ step: id, message: reason, hint: "bring it up, then run again", retryable: true })
  const failure = blocked.failure ?? Failure.report(cause)
  note({ id, type, outcome: "failed", changes: [], durationMs: 0, failure }, state, emit)
  noteUnreached(steps, `not run, because “${id}” is blocked`, state, emit)
  state.stop = { id, cause }
}

const countsOf = (results: ReadonlyArray<StepResult>): Counts => {
  const count = (outcome: StepResult["outcome"]) => results.filter((result) => result.outcome === outcome).length
  return {
    satisfied: count("satisfied"),
    applied: count("applied"),
    failed: count("failed"),
    notRun: count("notRun"),
    undone: 0,
    skipped: count("skipped"),
    optionalFailed: results.filter((result) => result.outcome === "failed" && result.optional === true).length
  }
}

const runFailed = <E>(
  { cause, id }: { readonly id: string; readonly cause: unknown },
  results: ReadonlyArray<StepResult>
): RunFailed<E> => {
  const failure = results.find((result) => result.id === id)?.failure ?? Failure.report(cause)
  const error = new RunFailedError({
    step: id,
    failure,
    cause,
    message: `“${id}” failed: ${failure.message}`,
    hint: failure.hint,
    retryable: failure.retryable,
    ...(failure.tail === undefined ? {} : { tail: failure.tail })
  })
  // What ended the run is an error of the deployment's own type, or one of the engine's, which `RunFailed` lists.
  return error as RunFailed<E>
}
