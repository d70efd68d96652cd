import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Run } from "@shipshape/core"
import { FakeTarget, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import { type Dials, dial, dialsPlugin, layer, makeDials, rusty } from "../support/Dials.ts"

const place = { deployment: "shop", environment: "staging" }

const shop = (value: number, keepReleases = 5) =>
  defineDeployment(
    "shop",
    { environments: { staging: { data: "disposable", keepReleases } }, plugins: () => [dialsPlugin({})] },
    function* () {
      yield* dial("a", { name: "a", value })
      yield* rusty("b", { name: "b", value })
    }
  )

const setUp = (dials: Dials = makeDials()) => {
  const memory = MemoryStore.make()
  const store = MemoryStore.layer(memory)
  return {
    dials,
    releases: memory.shelf(place).releases,
    apply: (value: number, keep?: number, rollback?: Run.AnyOptions["rollback"]) =>
      Rehearsal.apply(shop(value, keep), layer(dials), {
        environment: "staging",
        store,
        ...(rollback === undefined ? {} : { rollback })
      }),
    plan: (value: number, rollback: Run.AnyOptions["rollback"] & object) =>
      Rehearsal.plan(shop(value), layer(dials), { environment: "staging", store, rollback }),
    status: (value: number) =>
      Run.openWith(shop(value), layer(dials), {
        environment: "staging",
        inputs: [],
        store,
        target: FakeTarget.layer(FakeTarget.make({}))
      }).pipe(
        Effect.flatMap((session) => session.status),
        Effect.scoped
      )
  }
}

describe("a release", () => {
  it.effect("is what a successful run leaves; a run that changes nothing leaves no new one", () =>
    Effect.gen(function* () {
      const { apply, dials, releases } = setUp()
      const first = yield* apply(1)
      assert.deepStrictEqual(releases.get(1)?.parts, { a: { type: "dials.dial", part: { value: 1 } } })
      assert.strictEqual(releases.get(1)?.plan, first.plan?.digest)
      assert.deepStrictEqual(Object.keys(releases.get(1)?.versions ?? {}), ["@shipshape/core", "dials"])
      yield* apply(1)
      assert.deepStrictEqual([...releases.keys()], [1])
      dials.broken.set("a", "stuck")
      yield* apply(2)
      assert.deepStrictEqual([...releases.keys()], [1])
    })
  )

  it.effect("holds what the way back to it needs, for as long as it is kept", () =>
    Effect.gen(function* () {
      const { apply, dials, releases } = setUp()
      for (const value of [1, 2, 3]) yield* apply(value, 2)
      assert.deepStrictEqual([...releases.keys()], [2, 3])
      assert.deepStrictEqual([...dials.kept], ["a 2 for release 2", "a 3 for release 3"])
    })
  )

  it.effect("that a kept one went back to is never pruned", () =>
    Effect.gen(function* () {
      const { apply, releases } = setUp()
      yield* apply(1, 2)
      yield* apply(2, 2)
      yield* apply(2, 1, { to: 1 })
      assert.deepStrictEqual([...releases.keys()], [1, 3])
    })
  )
})

describe("a rollback", () => {
  it.effect("plans and applies the way back like any deployment, and forward again", () =>
    Effect.gen(function* () {
      const { apply, dials, plan, releases } = setUp()
      yield* apply(1)
      yield* apply(2)
      const planned = yield* plan(2, {})
      assert.strictEqual(planned.plan?.backTo, 1)
      assert.deepStrictEqual(
        planned.plan?.steps.map(({ action, id }) => [id, action]),
        [
          ["a", "apply"],
          ["b", "none"]
        ]
      )
      const back = yield* apply(2, 5, {})
      assert.deepStrictEqual([back.exitCode, back.applied, dials.values.get("a")], [0, ["a"], 1])
      assert.deepStrictEqual([releases.get(3)?.backTo, releases.get(3)?.parts], [1, releases.get(1)?.parts])
      const again = yield* apply(2, 5, { to: 1 })
      assert.deepStrictEqual([again.exitCode, again.applied], [0, []])
      const forward = yield* apply(2)
      assert.deepStrictEqual([forward.exitCode, forward.applied, dials.values.get("a")], [0, ["a"], 2])
    })
  )

  it.effect("goes to the one before what runs, also from one that was gone back to", () =>
    Effect.gen(function* () {
      const { apply, dials } = setUp()
      for (const value of [1, 2, 3]) yield* apply(value)
      for (const value of [2, 1]) {
        yield* apply(3, 5, {})
        assert.strictEqual(dials.values.get("a"), value)
      }
      const last = yield* apply(3, 5, {})
      assert.deepStrictEqual([last.exitCode, last.failure?.code], [64, "core.release-unknown"])
    })
  )

  it.effect("of a world that a run has left half-way goes to the release from before that run", () =>
    Effect.gen(function* () {
      const { apply, dials, releases } = setUp()
      yield* apply(1)
      yield* apply(2)
      dials.broken.set("b", "stuck")
      const failed = yield* apply(3)
      assert.deepStrictEqual([failed.exitCode, dials.values.get("a")], [1, 3])
      dials.broken.delete("b")
      yield* apply(3, 5, {})
      assert.deepStrictEqual([[...releases.values()].at(-1)?.backTo, dials.values.get("a")], [2, 2])
      yield* apply(3, 5, {})
      assert.deepStrictEqual([[...releases.values()].at(-1)?.backTo, dials.values.get("a")], [1, 1])
    })
  )

  it.effect("that has failed itself goes on to where it went, and one that changed nothing is passed over", () =>
    Effect.gen(function* () {
      const { apply, dials, releases } = setUp()
      for (const value of [1, 2, 3]) yield* apply(value)
      dials.broken.set("a", "stuck")
      const nothing = yield* apply(4)
      assert.deepStrictEqual([nothing.exitCode, dials.values.get("a")], [1, 3])
      const failed = yield* apply(3, 5, { to: 1 })
      assert.deepStrictEqual([failed.exitCode, dials.values.get("a")], [1, 3])
      dials.broken.delete("a")
      yield* apply(3, 5, {})
      assert.deepStrictEqual([[...releases.values()].at(-1)?.backTo, dials.values.get("a")], [1, 1])
    })
  )

  it.effect("to a release that is not there is refused, and names those that are", () =>
    Effect.gen(function* () {
      const { apply, dials } = setUp()
      yield* apply(1)
      const run = yield* apply(1, 5, { to: 9 })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [64, "core.release-unknown"])
      assert.include(run.failure?.message, "there is no release 9 to go back to; there is: 1")
      assert.deepStrictEqual(dials.log, ["turn a 1", "turn b 1"])
    })
  )

  it.effect("after a failure goes back to the last release, where the environment says so", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const store = MemoryStore.layer(MemoryStore.make())
      const deployment = (value: number) =>
        defineDeployment(
          "shop",
          {
            environments: { staging: { data: "disposable", onFailure: "rollback" } },
            plugins: () => [dialsPlugin({})]
          },
          function* () {
            yield* dial("a", { name: "a", value })
            yield* dial("b", { name: "b", value })
            yield* rusty("c", { name: "c", value })
          }
        )
      const run = (value: number) => Rehearsal.apply(deployment(value), layer(dials), { environment: "staging", store })
      yield* run(1)
      dials.broken.set("c", "stuck")
      const failed = yield* run(2)
      assert.deepStrictEqual([failed.exitCode, failed.failure?.message], [1, "“c” failed: dial c is stuck"])
      // The rusty dial has no way back: it tries to stand at 2, as ever, and fails of the same.
      assert.deepStrictEqual(Object.fromEntries(dials.values), { a: 1, b: 1, c: 1 })
      assert.deepStrictEqual(failed.aftermath.length, 1)
    })
  )
})

describe("status", () => {
  it.effect("says which release runs, and where the world is no longer what it recorded", () =>
    Effect.gen(function* () {
      const { apply, dials, status } = setUp()
      assert.strictEqual((yield* status(1)).release, undefined)
      yield* apply(1)
      const well = yield* status(1)
      assert.deepStrictEqual([well.release?.number, well.differences, well.plan.summary.none], [1, [], 2])
      dials.values.set("a", 5)
      const moved = yield* status(1)
      assert.deepStrictEqual(moved.plan.summary, { none: 1, apply: 1, deferred: 0, blocked: 0 })
    })
  )
})
