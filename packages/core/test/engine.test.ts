import { assert, describe, it } from "@effect/vitest"
import { acknowledge, defineDeployment, Event, ExitCode, onFresh, optional, parallel, Run } from "@shipshape/core"
import { FakeTarget, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import * as Dials from "./support/Dials.ts"
import { environments, layer, makeWorld, notify, sneaky, thing, toy, wipe } from "./support/Toy.ts"

const staging = { environment: "staging" } as const
const target = FakeTarget.layer(FakeTarget.make({}))
const store = MemoryStore.layer(MemoryStore.make())
const added = (log: ReadonlyArray<string>) => log.filter((line) => line.startsWith("add"))
const actions = (plan: Rehearsal.Rehearsed<unknown>["plan"]) =>
  plan?.steps.map((step) => [step.id, step.action, step.reason ?? ""].join(" | ").replace(/ \| $/, ""))

describe("plan", () => {
  const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
    const db = yield* thing("db", { name: "db", provides: ["service:db"] })
    yield* thing("schema", { name: "schema", needs: "service:db" })
    yield* thing("orphan", { name: "orphan", needs: "service:cache" })
    yield* thing("named", { name: db.map((d) => `${d.name}-named`) })
    yield* thing("perhaps", { name: "perhaps", needs: "service:cache" })
    yield* thing("after-orphan", { name: "x" })
  })

  it.effect("says what is known, what waits for an earlier step, and what nothing will bring", () =>
    Effect.gen(function* () {
      const world = makeWorld(["x"])
      const { plan } = yield* Rehearsal.plan(deployment, layer(world), { ...staging, store })
      assert.deepStrictEqual(actions(plan), [
        "db | apply",
        "schema | deferred | known after “db”",
        "orphan | blocked | service:cache is not up",
        "named | deferred | known after “db”",
        // What “named” provides is not known before its input is: it may be what is lacking.
        "perhaps | deferred | known after “named”",
        "after-orphan | none"
      ])
      assert.deepStrictEqual(plan?.summary, { none: 1, apply: 1, deferred: 3, blocked: 1 })
      assert.deepStrictEqual(plan?.steps[3]?.dependsOn, ["db"])
    })
  )

  it.effect("a failing check blocks its step and no other", () =>
    Effect.gen(function* () {
      const failing = defineDeployment("failing", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("blind", { name: "unaskable" })
        yield* thing("fine", { name: "fine" })
      })
      const { plan } = yield* Rehearsal.plan(failing, layer(makeWorld()), staging)
      assert.deepStrictEqual(actions(plan), ["blind | blocked | cannot look", "fine | apply"])
      assert.strictEqual(plan?.steps[0]?.failure?.hint, "open your eyes")
    })
  )

  it.effect("never calls satisfied what an earlier pending step takes away", () =>
    Effect.gen(function* () {
      const wiping = defineDeployment(
        "wiping",
        { environments: { staging: environments.staging }, plugins: () => [toy(makeWorld())] },
        function* () {
          yield* wipe("clean", { name: "clean", touches: ["volume:data"] })
          yield* thing("row", { name: "row", observes: ["volume:data"] })
          yield* thing("file", { name: "file" })
        }
      )
      const { plan } = yield* Rehearsal.plan(wiping, layer(makeWorld(["row", "file"])), staging)
      assert.deepStrictEqual(actions(plan), ["clean | apply", "row | deferred | known after “clean”", "file | none"])
    })
  )

  it.effect("takes no step of a group for one before another", () =>
    Effect.gen(function* () {
      const group = defineDeployment(
        "group",
        { environments: { staging: environments.staging }, plugins: () => [toy(makeWorld())] },
        function* () {
          yield* parallel([
            wipe("clean", { name: "clean", touches: ["volume:data"] }),
            thing("row", { name: "row", observes: ["volume:data"] })
          ])
          yield* thing("after", { name: "after", observes: ["volume:data"] })
        }
      )
      const { plan } = yield* Rehearsal.plan(group, layer(makeWorld(["row", "after"])), staging)
      assert.deepStrictEqual(actions(plan), ["clean | apply", "row | none", "after | deferred | known after “clean”"])
    })
  )

  it.effect("digests the same for the same world, another for another", () =>
    Effect.gen(function* () {
      const one = yield* Rehearsal.plan(deployment, layer(makeWorld()), staging)
      const same = yield* Rehearsal.plan(deployment, layer(makeWorld()), staging)
      const other = yield* Rehearsal.plan(deployment, layer(makeWorld(["db"])), staging)
      assert.strictEqual(one.plan?.digest, same.plan?.digest)
      assert.notStrictEqual(one.plan?.digest, other.plan?.digest)
    })
  )
})

describe("apply", () => {
  it.effect("applies in order, hands outputs on, and looks again only where something was touched", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        const db = yield* thing("db", { name: "db" })
        yield* thing("kept", { name: "kept" })
        const named = yield* thing("named", { name: db.map((d) => `${d.name}2`) })
        return { name: named.map((n) => n.name) }
      })
      const world = makeWorld(["kept"])
      const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
      assert.deepStrictEqual(run.applied, ["db", "named"])
      assert.deepStrictEqual(run.outputs, { name: "db2" })
      assert.deepStrictEqual(world.log, [
        "ask db",
        "ask kept",
        "ask db",
        "add db",
        "ask db",
        "ask db2",
        "add db2",
        "ask db2"
      ])
    })
  )

  it.effect("looks again at what a step of this run has taken away", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment(
        "wiping",
        { environments: { staging: environments.staging }, plugins: () => [toy(makeWorld())] },
        function* () {
          yield* wipe("clean", { name: "clean", touches: ["row:1"] })
          yield* thing("row", { name: "row:1", observes: ["row:1"] })
        }
      )
      const world = makeWorld(["row:1"])
      const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
      assert.deepStrictEqual(run.applied, ["clean", "row"])
    })
  )

  it.effect("stops at the first failure; what follows is not run, and says because of what", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* parallel([thing("a", { name: "a" }), thing("b", { name: "b" })])
        yield* thing("c", { name: "c" })
      })
      const world = makeWorld()
      world.failures.set("a", 1)
      const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
      assert.strictEqual(run.exitCode, 1)
      assert.deepStrictEqual(
        Object.values(run.steps).map(({ id, outcome, reason }) => [id, outcome, reason ?? ""]),
        [
          ["a", "failed", ""],
          ["b", "applied", ""],
          ["c", "notRun", "not run, because “a” failed"]
        ]
      )
      assert.strictEqual(run.failure?.code, "core.run-failed")
      assert.strictEqual(run.failure?.hint, "mend it")
      assert.deepStrictEqual(run.failure?.tail, ["the last line"])
      const finished = run.events.at(-1)
      assert.deepStrictEqual(finished?._tag === "RunFinished" && [finished.outcome, finished.counts], [
        "failed",
        { satisfied: 0, applied: 1, failed: 1, notRun: 1, undone: 0, skipped: 0, optionalFailed: 0 }
      ])
    })
  )

  it.effect("changes nothing at all where a step is blocked that no step before it can help", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("a", { name: "a" })
        yield* thing("blind", { name: "unaskable" })
        yield* thing("c", { name: "c" })
      })
      const world = makeWorld()
      const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
      assert.deepStrictEqual([run.exitCode, run.applied], [1, []])
      assert.deepStrictEqual([run.failure?.hint, run.steps.blind?.failure?.code], ["open your eyes", "toy.broken"])
      assert.deepStrictEqual(
        [run.steps.a?.outcome, run.steps.a?.reason],
        ["notRun", "not run, because “blind” is blocked"]
      )
      assert.deepStrictEqual(added(world.log), [])
    })
  )

  it.effect("an optional step may fail: it is shown and counted, and what uses its output is not run", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        const warm = yield* optional(thing("warm", { name: "warm" }), "the first visitor warms it")
        yield* thing("next", { name: "next" })
        yield* thing("uses", { name: warm.map((w) => w.name) })
        return warm
      })
      const world = makeWorld()
      world.failures.set("warm", 1)
      const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
      assert.strictEqual(run.exitCode, 0)
      assert.deepStrictEqual(run.applied, ["next"])
      assert.strictEqual(run.steps.warm?.reason, "the first visitor warms it")
      assert.strictEqual(run.steps.uses?.reason, "not run, because “warm” failed")
      assert.isUndefined(run.outputs)
      const finished = run.events.at(-1)
      assert.strictEqual(finished?._tag === "RunFinished" && finished.counts.optionalFailed, 1)
    })
  )

  it.effect("retries what may go through later, by the step's schedule, and not what is final", () =>
    Effect.gen(function* () {
      const retry = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 }))
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("flaky", { name: "flaky" }, { retry })
        yield* thing("final", { name: "final" }, { retry })
      })
      const world = makeWorld()
      world.failures.set("flaky", 2).set("final", 1)
      const fiber = yield* Effect.forkChild(Rehearsal.apply(deployment, layer(world), { ...staging, store }))
      yield* TestClock.adjust("10 seconds")
      const run = yield* Fiber.join(fiber)
      assert.deepStrictEqual(run.applied, ["flaky"])
      assert.strictEqual(run.steps.flaky?.durationMs, 2000)
      assert.strictEqual(run.steps.final?.durationMs, 0)
      const retries = run.events.filter((event) => event._tag === "StepRetrying")
      assert.deepStrictEqual(
        retries.map(({ attempt, id }) => [id, attempt]),
        [
          ["flaky", 1],
          ["flaky", 2]
        ]
      )
    })
  )

  it.effect("gives an attempt as long as the step says", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("slow", { name: "slow" }, { timeout: "5 seconds" })
      })
      const world = makeWorld()
      world.slow.set("slow", 60_000)
      const fiber = yield* Effect.forkChild(Rehearsal.apply(deployment, layer(world), { ...staging, store }))
      yield* TestClock.adjust("5 seconds")
      const run = yield* Fiber.join(fiber)
      assert.strictEqual(run.steps.slow?.failure?.code, "core.step-timed-out")
      assert.deepStrictEqual(added(world.log), [])
    })
  )

  it.effect("runs a group concurrently, as many at a time as it says", () =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d", "e"]
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* parallel(
          names.map((name) => thing(name, { name })),
          { limit: 2 }
        )
      })
      const world = makeWorld()
      for (const name of names) world.slow.set(name, 1000)
      const fiber = yield* Effect.forkChild(Rehearsal.apply(deployment, layer(world), { ...staging, store }))
      yield* TestClock.adjust("10 seconds")
      const run = yield* Fiber.join(fiber)
      assert.strictEqual(world.peak, 2)
      assert.deepStrictEqual([...run.applied].sort(), names)
    })
  )

  it.effect("what cannot be checked runs once in every run", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* notify("tell", { text: "the team" })
      })
      const world = makeWorld()
      for (const _ of [1, 2]) {
        const run = yield* Rehearsal.apply(deployment, layer(world), { ...staging, store })
        assert.deepStrictEqual(run.applied, ["tell"])
        assert.strictEqual(run.plan?.steps[0]?.reason, "runs every time")
      }
      assert.deepStrictEqual(world.log, ["tell the team", "tell the team"])
    })
  )

  it.effect("--only and --skip leave steps alone, and say so", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        const a = yield* thing("a", { name: "a" })
        yield* thing("b", { name: "b" })
        yield* thing("c", { name: a.map((x) => `${x.name}c`) })
      })
      const only = yield* Rehearsal.apply(deployment, layer(makeWorld()), { ...staging, only: ["b"] })
      assert.deepStrictEqual(only.applied, ["b"])
      assert.strictEqual(only.steps.a?.outcome, "skipped")
      const skip = yield* Rehearsal.apply(deployment, layer(makeWorld()), { ...staging, skip: ["a", "c"] })
      assert.deepStrictEqual(skip.applied, ["b"])
      const needed = yield* Rehearsal.apply(deployment, layer(makeWorld()), { ...staging, skip: ["a"] })
      assert.deepStrictEqual([needed.exitCode, needed.applied], [1, []])
      assert.strictEqual(needed.failure?.message, "“c” failed: needs what “a” gives, which is not to be had")
      const unknown = yield* Rehearsal.apply(deployment, layer(makeWorld()), { ...staging, only: ["bb"] })
      assert.deepStrictEqual(
        [unknown.exitCode, unknown.failure?.message],
        [64, "there is no step “bb” — did you mean “b”?"]
      )
    })
  )

  it.effect("an interruption says what is done and what is not", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("a", { name: "a" })
        yield* thing("slow", { name: "slow" })
        yield* thing("c", { name: "c" })
      })
      const world = makeWorld()
      world.slow.set("slow", 60_000)
      const events: Array<Event.Event> = []
      const run = Effect.scoped(
        Effect.flatMap(Run.openWith(deployment, layer(world), { ...staging, target, store }), (session) =>
          session.apply()
        )
      )
      const fiber = yield* Effect.forkChild(Event.tapSink(run, (event) => events.push(event)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      const ended = events.filter((event) => event._tag === "StepFinished")
      assert.deepStrictEqual(
        ended.map(({ id, outcome }) => [id, outcome]),
        [
          ["a", "applied"],
          ["slow", "failed"],
          ["c", "notRun"]
        ]
      )
      assert.strictEqual(ended[1]?.failure?.code, "core.interrupted")
      const last = events.at(-1)
      assert.strictEqual(last?._tag === "RunFinished" && last.outcome, "interrupted")
      assert.strictEqual(world.running, 0)
    })
  )

  it.effect("stops when the world has moved since the plan was approved", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* thing("a", { name: "a" })
        yield* thing("b", { name: "b" })
      })
      const world = makeWorld()
      const session = yield* Run.openWith(deployment, layer(world), { ...staging, store })
      const approved = yield* session.plan
      world.things.add("b")
      const error = yield* Effect.flip(session.apply({ approved }))
      assert.strictEqual(error.code, "core.plan-stale")
      assert.include(error.message, "“b” differs")
      assert.deepStrictEqual(added(world.log), [])
      world.things.delete("b")
      assert.strictEqual((yield* session.apply({ approved })).counts.applied, 2)
    }).pipe(Effect.scoped)
  )
})

describe("policy", () => {
  const deployment = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
    yield* onFresh(wipe("clean-slate", { name: "wiped", touches: ["volume:data"] }))
    yield* thing("row", { name: "row", observes: ["volume:data"] })
  })

  it.effect("a fresh start runs what is for it, on disposable data", () =>
    Effect.gen(function* () {
      const update = yield* Rehearsal.apply(deployment, layer(makeWorld()), staging)
      assert.deepStrictEqual(update.applied, ["row"])
      assert.strictEqual(update.steps["clean-slate"]?.outcome, "skipped")
      const fresh = yield* Rehearsal.apply(deployment, layer(makeWorld(["row"])), { ...staging, strategy: "fresh" })
      assert.deepStrictEqual(fresh.applied, ["clean-slate"])
    })
  )

  it.effect("a fresh start on precious data is refused where types were bypassed", () =>
    Effect.gen(function* () {
      const world = makeWorld(["row"])
      const strategy: string = "fresh"
      const run = yield* Rehearsal.apply(deployment, layer(world), {
        environment: "production",
        // The bypass that the engine must not trust.
        strategy: strategy as "update"
      })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [5, "policy.fresh-on-precious-data"])
      assert.deepStrictEqual(world.log, [])
      assert.isTrue(world.things.has("row"))
    })
  )

  it.effect("a destructive step on precious data is refused before anything is applied", () =>
    Effect.gen(function* () {
      const unguarded = defineDeployment(
        "shop",
        // The bypass: an environment that says disposable in its type alone.
        {
          environments: { production: { data: "precious" as string as "disposable" } },
          plugins: () => [toy(makeWorld())]
        },
        function* () {
          yield* thing("first", { name: "first" })
          yield* wipe("drop", { name: "drop" })
        }
      )
      const world = makeWorld()
      const run = yield* Rehearsal.apply(unguarded, layer(world), { environment: "production" })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [5, "policy.destructive-on-precious-data"])
      assert.include(run.failure?.message, "“drop”")
      assert.deepStrictEqual(added(world.log), [])
      const last = run.events.at(-1)
      assert.strictEqual(last?._tag === "RunFinished" && last.outcome, "refused")
    })
  )

  it.effect("so is a step whose check finds out that it is destructive, unless it was acknowledged", () =>
    Effect.gen(function* () {
      const raised = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
        yield* sneaky("sneaky", { name: "sneaky" })
      })
      const world = makeWorld()
      const refused = yield* Rehearsal.apply(raised, layer(world), { environment: "production" })
      assert.deepStrictEqual([refused.exitCode, refused.plan?.steps[0]?.risk], [5, "destructive"])
      assert.strictEqual(world.things.size, 0)

      const accepted = defineDeployment(
        "shop",
        { environments, plugins: () => [toy(makeWorld()), Dials.dialsPlugin({})] },
        function* () {
          yield* Dials.dump("dump", {})
          yield* acknowledge(sneaky("sneaky", { name: "sneaky" }), { reason: "rows are copies", approvedBy: "dba" })
        }
      )
      const both = Layer.merge(layer(world), Dials.layer(Dials.makeDials()))
      const run = yield* Rehearsal.apply(accepted, both, { environment: "production" })
      assert.deepStrictEqual([run.exitCode, run.plan?.steps[1]?.risk], [0, "acknowledged"])
      assert.deepStrictEqual(run.plan?.steps[1]?.acknowledged, { reason: "rows are copies", approvedBy: "dba" })
    })
  )

  describe("a step that turns out to be destructive when its turn has come", () => {
    const raised = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
      yield* thing("first", { name: "first" })
      yield* sneaky("sneaky", { name: "sneaky", after: "first" })
      yield* thing("last", { name: "last" })
    })

    it.effect("fails a run that has applied something, by the exit code of a refusal", () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const run = yield* Rehearsal.apply(raised, layer(world), { environment: "production" })
        assert.strictEqual(run.plan?.steps[1]?.risk, "additive")
        assert.deepStrictEqual([run.exitCode, run.failure?.code, run.applied], [5, "core.run-failed", ["first"]])
        assert.strictEqual(run.steps.sneaky?.failure?.code, "policy.destructive-on-precious-data")
        assert.strictEqual(run.steps.last?.outcome, "notRun")
        assert.deepStrictEqual([...world.things], ["first"])
        const last = run.events.at(-1)
        assert.strictEqual(last?._tag === "RunFinished" && last.outcome, "failed")
      })
    )

    it.effect("refuses a run that has not", () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const events: Array<Event.Event> = []
        const sink = (event: Event.Event) => {
          events.push(event)
          // Somebody else brings it, once the plan is made.
          if (event._tag === "Planned") world.things.add("first")
        }
        const session = yield* Run.openWith(raised, layer(world), { environment: "production", target, store })
        const error = yield* Effect.flip(Event.tapSink(session.apply(), sink))
        assert.deepStrictEqual([ExitCode.of(error), error.code], [5, "policy.destructive-on-precious-data"])
        assert.deepStrictEqual([...world.things], ["first"])
        const last = events.at(-1)
        assert.deepStrictEqual(
          last?._tag === "RunFinished" && [last.outcome, last.failure?.code, last.counts.applied],
          ["refused", "policy.destructive-on-precious-data", 0]
        )
      }).pipe(Effect.scoped)
    )
  })
})
