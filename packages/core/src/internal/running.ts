/** What is known while a run goes on. */
import type * as Schema from "effect/Schema"
import type { Attempt } from "../Attempt.ts"
import type { BackupProof } from "../BackupProof.ts"
import type { Environment } from "../Deployment.ts"
import type { Counts, StepResult } from "../Event.ts"
import type { Resource } from "../Resource.ts"
import type { Step } from "../Step.ts"
import type { Lease, Place } from "../Store.ts"
import type { Emit } from "./emit.ts"
import type { AnyPrepared, AnyStep, Planned } from "./opened.ts"
import { keyOf, type Past } from "./past.ts"
import type { Write } from "./recorder.ts"
import type { Settle } from "./settle.ts"

/** A step that this run has begun to apply, and what undo needs. */
interface Applied<E, CheckR, ApplyR> {
  readonly step: AnyStep<E, CheckR, ApplyR>
  readonly prepared: AnyPrepared<E, CheckR, ApplyR>
  readonly captured: Schema.Json | undefined
}

/** What changes while a run goes on. */
export interface State<E, CheckR, ApplyR> {
  readonly values: Map<string, unknown>
  readonly results: Map<string, StepResult>
  /** What steps of this run have taken away or replaced. */
  readonly touched: Array<Resource>
  /** What this run has begun to apply, in order; each step once. */
  readonly applied: Array<Applied<E, CheckR, ApplyR>>
  /** The backups that this run, and those that it goes on with, have taken. */
  readonly proofs: Array<BackupProof>
  /** Ids of the steps that were taken back. */
  readonly undone: Array<string>
  /** The step that is being taken back. */
  undoing: string | undefined
  /** The step whose failure ended the run, and its error. */
  stop: { readonly id: string; readonly cause: unknown } | undefined
}

/** One run that holds the lock. */
export interface Running<E, CheckR, ApplyR> {
  readonly place: Place
  readonly lease: Lease
  readonly write: Write
  readonly past: Past
  readonly settle: Settle
  readonly planned: Planned
  readonly prepared: ReadonlyMap<string, AnyPrepared<E, CheckR, ApplyR>>
  /** Ids of the backups that must be taken in this run. */
  readonly backups: ReadonlySet<string>
  /** The digest of the plan, where somebody has approved that. */
  readonly approved: string | undefined
  readonly environment: { readonly name: string } & Environment
  readonly concurrency: number
  readonly state: State<E, CheckR, ApplyR>
  readonly emit: Emit
}

export const makeState = <E, CheckR, ApplyR>(
  values: ReadonlyMap<string, unknown>,
  { unfinished }: Past
): State<E, CheckR, ApplyR> => ({
  values: new Map(values),
  results: new Map(),
  touched: [],
  applied: [],
  proofs: [...(unfinished?.proofs ?? [])],
  undone: [],
  undoing: undefined,
  stop: undefined
})

/** An attempt at a step, in this run; its key is the same in those that go on with it. */
export const attemptIn = <E, CheckR, ApplyR>(
  { lease, past, place }: Running<E, CheckR, ApplyR>,
  step: string,
  { input }: AnyPrepared<E, CheckR, ApplyR>,
  attempt: number
): Attempt => {
  const key = keyOf(place, past.unfinished?.first ?? lease.run, step, input)
  return { ...place, run: lease.run, step, attempt, key }
}

/** Notes how a step ended, and says so. */
export const note = <E, CheckR, ApplyR>(
  { emit, state }: Pick<Running<E, CheckR, ApplyR>, "emit" | "state">,
  result: StepResult
): void => {
  state.results.set(result.id, result)
  emit({ _tag: "StepFinished", ...result })
}

/** The steps whose turn has not come, and why it never will. */
export const noteUnreached = <E, CheckR, ApplyR>(
  running: Pick<Running<E, CheckR, ApplyR>, "emit" | "state">,
  steps: ReadonlyArray<Step.Any>,
  reason: string
): void => {
  for (const { id, type } of steps) {
    if (!running.state.results.has(id)) {
      note(running, { id, type, outcome: "notRun", changes: [], durationMs: 0, reason })
    }
  }
}

/** How many steps have ended how; none where no step could. */
export const countsOf = (state: Pick<State<unknown, unknown, unknown>, "results" | "undone"> | undefined): Counts => {
  const counts = { satisfied: 0, applied: 0, failed: 0, notRun: 0, skipped: 0, optionalFailed: 0 }
  for (const { optional, outcome } of state?.results.values() ?? []) {
    counts[outcome]++
    if (outcome === "failed" && optional === true) counts.optionalFailed++
  }
  return { ...counts, undone: state?.undone.length ?? 0 }
}
