/** Precious data in deployments of every shape: no data is changed that is not in a backup of this very run. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, optional, parallel } from "@shipshape/core"
import { Crash, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { dial, dialsPlugin, dump, layer, makeDials, meter, tell } from "../support/Dials.ts"

const Piece = Schema.Struct({
  kind: Schema.Literals(["dump", "meter", "dial", "risky", "tell"]),
  optional: Schema.Boolean,
  /** In one group with the one before it. */
  beside: Schema.Boolean,
  left: Schema.Literals(["in", "in", "in", "out"])
})
type Piece = typeof Piece.Type

const stepOf = ({ kind, optional: may }: Piece, i: number, value: number) => {
  const name = `n${i}`
  const step =
    kind === "dump"
      ? dump(name, {})
      : kind === "meter"
        ? meter(name, { name, value })
        : kind === "tell"
          ? tell(name, { text: name })
          : dial(name, { name, value, ...(kind === "risky" ? { risk: "reversible" as const } : {}) })
  return may ? optional(step, "a luxury") : step
}

const deploymentOf = (pieces: ReadonlyArray<Piece>, value: number) =>
  defineDeployment(
    "shop",
    { environments: { production: { data: "precious" } }, plugins: () => [dialsPlugin({})] },
    function* () {
      const groups: Array<Array<number>> = []
      for (const [i, { beside }] of pieces.entries()) {
        const last = groups.at(-1)
        if (beside && last !== undefined) last.push(i)
        else groups.push([i])
      }
      for (const group of groups) {
        yield* parallel(
          group.flatMap((i) => {
            const piece = pieces[i]
            return piece === undefined ? [] : [stepOf(piece, i, value)]
          })
        )
      }
    }
  )

describe("precious data, in deployments of every shape", () => {
  it.effect.prop(
    "is not changed before a backup of this run, or of the one that it goes on with, also where runs are killed",
    [
      Schema.NonEmptyArray(Piece).check(Schema.isMaxLength(6)),
      Schema.Boolean,
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))
    ],
    ([pieces, older, at]) =>
      Effect.gen(function* () {
        const dials = makeDials({ users: 0 })
        if (older) dials.dumps.push(new Map())
        const store = MemoryStore.layer(MemoryStore.make())
        const skip = pieces.flatMap(({ left }, i) => (left === "out" ? [`n${i}`] : []))
        const alters = new Set(pieces.flatMap(({ kind }, i) => (kind === "meter" || kind === "risky" ? [`n${i}`] : [])))
        let dumped = dials.dumps.length
        let begun = false
        const runs = [
          [1, Crash.store(store, { at, when: "after", kill: () => {} })],
          [1, store],
          [2, store]
        ] as const
        for (const [number, [value, of]] of runs.entries()) {
          // What users write in between is to be in the backup, unless data was being changed already.
          dials.values.set("users", number + 1)
          dials.log.length = 0
          const run = yield* Rehearsal.apply(deploymentOf(pieces, value), layer(dials), {
            environment: "production",
            store: of,
            skip
          })
          const changed = dials.log.findIndex((line) => alters.has(/^turn (n\d+) /.exec(line)?.[1] ?? ""))
          const dump = dials.log.indexOf("dump")
          if (changed !== -1 && !begun) {
            assert.isTrue(dump !== -1 && dump < changed, `run ${number + 1}: ${dials.log}`)
            assert.strictEqual(dials.dumps[dumped]?.get("users"), number + 1)
          }
          if (run.exitCode === 5) assert.strictEqual(changed, -1)
          // Killed right after the record that it begins, it may have changed something for all that anybody knows.
          begun =
            number === 0 &&
            run.events.some((event) => event._tag === "StepStarted" && event.phase === "apply" && alters.has(event.id))
          dumped = dials.dumps.length
        }
      }),
    { arbitrary: { runs: 100 } }
  )
})
