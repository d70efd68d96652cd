import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, type Event, Journal, Leftovers, onFresh, Step } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Dials, dial, dialsPlugin, layer, makeDials, tell } from "../support/Dials.ts"

const place = { deployment: "shop", environment: "staging" }
const plugins = () => [dialsPlugin({})]
const environments = { staging: { data: "disposable" } } as const

const shop = (value = 1) =>
  defineDeployment("shop", { environments, plugins }, function* () {
    yield* tell("begin", { text: "begin" })
    yield* dial("a", { name: "a", value })
    yield* dial("b", { name: "b", value })
    yield* tell("end", { text: "end" })
  })

/** Runs the deployment, and then lets it look as if it had been killed right after the last record that `until` holds for. */
const killedAfter = Effect.fnUntraced(function* (dials: Dials, until: (line: string) => boolean, torn = "") {
  const memory = MemoryStore.make()
  yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store: MemoryStore.layer(memory) })
  const { journals } = memory.shelf(place)
  const lines = (journals.get(1) ?? "").split("\n")
  const last = lines.findIndex(until)
  assert.notStrictEqual(last, -1)
  journals.set(1, `${lines.slice(0, last + 1).join("\n")}\n${torn}`)
  memory.shelf(place).releases.clear()
  return { memory, store: MemoryStore.layer(memory) }
})

const has =
  (tag: string, step = "") =>
  (line: string) =>
    line.includes(`"_tag":"${tag}"`) && (step === "" || line.includes(`"step":"${step}"`))

const keyOf = (memory: MemoryStore.MemoryStore, step: string): string =>
  Journal.decode(memory.shelf(place).journals.get(1) ?? "").records.flatMap((record) =>
    record._tag === "AttemptBegan" && record.step === step ? [record.key] : []
  )[0] ?? ""

const noticesOf = (events: ReadonlyArray<Event.Event>) =>
  events.flatMap((event) => (event._tag === "Notice" ? [event.code] : []))

describe("a run that was cut off", () => {
  it.effect("is told of by the next plan and the next apply, with the step it was at", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { store } = yield* killedAfter(dials, has("AttemptBegan", "b"), '{"_tag":"Atte')
      const plan = yield* Rehearsal.plan(shop(), layer(dials), { environment: "staging", store })
      const { step, run, torn } = plan.plan?.interrupted ?? {}
      assert.deepStrictEqual([run, step, torn], [1, "b", true])
      const next = yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual([next.exitCode, noticesOf(next.events)], [0, ["core.interrupted-run"]])
      const after = yield* Rehearsal.plan(shop(), layer(dials), { environment: "staging", store })
      assert.strictEqual(after.plan?.interrupted, undefined)
    })
  )

  it.effect("is gone on with by asking the world: what was in flight is looked at first", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { store } = yield* killedAfter(dials, has("AttemptBegan", "b"))
      dials.values.delete("b")
      dials.log.length = 0
      const next = yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual(next.applied, ["b", "end"])
      assert.deepStrictEqual(dials.log, ["turn b 1", "tell end"])
      assert.strictEqual(next.steps.begin?.outcome, "satisfied")
      assert.include(next.steps.begin?.reason, "done before run 1 was interrupted")
    })
  )

  it.effect("has what was in flight ended before anything is looked at, and says what; a plan ends nothing", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { memory, store } = yield* killedAfter(dials, has("AttemptBegan", "b"))
      const cleared: Array<Leftovers.InFlight> = []
      const clearing = Leftovers.clearedBy((inFlight) =>
        Effect.sync(() => {
          cleared.push(inFlight)
          // As it does where it had been about to finish.
          dials.values.delete("b")
          return ["ended what dial b was doing"]
        })
      )
      const plugin = Layer.merge(layer(dials), Layer.effectDiscard(clearing))
      const options = { environment: "staging", store } as const
      yield* Rehearsal.plan(shop(), plugin, options)
      assert.deepStrictEqual(cleared, [])
      const next = yield* Rehearsal.apply(shop(), plugin, options)
      assert.deepStrictEqual(cleared, [{ keys: [keyOf(memory, "b")], run: 2 }])
      assert.deepStrictEqual(noticesOf(next.events), ["core.interrupted-run", "core.cleared-away"])
      assert.strictEqual(next.plan?.steps.find(({ id }) => id === "b")?.action, "apply")
      yield* Rehearsal.apply(shop(), plugin, options)
      assert.strictEqual(cleared.length, 1)
    })
  )

  it.effect("does not do twice what nobody can look at, and says so", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { store } = yield* killedAfter(dials, has("AttemptBegan", "end"))
      dials.log.length = 0
      const next = yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual([next.exitCode, dials.log], [0, []])
      assert.include(next.steps.end?.reason, "nobody can look whether it was done")
      // The next run is another one.
      yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual(dials.log, ["tell begin", "tell end"])
    })
  )

  it.effect("is gone on with by a run that is cut off, too", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { memory, store } = yield* killedAfter(dials, has("AttemptEnded", "a"))
      dials.values.delete("b")
      yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      const { journals } = memory.shelf(place)
      const second = (journals.get(2) ?? "").split("\n").filter((line) => !has("RunEnded")(line))
      assert.isTrue(second.some((line) => line.includes('"continues":1')))
      journals.set(2, second.join("\n"))
      dials.log.length = 0
      const third = yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual([third.exitCode, third.applied, dials.log], [0, [], []])
      assert.strictEqual(third.plan?.interrupted?.run, 2)
    })
  )

  it.effect("tells again what failed to be told", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const memory = MemoryStore.make()
      const store = MemoryStore.layer(memory)
      dials.broken.set("end", "stuck")
      yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      const { journals } = memory.shelf(place)
      const lines = (journals.get(1) ?? "").split("\n").filter((line) => !has("RunEnded")(line))
      journals.set(1, lines.join("\n"))
      dials.broken.clear()
      dials.log.length = 0
      yield* Rehearsal.apply(shop(), layer(dials), { environment: "staging", store })
      assert.deepStrictEqual(dials.log, ["tell end"])
    })
  )
})

describe("a fresh start that was cut off", () => {
  it.effect("is made once", () =>
    Effect.gen(function* () {
      const wiped: Array<string> = []
      const wipe = Step.make("test.wipe", {
        description: "Wiped",
        risk: "destructive",
        input: {},
        output: {},
        check: () => Effect.succeed({ _tag: "Needed" as const, changes: [{ summary: "wipe" }] }),
        apply: () => Effect.sync(() => void wiped.push("wipe"))
      })
      // A wipe whose check never is satisfied does not converge; the run that is cut off had applied it all the same.
      const fresh = defineDeployment("shop", { environments, plugins }, function* () {
        yield* onFresh(wipe("clean-slate", {}))
        yield* dial("a", { name: "a", value: 1 })
      })
      const dials = makeDials()
      const memory = MemoryStore.make()
      const options = { environment: "staging", strategy: "fresh", store: MemoryStore.layer(memory) } as const
      yield* Rehearsal.apply(fresh, layer(dials), options)
      const { journals } = memory.shelf(place)
      const text = (journals.get(1) ?? "")
        .split("\n")
        .filter((line) => !has("RunEnded")(line))
        .join("\n")
        .replace('"outcome":"failed"', '"outcome":"applied"')
      journals.set(1, text)
      const next = yield* Rehearsal.apply(fresh, layer(dials), options)
      assert.deepStrictEqual([next.exitCode, next.applied, wiped], [0, ["a"], ["wipe"]])
    })
  )
})

describe("resume", () => {
  const resumed = (
    value: number,
    dials: Dials,
    store: ReturnType<typeof MemoryStore.layer>,
    resume: "finish" | "undo"
  ) => Rehearsal.apply(shop(value), layer(dials), { environment: "staging", store, apply: { resume } })

  it.effect("finishes what was cut off", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { store } = yield* killedAfter(dials, has("AttemptEnded", "a"))
      dials.values.delete("b")
      const run = yield* resumed(1, dials, store, "finish")
      assert.deepStrictEqual([run.exitCode, run.applied], [0, ["b", "end"]])
    })
  )

  it.effect("refuses what has changed since, and says what; a plain apply goes on", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { store } = yield* killedAfter(dials, has("AttemptEnded", "a"))
      const before = new Map(dials.values)
      const run = yield* resumed(2, dials, store, "finish")
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [4, "core.resume-changed"])
      assert.include(run.failure?.message, "the input of step “a” is another; the input of step “b” is another")
      assert.deepStrictEqual(dials.values, before)
      const applied = yield* Rehearsal.apply(shop(2), layer(dials), { environment: "staging", store })
      assert.strictEqual(applied.exitCode, 0)
    })
  )

  it.effect("says that there is nothing to resume", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const run = yield* resumed(1, dials, MemoryStore.layer(MemoryStore.make()), "finish")
      assert.deepStrictEqual([run.exitCode, noticesOf(run.events), dials.log], [0, ["core.nothing-to-resume"], []])
    })
  )

  it.effect("that is killed while it takes back leaves that step in flight, too", () =>
    Effect.gen(function* () {
      const dials = makeDials({ a: 7 })
      const { memory, store } = yield* killedAfter(dials, has("AttemptEnded", "a"))
      yield* resumed(1, dials, store, "undo")
      const { journals } = memory.shelf(place)
      const lines = (journals.get(2) ?? "").split("\n")
      journals.set(2, `${lines.slice(0, lines.findIndex(has("UndoBegan", "a")) + 1).join("\n")}\n`)
      const keys: Array<string> = []
      const clearing = Leftovers.clearedBy((inFlight) =>
        Effect.sync(() => void keys.push(...inFlight.keys)).pipe(Effect.as([]))
      )
      const plugin = Layer.merge(layer(dials), Layer.effectDiscard(clearing))
      yield* Rehearsal.apply(shop(), plugin, { environment: "staging", store })
      assert.deepStrictEqual(keys, [keyOf(memory, "a")])
    })
  )

  it.effect("takes back, if asked to, what another process had applied", () =>
    Effect.gen(function* () {
      const dials = makeDials({ a: 7 })
      const { store } = yield* killedAfter(dials, has("AttemptBegan", "b"))
      const run = yield* resumed(1, dials, store, "undo")
      assert.strictEqual(run.exitCode, 0)
      assert.deepStrictEqual([...dials.values], [["a", 7]])
      assert.deepStrictEqual(noticesOf(run.events), ["core.interrupted-run", "core.cannot-undo"])
      // What one has started is found by the other.
      const [turned, , ...back] = dials.attempts
      assert.deepStrictEqual([turned?.step, turned?.run, turned?.key], ["a", 1, back.at(-1)?.key])
      assert.deepStrictEqual(
        back.map((attempt) => [attempt?.step, attempt?.run]),
        [
          ["b", 2],
          ["a", 2]
        ]
      )
      const after = yield* Rehearsal.plan(shop(), layer(dials), { environment: "staging", store })
      assert.strictEqual(after.plan?.interrupted, undefined)
    })
  )
})
