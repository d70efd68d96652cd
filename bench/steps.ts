/** What the engine itself costs for each step. */
import { Check, defineDeployment, Run, Step } from "@shipshape/core"
import { FakeTarget, MemoryStore } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { table, time } from "./lib/measure.ts"

const noop = Step.make("bench.noop", {
  description: "Nothing",
  risk: "additive",
  input: { n: Schema.Finite },
  output: { n: Schema.Finite },
  check: ({ n }) => Effect.succeed(Check.satisfied({ n })),
  apply: () => Effect.void
})

const deploymentOf = (size: number) =>
  defineDeployment("bench", { environments: { staging: { data: "disposable" } } }, function* () {
    for (let n = 0; n < size; n++) yield* noop(`step-${n}`, { n })
  })

export const benchSteps = async (): Promise<void> => {
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const size of [10, 100, 1_000, 10_000]) {
    const runs = size >= 10_000 ? 3 : 9
    const define = await time(runs, () => deploymentOf(size))
    const deployment = deploymentOf(size)
    const options = {
      environment: "staging",
      target: FakeTarget.layer(FakeTarget.make({})),
      store: MemoryStore.layer(MemoryStore.make())
    } as const
    const open = Run.open(deployment, options)
    const plan = await time(runs, () => Effect.runPromise(Effect.scoped(Effect.flatMap(open, (s) => s.plan))))
    const apply = await time(runs, () => Effect.runPromise(Effect.scoped(Effect.flatMap(open, (s) => s.apply()))))
    rows.push([String(size), define, plan, apply, (1000 * plan) / size, (1000 * apply) / size])
  }
  table(
    "Steps that are satisfied already (medians)",
    ["steps", "ms define", "ms plan", "ms apply", "µs plan/step", "µs apply/step"],
    rows
  )
}
