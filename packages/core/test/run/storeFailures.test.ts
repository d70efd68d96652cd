/** A store that fails at any of its writes, whatever follows a failure: the run ends there, and the next one goes on. */
import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, type Event, Journal, parallel, Step, Store } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { type Dials, dial, dialsPlugin, layer, makeDials, rusty, tell } from "../support/Dials.ts"
import { failing } from "../support/failingStore.ts"

const place = { deployment: "shop", environment: "staging" }
const policies = ["stop", "undo", "rollback"] as const

/** Six steps, some of them tried again, and some of them side by side: more than run at a time. */
const shop = (onFailure: (typeof policies)[number], value: number) =>
  defineDeployment(
    "shop",
    { environments: { staging: { data: "disposable", onFailure, keepReleases: 1 } }, plugins: () => [dialsPlugin({})] },
    function* () {
      const retry = Schedule.recurs(3)
      yield* tell("begin", { text: "begin" }, { retry })
      yield* dial("a", { name: "a", value }, { retry })
      yield* parallel(
        [
          dial("b", { name: "b", value }),
          tell("beside", { text: "beside" }, { retry }),
          rusty("c", { name: "c", value })
        ],
        { limit: 2 }
      )
      yield* dial("d", { name: "d", value })
    }
  )

const told = (dials: Dials, text: string) => dials.log.filter((line) => line === `tell ${text}`).length

describe("a write that fails", () => {
  for (const onFailure of policies) {
    for (const [how, fault] of [
      ["once", { written: false, forGood: false }],
      ["once, and is on the disk all the same", { written: true, forGood: false }],
      ["like all that follow", { written: false, forGood: true }]
    ] as const) {
      it.effect(`${how}, onFailure ${onFailure}: nothing is applied after it, and the next run finishes`, () =>
        Effect.gen(function* () {
          for (let at = 1; ; at++) {
            const [dials, memory] = [makeDials(), MemoryStore.make()]
            const store = MemoryStore.layer(memory)
            const shelf = memory.shelf(place)
            yield* Rehearsal.apply(shop(onFailure, 1), layer(dials), { environment: "staging", store })
            dials.log.length = 0
            let done: number | undefined
            let failed = ""
            const onWrite = (what: string) => {
              done = dials.log.length
              failed = what
            }
            const run = yield* Rehearsal.apply(shop(onFailure, 2), layer(dials), {
              environment: "staging",
              store: failing(store, { at, ...fault, onFailure: onWrite }, { writes: 0 })
            })
            const where = `write ${at} (${failed})`
            assert.strictEqual(shelf.holder, undefined, where)
            const last = run.events.at(-1)
            if (done === undefined) {
              assert.isAbove(at, 15)
              break
            }
            if (failed.startsWith("remove")) {
              // The release is there; the next one prunes again.
              assert.strictEqual(run.exitCode, fault.forGood ? 1 : 0, where)
              assert.include(JSON.stringify(run.events), "old releases could not be pruned: no space left", where)
              continue
            }
            assert.strictEqual(run.exitCode, 1, where)
            assert.include(JSON.stringify(run.failure), "no space left", where)
            assert.strictEqual(last?._tag === "RunFinished" && last.outcome, "failed", where)
            assert.strictEqual(run.events.filter((event) => event._tag === "RunFinished").length, 1, where)
            // What was under way beside it may come to its end.
            const after = dials.log.slice(done)
            assert.isAtMost(after.length, 1, `${where}: ${after}`)
            if (!["append", "begin"].includes(failed)) assert.deepStrictEqual(after, [], where)

            const over = shelf.journals.get(2)?.includes('"_tag":"RunEnded"') ?? false
            assert.isTrue(!over || fault.written || failed === "writeRelease", where)

            const next = yield* Rehearsal.apply(shop(onFailure, 2), layer(dials), { environment: "staging", store })
            assert.deepStrictEqual(
              [next.exitCode, Object.fromEntries(dials.values)],
              [0, { a: 2, b: 2, c: 2, d: 2 }],
              where
            )
            for (const text of ["begin", "beside"])
              assert.isAtMost(told(dials, text), over ? 2 : 1, `${where}: ${text}`)
            for (const journal of shelf.journals.values()) assert.isUndefined(Journal.decode(journal).torn)
            assert.isAbove([...shelf.releases.keys()].at(-1) ?? 0, 1, where)
          }
        })
      )
    }
  }
})

describe("a lock that is lost", () => {
  /** Takes as long as the test wants; may come to its end when it is interrupted. */
  const patient = (begun: Deferred.Deferred<void>, log: Array<string>) =>
    Step.make("test.patient", {
      description: "It takes its time",
      risk: "additive",
      finishWithin: "1 hour",
      input: {},
      output: {},
      check: () => Effect.succeed(Check.needed([{ summary: "wait" }])),
      apply: () =>
        Effect.andThen(Deferred.succeed(begun, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => void log.push("interrupted")))
        )
    })

  for (const onFailure of policies) {
    it.live(`ends what is under way at once, also where that might finish: onFailure ${onFailure}`, () =>
      Effect.gen(function* () {
        const [dials, memory, log] = [makeDials(), MemoryStore.make(), [] as Array<string>]
        const store = MemoryStore.layer(memory)
        const begun = Deferred.makeUnsafe<void>()
        const deployment = defineDeployment(
          "shop",
          { environments: { staging: { data: "disposable", onFailure } }, plugins: () => [dialsPlugin({})] },
          function* () {
            yield* dial("a", { name: "a", value: 1 })
            yield* patient(begun, log)("patient", {})
            yield* dial("b", { name: "b", value: 1 })
          }
        )
        const running = yield* Effect.forkChild(
          Rehearsal.apply(deployment, layer(dials), { environment: "staging", store })
        )
        yield* Deferred.await(begun)
        const operations = (yield* Effect.provide(Store.Store, store)).of(place)
        yield* operations.unlock({ who: { user: "ada", host: "ci-7", pid: 1 }, reason: "it hangs" })
        const journal = memory.shelf(place).journals.get(1)
        const run = yield* Fiber.join(running)
        assert.deepStrictEqual([run.exitCode, run.failure?.code], [1, "core.lock-lost"])
        assert.deepStrictEqual([log, dials.log], [["interrupted"], ["turn a 1"]])
        assert.strictEqual(memory.shelf(place).journals.get(1), journal)
        assert.strictEqual(run.events.filter((event: Event.Event) => event._tag === "RunFinished").length, 1)
      })
    )
  }
})
