import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Failure, Step, Target } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

class QueueDown extends Schema.TaggedError<QueueDown>()("QueueDown", Failure.fields("toy.queue-down")) {}

const down = new QueueDown({
  message: "queue mail is down",
  hint: "start the queue",
  retryable: true,
  tail: ["out of memory"],
  cause: new Error("connection refused")
})
const report = { ...Failure.report(down), hint: "start it with a step before this one" }

/** A step that can look as long as `down` fails nothing. */
const look = (check: Effect.Effect<Check.Check<object>, Target.TargetUnavailable>) =>
  Step.make("toy.look", {
    description: "A queue is empty",
    risk: "additive",
    input: {},
    output: {},
    observes: () => ["service:queue"],
    check: () => check,
    apply: () => Effect.void
  })

/** It takes the queue away, and does not bring it back. */
const restart = (state: { restarted: boolean }) =>
  Step.make("toy.restart", {
    description: "The queue was restarted",
    risk: "additive",
    input: {},
    output: {},
    touches: () => ["service:queue"],
    check: () => Effect.sync(() => (state.restarted ? Check.satisfied({}) : Check.needed([{ summary: "restart" }]))),
    apply: () =>
      Effect.sync(() => {
        state.restarted = true
      })
  })

const environments = { staging: { data: "disposable" } } as const
const staging = { environment: "staging" } as const

const unreached = new Target.TargetUnavailable({
  target: "service queue",
  resource: "service:queue",
  message: "service queue does not run",
  hint: "bring it up",
  retryable: true
})

const ways: ReadonlyArray<
  readonly [string, Effect.Effect<Check.Check<object>, Target.TargetUnavailable>, Failure.Report]
> = [
  [
    "a check that turns an error into it",
    Effect.succeed(Check.unavailableBecause(["service:queue"], down, report.hint)),
    report
  ],
  ["a target that cannot be reached", Effect.fail(unreached), Failure.report(unreached)]
]

describe("what cannot be looked at", () => {
  for (const [name, check, expected] of ways) {
    it.effect(`keeps the error's code, hint, lines and causes in a plan: ${name}`, () =>
      Effect.gen(function* () {
        const deployment = defineDeployment("demo", { environments }, function* () {
          yield* look(check)("look", {})
        })
        const { plan } = yield* Rehearsal.plan(deployment, Layer.empty, staging)
        assert.strictEqual(plan?.steps[0]?.action, "blocked")
        assert.strictEqual(plan?.steps[0]?.reason, expected.message)
        assert.deepStrictEqual(plan?.steps[0]?.failure, expected)
      })
    )

    it.effect(`keeps them where the step's turn has come: ${name}`, () =>
      Effect.gen(function* () {
        const state = { restarted: false }
        const deployment = defineDeployment("demo", { environments }, function* () {
          yield* restart(state)("restart", {})
          yield* look(
            Effect.suspend(() => (state.restarted ? check : Effect.succeed(Check.needed([{ summary: "empty it" }]))))
          )("look", {})
        })
        const run = yield* Rehearsal.apply(deployment, Layer.empty, staging)
        assert.deepStrictEqual(run.applied, ["restart"])
        assert.deepStrictEqual(run.steps.look?.failure, expected)
        assert.deepStrictEqual(run.failure?.tail, expected.tail)
      })
    )
  }

  it.effect("is reported as unavailable where no error says why", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("demo", { environments }, function* () {
        yield* look(Effect.succeed(Check.unavailable(["service:queue"], "no queue")))("look", {})
      })
      const { plan } = yield* Rehearsal.plan(deployment, Layer.empty, staging)
      assert.strictEqual(plan?.steps[0]?.failure?.code, "core.unavailable")
      assert.include(plan?.steps[0]?.failure?.hint, "service:queue")
    })
  )
})
