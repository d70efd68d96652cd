import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Holder, heldBy, type LockHeld } from "../../Lock.ts"
import { type Claim, StoreFailed } from "../../Store.ts"
import type { Disk } from "./disk.ts"
import { holderLine, makeWitness, markOf } from "./holderFile.ts"
import type { Held, LockTool } from "./lockTool.ts"
import { generationOf, type Places, releaseNumbers, runNumbers } from "./places.ts"

/** A lock that was taken, and what tells it from all others. */
export interface Taken {
  readonly held: Held
  readonly holder: Holder
  readonly generation: number
  /** The line that this holding alone has written. */
  readonly mark: string
}

export interface FileLock {
  readonly acquire: (claim: Claim) => Effect.Effect<Taken, LockHeld | StoreFailed, Scope.Scope>
  readonly holder: Effect.Effect<Holder | undefined, StoreFailed>
  readonly generation: Effect.Effect<number, StoreFailed>
}

/** How long to find out who holds the lock, and how often to look, in milliseconds. */
const witnessMillis = 2_000
const lookMillis = 20

/** How often one who waits looks at who holds the lock, in milliseconds. */
const pollMillis = 500

const unnamed = (file: string): StoreFailed =>
  new StoreFailed({
    message: `the lock ${file} is held, and by whom cannot be read`,
    hint: `find the process that holds it, as with \`fuser -v ${file}\`; on a full disk free some space first`,
    retryable: true
  })

const unwritten = (file: string, said: string): StoreFailed =>
  new StoreFailed({
    message: `${file} cannot be written: ${said || "what was written is not there"}`,
    hint: "correct what it says, then run again; on a full disk free some space first"
  })

/** Keeps what an attempt has opened only where it has come to something. */
const keeping = <A, E, R>(attempt: Effect.Effect<A | undefined, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const exit = yield* Effect.exit(restore(Scope.provide(attempt, scope)))
      if (Exit.isFailure(exit) || exit.value === undefined) yield* Scope.close(scope, exit)
      return yield* exit
    })
  )

export const makeFileLock = (disk: Disk, places: Places, tool: LockTool): FileLock => {
  const generation = Effect.map(disk.list(places.folder), generationOf)

  /** Who holds a lock that another has; `undefined` as long as nobody can be named. */
  const makeLook = () => {
    const witness = makeWitness()
    return Effect.fnUntraced(function* (of: number) {
      return witness(yield* disk.read(places.holder(of)), yield* Clock.currentTimeMillis)
    })
  }

  /** Takes the lock and says who holds it from now on; `undefined` where it is held, or was replaced by unlocking. */
  const take = Effect.fnUntraced(function* (of: number, { mode, who }: Claim, how: "now" | "waiting") {
    const mark = JSON.stringify(randomUUID())
    const held = yield* tool.take(places.lock(of), places.holder(of), mark, how)
    if (held === undefined || (yield* generation) !== of) return undefined
    const runs = runNumbers(yield* disk.list(places.runs))
    const releases = releaseNumbers(yield* disk.list(places.releases))
    const run = Math.max(of, runs.at(-1) ?? 0, releases.at(-1) ?? 0) + 1
    const holder: Holder = { run, mode, who, since: yield* Clock.currentTimeMillis }
    held.say(holderLine(holder))
    yield* Effect.raceFirst(held.said(2), held.ended)
    if (markOf(yield* disk.read(places.holder(of))) !== mark) {
      yield* held.release
      return yield* unwritten(places.holder(of), held.stderr())
    }
    yield* Effect.addFinalizer(() => held.release)
    return { held, holder, generation: of, mark } satisfies Taken
  })

  /** Tries until the lock is taken or its holder is known: a look of another at it can be in the way for a moment. */
  const contend = Effect.fnUntraced(function* (claim: Claim) {
    const until = (yield* Clock.currentTimeMillis) + witnessMillis
    const look = makeLook()
    while (true) {
      const of = yield* generation
      const taken = yield* keeping(take(of, claim, "now"))
      if (taken !== undefined) return { taken }
      const holder = yield* look(of)
      if (holder !== undefined || (yield* Clock.currentTimeMillis) >= until) return { of, holder }
      yield* Effect.sleep(lookMillis)
    }
  })

  /** Waits for the lock; ends with `undefined` when time is up, or when the lock was replaced by unlocking. */
  const queue = (of: number, claim: Claim, until: number, known: Holder | undefined) => {
    const look = makeLook()
    const watching = Effect.gen(function* () {
      let told = known
      while (true) {
        const now = yield* Clock.currentTimeMillis
        if (now >= until || (yield* generation) !== of) return undefined
        yield* Effect.sleep(Math.min(pollMillis, until - now))
        const holder = yield* look(of)
        if (holder === undefined || (holder.run === told?.run && holder.step === told.step)) continue
        told = holder
        claim.onWait(holder)
      }
    })
    return keeping(Effect.raceFirst(take(of, claim, "waiting"), watching))
  }

  const acquire = Effect.fnUntraced(function* (claim: Claim) {
    const begun = yield* Clock.currentTimeMillis
    const until = claim.wait === undefined ? begun : begun + Duration.toMillis(claim.wait)
    yield* prepare(disk, places)
    while (true) {
      const found = yield* contend(claim)
      if ("taken" in found) return found.taken
      const now = yield* Clock.currentTimeMillis
      if (now >= until) return yield* heldBy(found.holder, now)
      claim.onWait(found.holder)
      const taken = yield* queue(found.of, claim, until, found.holder)
      if (taken !== undefined) return taken
    }
  })

  return {
    generation,
    acquire,
    holder: Effect.gen(function* () {
      const of = yield* generation
      const file = places.lock(of)
      const look = makeLook()
      const until = (yield* Clock.currentTimeMillis) + witnessMillis
      while (true) {
        if (!(yield* disk.exists(file)) || !(yield* tool.isHeld(file))) return undefined
        const holder = yield* look(of)
        if (holder !== undefined) return holder
        if ((yield* Clock.currentTimeMillis) >= until) return yield* unnamed(file)
        yield* Effect.sleep(lookMillis)
      }
    })
  }
}

/** Folders and files that only who runs deployments may read, and that no repository takes in. */
const prepare = Effect.fnUntraced(function* (disk: Disk, places: Places) {
  if (!(yield* disk.exists(places.root))) {
    yield* disk.makeFolder(places.root)
    yield* disk.write(`${places.root}/.gitignore`, "*\n")
  }
  const deployment = places.folder.slice(0, places.folder.lastIndexOf("/"))
  for (const folder of [deployment, places.folder, places.runs, places.releases]) yield* disk.makeFolder(folder)
  // Added to and never replaced: another may have locked it by now.
  for (const file of [places.lock(0), places.holder(0)]) {
    if (!(yield* disk.exists(file))) yield* disk.append(file, "")
  }
})
