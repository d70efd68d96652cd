/** Takes back what was applied: in reverse order, each looked at afterwards, up to the first that cannot be. */

import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import * as Failure from "../Failure.ts"
import * as Look from "../Look.ts"
import { UndoDidNotRestore } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import { canonical } from "./canonical.ts"
import { differences } from "./difference.ts"
import { maskError } from "./maskError.ts"
import type { AnyPrepared, AnyStep } from "./opened.ts"
import type { Running } from "./running.ts"
import { started } from "./work.ts"

/** What is to be taken back. */
export interface Undoable<E, CheckR, ApplyR> {
  readonly step: AnyStep<E, CheckR, ApplyR>
  readonly prepared: AnyPrepared<E, CheckR, ApplyR>
  readonly captured: Schema.Json
}

/** Takes back the steps, which are in the order in which they were applied. */
export const undoAll = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Pick<Running<E, CheckR, ApplyR>, "write" | "lease" | "emit">,
  applied: ReadonlyArray<Undoable<E, CheckR, ApplyR>>
) {
  const undone: Array<string> = []
  for (const one of [...applied].reverse()) {
    const failure = yield* undo(run, one)
    if (failure !== undefined) return { undone, failure }
    undone.push(one.step.id)
  }
  return { undone, failure: undefined }
})

const undo = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Pick<Running<E, CheckR, ApplyR>, "write" | "lease" | "emit">,
  one: Undoable<E, CheckR, ApplyR>
) {
  const { id, type } = one.step
  const begun = yield* Clock.currentTimeMillis
  started(run, one.step, "undo", 1)
  yield* run.lease.held
  yield* run.write({ _tag: "UndoBegan", step: id, fence: run.lease.run })
  const exit = yield* Effect.exit(restore(one))
  if (Exit.hasInterrupts(exit)) return yield* Effect.interrupt
  const durationMs = (yield* Clock.currentTimeMillis) - begun
  const failure = Exit.isSuccess(exit)
    ? undefined
    : Failure.report(maskError(yield* Secrets.Current, Cause.squash(exit.cause)))
  const outcome = failure === undefined ? ("undone" as const) : ("failed" as const)
  const told = { outcome, durationMs, ...(failure === undefined ? {} : { failure }) }
  yield* run.write({ _tag: "UndoEnded", step: id, fence: run.lease.run, ...told })
  run.emit({ _tag: "StepUndone", id, type, ...told })
  return failure
})

/** Restores, and looks whether all is as it was captured. */
const restore = Effect.fnUntraced(function* <E, CheckR, ApplyR>({
  captured,
  prepared,
  step
}: Undoable<E, CheckR, ApplyR>) {
  const { undo } = prepared
  if (undo === undefined) return
  yield* undo.restore(captured)
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
