/**
 * Where the lock, the journal and the releases of a deployment live: on its target, unless a deployment says otherwise.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Access from "./Access.ts"
import type { Actor } from "./Actor.ts"
import * as Failure from "./Failure.ts"
import type { Holder, LockHeld, LockLost, Mode } from "./Lock.ts"
import type { Release } from "./Release.ts"

/**
 * The store cannot be read or written.
 *
 * @since 0.1.0
 */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", {
  ...Failure.fields("core.store-failed")
}) {}

/**
 * A deployment to an environment: each has a lock, a journal and releases of its own.
 *
 * @since 0.1.0
 */
export interface Place {
  readonly deployment: string
  readonly environment: string
}

/**
 * Who asks for the lock, and for how long.
 *
 * @since 0.1.0
 */
export interface Claim {
  readonly mode: Mode
  readonly who: Actor
  /** How long to wait for the lock; `undefined` fails at once where it is held. */
  readonly wait: Duration.Input | undefined
  /** Told who holds it while waiting: at first, and whenever that changes. */
  readonly onWait: (holder: Holder | undefined) => void
}

/**
 * The lock, as long as its scope is open. Only who holds it can write.
 *
 * @since 0.1.0
 */
export interface Lease {
  /** The run's number, which is the fencing number too: greater than that of any run before. */
  readonly run: number
  /** Fails once the lock is lost. Asked before each attempt. */
  readonly held: Effect.Effect<void, LockLost | StoreFailed>
  /** Ends, with its error, only when the lock is lost. */
  readonly lost: Effect.Effect<never, LockLost>
  /** Says at which step the run is, to those who ask for the lock. */
  readonly at: (step: string) => Effect.Effect<void>
  /** Makes this run's journal with its first line, as a whole. */
  readonly begin: (line: string) => Effect.Effect<void, LockLost | StoreFailed>
  /** Adds lines to this run's journal; when it ends they are on the disk. */
  readonly append: (lines: string) => Effect.Effect<void, LockLost | StoreFailed>
  readonly writeRelease: (release: Release) => Effect.Effect<void, LockLost | StoreFailed>
  readonly removeRelease: (number: number) => Effect.Effect<void, LockLost | StoreFailed>
  readonly removeRun: (run: number) => Effect.Effect<void, LockLost | StoreFailed>
}

/**
 * What a store does for one deployment and environment. All but `acquire` and `unlock` only look.
 *
 * @since 0.1.0
 */
export interface Operations {
  /** How messages name it: `.shipshape/edms/production on this machine`. */
  readonly name: string
  /** Takes the lock until the scope ends. The system frees it when its holder dies, however that happens. */
  readonly acquire: (claim: Claim) => Effect.Effect<Lease, LockHeld | StoreFailed, Scope.Scope>
  /** Who holds the lock now. */
  readonly holder: Effect.Effect<Holder | undefined, StoreFailed>
  /** Breaks the lock of whoever holds it, notes that in its journal, and says who it was. */
  readonly unlock: (by: {
    readonly who: Actor
    readonly reason: string
  }) => Effect.Effect<Holder | undefined, StoreFailed>
  /** The numbers of all runs that have a journal, in order. */
  readonly runs: Effect.Effect<ReadonlyArray<number>, StoreFailed>
  /** The text of a run's journal. */
  readonly journal: (run: number) => Effect.Effect<string, StoreFailed>
  /** All releases, in the order of their numbers. */
  readonly releases: Effect.Effect<ReadonlyArray<Release>, StoreFailed>
}

/**
 * The store of a deployment.
 *
 * @example
 * ```ts
 * import { Store } from "@shipshape/core"
 * import { MemoryStore } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const runs = Effect.gen(function*() {
 *   const store = yield* Store.Store
 *   return yield* store.of({ deployment: "edms", environment: "staging" }).runs
 * })
 * assert.deepEqual(await Effect.runPromise(Effect.provide(runs, MemoryStore.layer(MemoryStore.make()))), [])
 * ```
 *
 * @since 0.1.0
 */
export class Store extends Access.Control<Store, { readonly of: (place: Place) => Operations }>()("shipshape/Store") {}
