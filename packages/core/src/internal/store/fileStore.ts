import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Journal from "../../Journal.ts"
import type { Holder } from "../../Lock.ts"
import { Release } from "../../Release.ts"
import { type Operations, type Place, StoreFailed } from "../../Store.ts"
import { formatIssue } from "../issue.ts"
import { type Disk, makeDisk } from "./disk.ts"
import { type FileLock, makeFileLock } from "./fileLock.ts"
import { holderIn } from "./holderFile.ts"
import { makeLease } from "./lease.ts"
import { type LockTool, makeLockTool } from "./lockTool.ts"
import { makePlaces, type Places, releaseNumbers, runNumbers } from "./places.ts"

/** The store in a folder of the target. */
export const makeFileStore = Effect.fnUntraced(function* (directory: string) {
  const disk = yield* makeDisk
  const tool = makeLockTool(disk)
  return { of: (place: Place) => operations(disk, tool, makePlaces(directory, place)) }
})

const operations = (disk: Disk, tool: LockTool, places: Places): Operations => {
  const lock = makeFileLock(disk, places, tool)
  return {
    name: `${places.folder} on ${disk.target.name}`,
    acquire: (claim) => Effect.map(lock.acquire(claim), (taken) => makeLease(disk, places, taken)),
    holder: lock.holder,
    unlock: (by) => unlock(disk, places, lock, by),
    runs: Effect.map(disk.list(places.runs), runNumbers),
    journal: (run) => disk.read(places.run(run)),
    releases: Effect.flatMap(disk.list(places.releases), (names) =>
      Effect.forEach(releaseNumbers(names), (number) => readRelease(disk, places.release(number)), { concurrency: 8 })
    )
  }
}

const decodeRelease = Schema.decodeUnknownResult(Schema.fromJsonString(Release))

const readRelease = Effect.fnUntraced(function* (disk: Disk, file: string) {
  const release = decodeRelease(yield* disk.read(file))
  if (Result.isSuccess(release)) return release.success
  return yield* new StoreFailed({
    message: `the release in ${file} cannot be read: ${formatIssue(release.failure)}`,
    hint: "put the file back from a copy, or move it away: that release is then forgotten, and runs go on"
  })
})

/**
 * Breaks the lock: a new lock file takes its place, named after the run that was unlocked, so that two who unlock the
 * same run do it once. That run sees it before it does anything more.
 */
const unlock = Effect.fnUntraced(function* (
  disk: Disk,
  places: Places,
  lock: FileLock,
  { reason, who }: Parameters<Operations["unlock"]>[0]
) {
  const generation = yield* lock.generation
  const holder = yield* lock.holder
  if (holder === undefined) return undefined
  const line = Journal.encode({ _tag: "RunUnlocked", at: yield* Clock.currentTimeMillis, who, reason })
  const note = ({ run }: Holder) => Effect.andThen(disk.mend(places.run(run)), disk.append(places.run(run), line))
  yield* disk.append(places.holder(holder.run), "")
  yield* disk.append(places.lock(holder.run), "")
  yield* note(holder)
  // Whoever took over in this very moment is unlocked as well, and must find it in its journal.
  const last = holderIn(yield* disk.read(places.holder(generation)))
  if (last !== undefined && last.run !== holder.run) yield* note(last)
  return holder
})
