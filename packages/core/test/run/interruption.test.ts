import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Event, Journal, parallel, Run, Secrets, Step } from "@shipshape/core"
import { FakeTarget, MemoryStore } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { type Dials, dial, dialsPlugin, layer, makeDials, rusty, Turner, tell } from "../support/Dials.ts"
import { interruptedAt } from "../support/interrupting.ts"

const place = { deployment: "shop", environment: "staging" }

/** Takes a moment, and may come to its end when it is interrupted. */
const slow = Step.make("dials.slow", {
  description: "Somebody is told slowly",
  risk: "additive",
  input: { text: Schema.String },
  output: {},
  finishWithin: "1 second",
  check: ({ text }) => Effect.succeed({ _tag: "EveryRun" as const, changes: [{ summary: text }], output: {} }),
  apply: Effect.fnUntraced(function* ({ text }) {
    const { dials } = yield* Turner
    yield* Effect.yieldNow
    dials.log.push(`tell ${text}`)
    yield* Effect.yieldNow
  })
})

const shop = (onFailure: "stop" | "undo" | "rollback", value = 1) =>
  defineDeployment(
    "shop",
    { environments: { staging: { data: "disposable", onFailure } }, plugins: () => [dialsPlugin({})] },
    function* () {
      yield* tell("begin", { text: "begin" })
      yield* dial("a", { name: "a", value })
      yield* parallel([
        dial("b", { name: "b", value }),
        tell("beside", { text: "beside" }),
        rusty("c", { name: "c", value })
      ])
      yield* slow("slow", { text: "slow" })
      yield* dial("d", { name: "d", value })
      yield* tell("end", { text: "end" })
    }
  )

const ids = ["begin", "a", "b", "beside", "c", "slow", "d", "end"]

const applying = (
  deployment: ReturnType<typeof shop>,
  dials: Dials,
  memory: MemoryStore.MemoryStore,
  events: Array<Event.Event>
) =>
  Run.openWith(deployment, layer(dials), {
    environment: "staging",
    inputs: [],
    store: MemoryStore.layer(memory),
    target: FakeTarget.layer(FakeTarget.make({}))
  }).pipe(
    Effect.flatMap((session) => session.apply()),
    Effect.scoped,
    Effect.provideService(Event.CurrentSink, (event) => events.push(event)),
    Effect.provideService(Secrets.Current, Secrets.make())
  )

const isEvent = Schema.decodeUnknownSync(Event.Event)

/** What holds of every run, however it has ended. */
const lawful = (events: ReadonlyArray<Event.Event>, memory: MemoryStore.MemoryStore, dials: Dials) => {
  for (const event of events) isEvent(JSON.parse(JSON.stringify(event)))
  const ends = events.filter((event) => event._tag === "RunFinished")
  assert.strictEqual(ends.length, events.length === 0 ? 0 : 1, "exactly one RunFinished")
  const last = events.at(-1)
  if (last?._tag === "RunFinished") {
    const { applied, failed, notRun, satisfied, skipped } = last.counts
    const begun = events.some((event) => event._tag === "StepFinished")
    assert.strictEqual(applied + failed + notRun + satisfied + skipped, begun ? ids.length : 0, "counts add up")
  } else assert.strictEqual(events.length, 0, "RunFinished is the last event")
  const finished = events.flatMap((event) => (event._tag === "StepFinished" ? [event.id] : []))
  // On the way back to a release steps are applied once more.
  const goingBack = events.some((event) => event._tag === "Notice" && event.code === "core.going-back")
  if (!goingBack) assert.strictEqual(new Set(finished).size, finished.length, "each step ends once")
  const shelf = memory.shelf(place)
  assert.strictEqual(shelf.holder, undefined, "the lock is free")
  const records = [...shelf.journals.values()].flatMap((text) => {
    const { records, torn } = Journal.decode(text)
    assert.strictEqual(torn, undefined)
    assert.isAtMost(records.filter((record) => record._tag === "RunEnded").length, 1)
    const ended = records.findIndex((record) => record._tag === "RunEnded")
    assert.isTrue(ended === -1 || ended === records.length - 1, "RunEnded is the last record")
    return records
  })
  const begun = (step: string) =>
    records.filter((record) => record._tag === "AttemptBegan" && record.step === step).length
  for (const id of ids) {
    const done = dials.log.filter((line) => line === `tell ${id}` || line.startsWith(`turn ${id} `)).length
    assert.isAtMost(done, begun(id), `no attempt at ${id} without a record`)
  }
  return last?._tag === "RunFinished" ? last.outcome : undefined
}

const every = Number(process.env.EVERY ?? 7)

describe("a run that is interrupted anywhere", () => {
  it.live(
    "ends once, frees the lock, and the next one finishes it without doing twice what nobody can look at",
    () =>
      Effect.gen(function* () {
        let hits = 0
        for (let at = 1; ; at += every) {
          const [dials, memory, events] = [makeDials(), MemoryStore.make(), [] as Event.Event[]]
          const { exit, hit } = yield* interruptedAt(applying(shop("stop"), dials, memory, events), at)
          const where = `interrupted at operation ${at}`
          try {
            const outcome = lawful(events, memory, dials)
            if (!hit) break
            if (outcome !== undefined && outcome !== "succeeded") assert.isTrue(Exit.hasInterrupts(exit))
            const again: Array<Event.Event> = []
            const done = memory.shelf(place).releases.size > 0 && outcome === "succeeded"
            yield* applying(shop("stop"), dials, memory, again)
            assert.strictEqual(lawful(again, memory, dials), "succeeded")
            for (const id of ["begin", "beside", "slow", "end"]) {
              const told = dials.log.filter((line) => line === `tell ${id}`).length
              // A run that had come to its end is no part of the next one.
              assert.isAtMost(told, done ? 2 : 1, id)
              if (done) assert.strictEqual(told, 2)
            }
            assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 1, b: 1, c: 1, d: 1 })
            assert.isAbove(memory.shelf(place).releases.size, 0)
          } catch (error) {
            throw new Error(`${where}: ${String(error)}`, { cause: error })
          }
          hits++
        }
        assert.isAbove(hits, 20)
      }),
    120_000
  )

  for (const onFailure of ["undo", "rollback"] as const) {
    it.live(
      `in what follows a failure, too: ${onFailure}`,
      () =>
        Effect.gen(function* () {
          for (let at = 1; ; at += every) {
            const [dials, memory, events] = [makeDials(), MemoryStore.make(), [] as Event.Event[]]
            yield* applying(shop(onFailure), dials, memory, [])
            dials.broken.set("d", "half")
            dials.log.length = 0
            const before = memory.shelf(place).journals.get(1) ?? ""
            memory.shelf(place).journals.set(1, before)
            const { hit } = yield* interruptedAt(Effect.exit(applying(shop(onFailure, 2), dials, memory, events)), at)
            try {
              lawful(events, memory, dials)
              if (!hit) break
              dials.broken.clear()
              const again: Array<Event.Event> = []
              yield* applying(shop(onFailure, 2), dials, memory, again)
              assert.strictEqual(lawful(again, memory, dials), "succeeded")
              assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 2, b: 2, c: 2, d: 2 })
            } catch (error) {
              throw new Error(`interrupted at operation ${at}: ${String(error)}`, { cause: error })
            }
          }
        }),
      120_000
    )
  }
})
