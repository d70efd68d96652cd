/** What comes in the way of a run from outside: its store, its lock, its journal, secrets, and versions. */
import { assert, describe, it } from "@effect/vitest"
import {
  Check,
  defineDeployment,
  type Event,
  ExitCode,
  Failure,
  Input,
  optional,
  Plugin,
  Proposal,
  Release,
  Run,
  Step,
  Store
} from "@shipshape/core"
import { FakeTarget, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { type Dials, dial, dialsPlugin, layer, makeDials } from "../support/Dials.ts"

const place = { deployment: "shop", environment: "staging" }
const staging = { environment: "staging" } as const
const environments = { staging: { data: "disposable" } } as const
const plugins = () => [dialsPlugin({})]
const target = FakeTarget.layer(FakeTarget.make({}))

const shop = (value = 1) =>
  defineDeployment("shop", { environments, plugins }, function* () {
    yield* dial("a", { name: "a", value })
    yield* dial("b", { name: "b", value })
  })

const tagsOf = (journal: string | undefined) =>
  (journal ?? "").split("\n").flatMap((line) => /^\{"_tag":"(\w+)"/.exec(line)?.[1] ?? [])

const codesOf = (events: ReadonlyArray<Event.Event>) =>
  events.flatMap((event) => (event._tag === "Notice" ? [event.code] : []))

describe("a journal that cannot be written", () => {
  /** A store whose disk is full once an attempt at `step` is to be written: for good, or for a moment. */
  const full = (memory: MemoryStore.MemoryStore, step: string, how: "for good" | "for a moment" = "for good") =>
    Layer.effect(
      Store.Store,
      Effect.map(Store.Store, (store) => ({
        of: (where: Store.Place) => {
          const operations = store.of(where)
          let isFull = false
          const wrapped = (lease: Store.Lease): Store.Lease => ({
            ...lease,
            append: (lines) => {
              const begins = lines.includes(`"step":"${step}"`) && lines.includes("AttemptBegan")
              isFull = begins || (isFull && how === "for good")
              return isFull
                ? Effect.fail(new Store.StoreFailed({ message: "no space left", hint: "free disk space" }))
                : lease.append(lines)
            }
          })
          return {
            ...operations,
            acquire: (claim: Store.Claim) => Effect.map(operations.acquire(claim), wrapped)
          }
        }
      }))
    ).pipe(Layer.provide(MemoryStore.layer(memory)))

  it.effect("ends the run before the attempt, and the next run goes on", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const memory = MemoryStore.make()
      const run = yield* Rehearsal.apply(shop(), layer(dials), { ...staging, store: full(memory, "b") })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [1, "core.store-failed"])
      assert.deepStrictEqual(dials.log, ["turn a 1"])
      const next = yield* Rehearsal.apply(shop(), layer(dials), { ...staging, store: MemoryStore.layer(memory) })
      assert.deepStrictEqual([next.exitCode, next.applied, codesOf(next.events)], [0, ["b"], ["core.interrupted-run"]])
    })
  )

  it.effect("ends it in a step that may fail, too", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const lenient = defineDeployment("shop", { environments, plugins }, function* () {
        yield* optional(dial("a", { name: "a", value: 1 }), "nobody needs it")
        yield* dial("b", { name: "b", value: 1 })
      })
      const store = full(MemoryStore.make(), "a", "for a moment")
      const run = yield* Rehearsal.apply(lenient, layer(dials), { ...staging, store })
      assert.deepStrictEqual([run.exitCode, run.failure?.message, dials.log], [1, "no space left", []])
    })
  )
})

describe("a journal that is damaged", () => {
  it.effect("refuses the next run, with the line; nothing is changed", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const memory = MemoryStore.make()
      const store = MemoryStore.layer(memory)
      yield* Rehearsal.apply(shop(), layer(dials), { ...staging, store })
      const { journals } = memory.shelf(place)
      const lines = (journals.get(1) ?? "").split("\n")
      journals.set(1, lines.toSpliced(2, 1, "who was here").join("\n"))
      dials.log.length = 0
      const next = yield* Rehearsal.apply(shop(2), layer(dials), { ...staging, store })
      assert.deepStrictEqual([next.exitCode, next.failure?.code], [1, "core.journal-invalid"])
      assert.include(next.failure?.message, "line 3 cannot be read")
      assert.deepStrictEqual(dials.log, [])
    })
  )
})

describe("a lock that is lost in the middle", () => {
  it.effect("ends the run at once; its journal just stops, and the next run goes on", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const memory = MemoryStore.make()
      const store = MemoryStore.layer(memory)
      const begun: Array<string> = []
      const ended: Array<string> = []
      const slow = Step.make("test.slow", {
        description: "It takes its time",
        risk: "additive",
        input: {},
        output: {},
        check: () => Effect.sync(() => (ended.length > 0 ? Check.satisfied({}) : Check.needed([{ summary: "wait" }]))),
        apply: () =>
          Effect.gen(function* () {
            begun.push("slow")
            if (begun.length === 1) yield* Effect.never
            ended.push("slow")
          })
      })
      const deployment = defineDeployment("shop", { environments, plugins }, function* () {
        yield* dial("a", { name: "a", value: 1 })
        yield* slow("slow", {})
        yield* dial("b", { name: "b", value: 1 })
      })
      const run = () => Rehearsal.apply(deployment, layer(dials), { ...staging, store })
      const running = yield* Effect.forkChild(run())
      while (begun.length === 0) yield* Effect.yieldNow
      const operations = (yield* Effect.provide(Store.Store, store)).of(place)
      yield* operations.unlock({ who: { user: "ada", host: "ci-7", pid: 1 }, reason: "it hangs" })
      const first = yield* Fiber.join(running)
      assert.deepStrictEqual([first.exitCode, first.failure?.code], [1, "core.lock-lost"])
      assert.notInclude(tagsOf(memory.shelf(place).journals.get(1)), "RunEnded")
      const next = yield* run()
      assert.deepStrictEqual([next.exitCode, next.applied], [0, ["slow", "b"]])
      assert.strictEqual(next.plan?.interrupted?.step, "slow")
    })
  )
})

describe("a step that may go on to its end", () => {
  const waiting = (millis: number, ended: Array<string>) =>
    Step.make("test.waiting", {
      description: "It takes its time",
      risk: "additive",
      finishWithin: "1 minute",
      input: {},
      output: {},
      check: () => Effect.sync(() => (ended.length > 0 ? Check.satisfied({}) : Check.needed([{ summary: "wait" }]))),
      apply: () =>
        Effect.andThen(
          Effect.sleep(millis),
          Effect.sync(() => void ended.push("waited"))
        )
    })

  const interruptedAfter = Effect.fnUntraced(function* (millis: number) {
    const ended: Array<string> = []
    const memory = MemoryStore.make()
    const deployment = defineDeployment("shop", { environments, plugins }, function* () {
      yield* waiting(millis, ended)("long", {})
      yield* dial("b", { name: "b", value: 1 })
    })
    const dials = makeDials()
    const run = Effect.scoped(
      Effect.flatMap(
        Run.openWith(deployment, layer(dials), { ...staging, inputs: [], target, store: MemoryStore.layer(memory) }),
        (session) => session.apply()
      )
    )
    const fiber = yield* Effect.forkChild(run)
    yield* TestClock.adjust("1 second")
    const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber))
    yield* TestClock.adjust("2 minutes")
    yield* Fiber.join(stopping)
    const exit = yield* Fiber.await(fiber)
    const journal = memory.shelf(place).journals.get(1) ?? ""
    return { ended, dials, interrupted: Exit.hasInterrupts(exit), journal }
  })

  it.effect("is waited for when the run is interrupted, and what follows is not begun", () =>
    Effect.gen(function* () {
      const { dials, ended, interrupted, journal } = yield* interruptedAfter(30_000)
      assert.deepStrictEqual([ended, interrupted, dials.log], [["waited"], true, []])
      assert.include(journal, '"outcome":"applied"')
      assert.deepStrictEqual(tagsOf(journal).slice(-2), ["AttemptEnded", "RunEnded"])
    })
  )

  it.effect("is interrupted when it takes longer than it may", () =>
    Effect.gen(function* () {
      const { ended, interrupted, journal } = yield* interruptedAfter(90_000)
      assert.deepStrictEqual([ended, interrupted], [[], true])
      assert.include(journal, '"outcome":"interrupted"')
    })
  )
})

describe("a secret in what undo has captured", () => {
  const deployment = defineDeployment(
    "shop",
    {
      environments: { staging: { data: "disposable", onFailure: "undo" } },
      inputs: { token: Input.secret("TOKEN") },
      plugins
    },
    function* () {
      yield* dial("a", { name: "a", value: 1 })
      yield* dial("b", { name: "b", value: 1 })
    }
  )
  const secret = "correct horse battery"
  const options = { ...staging, inputs: { TOKEN: secret } }
  const world = () => ({ ...makeDials({ a: 7 }), secret }) satisfies Dials

  it.effect("is in no journal; the process that has captured it undoes all the same", () =>
    Effect.gen(function* () {
      const dials = world()
      dials.broken.set("b", "stuck")
      const memory = MemoryStore.make()
      const run = yield* Rehearsal.apply(deployment, layer(dials), { ...options, store: MemoryStore.layer(memory) })
      assert.deepStrictEqual([run.exitCode, dials.values.get("a")], [1, 7])
      const journal = memory.shelf(place).journals.get(1) ?? ""
      assert.include(tagsOf(journal), "UndoEnded")
      assert.notInclude(journal, secret)
      assert.notInclude(journal, '"captured"')
    })
  )

  it.effect("keeps another process from undoing that step, which is said", () =>
    Effect.gen(function* () {
      const dials = world()
      const memory = MemoryStore.make()
      const store = MemoryStore.layer(memory)
      yield* Rehearsal.apply(deployment, layer(dials), { ...options, store })
      const { journals } = memory.shelf(place)
      const lines = (journals.get(1) ?? "").split("\n").filter((line) => !line.includes('"RunEnded"'))
      journals.set(1, lines.join("\n"))
      const undo = yield* Rehearsal.apply(deployment, layer(dials), { ...options, store, apply: { resume: "undo" } })
      assert.deepStrictEqual([undo.exitCode, dials.values.get("a")], [0, 1])
      assert.include(codesOf(undo.events), "core.cannot-undo")
    })
  )
})

describe("a release that cannot be recorded", () => {
  class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { ...Failure.fields("test.unreadable") }) {}

  it.effect("fails the run, and the next one records it", () =>
    Effect.gen(function* () {
      let readable = false
      let done = false
      const site = Release.of(
        Step.make("test.site", {
          description: "The site is there",
          risk: "additive",
          input: {},
          output: {},
          check: () => Effect.sync(() => (done ? Check.satisfied({}) : Check.needed([{ summary: "publish" }]))),
          apply: () =>
            Effect.sync(() => {
              done = true
            })
        }),
        {
          part: Schema.Struct({ version: Schema.String }),
          record: () =>
            Effect.suspend(() =>
              readable
                ? Effect.succeed({ version: "1" })
                : Effect.fail(new Unreadable({ message: "the site does not answer", hint: "bring it up" }))
            )
        }
      )
      const deployment = defineDeployment("shop", { environments, plugins }, function* () {
        yield* site("site", {})
      })
      const memory = MemoryStore.make()
      const run = () =>
        Rehearsal.apply(deployment, layer(makeDials()), { ...staging, store: MemoryStore.layer(memory) })
      const first = yield* run()
      assert.strictEqual(first.exitCode, 1)
      assert.include(
        first.failure?.message,
        "everything is applied, but the release could not be recorded: the site does not answer"
      )
      const { journals, releases } = memory.shelf(place)
      assert.deepStrictEqual([done, releases.size], [true, 0])
      assert.include(journals.get(1), "core.release-not-recorded")
      readable = true
      const next = yield* run()
      assert.deepStrictEqual([next.exitCode, next.applied, [...releases.keys()]], [0, [], [2]])
    })
  )
})

describe("a plan of another version", () => {
  const ofVersion = (version: string) => {
    const plugin = Plugin.define("dials", {
      version,
      description: "Dials",
      steps: { dial },
      options: {},
      layer: () => layer(makeDials())
    })
    return defineDeployment("shop", { environments, plugins: () => [plugin({})] }, function* () {
      yield* dial("a", { name: "a", value: 1 })
    })
  }
  const open = (version: string, dials: Dials) =>
    Run.openWith(ofVersion(version), layer(dials), {
      ...staging,
      inputs: [],
      target,
      store: MemoryStore.layer(MemoryStore.make())
    })

  it.effect("of a plugin is refused, and the versions are named", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const approved = yield* Effect.flatMap(open("1.0.0", dials), (session) => session.propose)
      const error = yield* Effect.flip(Effect.flatMap(open("1.1.0", dials), (session) => session.apply({ approved })))
      assert.deepStrictEqual([ExitCode.of(error), dials.log], [4, []])
      assert.deepStrictEqual(error._tag === "PlanStale" && error.tail, ["versions dials: 1.0.0 → 1.1.0"])
    }).pipe(Effect.scoped)
  )

  it.effect("of the file's format is no plan that this version reads", () =>
    Effect.gen(function* () {
      const approved = yield* Effect.flatMap(open("1.0.0", makeDials()), (session) => session.propose)
      const error = yield* Effect.flip(Proposal.parse(JSON.stringify({ ...approved, v: 2 })))
      assert.deepStrictEqual([ExitCode.of(error), error.code], [64, "core.proposal-invalid"])
    }).pipe(Effect.scoped)
  )
})
