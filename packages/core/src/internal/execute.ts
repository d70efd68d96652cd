import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { Check, Unavailable } from "../Check.ts"
import type { Environment } from "../Deployment.ts"
import type { StepResult } from "../Event.ts"
import * as Failure from "../Failure.ts"
import * as Look from "../Look.ts"
import type { PlannedStep } from "../Plan.ts"
import * as Policy from "../Policy.ts"
import * as Progress from "../Progress.ts"
import { overlaps, type Resource } from "../Resource.ts"
import { StepDidNotConverge, StepTimedOut, StepUnavailable } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import type { Instruction, Prepared, Step } from "../Step.ts"
import type { Emit } from "./emit.ts"
import { maskError } from "./maskError.ts"
import { checkOf } from "./observe.ts"
import { riskOf } from "./resolve.ts"

/** What is known while a run goes on. */
export interface State {
  readonly values: Map<string, unknown>
  readonly results: Map<string, StepResult>
  /** What steps of this run have taken away or replaced. */
  readonly touched: Array<Resource>
  /** Whether a step of this run has begun to apply. */
  changed: boolean
  /** The step whose failure ended the run, and its error. */
  stop: { readonly id: string; readonly cause: unknown } | undefined
}

interface Run<E, CheckR, ApplyR> {
  readonly planned: ReadonlyMap<string, PlannedStep>
  readonly prepared: ReadonlyMap<string, Prepared<unknown, E, CheckR, ApplyR>>
  readonly environment: { readonly name: string } & Environment
  readonly concurrency: number
  readonly state: State
  readonly emit: Emit
}

type AnyStep<E, CheckR, ApplyR> = Step<unknown, E, CheckR, ApplyR, string>

/** How a step's own work has gone. */
type Worked = Pick<StepResult, "outcome" | "changes" | "reason"> & { readonly output: unknown }

/** Runs the instructions in order; a group's steps concurrently. The first failure ends the run after its group. */
export const execute = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  instructions: ReadonlyArray<Instruction<unknown, E, CheckR, ApplyR, string>>,
  run: Run<E, CheckR, ApplyR>
) {
  for (const instruction of instructions) {
    const stop = run.state.stop
    if (stop !== undefined) {
      for (const step of instruction.steps) yield* finish(run, step, notRun(`not run, because “${stop.id}” failed`), 0)
      continue
    }
    yield* Effect.forEach(instruction.steps, (step) => runStep(run, step), {
      concurrency: instruction.limit ?? run.concurrency,
      discard: true
    })
  }
})

const notRun = (reason: string): Worked => ({ outcome: "notRun", changes: [], reason, output: undefined })

const runStep = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>
) {
  const settled = withoutLooking(run, step)
  if (settled !== undefined) return yield* finish(run, step, settled, 0)
  const started = yield* Clock.currentTimeMillis
  const worked = yield* work(run, step).pipe(
    Effect.provideService(Progress.Current, { line: (line) => run.emit({ _tag: "StepOutput", id: step.id, line }) }),
    Effect.onInterrupt(() =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.sync(() => record(run, step, interrupted(step.id), now - started))
      )
    ),
    Effect.catchCause((cause) =>
      Cause.hasInterrupts(cause) ? Effect.interrupt : Effect.succeed({ failed: Cause.squash(cause) })
    )
  )
  const elapsed = (yield* Clock.currentTimeMillis) - started
  if (!("failed" in worked)) return yield* finish(run, step, worked, elapsed)
  const error = maskError(yield* Secrets.Current, worked.failed)
  record(run, step, failedWith(step, error), elapsed)
  if (step.guard.optional === undefined) run.state.stop ??= { id: step.id, cause: error }
})

/** What is settled before looking again: left out, waiting for a step that did not succeed, or seen in this very run. */
const withoutLooking = <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>
): Worked | undefined => {
  const { planned, prepared, state } = run
  const plannedStep = planned.get(step.id)
  if (plannedStep?.skipped === true) {
    return { outcome: "skipped", changes: [], reason: plannedStep.reason ?? "", output: state.values.get(step.id) }
  }
  for (const source of step.sources) {
    const result = state.results.get(source)
    if (result !== undefined && !state.values.has(source)) {
      return notRun(`not run, because “${source}” ${result.outcome === "failed" ? "failed" : "did not run"}`)
    }
  }
  const seen = prepared.get(step.id)
  return plannedStep?.action === "none" && seen !== undefined && !isOutdated(seen, state)
    ? { outcome: "satisfied", changes: [], output: state.values.get(step.id) }
    : undefined
}

/** Whether what a check saw may be another by now: one that observes everything looks again after any change. */
const isOutdated = (
  { observes }: Pick<Prepared<unknown, unknown, unknown, unknown>, "observes">,
  state: State
): boolean => (observes === "*" ? state.changed : overlaps(observes, state.touched))

/** check ▸ apply ▸ check. */
const work = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>
) {
  const decoded = step.prepare(run.state.values)
  if (Result.isFailure(decoded)) return yield* decoded.failure
  const prepared = decoded.success
  yield* Secrets.register(prepared.input)
  started(run, step, "check", 1)
  const found = yield* look(step, prepared)
  if (found._tag === "Satisfied") return { outcome: "satisfied" as const, changes: [], output: found.output }
  const risk = riskOf(step, found._tag === "Needed" ? found : undefined)
  const refused = Policy.destructive(run.environment.name, run.environment, [{ id: step.id, action: "apply", risk }])
  if (refused !== undefined) return yield* refused

  let attempt = 0
  const once = Effect.gen(function* () {
    attempt++
    started(run, step, "apply", attempt)
    // Noted before it is applied: a failed or interrupted apply may have touched them too.
    run.state.changed = true
    run.state.touched.push(...((found._tag === "Needed" ? found.touches : undefined) ?? prepared.touches))
    yield* prepared.apply
    if (found._tag === "EveryRun") return found.output
    started(run, step, "verify", attempt)
    const after = yield* look(step, prepared)
    return after._tag === "Satisfied" ? after.output : yield* didNotConverge(step, after)
  })
  const output = yield* retrying(run, step, limited(step, once), () => attempt)
  return { outcome: "applied" as const, changes: found.changes, output }
})

const started = <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  { id, risk, type }: AnyStep<E, CheckR, ApplyR>,
  phase: "check" | "apply" | "verify",
  attempt: number
): void => run.emit({ _tag: "StepStarted", id, type, risk, phase, attempt })

/** Looks anew; what cannot be looked at now is a failure. */
const look = <E, CheckR, ApplyR>(
  step: AnyStep<E, CheckR, ApplyR>,
  prepared: Prepared<unknown, E, CheckR, ApplyR>
): Effect.Effect<Exclude<Check<unknown>, { readonly _tag: "Unavailable" }>, E | StepUnavailable, CheckR> =>
  checkOf(prepared).pipe(
    Effect.provideService(Look.Current, Look.make()),
    Effect.flatMap((check) =>
      check._tag === "Unavailable" ? Effect.fail(unavailable(step.id, check)) : Effect.succeed(check)
    )
  )

const unavailable = (step: string, { cause, failure, hint, reason }: Unavailable): StepUnavailable =>
  new StepUnavailable({
    step,
    message: reason,
    hint: hint ?? "bring it up, then run again",
    retryable: failure?.retryable ?? true,
    ...(failure === undefined ? {} : { code: failure.code, cause }),
    ...(failure?.tail === undefined ? {} : { tail: failure.tail })
  })

const didNotConverge = <E, CheckR, ApplyR>(
  step: AnyStep<E, CheckR, ApplyR>,
  after: Check<unknown>
): StepDidNotConverge => {
  const left = "changes" in after ? after.changes.map((change) => change.summary).join("; ") : ""
  return new StepDidNotConverge({
    step: step.id,
    message: `“${step.id}” was applied without an error, but its check still says: ${left}`,
    hint: "something undoes the change, or the step does not do what it says: look at the lines it printed",
    retryable: true
  })
}

const limited = <A, E, R>(step: Step.Any, attempt: Effect.Effect<A, E, R>): Effect.Effect<A, E | StepTimedOut, R> => {
  const timeout = step.options.timeout
  return timeout === undefined
    ? attempt
    : Effect.timeoutOrElse(attempt, {
        duration: timeout,
        orElse: () =>
          Effect.fail(
            new StepTimedOut({
              step: step.id,
              message: `“${step.id}” did not end within ${Duration.format(Duration.fromInputUnsafe(timeout))}`,
              hint: "look at the lines it printed, or give the step a longer timeout",
              retryable: true
            })
          )
      })
}

const retrying = <A, E, CheckE, CheckR, ApplyR, R>(
  run: Run<CheckE, CheckR, ApplyR>,
  step: Step.Any,
  attempt: Effect.Effect<A, E, R>,
  attempts: () => number
): Effect.Effect<A, E, R> => {
  const schedule = step.options.retry
  if (schedule === undefined) return attempt
  const say = (input: unknown) =>
    run.emit({ _tag: "StepRetrying", id: step.id, attempt: attempts(), failure: Failure.report(input) })
  return Effect.retry(
    attempt,
    schedule.pipe(
      Schedule.while(({ input }) => !Failure.isFinal(input)),
      Schedule.tap(({ input }) => Effect.sync(() => say(input)))
    )
  )
}

const finish = <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  { output, ...worked }: Worked,
  durationMs: number
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (worked.outcome === "notRun") run.state.values.delete(step.id)
    else if (worked.outcome !== "skipped" || run.state.values.has(step.id)) {
      yield* Secrets.register(output)
      run.state.values.set(step.id, output)
    }
    record(run, step, worked, durationMs)
  })

/** Notes how a step ended, and says so. */
const record = <E, CheckR, ApplyR>(
  run: Run<E, CheckR, ApplyR>,
  step: Step.Any,
  worked: Omit<StepResult, "id" | "type" | "durationMs">,
  durationMs: number
): void => {
  if (worked.outcome === "failed") run.state.values.delete(step.id)
  const result: StepResult = { id: step.id, type: step.type, durationMs, ...worked }
  run.state.results.set(step.id, result)
  run.emit({ _tag: "StepFinished", ...result })
}

const failedWith = (step: Step.Any, error: unknown): Omit<StepResult, "id" | "type" | "durationMs"> => ({
  outcome: "failed",
  changes: [],
  failure: Failure.report(error),
  ...(step.guard.optional === undefined ? {} : { optional: true, reason: step.guard.optional })
})

const interrupted = (id: string): Omit<StepResult, "id" | "type" | "durationMs"> => ({
  outcome: "failed",
  changes: [],
  failure: {
    code: "core.interrupted",
    message: `“${id}” was interrupted`,
    hint: "run apply again: it looks at the world and goes on with what is missing",
    retryable: true,
    causes: []
  }
})
