import { assert, describe, it } from "@effect/vitest"
import { acknowledge, BackupProof, Check, defineDeployment, optional, Step } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import { type Dials, dial, dialsPlugin, dump, layer, makeDials, meter, tell } from "../support/Dials.ts"

const plugins = () => [dialsPlugin({})]
const environments = { production: { data: "precious" } } as const

const shop = (value: number, options: { readonly dumps?: boolean; readonly late?: boolean } = {}) =>
  defineDeployment("shop", { environments, plugins }, function* () {
    yield* tell("begin", { text: "begin" })
    yield* dial("a", { name: "a", value })
    if (options.dumps !== false && options.late !== true) yield* dump("dump", {})
    yield* meter("rows", { name: "rows", value })
    if (options.late === true) yield* dump("dump", {})
  })

const production = (dials: Dials, store = MemoryStore.layer(MemoryStore.make())) => ({
  plan: (deployment: ReturnType<typeof shop>) =>
    Rehearsal.plan(deployment, layer(dials), { environment: "production", store }),
  apply: (deployment: ReturnType<typeof shop>, more: { readonly skip?: ReadonlyArray<string> } = {}) =>
    Rehearsal.apply(deployment, layer(dials), { environment: "production", store, ...more })
})

describe("precious data", () => {
  for (const [what, options] of [
    ["no backup", { dumps: false }],
    ["a backup after the change", { late: true }]
  ] as const) {
    it.effect(`with ${what}: the run is refused with exit code 5, names the step, and changes nothing`, () =>
      Effect.gen(function* () {
        const dials = makeDials()
        const run = yield* production(dials).apply(shop(1, options))
        assert.deepStrictEqual([run.exitCode, run.failure?.code], [5, "policy.backup-required"])
        assert.include(run.failure?.message, "“rows”")
        assert.deepStrictEqual([[...dials.values], dials.log], [[], []])
      })
    )
  }

  it.effect("a backup that is left out does not count", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const run = yield* production(dials).apply(shop(1), { skip: ["dump"] })
      assert.deepStrictEqual([run.exitCode, run.failure?.code, dials.log], [5, "policy.backup-required", []])
    })
  )

  it.effect(
    "a backup that cannot be taken ends the run with its own reason, unless the run would go on without it",
    () =>
      Effect.gen(function* () {
        const blocked = Step.make("test.dump", {
          description: "There is a dump",
          risk: "additive",
          input: {},
          output: BackupProof.BackupProof.fields,
          backup: (proof) => proof,
          check: () => Effect.succeed(Check.unavailable(["disk:dumps"], "the disk for dumps is not there", "mount it")),
          apply: () => Effect.void
        })("dump", {})
        const runWith = (dump: typeof blocked) => {
          const dials = makeDials()
          const deployment = defineDeployment("shop", { environments, plugins }, function* () {
            yield* dump
            yield* meter("rows", { name: "rows", value: 1 })
          })
          return Effect.map(Rehearsal.apply(deployment, layer(dials), { environment: "production" }), (run) => {
            assert.deepStrictEqual([run.applied, [...dials.values]], [[], []])
            return [run.exitCode, run.failure?.code, run.steps.dump?.failure?.message]
          })
        }
        const reason = "the disk for dumps is not there"
        assert.deepStrictEqual(yield* runWith(blocked), [1, "core.run-failed", reason])
        const without = yield* runWith(optional(blocked, "nobody needs it"))
        assert.deepStrictEqual(without, [5, "policy.backup-required", undefined])
      })
  )

  it.effect("is backed up in the same run before the first change, also where there is an older backup", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { apply, plan } = production(dials)
      yield* apply(shop(1))
      assert.deepStrictEqual(dials.log, ["tell begin", "turn a 1", "dump", "turn rows 1"])
      const planned = yield* plan(shop(2))
      const forced = planned.plan?.steps.find(({ id }) => id === "dump")
      assert.deepStrictEqual([forced?.action, forced?.reason], ["apply", "before “rows” changes precious data"])
      dials.log.length = 0
      const second = yield* apply(shop(2))
      assert.deepStrictEqual([second.exitCode, dials.log], [0, ["tell begin", "turn a 2", "dump", "turn rows 2"]])
      assert.strictEqual(dials.dumps.length, 2)
    })
  )

  it.effect("needs no backup where nothing changes: twice is once", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const { apply } = production(dials)
      yield* apply(shop(1))
      const again = yield* apply(shop(1))
      assert.deepStrictEqual([again.exitCode, again.applied, dials.dumps.length], [0, ["begin"], 1])
      assert.strictEqual(again.plan?.steps.find(({ id }) => id === "dump")?.proof?.rows.dials, 1)
    })
  )

  it.effect("the proof stands in the journal and in the release", () =>
    Effect.gen(function* () {
      const memory = MemoryStore.make()
      yield* production(makeDials(), MemoryStore.layer(memory)).apply(shop(1))
      const shelf = memory.shelf({ deployment: "shop", environment: "production" })
      assert.strictEqual(shelf.releases.get(1)?.backup?.file, "dump 1")
      assert.include(shelf.journals.get(1), '"proof":{"of":"dials","file":"dump 1"')
    })
  )

  it.effect("a run that goes on with one that was cut off does not back up what that run had changed", () =>
    Effect.gen(function* () {
      const dials = makeDials({ rows: 9 })
      const memory = MemoryStore.make()
      const { apply } = production(dials, MemoryStore.layer(memory))
      yield* apply(shop(1))
      const { journals } = memory.shelf({ deployment: "shop", environment: "production" })
      const lines = (journals.get(1) ?? "").split("\n")
      const cut = lines.findIndex((line) => line.includes('"AttemptBegan"') && line.includes('"rows"'))
      journals.set(1, `${lines.slice(0, cut + 1).join("\n")}\n`)
      dials.values.set("rows", 4)
      const next = yield* apply(shop(1))
      assert.deepStrictEqual([next.exitCode, next.applied, dials.dumps.length], [0, ["rows"], 1])
    })
  )

  it.effect("a step above additive whose type says nothing of data counts; an acknowledged one does too", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("shop", { environments, plugins }, function* () {
        yield* acknowledge(dial("a", { name: "a", value: 1 }), { reason: "a copy", approvedBy: "dba" })
      })
      const run = yield* Rehearsal.apply(deployment, layer(makeDials()), { environment: "production" })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [5, "policy.backup-required"])
      const reversible = defineDeployment("shop", { environments, plugins }, function* () {
        yield* dial("a", { name: "a", value: 1, risk: "reversible" })
      })
      const second = yield* Rehearsal.apply(reversible, layer(makeDials()), { environment: "production" })
      assert.deepStrictEqual([second.exitCode, second.failure?.code], [5, "policy.backup-required"])
    })
  )
})
