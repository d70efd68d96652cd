/** A run that changes something: lock ▸ look ▸ compare ▸ journal ▸ apply ▸ release. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Failure from "../Failure.ts"
import type { Clearing } from "../Leftovers.ts"
import type { PlannedStep } from "../Plan.ts"
import * as Policy from "../Policy.ts"
import { StepUnavailable } from "../RunError.ts"
import type { Lease } from "../Store.ts"
import { stale } from "./compare.ts"
import { refusal } from "./continuing.ts"
import { type Emit, makeEmit } from "./emit.ts"
import { finished, type Telling } from "./ending.ts"
import { type Ended, journalled, type Refused, type Request } from "./journalled.ts"
import type { Opened, Seen } from "./opened.ts"
import { nothing, type Past, readPast } from "./past.ts"
import { makeState, note, noteUnreached } from "./running.ts"
import { outlineOf, see } from "./seeing.ts"
import { isRunsOwn } from "./work.ts"

export const applyRun = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request
) {
  const telling: Telling<E, CheckR, ApplyR> = {
    emit: yield* makeEmit,
    begun: yield* Clock.currentTimeMillis,
    state: undefined,
    told: false
  }
  return yield* Effect.suspend(() => {
    announce(opened, telling.emit, "apply")
    return Effect.scoped(locked(opened, request, telling))
  }).pipe(Effect.onExit((exit) => tellEnd(telling, exit)))
})

/** Where a run has not said itself how it has ended, it was interrupted or could not go on. */
const tellEnd = <A, E, CheckR, ApplyR>(
  telling: Telling<E, CheckR, ApplyR>,
  exit: Exit.Exit<A, Refused>
): Effect.Effect<void> => {
  if (Exit.isSuccess(exit)) return Effect.void
  if (Exit.hasInterrupts(exit)) return finished(telling, "interrupted")
  const error = Cause.findError(exit.cause)
  // Losing the lock ends a run in its middle; whatever else is an error here came before anything was changed.
  const refused = Result.isSuccess(error) && !isRunsOwn(error.success)
  return finished(telling, refused ? "refused" : "failed", Failure.report(Cause.squash(exit.cause)))
}

export const announce = <A, E, CheckR, ApplyR>(
  { back, environment, instructions, place, strategy }: Opened<A, E, CheckR, ApplyR>,
  emit: Emit,
  mode: "plan" | "apply" | "verify"
): void =>
  emit({
    _tag: "RunStarted",
    mode,
    deployment: place.deployment,
    environment: environment.name,
    data: environment.data,
    strategy,
    steps: outlineOf(instructions.map(({ steps }) => steps)),
    ...(back === undefined ? {} : { backTo: back.release.number })
  })

const locked = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request,
  telling: Telling<E, CheckR, ApplyR>
): Effect.fn.Return<Ended<E, CheckR, ApplyR>, Refused, CheckR | ApplyR | Scope.Scope> {
  const { emit } = telling
  const { mode, wait, who } = request
  const onWait = (holder: Parameters<Parameters<typeof opened.store.acquire>[0]["onWait"]>[0]) =>
    emit({ _tag: "LockWaiting", ...(holder === undefined ? {} : { holder }) })
  const lease = yield* opened.store.acquire({ mode, who, wait, onWait })
  emit({ _tag: "LockTaken", run: lease.run })
  const past = yield* readPast(opened.store, { locked: true })
  const resuming = mode === "resume" || mode === "undo"
  if (resuming && past.unfinished === undefined) return yield* nothingToResume(opened, telling)
  tellOf(past, emit)
  yield* clearAway(opened.clearings, past, lease, emit)
  const seen = yield* see(opened, past, emit)
  emit({ _tag: "Planned", plan: seen.plan })
  yield* refuse(opened, request, seen)
  const blocked = seen.plan.steps.find((step) => step.action === "blocked" && step.optional === undefined)
  if (blocked !== undefined && mode !== "undo") return yield* endBlocked(opened, telling, seen, blocked)
  return yield* journalled(opened, request, telling, lease, seen)
})

const tellOf = ({ unfinished }: Past, emit: Emit): void => {
  if (unfinished === undefined) return
  const { host, run, step, torn, user } = unfinished.interrupted
  emit({
    _tag: "Notice",
    code: "core.interrupted-run",
    message: `run ${run} of ${user} on ${host} was interrupted${step === undefined ? "" : ` at “${step}”`}${
      torn === true ? ", while it wrote its journal" : ""
    }: this run goes on with it`
  })
}

/** What attempts in flight have left at work would write beside this run, and be looked at half done. */
const clearAway = Effect.fnUntraced(function* (
  clearings: ReadonlyArray<Clearing>,
  { unfinished }: Past,
  lease: Lease,
  emit: Emit
) {
  if (unfinished === undefined) return
  for (const clearing of clearings) {
    // Whoever has lost the lock would clear away what the next run does.
    const said = yield* Effect.raceFirst(clearing({ keys: unfinished.inFlight, run: lease.run }), lease.lost)
    for (const message of said) emit({ _tag: "Notice", code: "core.cleared-away", message })
  }
})

/** Everything that may not be, before anything is changed. */
const refuse = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { environment }: Opened<A, E, CheckR, ApplyR>,
  { approved, mode }: Request,
  seen: Seen<E, CheckR, ApplyR>
): Effect.fn.Return<void, Refused> {
  const was = approved?.(seen)
  if (was !== undefined && was.plan.digest !== seen.plan.digest) return yield* stale(was, seen)
  const { unfinished } = seen.past
  const resuming = mode === "resume" || mode === "undo"
  const changed = !resuming || unfinished === undefined ? undefined : refusal(unfinished, seen)
  if (changed !== undefined) return yield* changed
  if (mode === "undo") return
  const refused = Policy.destructive(environment.name, environment, seen.plan.steps) ?? seen.refused
  if (refused !== undefined) return yield* refused
})

const nothingToResume = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  telling: Telling<E, CheckR, ApplyR>
): Effect.fn.Return<Ended<E, CheckR, ApplyR>> {
  telling.emit({
    _tag: "Notice",
    code: "core.nothing-to-resume",
    message: "no run was interrupted: there is nothing to resume"
  })
  yield* finished(telling, "succeeded")
  return { run: undefined, release: undefined, aftermath: [], state: makeState(opened.values, nothing) }
})

/** A step that no step before it can help: the run could not get past it, so it changes nothing at all. */
const endBlocked = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { steps, values }: Opened<A, E, CheckR, ApplyR>,
  telling: Telling<E, CheckR, ApplyR>,
  seen: Seen<E, CheckR, ApplyR>,
  { failure, id, reason = "it cannot be checked", type }: PlannedStep
): Effect.fn.Return<Ended<E, CheckR, ApplyR>> {
  const { emit } = telling
  const state = makeState<E, CheckR, ApplyR>(values, seen.past)
  telling.state = state
  const cause = new StepUnavailable({ step: id, message: reason, hint: "bring it up, then run again", retryable: true })
  const reported = failure ?? Failure.report(cause)
  note({ emit, state }, { id, type, outcome: "failed", changes: [], durationMs: 0, failure: reported })
  noteUnreached({ emit, state }, steps, `not run, because “${id}” is blocked`)
  state.stop = { id, cause }
  yield* finished(telling, "failed")
  return { run: undefined, release: undefined, aftermath: [], state }
})
