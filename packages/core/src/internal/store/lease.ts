import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { lostBy } from "../../Lock.ts"
import { Release } from "../../Release.ts"
import { type Lease, StoreFailed } from "../../Store.ts"
import type { Disk } from "./disk.ts"
import type { Taken } from "./fileLock.ts"
import { holderLine, markOf } from "./holderFile.ts"
import { generationOf, type Places, runNumbers } from "./places.ts"

/** How often a run that holds the lock looks whether it still does, while nothing else asks. */
const watchInterval = "1 second"

const encodeRelease = Schema.encodeSync(Release)

/** What a run may write for as long as it holds the lock: every write looks first whether it does. */
export const makeLease = (disk: Disk, places: Places, { generation, held: session, holder, mark }: Taken): Lease => {
  const { run } = holder
  const file = places.run(run)

  const ended = lostBy(run, "the process that held it has ended")

  const held = Effect.gen(function* () {
    if (session.hasEnded()) return yield* ended
    const names = yield* disk.list(places.folder)
    if (generationOf(names) !== generation) return yield* lostBy(run, "somebody has unlocked it")
    if (markOf(yield* disk.read(places.holder(generation))) !== mark) {
      return yield* lostBy(run, "its files were removed, or another run has taken it")
    }
  })
  const watching = held.pipe(
    Effect.catchTag("StoreFailed", () => Effect.void),
    Effect.andThen(Effect.sleep(watchInterval)),
    Effect.forever
  )
  // A write that has begun comes to its end, also in a run that is interrupted.
  const holding = <E>(write: Effect.Effect<void, E>) => Effect.andThen(held, Effect.uninterruptible(write))

  // One after the other: what a full disk has cut off is no part of the next line.
  const turn = Semaphore.makeUnsafe(1)
  let torn = false
  return {
    run,
    held,
    lost: Effect.raceFirst(Effect.andThen(session.ended, Effect.fail(ended)), watching),
    at: (step) => Effect.sync(() => session.say(holderLine({ ...holder, step }))),
    begin: (line) =>
      holding(
        Effect.gen(function* () {
          if (yield* disk.exists(file)) return yield* lostBy(run, `${file} is there already`)
          yield* disk.write(file, line)
          yield* held
        })
      ),
    append: (lines) =>
      turn.withPermit(
        holding(
          Effect.suspend(() => (torn ? disk.mend(file) : Effect.void)).pipe(
            Effect.andThen(disk.append(file, lines)),
            Effect.onExit((exit) =>
              Effect.sync(() => {
                torn = Exit.isFailure(exit)
              })
            )
          )
        )
      ),
    writeRelease: (release) =>
      holding(disk.write(places.release(release.number), `${JSON.stringify(encodeRelease(release), undefined, 2)}\n`)),
    removeRelease: (number) => holding(disk.remove(places.release(number))),
    removeRun: (old) =>
      holding(
        Effect.flatMap(disk.list(places.runs), (names) =>
          runNumbers(names).at(-1) === old ? Effect.fail(newest(old)) : disk.remove(places.run(old))
        )
      )
  }
}

const newest = (run: number): StoreFailed =>
  new StoreFailed({
    message: `run ${run} is the newest: without it the next run would get its number`,
    hint: "remove older runs only"
  })
