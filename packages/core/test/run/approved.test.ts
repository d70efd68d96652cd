import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Proposal, Run } from "@shipshape/core"
import { FakeTarget, MemoryStore } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Dials, dial, dialsPlugin, layer, makeDials, rusty } from "../support/Dials.ts"

interface Wanted {
  readonly name: string
  readonly value: number
  readonly rusty: boolean
}

const deploymentOf = (wanted: ReadonlyArray<Wanted>) =>
  defineDeployment(
    "moved",
    { environments: { staging: { data: "disposable" } }, plugins: () => [dialsPlugin({})] },
    function* () {
      for (const { name, rusty: stuck, value } of wanted) {
        if (stuck) yield* rusty(name, { name, value })
        else yield* dial(name, { name, value })
      }
    }
  )

const open = (wanted: ReadonlyArray<Wanted>, dials: Dials) =>
  Run.openWith(deploymentOf(wanted), layer(dials), {
    environment: "staging",
    inputs: [],
    store: MemoryStore.layer(MemoryStore.make()),
    target: FakeTarget.layer(FakeTarget.make({}))
  })

const Value = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
const optional = Schema.optionalKey(Value)
/** Dials that the deployment may be about, and others. */
const World = Schema.Struct({ a: optional, b: optional, c: optional, d: optional, unused: optional })
const WantedList = Schema.NonEmptyArray(
  Schema.Struct({ name: Schema.Literals(["a", "b", "c", "d"]), value: Value, rusty: Schema.Boolean })
)

/** Each dial once. */
const once = (list: ReadonlyArray<Wanted>): ReadonlyArray<Wanted> => [
  ...new Map(list.map((wanted) => [wanted.name, wanted])).values()
]

const dialsOf = (world: typeof World.Type): Dials => makeDials(defined(world))

const defined = (world: typeof World.Type): Record<string, number> => ({ ...world })

/** Through the file: what is approved in one process is applied by another. */
const saved = (proposal: Proposal.Proposal) => Proposal.parse(Proposal.text(proposal))

const proposed = (wanted: ReadonlyArray<Wanted>, dials: Dials) =>
  Effect.scoped(Effect.flatMap(open(wanted, dials), (session) => session.propose))

const apply = (wanted: ReadonlyArray<Wanted>, dials: Dials, approved: Proposal.Proposal) =>
  Effect.scoped(Effect.flatMap(open(wanted, dials), (session) => Effect.result(session.apply({ approved }))))

describe("a plan that was approved", () => {
  it.effect.prop(
    "is refused whenever the world has moved in what it is about, and only then",
    [WantedList, World, World, Schema.Boolean],
    ([list, before, random, still]) =>
      Effect.gen(function* () {
        const wanted = once(list)
        // Half of the worlds move only where nobody looks.
        const after = still ? { ...before, unused: 3 } : random
        const dials = dialsOf(before)
        const approved = yield* saved(yield* proposed(wanted, dials))
        dials.values.clear()
        for (const [name, now] of Object.entries(defined(after))) dials.values.set(name, now)
        const moved = wanted.filter(({ name }) => defined(before)[name] !== defined(after)[name])
        const result = yield* apply(wanted, dials, approved)
        if (moved.length === 0) {
          assert.strictEqual(result._tag, "Success")
          for (const { name, value } of wanted) assert.strictEqual(dials.values.get(name), value)
          return
        }
        assert.deepStrictEqual(dials.log, [])
        const error = result._tag === "Failure" ? result.failure : undefined
        assert.strictEqual(error?.code, "core.plan-stale")
        const about = error?._tag === "PlanStale" ? new Set(error.differences.map((one) => one.about)) : new Set()
        assert.deepStrictEqual([...about].sort(), moved.map(({ name }) => name).sort())
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "is refused when a step was added, left out, moved, or has another input or type",
    [WantedList, WantedList, World],
    ([list, otherList, before]) =>
      Effect.gen(function* () {
        const [wanted, other] = [once(list), once(otherList)]
        const dials = dialsOf(before)
        const approved = yield* saved(yield* proposed(wanted, dials))
        const result = yield* apply(other, dials, approved)
        const same = JSON.stringify(wanted) === JSON.stringify(other)
        assert.strictEqual(result._tag === "Success", same)
        if (!same) assert.deepStrictEqual(dials.log, [])
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect("that somebody has changed is refused before anything is looked at, wherever it was changed", () =>
    Effect.gen(function* () {
      const wanted = [
        { name: "a", value: 1, rusty: false },
        { name: "b", value: 1, rusty: true }
      ]
      const text = Proposal.text(yield* proposed(wanted, makeDials({ b: 1 })))
      let tried = 0
      for (let at = 0; at < text.length; at++) {
        const other = text[at] === "1" ? "2" : "1"
        const tampered = `${text.slice(0, at)}${other}${text.slice(at + 1)}`
        if (/\s/.test(text[at] ?? "")) continue
        const error = yield* Effect.flip(Proposal.parse(tampered))
        assert.include(["core.plan-tampered", "core.proposal-invalid"], error.code, tampered)
        tried++
      }
      assert.isAbove(tried, 500)
    })
  )

  it.effect("and sealed anew by whoever changed it, is held against the world, and refused", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const wanted = [
        { name: "a", value: 1, rusty: false },
        { name: "b", value: 1, rusty: false }
      ]
      const { format: _f, seal: _s, v: _v, ...made } = yield* proposed(wanted, dials)
      const steps = made.plan.steps.map((step) =>
        step.id === "b" ? { ...step, action: "none" as const, changes: [] } : step
      )
      const forged = { ...made, plan: { ...made.plan, steps } }
      const plan = { ...forged.plan, digest: Proposal.digestOf(forged) }
      const result = yield* apply(wanted, dials, yield* saved(Proposal.sealed({ ...forged, plan })))
      assert.isTrue(result._tag === "Failure" && result.failure.code === "core.plan-stale")
      assert.deepStrictEqual(dials.log, [])
    })
  )

  it.effect("tells the differences so that a person can read them", () =>
    Effect.gen(function* () {
      const dials = makeDials({ a: 1 })
      const wanted = [{ name: "a", value: 1, rusty: false }]
      const approved = yield* proposed(wanted, dials)
      dials.values.set("a", 3)
      const result = yield* apply(wanted, dials, approved)
      const error = result._tag === "Failure" ? result.failure : undefined
      assert.strictEqual(error?.message, "what was approved is not what would be applied now: “a” differs")
      assert.include(error?.tail?.join("\n"), "a planned.action: none → apply")
    })
  )
})
