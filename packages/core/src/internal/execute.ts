import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { StepResult } from "../Event.ts"
import * as Failure from "../Failure.ts"
import { overlaps } from "../Resource.ts"
import * as Secrets from "../Secrets.ts"
import type { Prepared, Step } from "../Step.ts"
import { interruptedCode } from "./ending.ts"
import { maskError } from "./maskError.ts"
import type { AnyInstruction, AnyStep } from "./opened.ts"
import { note, type Running, type State } from "./running.ts"
import { isRunsOwn, progressing, type Worked, work } from "./work.ts"

/** Runs the instructions in order; a group's steps concurrently. The first failure ends the run after its group. */
export const execute = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  instructions: ReadonlyArray<AnyInstruction<E, CheckR, ApplyR>>,
  run: Running<E, CheckR, ApplyR>
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

/** How a step has ended is noted also where the run is interrupted at that very moment. */
const runStep = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>
): Effect.Effect<void, never, CheckR | ApplyR> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const settled = withoutLooking(run, step) ?? withoutJournal(run)
      if (settled !== undefined) return yield* finish(run, step, settled, 0)
      const started = yield* Clock.currentTimeMillis
      let ended: Worked | undefined
      const exit = yield* work(run, step, (done) => {
        ended = done
      }).pipe((working) => progressing(run, step.id, working), restore, Effect.exit)
      const elapsed = (yield* Clock.currentTimeMillis) - started
      if (Exit.isSuccess(exit)) return yield* finish(run, step, exit.value, elapsed)
      if (Exit.hasInterrupts(exit)) {
        record(run, step, ended === undefined ? interrupted(step.id) : ended, elapsed)
        return yield* Effect.interrupt
      }
      const error = maskError(yield* Secrets.Current, Cause.squash(exit.cause))
      record(run, step, failedWith(step, error), elapsed)
      // A step may be allowed to fail; a run that cannot keep its journal or its lock is not.
      if (step.guard.optional === undefined || isRunsOwn(error)) stopAt(run, step.id, error)
    })
  )

/** The first failure ends the run; that it cannot keep its journal or its lock counts for more. */
const stopAt = <E, CheckR, ApplyR>({ state }: Running<E, CheckR, ApplyR>, id: string, cause: unknown): void => {
  const known = state.stop
  if (known === undefined || (isRunsOwn(cause) && !isRunsOwn(known.cause))) state.stop = { id, cause }
}

/** A step of a group whose journal or lock is lost by now. */
const withoutJournal = <E, CheckR, ApplyR>({ state }: Running<E, CheckR, ApplyR>): Worked | undefined =>
  isRunsOwn(state.stop?.cause) ? notRun("not run, because the run could not go on") : undefined

/** What is settled before looking again: left out, waiting for a step that did not succeed, or seen in this very run. */
const withoutLooking = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
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
    ? {
        outcome: "satisfied",
        changes: [],
        output: state.values.get(step.id),
        ...(plannedStep.reason === undefined ? {} : { reason: plannedStep.reason })
      }
    : undefined
}

/** Whether what a check saw may be another by now: one that observes everything looks again after any change. */
const isOutdated = <E, CheckR, ApplyR>(
  { observes }: Pick<Prepared<unknown, unknown, unknown, unknown>, "observes">,
  state: State<E, CheckR, ApplyR>
): boolean => (observes === "*" ? state.applied.length > 0 : overlaps(observes, state.touched))

const finish = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  worked: Worked,
  durationMs: number
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (worked.outcome === "notRun") run.state.values.delete(step.id)
    else if (worked.outcome !== "skipped" || run.state.values.has(step.id)) {
      yield* Secrets.register(worked.output)
      run.state.values.set(step.id, worked.output)
    }
    record(run, step, worked, durationMs)
  })

/** Notes how a step ended; what it gave to others is not part of that. */
const record = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: Step.Any,
  { output: _output, ...worked }: Omit<StepResult, "id" | "type" | "durationMs"> & { readonly output?: unknown },
  durationMs: number
): void => {
  if (worked.outcome === "failed") run.state.values.delete(step.id)
  note(run, { id: step.id, type: step.type, durationMs, ...worked })
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
    code: interruptedCode,
    message: `“${id}” was interrupted`,
    hint: "run apply again: it looks at the world and goes on with what is missing",
    retryable: true,
    causes: []
  }
})
