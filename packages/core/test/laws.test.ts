/** The laws of the design, one by one: breaking one in the engine or in a step turns its test red. */
import { assert, describe, it } from "@effect/vitest"
import { Access, Check, Command, defineDeployment, Step, Target, Undo } from "@shipshape/core"
import { FakeTarget, Laws, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { environments, layer, makeWorld, thing, toy, type World } from "./support/Toy.ts"

class Lamp extends Access.Probe<Lamp, { readonly world: LampWorld }>()("laws/Lamp") {}
class Switch extends Access.Control<Switch, { readonly world: LampWorld }>()("laws/Switch") {}

interface LampWorld {
  on: boolean
  presses: number
}

/** A step that keeps the laws, or breaks the one that is asked for. */
const lamp = (breaks: "nothing" | "looks" | "converges" | "twice" | "sees") =>
  Step.make("laws.lamp", {
    description: "The lamp is on",
    risk: "additive",
    input: {},
    output: { presses: Schema.Finite },
    check: Effect.fnUntraced(function* () {
      const { world } = yield* Lamp
      if (breaks === "looks") world.presses++
      if (breaks === "sees" && world.presses > 0) return Check.satisfied({ presses: 1 })
      return world.on ? Check.satisfied({ presses: 1 }) : Check.needed([{ summary: "switch on" }])
    }),
    apply: Effect.fnUntraced(function* () {
      const { world } = yield* Switch
      if (breaks === "twice" || !world.on) world.presses++
      if (breaks !== "converges") world.on = true
    })
  })("lamp", {})

const tried = (breaks: Parameters<typeof lamp>[0]) => {
  const world: LampWorld = { on: false, presses: 0 }
  return Laws.check({
    step: lamp(breaks),
    see: Effect.sync(() => ({ ...world })),
    damage: Effect.sync(() => {
      world.on = false
    })
  }).pipe(Effect.provide(Layer.mergeAll(Layer.succeed(Lamp, { world }), Layer.succeed(Switch, { world }))))
}

describe("the laws of steps", () => {
  it.effect("hold for a step that keeps them", () => tried("nothing"))

  it.effect.each([
    ["looks", "looking never changes"],
    ["converges", "apply, then check, is satisfied"],
    ["twice", "applying again changes nothing"],
    ["sees", "damage is seen"]
  ] as const)("catch a step that breaks “%s”", ([breaks, law]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(tried(breaks))
      assert.strictEqual(error._tag === "LawBroken" && error.law, law)
    })
  )
})

interface DialWorld {
  value: number
  turns: number
}

class Dial extends Access.Probe<Dial, { readonly world: DialWorld }>()("laws/Dial") {}
class Turn extends Access.Control<Turn, { readonly world: DialWorld }>()("laws/Turn") {}

type UndoBreak = "nothing" | "captures" | "untouched" | "half" | "restores" | "twice" | "again"

/** A step that keeps the laws of undo, or breaks the one that is asked for. */
const dial = (breaks: UndoBreak) =>
  Undo.of(
    Step.make("laws.dial", {
      description: "The dial stands at 4",
      risk: "reversible",
      input: {},
      output: {},
      check: () =>
        Effect.map(Dial, ({ world }) =>
          world.value === 4 ? Check.satisfied({}) : Check.needed([{ summary: "turn" }])
        ),
      apply: Effect.fnUntraced(function* () {
        const { world } = yield* Turn
        if (breaks !== "again" || world.turns === 0) world.value = 4
        world.turns++
      })
    }),
    {
      captured: Schema.Struct({ value: Schema.Finite }),
      capture: () =>
        Effect.map(Dial, ({ world }) => {
          if (breaks === "captures") world.value++
          return { value: world.value }
        }),
      restore: Effect.fnUntraced(function* ({ value }) {
        const { world } = yield* Turn
        const wrong =
          (breaks === "untouched" && world.value === value) ||
          (breaks === "half" && world.value === 2) ||
          (breaks === "restores" && world.value === 4) ||
          (breaks === "twice" && world.turns === 1 && world.value === value)
        world.value = wrong ? 9 : value
      })
    }
  )("dial", {})

const undone = (breaks: UndoBreak) => {
  const world: DialWorld = { value: 1, turns: 0 }
  return Laws.undo({
    step: dial(breaks),
    see: Effect.sync(() => world.value),
    half: Effect.sync(() => {
      world.value = 2
    })
  }).pipe(Effect.provide(Layer.mergeAll(Layer.succeed(Dial, { world }), Layer.succeed(Turn, { world }))))
}

describe("the laws of undo", () => {
  it.effect("hold for a step that keeps them", () => undone("nothing"))

  it.effect.each([
    ["captures", "capturing never changes"],
    ["untouched", "restoring where nothing was applied changes nothing"],
    ["half", "restoring takes back a part of what apply does"],
    ["restores", "restoring makes the world as it was captured"],
    ["twice", "restoring again changes nothing"],
    ["again", "what was undone can be applied again"]
  ] as const)("catch a step that breaks “%s”", ([breaks, law]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(undone(breaks))
      assert.strictEqual(error._tag === "LawBroken" && error.law, law)
    })
  )

  it.effect("name a step that has no undo", () =>
    Effect.gen(function* () {
      const world: LampWorld = { on: false, presses: 0 }
      const layer = Layer.mergeAll(Layer.succeed(Lamp, { world }), Layer.succeed(Switch, { world }))
      const error = yield* Effect.flip(
        Effect.provide(Laws.undo({ step: lamp("nothing"), see: Effect.sync(() => world.on) }), layer)
      )
      assert.include(error.message, "laws.lamp")
      assert.include(error.message, "it has no undo")
    })
  )
})

const shop = defineDeployment("shop", { environments, plugins: () => [toy(makeWorld())] }, function* () {
  const a = yield* thing("a", { name: "a" })
  yield* thing("b", { name: a.map((x) => `${x.name}b`) })
  yield* thing("c", { name: "c" })
})

const run = (world: World) => Rehearsal.apply(shop, layer(world), { environment: "staging" })

describe("the laws of runs", () => {
  it.effect("1: looking never changes: a plan has no writing service within reach", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      yield* Rehearsal.plan(shop, layer(world), { environment: "staging" })
      assert.deepStrictEqual([...world.things], [])
      assert.deepStrictEqual(world.log, ["ask a", "ask c"])
    })
  )

  it.effect("1: a probe runs commands of its list, and no other reaches the target", () =>
    Effect.gen(function* () {
      const target = FakeTarget.make({ run: () => ({ stdout: "28.2" }) })
      const probe = Target.readOnly(target.operations)
      const allowed = [["docker", "version"]]
      const error = yield* Effect.flip(probe.run(allowed, Command.make("docker", ["volume", "rm", "data"])))
      assert.strictEqual(error._tag, "CommandNotAllowed")
      const opened = yield* Effect.flip(
        Effect.scoped(probe.open(allowed, Command.make("sh", ["-c", "docker version"])))
      )
      assert.strictEqual(opened._tag, "CommandNotAllowed")
      assert.deepStrictEqual(target.commands, [])
      assert.strictEqual((yield* probe.run(allowed, Command.make("docker", ["version"]))).stdout, "28.2")
    })
  )

  it.effect("2: an apply that ends well and does nothing is a failure", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.liars.add("a")
      const { exitCode, steps } = yield* run(world)
      assert.strictEqual(exitCode, 1)
      assert.strictEqual(steps.a?.failure?.code, "core.step-did-not-converge")
      assert.strictEqual(steps.a?.failure?.message, "“a” was applied without an error, but its check still says: add a")
    })
  )

  it.effect("3: the second apply applies nothing, and asks each step once", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      assert.deepStrictEqual((yield* run(world)).applied, ["a", "b", "c"])
      world.log.length = 0
      const again = yield* run(world)
      assert.deepStrictEqual(again.applied, [])
      assert.deepStrictEqual(world.log.toSorted(), ["ask a", "ask ab", "ask c"])
    })
  )

  it.effect("9: blocked is not failed: one root cause, and what depended on it names it", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.failures.set("a", 1)
      const { steps } = yield* run(world)
      assert.deepStrictEqual(
        Object.values(steps).map((step) => [step.outcome, step.reason]),
        [
          ["failed", undefined],
          ["notRun", "not run, because “a” failed"],
          ["notRun", "not run, because “a” failed"]
        ]
      )
    })
  )

  it.effect("10: every failure says step, code, cause, hint and the log's tail", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.failures.set("a", 1)
      const { failure, steps } = yield* run(world)
      assert.deepStrictEqual(steps.a?.failure, {
        code: "toy.broken",
        message: "a broke: ",
        hint: "mend it",
        retryable: true,
        tail: ["the last line"],
        causes: []
      })
      assert.strictEqual(failure?.message, "“a” failed: a broke: ")
    })
  )
})
