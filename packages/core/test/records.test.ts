import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, FileStore, Input, Journal, Records, Run, Store, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll } from "vitest"
import { dial, dialsPlugin, layer, makeDials } from "./support/Dials.ts"

const root = mkdtempSync(join(tmpdir(), "shipshape-records-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const environments = { staging: { data: "disposable" } } as const
const inputs = { token: Input.secret("TOKEN"), folder: Input.string("FOLDER") }

const plugins = () => [dialsPlugin({})]
const steps = function* () {
  yield* dial("a", { name: "a", value: 1 })
}

/** A deployment that needs a secret, with the default store, or one whose folder is an input. */
const shop = (own = false) =>
  own
    ? defineDeployment(
        "shop",
        { environments, inputs, plugins, store: (context) => FileStore.plugin({ directory: context.inputs.folder }) },
        steps
      )
    : defineDeployment("shop", { environments, inputs, plugins }, steps)

const place = (own = false) => {
  const directory = mkdtempSync(join(root, "place-"))
  const target = Target.local({ directory })
  const apply = Effect.flatMap(
    Run.openWith(shop(own), layer(makeDials()), {
      environment: "staging",
      target,
      inputs: [{ name: "test", variables: { TOKEN: "hunter22", FOLDER: "elsewhere" } }]
    }),
    (session) => session.apply()
  )
  return {
    apply,
    journal: join(directory, own ? "elsewhere" : ".shipshape", "shop/staging/runs/000001.ndjson"),
    open: (variables: Record<string, string> = {}) =>
      Records.open(shop(own), { environment: "staging", target, inputs: [{ name: "test", variables }] }),
    store: Layer.provide(FileStore.layer(own ? { directory: join(directory, "elsewhere") } : {}), target)
  }
}

describe("records", () => {
  it.effect("are read without the deployment's secrets", () =>
    Effect.gen(function* () {
      const { apply, open } = place()
      const records = yield* open()
      assert.deepStrictEqual(yield* records.runs(), [])
      yield* apply
      yield* apply
      const runs = yield* records.runs()
      assert.deepStrictEqual(
        runs.map((run) => ("outcome" in run ? [run.run, run.outcome, run.applied.length] : [])),
        [
          [1, "succeeded", 1],
          [2, "succeeded", 0]
        ]
      )
      assert.deepStrictEqual(
        (yield* records.runs(1)).map(({ run }) => run),
        [2]
      )
      const told = yield* records.run(1)
      assert.deepStrictEqual([told.summary.run, told.records[0]?._tag], [1, "RunBegan"])
    }).pipe(Effect.scoped)
  )

  it.effect("need the inputs that the store needs, and no others", () =>
    Effect.gen(function* () {
      const { apply, open } = place(true)
      yield* apply
      const error = yield* Effect.flip(open())
      assert.deepStrictEqual(error._tag === "InputsInvalid" && error.problems.map(({ input }) => input), ["folder"])
      assert.lengthOf(yield* (yield* open({ FOLDER: "elsewhere" })).runs(), 1)
    }).pipe(Effect.scoped)
  )

  it.effect("tell a damaged journal, and the others all the same", () =>
    Effect.gen(function* () {
      const { apply, journal, open } = place()
      yield* apply
      yield* apply
      writeFileSync(journal, `garbage\n${readFileSync(journal, "utf8")}`)
      const records = yield* open()
      const [first, second] = yield* records.runs()
      assert.strictEqual(first !== undefined && "damaged" in first && first.damaged.code, "core.journal-invalid")
      assert.strictEqual(second !== undefined && "outcome" in second && second.run, 2)
      assert.strictEqual((yield* Effect.flip(records.run(1))).code, "core.journal-invalid")
    }).pipe(Effect.scoped)
  )

  it.effect("know no run that is not there, and name the nearest", () =>
    Effect.gen(function* () {
      const { apply, open } = place()
      const records = yield* open()
      assert.include((yield* Effect.flip(records.run(7))).message, "none has been recorded yet")
      yield* apply
      const error = yield* Effect.flip(records.run(7))
      assert.deepStrictEqual([error.code, error.message], ["core.unknown-name", "there is no run 7; the nearest is 1"])
    }).pipe(Effect.scoped)
  )

  it.effect("say what was interrupted, and what of it can be taken back", () =>
    Effect.gen(function* () {
      const { apply, journal, open } = place()
      yield* apply
      const records = yield* open()
      assert.strictEqual(yield* records.interruption, undefined)
      const lines = readFileSync(journal, "utf8").split("\n")
      writeFileSync(journal, `${lines.filter((line) => !line.includes('"RunEnded"')).join("\n")}{"_tag":"Run`)
      const found = yield* records.interruption
      assert.deepStrictEqual([found?.interrupted.run, found?.interrupted.torn, found?.began.mode], [1, true, "apply"])
      assert.deepStrictEqual(found?.begun, [{ step: "a", undo: true }])
    }).pipe(Effect.scoped)
  )

  it.live("say who holds the lock, and break it with a reason", () =>
    Effect.gen(function* () {
      const { journal, open, store } = place()
      const records = yield* open()
      assert.strictEqual(yield* records.unlock("nobody is there"), undefined)
      const operations = (yield* Effect.provide(Store.Store, store)).of({ deployment: "shop", environment: "staging" })
      const who = { user: "ada", host: "ci-7", pid: process.pid }
      const lease = yield* operations.acquire({ mode: "apply", who, wait: undefined, onWait: () => {} })
      yield* lease.begin("")
      appendFileSync(
        journal,
        Journal.encode({
          _tag: "RunBegan",
          at: 0,
          format: "shipshape-journal",
          v: 1,
          run: 1,
          deployment: "shop",
          environment: "staging",
          data: "disposable",
          strategy: "update",
          mode: "apply",
          who,
          versions: {}
        })
      )
      const [running] = yield* records.runs()
      assert.deepStrictEqual(
        [(yield* records.holder)?.run, running !== undefined && "outcome" in running && running.outcome],
        [1, "running"]
      )
      assert.strictEqual((yield* records.unlock("it hangs"))?.run, 1)
      assert.strictEqual((yield* records.run(1)).summary.unlocked, "it hangs")
      assert.strictEqual((yield* Effect.flip(lease.held))._tag, "LockLost")
    }).pipe(Effect.scoped)
  )
})
