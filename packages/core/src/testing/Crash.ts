/**
 * Crashes: a store that kills the run at a write of its journal, so that a test can try what the next run makes of it.
 *
 * Each write is a boundary: before it, with half of it on the disk, after it. A deployment that ends in the same state
 * whichever of them it is killed at loses nothing.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type LockLost, lostBy } from "../Lock.ts"
import * as Store from "../Store.ts"

/**
 * Where a run is killed.
 *
 * @since 0.1.0
 */
export interface Point {
  /** At which of its writes: 1 makes the journal, the others add to it; a release counts too. */
  readonly at: number
  /** `torn` leaves a part of the text, as a power loss does; a release is written as a whole, and is not there then. */
  readonly when: "before" | "torn" | "after"
  /** How many of a text's characters are left when it is torn; the default draws a number. */
  readonly keep?: (length: number) => number
  /**
   * What kills the run; the default is SIGKILL for this process. When it comes back, the store refuses whatever the run
   * still says, as if the lock were lost.
   */
  readonly kill?: () => void
}

/** A write: as a whole, and as far as a crash lets it come. */
interface Write {
  readonly whole: Effect.Effect<void, LockLost | Store.StoreFailed>
  readonly torn: (keep: (length: number) => number) => Effect.Effect<void, LockLost | Store.StoreFailed>
}

/** What is done in place of a write; `number` counts from 1. */
type Intercept = (write: Write, number: number, lease: Store.Lease) => Write["whole"]

const intercepting = <E, R>(
  inner: Layer.Layer<Store.Store, E, R>,
  makeIntercept: () => { readonly intercept: Intercept; readonly wrap: (lease: Store.Lease) => Store.Lease }
): Layer.Layer<Store.Store, E, R> =>
  Layer.effect(
    Store.Store,
    Effect.map(Store.Store, (store) => {
      const { intercept, wrap } = makeIntercept()
      let writes = 0
      const around = (lease: Store.Lease): Store.Lease => {
        const through = (write: Write) => Effect.suspend(() => intercept(write, ++writes, lease))
        const text = (into: Store.Lease["append"]) => (lines: string) =>
          through({ whole: into(lines), torn: (keep) => into(lines.slice(0, keep(lines.length))) })
        const atOnce = (whole: Write["whole"]) => through({ whole, torn: () => Effect.void })
        return wrap({
          ...lease,
          begin: text(lease.begin),
          append: text(lease.append),
          writeRelease: (release) => atOnce(lease.writeRelease(release)),
          removeRelease: (number) => atOnce(lease.removeRelease(number)),
          removeRun: (run) => atOnce(lease.removeRun(run))
        })
      }
      return {
        of: (place) => {
          const operations = store.of(place)
          return { ...operations, acquire: (claim) => Effect.map(operations.acquire(claim), around) }
        }
      }
    })
  ).pipe(Layer.provide(inner))

/**
 * A store whose run is killed at one of its writes.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Step } from "@shipshape/core"
 * import { Crash, MemoryStore, Rehearsal } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * let done = false
 * const once = Step.make("acme.once", {
 *   description: "Done", risk: "additive", input: {}, output: {},
 *   check: () => Effect.sync(() => done ? Check.satisfied({}) : Check.needed([{ summary: "do it" }])),
 *   apply: () => Effect.sync(() => { done = true })
 * })
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* once("once", {})
 * })
 *
 * const memory = MemoryStore.layer(MemoryStore.make())
 * const run = (store: typeof memory) =>
 *   Effect.runPromise(Rehearsal.apply(deployment, Layer.empty, { environment: "staging", store }))
 * // The fourth write is the one that says how the step has ended.
 * await run(Crash.store(memory, { at: 4, when: "before", kill: () => {} }))
 * const next = await run(memory)
 * assert.deepEqual([next.plan?.interrupted?.step, next.exitCode, done], ["once", 0, true])
 * ```
 *
 * @since 0.1.0
 */
export const store = <E, R>(
  inner: Layer.Layer<Store.Store, E, R>,
  { at, keep = (length) => Math.floor(Math.random() * length), kill = killThisProcess, when }: Point
): Layer.Layer<Store.Store, E, R> =>
  intercepting(inner, () => {
    const over = Deferred.makeUnsafe<never, LockLost>()
    let killed = false
    const crash = (run: number) =>
      Effect.suspend(() => {
        killed = true
        kill()
        const error = lostBy(run, "it was killed by a test")
        Deferred.doneUnsafe(over, Effect.fail(error))
        return Effect.fail(error)
      })
    const refused = Effect.suspend(() => (killed ? Deferred.await(over) : Effect.void))
    return {
      intercept: ({ torn, whole }, number, { run }) => {
        if (number !== at) return Effect.andThen(refused, whole)
        if (when === "before") return crash(run)
        return Effect.andThen(when === "torn" ? torn(keep) : whole, crash(run))
      },
      wrap: (lease) => ({
        ...lease,
        held: Effect.andThen(refused, lease.held),
        lost: Effect.raceFirst(lease.lost, Deferred.await(over))
      })
    }
  })

const killThisProcess = (): void => {
  process.kill(process.pid, "SIGKILL")
}

/**
 * The same store; `onWrite` is told of each write before it is done, so that a test knows where a run can be killed.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Crash, MemoryStore, Rehearsal } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const nothing = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {})
 * let writes = 0
 * const store = Crash.count(MemoryStore.layer(MemoryStore.make()), (number) => { writes = number })
 * await Effect.runPromise(Rehearsal.apply(nothing, Layer.empty, { environment: "staging", store }))
 * // The header, the plan, the release, and the end.
 * assert.equal(writes, 4)
 * ```
 *
 * @since 0.1.0
 */
export const count = <E, R>(
  inner: Layer.Layer<Store.Store, E, R>,
  onWrite: (number: number) => void
): Layer.Layer<Store.Store, E, R> =>
  intercepting(inner, () => ({
    intercept: ({ whole }, number) => {
      onWrite(number)
      return whole
    },
    wrap: (lease) => lease
  }))
