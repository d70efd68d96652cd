/** Which release is gone back to, with which data, and what is in order once that was done. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Release, Run } from "@shipshape/core"
import { FakeTarget, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Dials, dial, dialsPlugin, dump, layer, makeDials, meter, Reader, Turner } from "../support/Dials.ts"

/** A dump that a release has a part of, and whose data can be put back. */
const archive = Release.of(dump, {
  part: Schema.Struct({ file: Schema.String }),
  record: (_input, { file }) => Effect.succeed({ file }),
  back: ({ allowed, backup }) => ({
    check: Effect.fnUntraced(function* () {
      const { dials } = yield* Reader
      const output = { file: `dump ${dials.dumps.length}`, rows: dials.dumps.at(-1)?.size ?? 0 }
      const done = !allowed.data || dials.log.includes(`restore ${backup?.file}`)
      return done
        ? ({ _tag: "Satisfied", output } as const)
        : ({ _tag: "Needed", changes: [{ summary: "restore" }], risk: "destructive" } as const)
    })(),
    apply: Effect.fnUntraced(function* () {
      const { dials } = yield* Turner
      dials.dumps.push(new Map(dials.values))
      dials.log.push(`restore ${backup?.file}`)
      const then = dials.dumps[Number(backup?.file.slice("dump ".length)) - 1]
      dials.values.set("rows", then?.get("rows") ?? 0)
    })()
  })
})

const shop = (value: number) =>
  defineDeployment(
    "shop",
    { environments: { production: { data: "precious" } }, plugins: () => [dialsPlugin({})] },
    function* () {
      yield* dial("code", { name: "code", value })
      yield* archive("dump", {})
      yield* meter("schema", { name: "schema", value })
    }
  )

const setUp = (dials: Dials = makeDials({ rows: 10 })) => {
  const memory = MemoryStore.make()
  const store = MemoryStore.layer(memory)
  const { releases } = memory.shelf({ deployment: "shop", environment: "production" })
  return {
    dials,
    releases,
    last: () => [...releases.values()].at(-1),
    apply: (value: number, rollback?: Run.AnyOptions["rollback"]) =>
      Rehearsal.apply(shop(value), layer(dials), {
        environment: "production",
        store,
        ...(rollback === undefined ? {} : { rollback })
      }),
    status: (value: number) =>
      Run.openWith(shop(value), layer(dials), {
        environment: "production",
        inputs: [],
        store,
        target: FakeTarget.layer(FakeTarget.make({}))
      }).pipe(
        Effect.flatMap((session) => session.status),
        Effect.scoped
      )
  }
}

describe("without a number, a rollback", () => {
  it.effect("passes over what is the same as what runs: a release that a repair has left", () =>
    Effect.gen(function* () {
      const { apply, dials, last } = setUp()
      yield* apply(1)
      yield* apply(2)
      dials.values.set("schema", 1)
      const repair = yield* apply(2)
      assert.deepStrictEqual([repair.applied, last()?.number], [["dump", "schema"], 3])
      yield* apply(2, {})
      assert.deepStrictEqual([last()?.backTo, dials.values.get("code")], [1, 1])
    })
  )

  it.effect("goes back again after a way forward", () =>
    Effect.gen(function* () {
      const { apply, dials, last } = setUp()
      yield* apply(1)
      yield* apply(2)
      yield* apply(2, {})
      yield* apply(2)
      assert.deepStrictEqual([last()?.number, dials.values.get("code")], [4, 2])
      yield* apply(2, {})
      assert.deepStrictEqual([last()?.backTo, dials.values.get("code")], [1, 1])
    })
  )
})

describe("a rollback with its data", () => {
  it.effect("is its own backup: precious data go back too, and what there was is in the newest one", () =>
    Effect.gen(function* () {
      const { apply, dials } = setUp()
      yield* apply(1)
      dials.values.set("rows", 11)
      yield* apply(2)
      dials.values.set("rows", 12)
      const { exitCode, failure } = yield* apply(2, { data: true })
      assert.deepStrictEqual([failure, exitCode], [undefined, 0])
      assert.deepStrictEqual([dials.values.get("rows"), dials.dumps.at(-1)?.get("rows")], [11, 12])
    })
  )

  it.effect("takes those of when the release was running last, not of when it was replaced first", () =>
    Effect.gen(function* () {
      const { apply, dials } = setUp()
      yield* apply(1)
      dials.values.set("rows", 11)
      yield* apply(2)
      yield* apply(2, {})
      dials.values.set("rows", 12)
      dials.values.set("schema", 1)
      yield* apply(2)
      dials.values.set("rows", 13)
      yield* apply(2, { data: true })
      assert.strictEqual(dials.values.get("rows"), 12)
    })
  )
})

describe("the status after a rollback", () => {
  it.effect("compares with what was gone back to, whatever the deployment says by now", () =>
    Effect.gen(function* () {
      const { apply, dials, status } = setUp()
      yield* apply(1)
      yield* apply(2)
      yield* apply(2, {})
      const { differences, plan, release } = yield* status(2)
      assert.deepStrictEqual([release?.backTo, differences, plan.summary.apply], [1, [], 0])
      dials.values.set("code", 7)
      const moved = yield* status(2)
      assert.deepStrictEqual(
        moved.differences.map(({ step }) => step),
        ["code"]
      )
    })
  )
})
