/** What every store does. Plugins that have a store run it too. */
import * as os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Journal, type Lock, type Release, Store } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"

const place = { deployment: "edms", environment: "production" }
const who = { user: "ada", host: os.hostname(), pid: process.pid }
const by = { who: { ...who, user: "grace" }, reason: "ada is on holiday" }

const claim = (options: Partial<Store.Claim> = {}): Store.Claim => ({
  mode: "apply",
  who,
  wait: undefined,
  onWait: () => undefined,
  ...options
})

const line = (step: string, fence: number): string => Journal.encode({ _tag: "UndoBegan", at: 0, step, fence })

const release = (number: number): Release.Release => ({
  format: "shipshape-release",
  v: 1,
  number,
  at: 1_700_000_000_000 + number,
  ...place,
  who,
  revision: { commit: "3f2a1c9", dirty: true },
  plan: "7f3a91",
  versions: { "@shipshape/core": "0.1.0" },
  parts: { images: { type: "docker.images", part: { backend: "sha256:1", nested: [1, null, "ü"] } } }
})

/** Waits until something holds: what a store writes may take a moment to be seen by others. */
const eventually = <A, E, R>(look: Effect.Effect<A, E, R>, is: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const until = Date.now() + 5_000
    while (true) {
      const value = yield* look
      if (is(value)) return value
      if (Date.now() > until) return assert.fail(`it never became so: ${JSON.stringify(value)}`)
      yield* Effect.sleep(10)
    }
  })

/** Runs the contract. `world` makes an empty store for each test; all leases of a test are of that one. */
export const storeContract = (
  name: string,
  world: Effect.Effect<Layer.Layer<Store.Store, unknown>, unknown, Scope.Scope>
): void => {
  const test = (
    title: string,
    body: (store: Store.Operations, all: Store.Store["Service"]) => Effect.Effect<unknown, unknown, Scope.Scope>
  ) =>
    it.live(title, () =>
      Effect.gen(function* () {
        const layer = yield* world
        yield* Effect.gen(function* () {
          const all = yield* Store.Store
          yield* body(all.of(place), all)
        }).pipe(Effect.provide(layer))
      })
    )
  /** Takes the lock, does something, and lets go. */
  const during = <A, E>(store: Store.Operations, use: (lease: Store.Lease) => Effect.Effect<A, E>) =>
    Effect.scoped(Effect.flatMap(store.acquire(claim()), use))
  const run = (store: Store.Operations) =>
    during(store, (lease) => Effect.as(lease.begin(line("begun", lease.run)), lease.run))
  const opened = Effect.fnUntraced(function* (store: Store.Operations, options?: Partial<Store.Claim>) {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const lease = yield* Scope.provide(store.acquire(claim(options)), scope)
    return { lease, close: Scope.close(scope, Exit.void) }
  })

  describe(`${name}: numbers`, () => {
    test("rise by one with each run that has begun", (store) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* store.runs, [])
        assert.deepStrictEqual([yield* run(store), yield* run(store), yield* run(store)], [1, 2, 3])
        assert.deepStrictEqual(yield* store.runs, [1, 2, 3])
      }))

    test("are given again where a run left nothing", (store) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* during(store, (lease) => Effect.succeed(lease.run)), 1)
        assert.strictEqual(yield* run(store), 1)
      }))

    test("go on when old runs are pruned", (store) =>
      Effect.gen(function* () {
        yield* run(store)
        yield* run(store)
        yield* during(store, (lease) =>
          Effect.andThen(lease.begin(line("begun", 3)), Effect.andThen(lease.removeRun(1), lease.removeRun(2)))
        )
        assert.deepStrictEqual(yield* store.runs, [3])
        assert.strictEqual(yield* run(store), 4)
      }))

    test("are each deployment's and environment's own", (store, all) =>
      Effect.gen(function* () {
        const names = ["staging", "Production", "..", ".", "a/b", "%2E", "é ☃", "lock", "-n"]
        yield* run(store)
        yield* store.acquire(claim())
        for (const environment of names) {
          const other = all.of({ deployment: "edms", environment })
          assert.deepStrictEqual(yield* other.runs, [], environment)
          assert.strictEqual(yield* run(other), 1, environment)
          const another = all.of({ deployment: environment, environment: "production" })
          assert.strictEqual(yield* run(another), 1, environment)
        }
      }))
  })

  describe(`${name}: the lock`, () => {
    test("is one run's at a time, and names it to all others", (store) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* store.holder, undefined)
        const before = Date.now()
        const { close, lease } = yield* opened(store, { mode: "resume" })
        const refused = yield* Effect.flip(store.acquire(claim()))
        assert.strictEqual(refused._tag, "LockHeld")
        const holder = refused._tag === "LockHeld" ? refused.holder : undefined
        assert.deepStrictEqual(holder, { run: 1, mode: "resume", who, since: holder?.since ?? 0 })
        assert.isAtLeast(holder?.since ?? 0, before)
        assert.deepStrictEqual(yield* store.holder, holder)
        yield* lease.held
        yield* close
        assert.strictEqual(yield* store.holder, undefined)
        yield* during(store, (next) => next.held)
      }))

    test("is free when the run fails or is interrupted", (store) =>
      Effect.gen(function* () {
        yield* Effect.exit(during(store, () => Effect.die("the run fails")))
        const running = yield* Effect.forkScoped(during(store, () => Effect.never))
        yield* eventually(store.holder, (holder) => holder !== undefined)
        yield* Fiber.interrupt(running)
        yield* during(store, (lease) => lease.held)
      }))

    test("says at which step its holder is", (store) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        for (const step of ["images", "migrate “all”\n{}"]) {
          yield* lease.at(step)
          yield* eventually(store.holder, (holder) => holder?.step === step)
          const refused = yield* Effect.flip(store.acquire(claim()))
          assert.strictEqual(refused._tag === "LockHeld" ? refused.holder?.step : undefined, step)
        }
      }))

    test("is waited for, and whoever waits hears who has it", (store) =>
      Effect.gen(function* () {
        const { close, lease } = yield* opened(store)
        yield* lease.begin(line("begun", 1))
        const heard: Array<Lock.Holder | undefined> = []
        const waiting = yield* Effect.forkScoped(
          Effect.scoped(
            Effect.map(store.acquire(claim({ wait: "1 minute", onWait: (holder) => heard.push(holder) })), (l) => l.run)
          )
        )
        yield* eventually(
          Effect.sync(() => heard.length),
          (length) => length === 1
        )
        yield* lease.at("migrate")
        yield* eventually(
          Effect.sync(() => heard.at(-1)?.step),
          (step) => step === "migrate"
        )
        yield* close
        assert.strictEqual(yield* Fiber.join(waiting), 2)
        assert.deepStrictEqual(
          heard.map((holder) => [holder?.run, holder?.step]),
          [
            [1, undefined],
            [1, "migrate"]
          ]
        )
        assert.strictEqual(yield* store.holder, undefined)
      }))

    test("is waited for no longer than it was said", (store) =>
      Effect.gen(function* () {
        yield* opened(store)
        const [took, refused] = yield* Effect.timed(Effect.flip(store.acquire(claim({ wait: "300 millis" }))))
        assert.strictEqual(refused._tag === "LockHeld" ? refused.holder?.run : undefined, 1)
        assert.isAtLeast(Duration.toMillis(took), 300)
        assert.isBelow(Duration.toMillis(took), 3_000)
      }))

    test("is not left behind by who has stopped waiting", (store) =>
      Effect.gen(function* () {
        const { close } = yield* opened(store)
        let waits = false
        const waiting = yield* Effect.forkScoped(
          Effect.scoped(
            store.acquire(
              claim({
                wait: "1 minute",
                onWait: () => {
                  waits = true
                }
              })
            )
          )
        )
        yield* eventually(
          Effect.sync(() => waits),
          Boolean
        )
        yield* Fiber.interrupt(waiting)
        yield* close
        yield* during(store, (lease) => lease.held)
      }))
  })

  describe(`${name}: unlocking`, () => {
    test("does nothing where nobody holds the lock", (store) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* store.unlock(by), undefined)
        yield* run(store)
        assert.strictEqual(yield* store.unlock(by), undefined)
        assert.strictEqual(yield* store.journal(1), line("begun", 1))
      }))

    test("is recorded, and the old holder can do nothing more", (store) =>
      Effect.gen(function* () {
        const { close, lease } = yield* opened(store)
        yield* lease.begin(line("begun", 1))
        const lost = yield* Effect.forkScoped(Effect.flip(lease.lost))
        assert.deepInclude(yield* store.unlock(by), { run: 1, who })

        const next = yield* opened(store)
        assert.strictEqual(next.lease.run, 2)
        yield* next.lease.begin(line("begun", 2))
        for (const write of [
          lease.held,
          lease.append(line("late", 1)),
          lease.writeRelease(release(1)),
          lease.removeRelease(1),
          lease.removeRun(1)
        ]) {
          const error = yield* Effect.flip(write)
          assert.strictEqual(error._tag, "LockLost")
          assert.strictEqual(error._tag === "LockLost" ? error.run : undefined, 1)
        }
        assert.strictEqual((yield* Fiber.join(lost)).run, 1)

        // Nor does it take the lock along when it ends.
        yield* lease.at("late")
        yield* close
        yield* next.lease.append(line("goes on", 2))
        assert.strictEqual((yield* store.holder)?.run, 2)
        assert.strictEqual((yield* Effect.flip(store.acquire(claim())))._tag, "LockHeld")

        const { records } = Journal.decode(yield* store.journal(1))
        const [begun, unlocked] = records
        assert.strictEqual(begun?._tag, "UndoBegan")
        assert.deepInclude(unlocked, { _tag: "RunUnlocked", ...by })
        assert.lengthOf(records, 2)
        assert.strictEqual(yield* store.journal(2), `${line("begun", 2)}${line("goes on", 2)}`)
        assert.deepStrictEqual(yield* store.releases, [])
      }))

    test("takes the number away from a run that has not begun", (store) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        assert.strictEqual((yield* store.unlock(by))?.run, 1)
        assert.strictEqual((yield* Effect.flip(lease.begin(line("late", 1))))._tag, "LockLost")
        assert.strictEqual(yield* run(store), 2)
        const { records } = Journal.decode(yield* store.journal(1))
        assert.deepStrictEqual(
          records.map((record) => record._tag),
          ["RunUnlocked"]
        )
      }))

    test("lets nobody in beside the next run, also who waited for the old holder", (store) =>
      Effect.gen(function* () {
        const old = yield* opened(store)
        yield* old.lease.begin(line("begun", 1))
        let entered: number | undefined
        let waits = false
        const onWait = () => {
          waits = true
        }
        const waiting = yield* Effect.forkScoped(
          Effect.scoped(
            Effect.map(store.acquire(claim({ wait: "1 minute", onWait })), (lease) => {
              entered = lease.run
            })
          )
        )
        yield* eventually(
          Effect.sync(() => waits),
          Boolean
        )
        yield* store.unlock(by)
        const next = yield* opened(store, { wait: "10 seconds" })
        const first = entered
        if (first === undefined) yield* next.lease.begin(line("begun", 2))
        yield* old.close
        // Whoever would be let in now would be before long.
        yield* Effect.sleep(100)
        assert.strictEqual(entered, first)
        yield* next.lease.held
        yield* next.close
        yield* Fiber.join(waiting)
        assert.isDefined(entered)
      }))

    test("lets go of those who wait", (store) =>
      Effect.gen(function* () {
        yield* opened(store)
        let waits = false
        const onWait = () => {
          waits = true
        }
        const waiting = yield* Effect.forkScoped(
          Effect.scoped(Effect.map(store.acquire(claim({ wait: "1 minute", onWait })), (lease) => lease.run))
        )
        yield* eventually(
          Effect.sync(() => waits),
          Boolean
        )
        yield* store.unlock(by)
        assert.strictEqual(yield* Fiber.join(waiting), 2)
      }))
  })

  describe(`${name}: what a run leaves`, () => {
    test("is its journal, as it was written", (store) =>
      Effect.gen(function* () {
        const text = `${line("é ☃ 💾", 1)}${line("two", 1)}`
        yield* during(store, (lease) =>
          Effect.andThen(
            lease.begin(line("begun", 1)),
            Effect.andThen(lease.append(text), lease.append(line("three", 1)))
          )
        )
        assert.strictEqual(yield* store.journal(1), `${line("begun", 1)}${text}${line("three", 1)}`)
        assert.strictEqual(yield* store.journal(7), "")
      }))

    test("is its release, until that is pruned", (store) =>
      Effect.gen(function* () {
        yield* during(store, (lease) =>
          Effect.gen(function* () {
            for (const number of [10, 9, 1_000_000]) yield* lease.writeRelease(release(number))
            assert.deepStrictEqual(yield* store.releases, [release(9), release(10), release(1_000_000)])
            yield* lease.removeRelease(9)
            yield* lease.removeRelease(9)
            yield* lease.writeRelease({ ...release(10), backTo: 9 })
          })
        )
        assert.deepStrictEqual(yield* store.releases, [{ ...release(10), backTo: 9 }, release(1_000_000)])
      }))
  })
}
