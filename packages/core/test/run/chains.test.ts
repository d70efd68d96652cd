/** Runs that were killed, and runs that go on with them and are killed, too. */
import { assert, describe, it } from "@effect/vitest"
import { Attempt, Check, defineDeployment, Journal, parallel, Step } from "@shipshape/core"
import { Crash, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { type Dials, dial, dialsPlugin, dump, layer, makeDials, meter, Turner, tell } from "../support/Dials.ts"

const plugins = () => [dialsPlugin({})]
const staging = { deployment: "shop", environment: "staging" }

const shop = defineDeployment("shop", { environments: { staging: { data: "disposable" } }, plugins }, function* () {
  yield* tell("begin", { text: "begin" })
  yield* dial("a", { name: "a", value: 1 })
  yield* parallel([dial("b", { name: "b", value: 1 }), tell("beside", { text: "beside" })])
  yield* dial("c", { name: "c", value: 1 })
  yield* tell("end", { text: "end" })
})

const recordsOf = (memory: MemoryStore.MemoryStore, place = staging) =>
  [...memory.shelf(place).journals.values()].flatMap((text) => Journal.decode(text).records)

/** Runs, and is killed at its write of that number; whether it has come so far. */
const killedAt = Effect.fnUntraced(function* (
  dials: Dials,
  memory: MemoryStore.MemoryStore,
  at: number,
  when: Crash.Point["when"],
  resume?: "finish" | "undo"
) {
  let killed = false
  const kill = () => {
    killed = true
  }
  const store = Crash.store(MemoryStore.layer(memory), { at, when, kill, keep: (length) => length >> 1 })
  yield* Rehearsal.apply(shop, layer(dials), { environment: "staging", store, apply: { resume } })
  return killed
})

/** Every other pair of moments at which a run and the one that goes on with it are killed. */
const pairs = Effect.fnUntraced(function* (
  when: Crash.Point["when"],
  second: "finish" | "undo" | undefined,
  then: (dials: Dials, memory: MemoryStore.MemoryStore, where: string) => Effect.Effect<void>
) {
  let tried = 0
  for (let first = 2; ; first++) {
    let killed = true
    for (let next = 1 + (first % 2); ; next += 2) {
      const [dials, memory] = [makeDials({ a: 7 }), MemoryStore.make()]
      killed = yield* killedAt(dials, memory, first, when)
      if (!killed || !(yield* killedAt(dials, memory, next, when, second))) break
      yield* then(dials, memory, `killed ${when} ${first}, then ${when} ${next}`)
      tried++
    }
    if (!killed) break
  }
  assert.isAbove(tried, 30)
})

describe("a chain of runs that were killed", () => {
  for (const when of ["before", "torn", "after"] as const) {
    for (const resume of ["finish", undefined] as const) {
      it.effect(
        `${when} a write is finished by ${resume === undefined ? "apply" : "resume"}: nothing twice, one key`,
        () =>
          pairs(when, resume, (dials, memory, where) =>
            Effect.gen(function* () {
              const store = MemoryStore.layer(memory)
              const { journals, releases } = memory.shelf(staging)
              const over = releases.size > 0 && [...journals.values()].some((text) => text.includes('"RunEnded"'))
              if (over) return
              const third = yield* Rehearsal.apply(shop, layer(dials), {
                environment: "staging",
                store,
                apply: { resume }
              })
              assert.strictEqual(third.exitCode, 0, where)
              assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 1, b: 1, c: 1 }, where)
              for (const text of ["begin", "beside", "end"]) {
                assert.isAtMost(dials.log.filter((line) => line === `tell ${text}`).length, 1, where)
              }
              const records = recordsOf(memory)
              const continued = records.flatMap((record) => (record._tag === "RunBegan" ? [record.continues] : []))
              assert.deepStrictEqual(new Set(continued.slice(1)), new Set([1]), where)
              const keys = new Map<string, Set<string>>()
              for (const record of records) {
                if (record._tag !== "AttemptBegan") continue
                keys.set(record.step, (keys.get(record.step) ?? new Set()).add(record.key))
              }
              for (const [step, found] of keys) assert.strictEqual(found.size, 1, `${where}: ${step}`)
              assert.isAbove(releases.size, 0, where)
            })
          )
      )
    }

    for (const second of ["finish", "undo"] as const) {
      it.effect(
        `${when} a write, the second while it ${second}es, is taken back: what all have applied, once, backwards`,
        () =>
          pairs(when, second, (dials, memory, where) =>
            Effect.gen(function* () {
              const over = [...memory.shelf(staging).journals.values()].at(-1)?.includes('"RunEnded"') ?? false
              if (over) return
              const applied = [...dials.values].filter(([name, value]) => value !== (name === "a" ? 7 : undefined))
              dials.log.length = 0
              const store = MemoryStore.layer(memory)
              const undo = yield* Rehearsal.apply(shop, layer(dials), {
                environment: "staging",
                store,
                apply: { resume: "undo" }
              })
              assert.strictEqual(undo.exitCode, 0, where)
              assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 7 }, where)
              const order = ["c", "b", "a"]
              const back = dials.log.map((line) => line.replace("turn back ", ""))
              assert.deepStrictEqual(
                back,
                order.filter((name) => back.includes(name)),
                where
              )
              for (const [name] of applied) assert.include(back, name, where)
              const plan = yield* Rehearsal.plan(shop, layer(dials), { environment: "staging", store })
              assert.isUndefined(plan.plan?.interrupted, where)
            })
          )
      )
    }
  }
})

describe("the backup of an interrupted run", () => {
  const place = { deployment: "shop", environment: "production" }
  const precious = (value: number) =>
    defineDeployment("shop", { environments: { production: { data: "precious" } }, plugins }, function* () {
      yield* dump("dump", {})
      yield* dial("a", { name: "a", value })
      yield* meter("rows", { name: "rows", value })
      yield* meter("more", { name: "more", value })
    })

  /** Run 2 is killed once the record holds; how many dumps there are after run 3, and which one its release names. */
  const after = Effect.fnUntraced(function* (tag: string, step: string) {
    const [dials, memory] = [makeDials(), MemoryStore.make()]
    const store = MemoryStore.layer(memory)
    const apply = (value: number, of = store) =>
      Rehearsal.apply(precious(value), layer(dials), { environment: "production", store: of })
    yield* apply(1)
    let at = 0
    const counting = MemoryStore.make()
    const again = makeDials({ a: 1, rows: 1, more: 1 })
    yield* Rehearsal.apply(precious(2), layer(again), { environment: "production", store: MemoryStore.layer(counting) })
    for (const [i, record] of recordsOf(counting, place).entries()) {
      if (record._tag === tag && "step" in record && record.step === step) at = i + 1
    }
    assert.isAbove(at, 0)
    yield* apply(2, Crash.store(store, { at, when: "after", kill: () => {} }))
    dials.values.set("written by users", 1)
    const next = yield* apply(2)
    const release = memory.shelf(place).releases.get(3)
    return { exitCode: next.exitCode, dumps: dials.dumps.length, backup: release?.backup?.file, dials }
  })

  it.effect("does not count where nothing had changed data since: users have written meanwhile", () =>
    Effect.gen(function* () {
      for (const [tag, step] of [
        ["AttemptEnded", "dump"],
        ["AttemptBegan", "a"],
        ["AttemptEnded", "a"]
      ] as const) {
        const { backup, dials, dumps, exitCode } = yield* after(tag, step)
        assert.deepStrictEqual([exitCode, dumps, backup], [0, 3, "dump 3"], `${tag} ${step}`)
        assert.strictEqual(dials.dumps.at(-1)?.get("written by users"), 1)
      }
    })
  )

  it.effect("counts once that run had begun to change data: a new one would hold what it changed", () =>
    Effect.gen(function* () {
      for (const [tag, step] of [
        ["AttemptBegan", "rows"],
        ["AttemptEnded", "rows"],
        ["AttemptBegan", "more"]
      ] as const) {
        const { backup, dumps, exitCode } = yield* after(tag, step)
        assert.deepStrictEqual([exitCode, dumps, backup], [0, 2, "dump 2"], `${tag} ${step}`)
      }
    })
  )
})

describe("what is interrupted still is", () => {
  it.effect("after a run that was refused: it has changed nothing", () =>
    Effect.gen(function* () {
      const [dials, memory] = [makeDials(), MemoryStore.make()]
      const sneaky = Step.make("test.sneaky", {
        description: "It turns out to lose data when its turn comes",
        risk: "additive",
        input: {},
        output: {},
        check: () =>
          Effect.sync(() =>
            dials.log.length === 0
              ? Check.needed([{ summary: "look" }])
              : asked++ === 0
                ? Check.needed([{ summary: "look" }])
                : Check.needed([{ summary: "lose" }], { risk: "destructive" })
          ),
        apply: () => Effect.void
      })
      let asked = 0
      const deployment = defineDeployment(
        "shop",
        { environments: { production: { data: "precious" } }, plugins },
        function* () {
          yield* tell("begin", { text: "begin" })
          yield* sneaky("sneaky", {})
        }
      )
      const store = MemoryStore.layer(memory)
      const apply = (of = store) => Rehearsal.apply(deployment, layer(dials), { environment: "production", store: of })
      yield* apply(Crash.store(store, { at: 4, when: "after", kill: () => {} }))
      assert.deepStrictEqual(dials.log, ["tell begin"])
      const refused = yield* apply()
      assert.deepStrictEqual([refused.exitCode, refused.failure?.code], [5, "policy.destructive-on-precious-data"])
      asked = 0
      const plan = yield* Rehearsal.plan(deployment, layer(dials), { environment: "production", store })
      assert.strictEqual(plan.plan?.interrupted?.run, 1)
      assert.strictEqual(plan.plan?.steps[0]?.action, "none")
    })
  )

  it.effect("after taking back has failed: mended, it is tried again", () =>
    Effect.gen(function* () {
      const [dials, memory] = [makeDials({ a: 7 }), MemoryStore.make()]
      const store = MemoryStore.layer(memory)
      yield* killedAt(dials, memory, 12, "after")
      dials.jammed.add("a")
      const undo = () =>
        Rehearsal.apply(shop, layer(dials), { environment: "staging", store, apply: { resume: "undo" } })
      assert.strictEqual((yield* undo()).exitCode, 1)
      dials.jammed.clear()
      assert.strictEqual((yield* undo()).exitCode, 0)
      assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 7 })
    })
  )
})

describe("an attempt", () => {
  it.effect("is counted, and has the same key however often it is made", () =>
    Effect.gen(function* () {
      const seen: Array<Attempt.Attempt | undefined> = []
      const flaky = Step.make("test.flaky", {
        description: "Somebody is told at the third attempt",
        risk: "additive",
        input: { text: Schema.String },
        output: {},
        check: () => Effect.succeed(Check.everyRun([{ summary: "tell" }], {})),
        apply: Effect.fnUntraced(function* ({ text }) {
          seen.push(yield* Attempt.Current)
          if (seen.length % 3 !== 0) return yield* Effect.fail(new Error("nobody listens"))
          ;(yield* Turner).dials.log.push(text)
        })
      })
      const deployment = (text: string) =>
        defineDeployment("shop", { environments: { staging: { data: "disposable" } }, plugins }, function* () {
          yield* flaky("flaky", { text }, { retry: Schedule.recurs(5) })
        })
      const memory = MemoryStore.make()
      const run = (text: string, store = MemoryStore.layer(memory)) =>
        Rehearsal.apply(deployment(text), layer(makeDials()), { environment: "staging", store })
      // Killed before the failure of the second attempt is recorded.
      yield* run("one", Crash.store(MemoryStore.layer(memory), { at: 6, when: "after", kill: () => {} }))
      yield* run("one")
      yield* run("one")
      assert.deepStrictEqual(
        seen.map((attempt) => [attempt?.run, attempt?.attempt]),
        [
          [1, 1],
          [1, 2],
          [2, 1],
          [3, 1],
          [3, 2],
          [3, 3]
        ]
      )
      const keys = seen.map((attempt) => attempt?.key)
      assert.strictEqual(new Set(keys.slice(0, 3)).size, 1)
      assert.strictEqual(new Set(keys.slice(3)).size, 1)
      assert.notStrictEqual(keys[0], keys[3])
      const attempts = recordsOf(memory).flatMap((record) => (record._tag === "AttemptBegan" ? [record.attempt] : []))
      assert.deepStrictEqual(attempts, [1, 2, 1, 1, 2, 3])
    })
  )
})
