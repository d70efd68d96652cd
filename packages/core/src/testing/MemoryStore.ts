/**
 * A store in memory, for rehearsals: what a run leaves is there for the next one, and tests can read and damage it.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Journal from "../Journal.ts"
import { type Holder, heldBy, type LockLost, lostBy } from "../Lock.ts"
import type { Release } from "../Release.ts"
import * as Store from "../Store.ts"

/**
 * What one deployment and environment has left.
 *
 * @since 0.1.0
 */
export interface Shelf {
  /** The text of each run's journal. */
  readonly journals: Map<number, string>
  readonly releases: Map<number, Release>
  holder: Holder | undefined
}

/**
 * Shelves by deployment and environment: `edms/staging`.
 *
 * @since 0.1.0
 */
export interface MemoryStore {
  readonly shelves: Map<string, Shelf>
  /** The shelf, made where there is none. */
  readonly shelf: (place: Store.Place) => Shelf
}

/**
 * Makes an empty store.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@shipshape/core/testing"
 * import assert from "node:assert"
 *
 * const store = MemoryStore.make()
 * assert.equal(store.shelf({ deployment: "edms", environment: "staging" }).journals.size, 0)
 * ```
 *
 * @since 0.1.0
 */
export const make = (): MemoryStore => {
  const shelves = new Map<string, Shelf>()
  return {
    shelves,
    shelf: ({ deployment, environment }) => {
      const key = `${deployment}/${environment}`
      const found = shelves.get(key) ?? { journals: new Map(), releases: new Map(), holder: undefined }
      shelves.set(key, found)
      return found
    }
  }
}

/**
 * The store as the engine uses it.
 *
 * @example
 * ```ts
 * import { Store } from "@shipshape/core"
 * import { MemoryStore } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const held = Effect.flatMap(Store.Store, (store) => store.of({ deployment: "edms", environment: "staging" }).holder)
 * assert.equal(await Effect.runPromise(Effect.provide(held, MemoryStore.layer(MemoryStore.make()))), undefined)
 * ```
 *
 * @since 0.1.0
 */
export const layer = (store: MemoryStore): Layer.Layer<Store.Store> => {
  const losses = new WeakMap<Shelf, Deferred.Deferred<never, LockLost>>()
  return Layer.succeed(Store.Store, { of: (place) => operations(store.shelf(place), place, losses) })
}

/** How often a waiting run looks whether the lock is free. */
const pollMillis = 50

const operations = (
  shelf: Shelf,
  place: Store.Place,
  losses: WeakMap<Shelf, Deferred.Deferred<never, LockLost>>
): Store.Operations => ({
  name: `memory, ${place.deployment}/${place.environment}`,
  // Only the waiting can be interrupted: a lock that was taken is let go of.
  acquire: (claim) =>
    Effect.acquireRelease(take(shelf, claim, losses), (lease) =>
      Effect.sync(() => {
        if (shelf.holder?.run === lease.run) shelf.holder = undefined
      })
    ),
  holder: Effect.sync(() => shelf.holder),
  unlock: ({ reason, who }) =>
    Effect.gen(function* () {
      const { holder } = shelf
      const lost = losses.get(shelf)
      if (holder === undefined || lost === undefined) return undefined
      shelf.holder = undefined
      const line = Journal.encode({ _tag: "RunUnlocked", at: Date.now(), who, reason })
      shelf.journals.set(holder.run, `${shelf.journals.get(holder.run) ?? ""}${line}`)
      yield* Deferred.fail(lost, lostBy(holder.run, reason))
      return holder
    }),
  runs: Effect.sync(() => [...shelf.journals.keys()].sort((a, b) => a - b)),
  journal: (run) => Effect.sync(() => shelf.journals.get(run) ?? ""),
  releases: Effect.sync(() => [...shelf.releases.values()].sort((a, b) => a.number - b.number))
})

const take = Effect.fnUntraced(function* (
  shelf: Shelf,
  { mode, onWait, wait, who }: Store.Claim,
  losses: WeakMap<Shelf, Deferred.Deferred<never, LockLost>>
) {
  const until = Date.now() + (wait === undefined ? 0 : Duration.toMillis(wait))
  let told: Holder | undefined
  while (shelf.holder !== undefined) {
    const { holder } = shelf
    if (wait === undefined || Date.now() >= until) return yield* heldBy(holder, Date.now())
    if (told?.run !== holder.run || told.step !== holder.step) onWait(holder)
    told = holder
    yield* Effect.interruptible(Effect.sleep(pollMillis))
  }
  const run = Math.max(0, ...shelf.journals.keys()) + 1
  const lost = Deferred.makeUnsafe<never, LockLost>()
  losses.set(shelf, lost)
  const holder: Holder = { run, mode, who, since: Date.now() }
  shelf.holder = holder
  return lease(shelf, holder, lost)
})

const lease = (shelf: Shelf, holder: Holder, lost: Deferred.Deferred<never, LockLost>): Store.Lease => {
  const { run } = holder
  const held = Effect.suspend(() =>
    shelf.holder?.run === run ? Effect.void : Effect.fail(lostBy(run, "another run holds it"))
  )
  const holding = (f: () => void) => Effect.andThen(held, Effect.sync(f))
  return {
    run,
    held,
    lost: Deferred.await(lost),
    at: (step) =>
      Effect.sync(() => {
        if (shelf.holder?.run === run) shelf.holder = { ...shelf.holder, step }
      }),
    begin: (line) => holding(() => void shelf.journals.set(run, line)),
    append: (lines) => holding(() => void shelf.journals.set(run, `${shelf.journals.get(run) ?? ""}${lines}`)),
    writeRelease: (release) => holding(() => void shelf.releases.set(release.number, release)),
    removeRelease: (number) => holding(() => void shelf.releases.delete(number)),
    removeRun: (old) => holding(() => void shelf.journals.delete(old))
  }
}
