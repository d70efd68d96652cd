/** What the lock and the journal cost: beside a run that keeps them in memory. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { Access, Check, defineDeployment, Plugin, Run, Step, Target } from "@shipshape/core"
import { MemoryStore } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { table, time } from "./lib/measure.ts"

class Probe extends Access.Probe<Probe, { readonly done: Set<number> }>()("bench/Probe") {}
class Control extends Access.Control<Control, { readonly done: Set<number> }>()("bench/Control") {}

const mark = Step.make("bench.mark", {
  description: "A number is marked",
  risk: "additive",
  input: { n: Schema.Finite },
  output: {},
  check: Effect.fnUntraced(function* ({ n }) {
    return (yield* Probe).done.has(n) ? Check.satisfied({}) : Check.needed([{ summary: `mark ${n}` }])
  }),
  apply: Effect.fnUntraced(function* ({ n }) {
    ;(yield* Control).done.add(n)
  })
})

const deploymentOf = (size: number, done: Set<number>) =>
  defineDeployment(
    "bench",
    {
      environments: { staging: { data: "disposable" } },
      plugins: () => [
        Plugin.define("bench", {
          version: "1.0.0",
          description: "Marks",
          steps: { mark },
          options: {},
          layer: () => Layer.mergeAll(Layer.succeed(Probe, { done }), Layer.succeed(Control, { done }))
        })({})
      ]
    },
    function* () {
      for (let n = 0; n < size; n++) yield* mark(`step-${n}`, { n })
    }
  )

export const benchJournal = async (): Promise<void> => {
  const directory = await mkdtemp(path.join(tmpdir(), "shipshape-bench-"))
  const target = Target.local({ directory })
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const size of [0, 10, 100]) {
    const done = new Set<number>()
    const deployment = deploymentOf(size, done)
    const applied = (options: Pick<Run.AnyOptions, "store">) =>
      time(9, () => {
        done.clear()
        const open = Run.open(deployment, { environment: "staging", target, ...options })
        return Effect.runPromise(Effect.scoped(Effect.flatMap(open, (session) => session.apply())))
      })
    const memory = await applied({ store: MemoryStore.layer(MemoryStore.make()) })
    const files = await applied({})
    rows.push([String(size), memory, files, files - memory, size === 0 ? "" : (files - memory) / size])
  }
  await rm(directory, { recursive: true })
  table(
    "Runs that apply every step (medians)",
    ["steps", "ms in memory", "ms in files", "ms more", "ms more/step"],
    rows
  )
}
