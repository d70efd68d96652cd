/** One step's own work: check ▸ apply ▸ check, with a record before and after each attempt. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as Attempt from "../Attempt.ts"
import type { BackupProof } from "../BackupProof.ts"
import type { Check, EveryRun, Needed, Satisfied, Unavailable } from "../Check.ts"
import type { StepResult } from "../Event.ts"
import * as Failure from "../Failure.ts"
import { LockLost } from "../Lock.ts"
import * as Look from "../Look.ts"
import * as Progress from "../Progress.ts"
import { StepDidNotConverge, StepTimedOut, StepUnavailable } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import type { Step } from "../Step.ts"
import { StoreFailed } from "../Store.ts"
import { maskJson } from "./canonical.ts"
import { finishing } from "./finishing.ts"
import { maskError } from "./maskError.ts"
import { checkOf } from "./observe.ts"
import type { AnyPrepared, AnyStep } from "./opened.ts"
import { refuse } from "./refusing.ts"
import { riskOf } from "./resolve.ts"
import { attemptIn, type Running } from "./running.ts"

/** A run that cannot keep its journal or its lock has to end, whatever its steps may do. */
export const isRunsOwn = (error: unknown): error is LockLost | StoreFailed =>
  error instanceof StoreFailed || error instanceof LockLost

/** How a step's own work has gone. */
export type Worked = Pick<StepResult, "outcome" | "changes" | "reason"> & { readonly output: unknown }

export type Found = Satisfied<unknown> | Needed | EveryRun<unknown>

/** `ended` is told what has come of an attempt, also where the run was interrupted meanwhile. */
export const work = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  ended: (worked: Worked) => void
) {
  const decoded = step.prepare(run.state.values)
  if (Result.isFailure(decoded)) return yield* decoded.failure
  const prepared = decoded.success
  yield* Secrets.register(prepared.input)
  started(run, step, "check", 1)
  const found = yield* look(run, step, prepared)
  if (found._tag === "Satisfied" && !mustBackUp(run, step, prepared, found)) {
    const { note, output } = found
    return { outcome: "satisfied" as const, changes: [], output, ...(note === undefined ? {} : { reason: note }) }
  }
  yield* refuse(run, step, found)

  const captured = prepared.undo === undefined ? undefined : yield* prepared.undo.capture
  const changes = "changes" in found ? found.changes : (run.planned.get(step.id)?.changes ?? [])
  let attempt = 0
  const once = Effect.gen(function* () {
    attempt++
    if (attempt === 1) {
      // Noted before it is applied: a failed or interrupted apply may have touched them too.
      run.state.applied.push({ step, prepared, captured })
      run.state.touched.push(...((found._tag === "Needed" ? found.touches : undefined) ?? prepared.touches))
    }
    const current = attemptIn(run, step.id, prepared, attempt)
    return yield* attempted(run, step, prepared, { captured, changes, current, found }, ended)
  })
  return yield* retrying(run, step, once, () => attempt)
})

/** Whether the plan calls for a backup of this run, and what is there is not one. */
const mustBackUp = <E, CheckR, ApplyR>(
  { backups, state }: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  { proof }: AnyPrepared<E, CheckR, ApplyR>,
  found: Satisfied<unknown>
): boolean => {
  const file = proof?.(found.output).file
  return backups.has(step.id) && !state.proofs.some((taken) => taken.file === file)
}

interface Attempted {
  readonly current: Attempt.Attempt
  readonly changes: StepResult["changes"]
  readonly found: Found
  readonly captured: Schema.Json | undefined
}

/** One attempt, between its two records. What has come of it is known also where the run is interrupted meanwhile. */
const attempted = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  prepared: AnyPrepared<E, CheckR, ApplyR>,
  made: Attempted,
  ended: (worked: Worked) => void
) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { changes, current } = made
      const { attempt } = current
      const about = { step: step.id, attempt, fence: run.lease.run }
      yield* restore(Effect.andThen(run.lease.held, run.lease.at(step.id)))
      started(run, step, "apply", attempt)
      yield* run.write({ _tag: "AttemptBegan", ...about, ...(yield* beginning(step, made)) })
      const begun = yield* Clock.currentTimeMillis
      const doing = limited(step, converge(run, step, prepared, made)).pipe(
        Effect.provideService(Attempt.Current, current)
      )
      const exit = yield* finishing(doing, restore, step.traits.finishWithin, run.lease.lost, (within) =>
        run.emit({
          _tag: "Notice",
          code: "core.finishing",
          message: `“${step.id}” may go on to its end, for up to ${Duration.format(within)}`
        })
      )
      const durationMs = (yield* Clock.currentTimeMillis) - begun
      const ending = endingOf(yield* Secrets.Current, exit)
      yield* run.write({ _tag: "AttemptEnded", ...about, durationMs, ...ending })
      const { output, proof } = yield* exit
      if (proof !== undefined) run.state.proofs.push(proof)
      const worked = { outcome: "applied" as const, changes, output }
      ended(worked)
      return worked
    })
  )

const beginning = (step: Step.Any, { captured, changes, current, found }: Attempted) =>
  Effect.map(Secrets.Current, (secrets) => {
    const masked = captured === undefined ? undefined : maskJson(secrets, captured)
    // What a secret would have to be cut out of cannot be put back by another process.
    const whole = JSON.stringify(masked) === JSON.stringify(captured)
    return {
      type: step.type,
      key: current.key,
      risk: riskOf(step, found._tag === "Needed" ? found : undefined),
      changes,
      ...(masked !== undefined && whole ? { captured: masked } : {})
    }
  })

const endingOf = (secrets: Secrets.Registry, exit: Exit.Exit<Converged, unknown>) => {
  if (Exit.isSuccess(exit)) {
    const { proof } = exit.value
    return { outcome: "applied" as const, ...(proof === undefined ? {} : { proof }) }
  }
  return Exit.hasInterrupts(exit)
    ? { outcome: "interrupted" as const }
    : { outcome: "failed" as const, failure: Failure.report(maskError(secrets, Cause.squash(exit.cause))) }
}

interface Converged {
  readonly output: unknown
  readonly proof: BackupProof | undefined
}

/** apply ▸ check. */
const converge = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  prepared: AnyPrepared<E, CheckR, ApplyR>,
  { current, found }: Attempted
) {
  yield* prepared.apply
  if (found._tag === "EveryRun") return { output: found.output, proof: undefined }
  started(run, step, "verify", current.attempt)
  const after = yield* look(run, step, prepared)
  if (after._tag !== "Satisfied") return yield* didNotConverge(step, after)
  const proof = prepared.proof?.(after.output)
  if (proof !== undefined && mustBackUp(run, step, prepared, after) && isSame(prepared, found, proof)) {
    return yield* noNewBackup(step)
  }
  return { output: after.output, proof }
})

/** Whether the backup is still the one that was there before. */
const isSame = <E, CheckR, ApplyR>(
  { proof }: AnyPrepared<E, CheckR, ApplyR>,
  found: Found,
  { file }: BackupProof
): boolean => found._tag === "Satisfied" && proof?.(found.output).file === file

const noNewBackup = (step: Step.Any): StepDidNotConverge =>
  new StepDidNotConverge({
    step: step.id,
    message: `“${step.id}” was applied without an error, but there is no new backup`,
    hint: "the step type's apply must take a backup also where there is one: tell the plugin's authors",
    retryable: false
  })

/** What the step's commands print is told as its own. */
export const progressing = <A, E, R, CheckE, CheckR, ApplyR>(
  run: Pick<Running<CheckE, CheckR, ApplyR>, "emit">,
  id: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Progress.Current, { line: (line) => run.emit({ _tag: "StepOutput", id, line }) })

export const started = <E, CheckR, ApplyR>(
  run: Pick<Running<E, CheckR, ApplyR>, "emit">,
  { id, risk, type }: Step.Any,
  phase: "check" | "apply" | "verify" | "undo",
  attempt: number
): void => run.emit({ _tag: "StepStarted", id, type, risk, phase, attempt })

/** Looks anew; what cannot be looked at now is a failure. */
const look = <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  prepared: AnyPrepared<E, CheckR, ApplyR>
): Effect.Effect<Found, E | StepUnavailable, CheckR> =>
  checkOf(prepared).pipe(
    Effect.provideService(Look.Current, Look.make()),
    Effect.flatMap((check) => {
      const settled = run.settle(step, prepared, check)
      return settled._tag === "Unavailable" ? Effect.fail(unavailable(step.id, settled)) : Effect.succeed(settled)
    })
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

const didNotConverge = (step: Step.Any, after: Check<unknown>): StepDidNotConverge => {
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
  run: Running<CheckE, CheckR, ApplyR>,
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
      // What was applied is not applied again because that could not be recorded.
      Schedule.while(({ input }) => !Failure.isFinal(input) && !isRunsOwn(input)),
      Schedule.tap(({ input }) => Effect.sync(() => say(input)))
    )
  )
}
