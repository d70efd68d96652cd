/** Takes back what was applied: in reverse order, each looked at afterwards, up to the first that cannot be. */

import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import * as Attempt from "../Attempt.ts"
import * as Failure from "../Failure.ts"
import * as Look from "../Look.ts"
import { UndoDidNotRestore } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import { canonical } from "./canonical.ts"
import { differences } from "./difference.ts"
import { maskError } from "./maskError.ts"
import type { AnyPrepared, AnyStep } from "./opened.ts"
import { attemptIn, type Running } from "./running.ts"
import { progressing, started } from "./work.ts"

/** What is to be taken back. */
export interface Undoable<E, CheckR, ApplyR> {
  readonly step: AnyStep<E, CheckR, ApplyR>
  readonly prepared: AnyPrepared<E, CheckR, ApplyR>
  readonly captured: Schema.Json
}

/** Takes back the steps, which are in the order in which they were applied; gives what has failed in that. */
export const undoAll = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  applied: ReadonlyArray<Undoable<E, CheckR, ApplyR>>
) {
  for (const one of [...applied].reverse()) {
    run.state.undoing = one.step.id
    // What cannot be recorded is told beside what the run has failed of, never instead of it.
    const failure = yield* Effect.catch(undo(run, one), (error) => Effect.succeed(Failure.report(error)))
    run.state.undoing = undefined
    if (failure !== undefined) return failure
  }
  return undefined
})

/** One step, between its two records; only the restoring can be interrupted. */
const undo = <E, CheckR, ApplyR>(run: Running<E, CheckR, ApplyR>, one: Undoable<E, CheckR, ApplyR>) =>
  Effect.uninterruptibleMask((interruptible) =>
    Effect.gen(function* () {
      const { id, type } = one.step
      const begun = yield* Clock.currentTimeMillis
      yield* interruptible(Effect.andThen(run.lease.held, run.lease.at(id)))
      started(run, one.step, "undo", 1)
      yield* run.write({ _tag: "UndoBegan", step: id, fence: run.lease.run })
      const restoring = restore(one, attemptIn(run, id, one.prepared, 1))
      const exit = yield* Effect.exit(interruptible(progressing(run, id, restoring)))
      if (Exit.hasInterrupts(exit)) return yield* Effect.interrupt
      const durationMs = (yield* Clock.currentTimeMillis) - begun
      const failure = Exit.isSuccess(exit)
        ? undefined
        : Failure.report(maskError(yield* Secrets.Current, Cause.squash(exit.cause)))
      const outcome = failure === undefined ? ("undone" as const) : ("failed" as const)
      const told = { outcome, durationMs, ...(failure === undefined ? {} : { failure }) }
      yield* run.write({ _tag: "UndoEnded", step: id, fence: run.lease.run, ...told })
      if (failure === undefined) run.state.undone.push(id)
      run.emit({ _tag: "StepUndone", id, type, ...told })
      return failure
    })
  )

/** Restores, and looks whether all is as it was captured. */
const restore = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  { captured, prepared, step }: Undoable<E, CheckR, ApplyR>,
  attempt: Attempt.Attempt
) {
  const { undo } = prepared
  if (undo === undefined) return
  yield* Effect.provideService(undo.restore(captured), Attempt.Current, attempt)
  const after = yield* Effect.provideService(undo.capture, Look.Current, Look.make())
  const left = differences(canonical(captured), canonical(after))
  if (left.length > 0) yield* didNotRestore(step.id, left)
})

const didNotRestore = (step: string, left: ReturnType<typeof differences>): UndoDidNotRestore =>
  new UndoDidNotRestore({
    step,
    message: `“${step}” was taken back without an error, but the world is not as it was: ${left
      .map(({ after, before, path }) => `${path} was ${before ?? "not there"} and is ${after ?? "not there"}`)
      .join("; ")}`,
    hint: "look at what else changes it, and put it right by hand",
    retryable: false
  })
