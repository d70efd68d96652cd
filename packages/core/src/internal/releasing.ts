/** What a run that has succeeded leaves, and what is kept of it. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Actor, Revision } from "../Actor.ts"
import * as Failure from "../Failure.ts"
import { LockLost } from "../Lock.ts"
import * as Look from "../Look.ts"
import type { Release } from "../Release.ts"
import { ReleaseNotRecorded } from "../RunError.ts"
import * as Secrets from "../Secrets.ts"
import { maskJson } from "./canonical.ts"
import { digest } from "./digest.ts"
import type { AnyPrepared, AnyStep, Opened } from "./opened.ts"
import type { Running } from "./running.ts"

/** How many releases stay, where the environment does not say it. */
const defaultKeep = 5

/** Journals stay for so many runs, and for as long as a release of theirs does. */
const keptRuns = 200

/** What a release says of the run that has left it. */
interface Made {
  readonly plan: string
  readonly who: Actor
  readonly revision: Revision | undefined
}

interface Recorded<E, CheckR, ApplyR> {
  readonly step: AnyStep<E, CheckR, ApplyR>
  readonly prepared: AnyPrepared<E, CheckR, ApplyR>
  readonly part: Schema.Json
}

/** What each step would leave now. Looks only. */
const recordAll = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { steps }: Pick<Opened<A, E, CheckR, ApplyR>, "steps">,
  values: ReadonlyMap<string, unknown>
) {
  const secrets = yield* Secrets.Current
  const recorded = yield* Effect.forEach(
    steps.filter(({ id, traits }) => traits.release && values.has(id)),
    (step) =>
      Effect.gen(function* () {
        const prepared = step.prepare(values)
        if (Result.isFailure(prepared) || prepared.success.release === undefined) return []
        const part = yield* prepared.success.release.record(values.get(step.id))
        return [{ step, prepared: prepared.success, part: maskJson(secrets, part) }]
      }),
    { concurrency: "unbounded" }
  ).pipe(Effect.provideService(Look.Current, Look.make()))
  return recorded.flat()
})

/** The parts of a release, by step. */
const partsOf = <E, CheckR, ApplyR>(recorded: ReadonlyArray<Recorded<E, CheckR, ApplyR>>): Release["parts"] =>
  Object.fromEntries(recorded.map(({ part, step }) => [step.id, { type: step.type, part }]))

/** The number of the release that a run leaves; none where a part of it is not known, because its step was left out. */
export const leave = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  running: Running<E, CheckR, ApplyR>,
  made: Made
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
  return release(opened, running, made).pipe(
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

/** Records a release, unless the one that there is says the same; gives the number of the one that stands. */
const release = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  run: Running<E, CheckR, ApplyR>,
  made: Made
) {
  const { back, environment, place, store, versions } = opened
  const recorded = yield* recordAll(opened, run.state.values)
  const parts = partsOf(recorded)
  const before = yield* store.releases
  const running = before.at(-1)
  // Telling somebody every time changes nothing of what runs.
  const changed = run.state.applied.some(({ step }) => run.planned.get(step.id)?.everyRun !== true)
  const unchanged = running !== undefined && digest(running.parts) === digest(parts) && !changed
  if (unchanged) return { number: running.number, recorded: false }
  const number = run.lease.run
  const backup = run.state.proofs.at(-1)
  const backTo = back?.release.number
  for (const { part, prepared, step } of recorded) {
    yield* prepared.release?.keep(part, { ...place, number, step: step.id }) ?? Effect.void
  }
  const next: Release = {
    format: "shipshape-release",
    v: 1,
    number,
    at: yield* Clock.currentTimeMillis,
    ...place,
    who: made.who,
    ...(made.revision === undefined ? {} : { revision: made.revision }),
    plan: made.plan,
    versions,
    ...(backup === undefined ? {} : { backup }),
    parts,
    ...(backTo === undefined ? {} : { backTo })
  }
  yield* run.lease.writeRelease(next)
  run.emit({ _tag: "ReleaseRecorded", release: number })
  yield* prune(opened, run, [...before, next], environment.keepReleases ?? defaultKeep).pipe(
    Effect.catchCause((cause) => notPruned(run, cause))
  )
  return { number, recorded: true }
})

/** The release is there: what could not be let go of is tried again after the next one. */
const notPruned = <E, CheckR, ApplyR>({ emit }: Running<E, CheckR, ApplyR>, cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.hasInterrupts(cause) || error instanceof LockLost) return Effect.failCause(cause)
  const { code, message } = Failure.report(error)
  return Effect.sync(() => emit({ _tag: "Notice", code, message: `old releases could not be pruned: ${message}` }))
}

/** Lets go of the releases beyond the newest `keep`; what a kept one goes back to stays with it. */
const prune = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  { place, steps, store }: Opened<A, E, CheckR, ApplyR>,
  run: Running<E, CheckR, ApplyR>,
  releases: ReadonlyArray<Release>,
  keep: number
) {
  const newest = releases.slice(-Math.max(1, keep))
  const kept = new Set(newest.flatMap(({ backTo, number }) => (backTo === undefined ? [number] : [number, backTo])))
  const known = new Map(steps.map((step) => [step.id, step]))
  for (const old of releases.filter(({ number }) => !kept.has(number))) {
    for (const [id, { part, type }] of Object.entries(old.parts)) {
      const step = known.get(id)
      if (step === undefined || step.type !== type) continue
      const prepared = step.prepare(run.state.values)
      if (Result.isFailure(prepared)) continue
      yield* prepared.success.release?.forget(part, { ...place, number: old.number, step: id }) ?? Effect.void
    }
    yield* run.lease.removeRelease(old.number)
  }
  const runs = yield* store.runs
  for (const old of runs.slice(0, -keptRuns)) if (!kept.has(old)) yield* run.lease.removeRun(old)
})
