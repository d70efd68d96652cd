/** What a run does once it has a journal: apply, what follows a failure, the release; each ending stands there once. */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Actor, Revision } from "../Actor.ts"
import type { RunOutcome } from "../Event.ts"
import * as Failure from "../Failure.ts"
import type { JournalInvalid } from "../Journal.ts"
import type { LockHeld, LockLost, Mode } from "../Lock.ts"
import * as Policy from "../Policy.ts"
import type { Ingredients } from "../Proposal.ts"
import { PlanStale, ReleaseNotRecorded, type ResumeRefused, type StepsInvalid } from "../RunError.ts"
import type { Lease, StoreFailed } from "../Store.ts"
import { definitionOf } from "./continuing.ts"
import { type Ending, endRecord, finished, interruptedAt, type Telling } from "./ending.ts"
import { execute } from "./execute.ts"
import type { Finding } from "./observe.ts"
import type { AnyPrepared, Opened, Seen } from "./opened.ts"
import { begin, type Write } from "./recorder.ts"
import { recover } from "./recovering.ts"
import { leave } from "./releasing.ts"
import { makeState, noteUnreached, type Running } from "./running.ts"
import { settleWith } from "./settle.ts"
import { isRunsOwn } from "./work.ts"

/** How a run is asked for. */
export interface Request {
  readonly mode: Mode
  readonly who: Actor
  readonly revision: Revision | undefined
  readonly wait: Duration.Input | undefined
  readonly approved: ((current: Ingredients) => Ingredients) | undefined
}

/** What ends a run before it changes anything. */
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

/** How a run has ended that has come to its end. */
export interface Ended<E, CheckR, ApplyR> {
  readonly run: number | undefined
  readonly release: number | undefined
  readonly state: Running<E, CheckR, ApplyR>["state"]
  /** What went wrong after a failure, in taking back or going back. */
  readonly aftermath: ReadonlyArray<Failure.Report>
}

/** From here on everything that happens stands in the journal. */
export const journalled = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request,
  telling: Telling<E, CheckR, ApplyR>,
  lease: Lease,
  seen: Seen<E, CheckR, ApplyR>
): Effect.Effect<Ended<E, CheckR, ApplyR>, Refused, CheckR | ApplyR> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const write = yield* beginJournal(opened, request, lease, seen)
      const running = runningOf(opened, request, telling, lease, seen, write)
      telling.state = running.state
      return yield* Effect.onExit(restore(toItsEnd(opened, request, telling, running, seen)), (exit) =>
        recordEnd(opened, telling, running, exit)
      )
    })
  )

const runningOf = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request,
  { emit }: Telling<E, CheckR, ApplyR>,
  lease: Lease,
  seen: Seen<E, CheckR, ApplyR>,
  write: Write
): Running<E, CheckR, ApplyR> => {
  const { concurrency, environment, place, strategy, values } = opened
  const state = makeState<E, CheckR, ApplyR>(values, seen.past)
  for (const [id, value] of seen.values) state.values.set(id, value)
  return {
    place,
    lease,
    write,
    past: seen.past,
    settle: settleWith(place, seen.past, strategy === "fresh"),
    planned: new Map(seen.plan.steps.map((step) => [step.id, step])),
    prepared: preparedOf(seen.findings),
    backups: seen.backups,
    approved: request.approved === undefined ? undefined : seen.plan.digest,
    environment,
    concurrency,
    state,
    emit
  }
}

const toItsEnd = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request,
  telling: Telling<E, CheckR, ApplyR>,
  running: Running<E, CheckR, ApplyR>,
  seen: Seen<E, CheckR, ApplyR>
): Effect.fn.Return<Ended<E, CheckR, ApplyR>, Refused, CheckR | ApplyR> {
  const { lease, state } = running
  const { run } = lease
  const whileHeld = <B, E2, R>(effect: Effect.Effect<B, E2, R>) => Effect.raceFirst(effect, lease.lost)
  const end = (outcome: RunOutcome, ending: Ending, failure?: Failure.Report) =>
    Effect.flatMap(endRecord(telling, outcome, ending), running.write).pipe(
      Effect.andThen(finished(telling, outcome, failure)),
      Effect.uninterruptible
    )
  if (request.mode !== "undo") yield* whileHeld(execute(opened.instructions, running))
  const stopped = state.stop
  // Nothing follows that could not be recorded: the journal just stops, and the next run goes on with it.
  if (isRunsOwn(stopped?.cause)) return yield* stopped.cause
  if (isRefusal(stopped?.cause) && state.applied.length === 0) {
    const failure = Failure.report(stopped.cause)
    yield* end("refused", { failure, step: stopped.id }, failure)
    return yield* stopped.cause
  }
  const aftermath = yield* whileHeld(recover(opened, running, request.mode)).pipe(
    Effect.catch((error: LockLost) => Effect.succeed([Failure.report(error)]))
  )
  if (stopped !== undefined || aftermath.length > 0) {
    const failure = state.results.get(stopped?.id ?? "")?.failure ?? aftermath[0]
    const ending = {
      ...(stopped === undefined ? {} : { step: stopped.id }),
      ...(failure === undefined ? {} : { failure })
    }
    const ended = yield* Effect.result(end("failed", ending))
    if (Result.isSuccess(ended)) return { run, release: undefined, state, aftermath }
    // That the end cannot be recorded is told beside what the run has failed of, never instead of it.
    if (stopped === undefined) return yield* ended.failure
    const unwritten = Failure.report(ended.failure)
    yield* finished(telling, "failed", unwritten)
    const isKnown = aftermath.some(({ code }) => code === unwritten.code)
    return { run, release: undefined, state, aftermath: isKnown ? aftermath : [...aftermath, unwritten] }
  }
  if (request.mode === "undo") {
    yield* end("succeeded", {})
    return { run, release: undefined, state, aftermath }
  }
  const left = yield* whileHeld(leave(opened, running, { ...request, plan: seen.plan.digest }))
  if (left instanceof ReleaseNotRecorded) {
    const failure = Failure.report(left)
    state.stop = { id: "release", cause: left }
    yield* end("failed", { failure }, failure)
    return { run, release: undefined, state, aftermath }
  }
  yield* end("succeeded", left === undefined ? {} : { release: left })
  return { run, release: left, state, aftermath }
})

const isRefusal = (cause: unknown): cause is Policy.DestructiveRefused | Policy.BackupRequired | PlanStale =>
  cause instanceof Policy.DestructiveRefused || cause instanceof Policy.BackupRequired || cause instanceof PlanStale

/** What an interruption, or what nobody has foreseen, leaves: every step has ended somehow, and the journal says so. */
const recordEnd = <A, B, E, CheckR, ApplyR>(
  { steps }: Opened<A, E, CheckR, ApplyR>,
  telling: Telling<E, CheckR, ApplyR>,
  running: Running<E, CheckR, ApplyR>,
  exit: Exit.Exit<B, Refused>
): Effect.Effect<void> => {
  if (Exit.isSuccess(exit) || telling.told) return Effect.void
  const interrupted = Exit.hasInterrupts(exit)
  noteUnreached(
    running,
    steps,
    interrupted ? "not run, because the run was interrupted" : "not run, because the run could not go on"
  )
  // Whoever has lost the lock, or cannot write, leaves the journal as it is: the next run goes on with it.
  if (!interrupted && Result.isSuccess(Cause.findError(exit.cause))) return Effect.void
  const record = interrupted
    ? endRecord(telling, "interrupted", interruptedAt(running.state))
    : endRecord(telling, "failed", { failure: Failure.report(Cause.squash(exit.cause)) })
  return Effect.flatMap(record, running.write).pipe(
    Effect.catch((error) =>
      Effect.sync(() =>
        running.emit({
          _tag: "Notice",
          code: error.code,
          message: `how the run has ended could not be recorded: ${error.message}`
        })
      )
    )
  )
}

const beginJournal = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { back, environment, only, place, skip, strategy, versions }: Opened<A, E, CheckR, ApplyR>,
  { mode, revision, who }: Request,
  lease: Lease,
  seen: Seen<E, CheckR, ApplyR>
): Effect.fn.Return<Write, LockLost | StoreFailed> {
  const { unfinished } = seen.past
  const write = yield* begin(lease, {
    _tag: "RunBegan",
    format: "shipshape-journal",
    v: 1,
    run: lease.run,
    ...place,
    data: environment.data,
    strategy,
    mode: back === undefined ? mode : "rollback",
    who,
    ...(revision === undefined ? {} : { revision }),
    versions,
    ...(unfinished === undefined ? {} : { continues: unfinished.first }),
    ...(back === undefined ? {} : { backTo: back.release.number, allowed: back.allowed }),
    ...(only === undefined ? {} : { only }),
    ...(skip === undefined ? {} : { skip })
  })
  yield* write({ _tag: "Planned", plan: seen.plan, definition: definitionOf(seen) })
  return write
})

const preparedOf = <E, CheckR, ApplyR>(
  findings: ReadonlyMap<string, Finding<E, CheckR, ApplyR>>
): ReadonlyMap<string, AnyPrepared<E, CheckR, ApplyR>> =>
  new Map([...findings].flatMap(([id, finding]) => ("prepared" in finding ? [[id, finding.prepared] as const] : [])))
