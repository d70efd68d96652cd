/** A deployment's instructions, on their way back to a release. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { BackupProof } from "../BackupProof.ts"
import type { JournalInvalid } from "../Journal.ts"
import type { Release } from "../Release.ts"
import { ReleaseUnknown } from "../RunError.ts"
import type { Operations, StoreFailed } from "../Store.ts"
import { digest } from "./digest.ts"
import { type Halfway, halfwaySince } from "./halfway.ts"
import type { AnyInstruction, AnyPrepared, AnyStep, GoingBack } from "./opened.ts"

/** What a release is made of: a later backup makes no other release. */
const substanceOf = ({ parts }: Release, backups: ReadonlySet<string>): string =>
  digest(Object.fromEntries(Object.entries(parts).filter(([id]) => !backups.has(id))))

/**
 * The release that a rollback goes back to where none is named: that of before a run that stopped half-way, else the last
 * one before what runs now that is made of something else, if there is such a one. `backups` are the ids of steps that
 * back up.
 */
const previousOf = (
  releases: ReadonlyArray<Release>,
  running: Release,
  halfway: Halfway | undefined,
  backups: ReadonlySet<string>
): Release | undefined => {
  // What a rollback has left is the release that it went back to.
  const now = running.backTo ?? running.number
  if (halfway !== undefined) return releases.find(({ number }) => number === (halfway.backTo ?? now))
  const earlier = releases.filter(({ backTo, number }) => number < now && backTo === undefined)
  const isOther = (release: Release) => substanceOf(release, backups) !== substanceOf(running, backups)
  return earlier.findLast(isOther) ?? earlier.at(-1)
}

/** The release that a rollback goes back to, and all that there are. */
export const releaseOf = Effect.fnUntraced(function* (
  store: Operations,
  to: number | undefined,
  backups: ReadonlySet<string>
): Effect.fn.Return<
  { readonly release: Release; readonly releases: ReadonlyArray<Release> },
  ReleaseUnknown | StoreFailed | JournalInvalid
> {
  const releases = yield* store.releases
  const running = releases.at(-1)
  if (running === undefined) {
    return yield* new ReleaseUnknown({
      message: "there is no release to go back to: no run has succeeded here yet",
      hint: "apply first; a run that succeeds leaves a release"
    })
  }
  const release =
    to === undefined
      ? previousOf(releases, running, yield* halfwaySince(store, running.number), backups)
      : releases.find(({ number }) => number === to)
  if (release !== undefined) return { release, releases }
  const known = releases.map(({ number }) => number).join(", ")
  return yield* new ReleaseUnknown({
    message:
      to === undefined
        ? `release ${running.backTo ?? running.number} is running, and there is none before it`
        : `there is no release ${to} to go back to; there ${releases.length === 1 ? "is" : "are"}: ${known}`,
    hint: "`history` lists the runs and the releases that they left"
  })
})

/** The backup that has the data as they were when a release was last running: the first since another has replaced it. */
export const backupOf = (releases: ReadonlyArray<Release>, { backup, number }: Release): BackupProof | undefined => {
  const isIt = (release: Release | undefined): boolean =>
    release !== undefined && (release.backTo ?? release.number) === number
  const replaced = releases.findLastIndex((release, i) => !isIt(release) && isIt(releases[i - 1]))
  const since = replaced === -1 ? [] : releases.slice(replaced)
  return since.find((release) => release.backup !== undefined)?.backup ?? backup
}

/** The ids of the steps that back up. */
export const backupsIn = (
  instructions: ReadonlyArray<{
    readonly steps: ReadonlyArray<{ readonly id: string; readonly traits: { readonly backup: boolean } }>
  }>
): ReadonlySet<string> =>
  new Set(instructions.flatMap(({ steps }) => steps.flatMap(({ id, traits }) => (traits.backup ? [id] : []))))

/** Each step that has left a part of the release goes its own way back; the others do what they always do. */
export const wayBack = <E, CheckR, ApplyR>(
  instructions: ReadonlyArray<AnyInstruction<E, CheckR, ApplyR>>,
  { allowed, leaving, release }: GoingBack,
  backup: BackupProof | undefined
): ReadonlyArray<AnyInstruction<E, CheckR, ApplyR>> => {
  const lost = [...(allowed.schema ? ["schema"] : []), ...(allowed.data ? ["data"] : [])].join(" and ")
  // Nobody by name: whoever applies the plan, or goes on with the run, may be another.
  const acknowledged = { reason: `going back to release ${release.number}`, approvedBy: `who lets ${lost} go back` }
  const back = (step: AnyStep<E, CheckR, ApplyR>): AnyStep<E, CheckR, ApplyR> => {
    const recorded = release.parts[step.id]
    if (recorded === undefined || recorded.type !== step.type) return step
    const self: AnyStep<E, CheckR, ApplyR> = {
      ...step,
      get steps() {
        return [self]
      },
      // Whoever asks for schema or data to go back has accepted what is lost with them.
      guard: lost === "" ? step.guard : { ...step.guard, acknowledged },
      prepare: (values) =>
        Result.map(step.prepare(values), (prepared): AnyPrepared<E, CheckR, ApplyR> => {
          const way = prepared.release?.back(recorded.part, { allowed, backup, leaving, release })
          if (way === undefined) return prepared
          // What cannot be read is told by the check: nothing has run by then.
          const cannot = Effect.die
          return Result.match(way, {
            onFailure: (error) => ({ ...prepared, check: cannot(error), apply: cannot(error) }),
            onSuccess: ({ apply, check }) => ({ ...prepared, check, apply })
          })
        })
    }
    return self
  }
  return instructions.map(({ limit, steps }) => ({ limit, steps: steps.map(back) }))
}
