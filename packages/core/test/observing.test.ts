import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Step } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

describe("a check that observes everything", () => {
  const world = (migrated: boolean) => {
    const state = { migrated, asked: { everything: 0, something: 0 } }
    const migrate = Step.make("toy.migrate", {
      description: "Migrated",
      risk: "additive",
      input: {},
      output: {},
      check: () => Effect.sync(() => (state.migrated ? Check.satisfied({}) : Check.needed([{ summary: "migrate" }]))),
      apply: () =>
        Effect.sync(() => {
          state.migrated = true
        })
    })
    const verify = (name: "everything" | "something") =>
      Step.make(`toy.${name}`, {
        description: "Well",
        risk: "additive",
        input: {},
        output: {},
        observes: () => (name === "everything" ? "*" : ["service:other"]),
        check: () =>
          Effect.sync(() => {
            state.asked[name]++
            return Check.satisfied({})
          }),
        apply: () => Effect.void
      })
    const deployment = defineDeployment("demo", { environments: { staging: { data: "disposable" } } }, function* () {
      yield* migrate("migrate", {})
      yield* verify("everything")("everything", {})
      yield* verify("something")("something", {})
    })
    return { state, deployment }
  }

  it.effect("looks again after a step that touches nothing was applied", () =>
    Effect.gen(function* () {
      const { deployment, state } = world(false)
      const { plan } = yield* Rehearsal.apply(deployment, Layer.empty, { environment: "staging" })
      assert.deepStrictEqual(plan?.summary, { none: 2, apply: 1, deferred: 0, blocked: 0 })
      assert.deepStrictEqual(state.asked, { everything: 2, something: 1 })
    })
  )

  it.effect("is known after the pending steps before it, where it fails now", () =>
    Effect.gen(function* () {
      const state = { up: false }
      const make = (name: string, fails: boolean) =>
        Step.make(name, {
          description: "Well",
          risk: "additive",
          input: {},
          output: {},
          observes: () => "*",
          check: () =>
            Effect.suspend(() => {
              if (state.up) return Effect.succeed(Check.satisfied({}))
              return fails ? Effect.fail(new Error("no answer")) : Effect.succeed(Check.needed([{ summary: "start" }]))
            }),
          apply: () =>
            Effect.sync(() => {
              state.up = true
            })
        })
      const deployment = defineDeployment("demo", { environments: { staging: { data: "disposable" } } }, function* () {
        yield* make("toy.early", true)("early", {})
        yield* make("toy.start", false)("start", {})
        yield* make("toy.late", true)("late", {})
      })
      const { plan } = yield* Rehearsal.plan(deployment, Layer.empty, { environment: "staging" })
      assert.deepStrictEqual(
        plan?.steps.map((step) => [step.action, step.reason]),
        [
          ["blocked", "no answer"],
          ["apply", undefined],
          ["deferred", "known after “start”"]
        ]
      )
    })
  )

  it.effect("looks once where nothing was applied", () =>
    Effect.gen(function* () {
      const { deployment, state } = world(true)
      yield* Rehearsal.apply(deployment, Layer.empty, { environment: "staging" })
      assert.deepStrictEqual(state.asked, { everything: 1, something: 1 })
    })
  )
})
