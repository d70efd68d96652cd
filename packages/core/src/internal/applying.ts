/** A run that changes something: lock ▸ look ▸ compare ▸ journal ▸ apply ▸ release. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Actor, Revision } from "../Actor.ts"
import type { RunOutcome } from "../Event.ts"
import * as Failure from "../Failure.ts"
import type { JournalInvalid } from "../Journal.ts"
import type { LockHeld, LockLost, Mode } from "../Lock.ts"
import type { PlannedStep } from "../Plan.ts"
import * as Policy from "../Policy.ts"
import type { Ingredients } from "../Proposal.ts"
import {
  type PlanStale,
  ReleaseNotRecorded,
  type ResumeRefused,
  type StepsInvalid,
  StepUnavailable
} from "../RunError.ts"
import type { Lease, StoreFailed } from "../Store.ts"
import { stale } from "./compare.ts"
import { definitionOf, refusal } from "./continuing.ts"
import { type Emit, makeEmit } from "./emit.ts"
import { execute } from "./execute.ts"
import type { Finding } from "./observe.ts"
import type { AnyPrepared, Opened, Seen } from "./opened.ts"
import { nothing, type Past, readPast } from "./past.ts"
import { begin, type Write } from "./recorder.ts"
import { type Recovered, recover } from "./recovering.ts"
import { release } from "./releasing.ts"
import { countsOf, makeState, note, noteUnreached, type Running } from "./running.ts"
import { outlineOf, see } from "./seeing.ts"
import { settleWith } from "./settle.ts"

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
  readonly recovered: Recovered
}

/** What a run is told of while it goes on: how it will have ended. */
interface Telling<E, CheckR, ApplyR> {
  readonly emit: Emit
  readonly begun: number
  running: Running<E, CheckR, ApplyR> | undefined
  recovered: Recovered
}

export const applyRun = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request
) {
  const emit = yield* makeEmit
  const telling: Telling<E, CheckR, ApplyR> = {
    emit,
    begun: yield* Clock.currentTimeMillis,
    running: undefined,
    recovered: { undone: [], aftermath: [] }
  }
  announce(opened, emit, "apply")
  return yield* Effect.scoped(locked(opened, request, telling)).pipe(
    Effect.tapError((error) => finished(telling, lost(error) ? "failed" : "refused", { error })),
    Effect.onInterrupt(() => {
      if (telling.running !== undefined)
        noteUnreached(telling.running, opened.steps, "not run, because the run was interrupted")
      return finished(telling, "interrupted", {})
    })
  )
})

/** Losing the lock ends a run in its middle; whatever else is an error here came before anything was changed. */
const lost = (error: Refused): boolean => error._tag === "LockLost" || error._tag === "StoreFailed"

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

/** The last event of a run. */
const finished = <E, CheckR, ApplyR>(
  { begun, emit, recovered, running }: Telling<E, CheckR, ApplyR>,
  outcome: RunOutcome,
  { error, failure }: { readonly error?: unknown; readonly failure?: Failure.Report }
): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const report = error === undefined ? failure : Failure.report(error)
    emit({
      _tag: "RunFinished",
      outcome,
      counts: countsOf([...(running?.state.results.values() ?? [])], recovered.undone.length),
      durationMs: now - begun,
      ...(report === undefined ? {} : { failure: report })
    })
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
  const { recovered } = telling
  telling.emit({
    _tag: "Notice",
    code: "core.nothing-to-resume",
    message: "no run was interrupted: there is nothing to resume"
  })
  yield* finished(telling, "succeeded", {})
  return { run: undefined, release: undefined, recovered, state: makeState<E, CheckR, ApplyR>(opened.values, nothing) }
})

/** A step that no step before it can help: the run could not get past it, so it changes nothing at all. */
const endBlocked = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { steps, values }: Opened<A, E, CheckR, ApplyR>,
  telling: Telling<E, CheckR, ApplyR>,
  seen: Seen<E, CheckR, ApplyR>,
  { failure, id, reason = "it cannot be checked", type }: PlannedStep
): Effect.fn.Return<Ended<E, CheckR, ApplyR>> {
  const { emit, recovered } = telling
  const state = makeState<E, CheckR, ApplyR>(values, seen.past)
  const cause = new StepUnavailable({ step: id, message: reason, hint: "bring it up, then run again", retryable: true })
  const reported = failure ?? Failure.report(cause)
  note({ emit, state }, { id, type, outcome: "failed", changes: [], durationMs: 0, failure: reported })
  noteUnreached({ emit, state }, steps, `not run, because “${id}” is blocked`)
  state.stop = { id, cause }
  const now = yield* Clock.currentTimeMillis
  const counts = countsOf([...state.results.values()], 0)
  emit({ _tag: "RunFinished", outcome: "failed", counts, durationMs: now - telling.begun })
  return { run: undefined, release: undefined, state, recovered }
})

/** From here on everything that happens stands in the journal. */
const journalled = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  request: Request,
  telling: Telling<E, CheckR, ApplyR>,
  lease: Lease,
  seen: Seen<E, CheckR, ApplyR>
): Effect.fn.Return<Ended<E, CheckR, ApplyR>, Refused, CheckR | ApplyR> {
  const write = yield* beginJournal(opened, request, lease, seen)
  const running: Running<E, CheckR, ApplyR> = {
    place: opened.place,
    lease,
    write,
    past: seen.past,
    settle: settleWith(opened.place, seen.past, opened.strategy === "fresh"),
    planned: new Map(seen.plan.steps.map((step) => [step.id, step])),
    prepared: preparedOf(seen.findings),
    backups: seen.backups,
    environment: opened.environment,
    concurrency: opened.concurrency,
    state: makeState(opened.values, seen.past),
    emit: telling.emit
  }
  telling.running = running
  for (const [id, value] of seen.values) running.state.values.set(id, value)
  const ended = (outcome: RunOutcome, more: Parameters<typeof endRecord>[3] = {}) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      write(endRecord(running, outcome, now - telling.begun, { ...more, undone: telling.recovered.undone.length }))
    )
  return yield* Effect.gen(function* () {
    const doing = request.mode === "undo" ? Effect.void : execute(opened.instructions, running)
    yield* Effect.raceFirst(doing, lease.lost)
    const stopped = running.state.stop
    if (isRefusal(stopped?.cause) && running.state.applied.length === 0) {
      yield* ended("refused", { failure: Failure.report(stopped.cause), step: stopped.id })
      return yield* stopped.cause
    }
    telling.recovered = yield* recover(opened, running, request.mode)
    if (stopped !== undefined || telling.recovered.aftermath.length > 0) {
      const failure = running.state.results.get(stopped?.id ?? "")?.failure ?? telling.recovered.aftermath[0]
      const at = stopped === undefined ? {} : { step: stopped.id }
      yield* ended("failed", { ...at, ...(failure === undefined ? {} : { failure }) })
      yield* finished(telling, "failed", {})
      return { run: lease.run, release: undefined, state: running.state, recovered: telling.recovered }
    }
    const left = request.mode === "undo" ? undefined : yield* leave(opened, request, running, seen)
    if (left instanceof ReleaseNotRecorded) {
      const failure = Failure.report(left)
      running.state.stop = { id: "release", cause: left }
      yield* ended("failed", { failure })
      yield* finished(telling, "failed", { failure })
      return { run: lease.run, release: undefined, state: running.state, recovered: telling.recovered }
    }
    yield* ended("succeeded", left === undefined ? {} : { release: left })
    yield* finished(telling, "succeeded", {})
    return { run: lease.run, release: left, state: running.state, recovered: telling.recovered }
  }).pipe(
    Effect.onInterrupt(() => {
      noteUnreached(running, opened.steps, "not run, because the run was interrupted")
      return Effect.catch(ended("interrupted"), (error) => Effect.sync(() => tellUnwritten(error, telling.emit)))
    })
  )
})

const isRefusal = (cause: unknown): cause is Policy.DestructiveRefused | Policy.BackupRequired =>
  cause instanceof Policy.DestructiveRefused || cause instanceof Policy.BackupRequired

const tellUnwritten = (error: LockLost | StoreFailed, emit: Emit): void =>
  emit({
    _tag: "Notice",
    code: error.code,
    message: `that the run was interrupted could not be recorded: ${error.message}`
  })

/** The number of the release that a run leaves; none where a part of it is not known, because its step was left out. */
const leave = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  { revision, who }: Request,
  running: Running<E, CheckR, ApplyR>,
  { plan }: Seen<E, CheckR, ApplyR>
) => {
  const lacking = opened.steps.filter(({ id, traits }) => traits.release && !running.state.values.has(id))
  if (lacking.length > 0) {
    running.emit({
      _tag: "Notice",
      code: "core.no-release-left",
      message: `no release is recorded: what ${lacking.map(({ id }) => `“${id}”`).join(", ")} would leave of it is not known`
    })
    return Effect.succeed(undefined)
  }
  return release(opened, running, { plan: plan.digest, who, revision }).pipe(
    Effect.map(({ number }) => number),
    Effect.catchCause((cause) => {
      if (Cause.hasInterrupts(cause)) return Effect.interrupt
      const { message, ...report } = Failure.report(Cause.squash(cause))
      return Effect.succeed(
        new ReleaseNotRecorded({
          message: `everything is applied, but the release could not be recorded: ${message}`,
          hint: report.hint,
          retryable: true,
          cause: Cause.squash(cause)
        })
      )
    })
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

const endRecord = <E, CheckR, ApplyR>(
  { state }: Running<E, CheckR, ApplyR>,
  outcome: RunOutcome,
  durationMs: number,
  {
    undone = 0,
    ...more
  }: { readonly failure?: Failure.Report; readonly step?: string; readonly release?: number; readonly undone?: number }
) => ({
  _tag: "RunEnded" as const,
  outcome,
  counts: countsOf([...state.results.values()], undone),
  durationMs,
  ...more
})

const preparedOf = <E, CheckR, ApplyR>(
  findings: ReadonlyMap<string, Finding<E, CheckR, ApplyR>>
): ReadonlyMap<string, AnyPrepared<E, CheckR, ApplyR>> =>
  new Map([...findings].flatMap(([id, finding]) => ("prepared" in finding ? [[id, finding.prepared] as const] : [])))
