import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Failure, Input, Journal, Secrets } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { maskError } from "../src/internal/maskError.ts"
import { environments, layer, makeWorld, thing, toy } from "./support/Toy.ts"

const registryOf = (...secrets: ReadonlyArray<string>): Secrets.Registry => {
  const registry = Secrets.make()
  for (const secret of secrets) registry.add(Redacted.make(secret))
  return registry
}

describe("data", () => {
  it("is masked in its keys too, but for the names of the program's own fields", () => {
    const masked = Secrets.maskDeep(registryOf("summary", "hunter2"), {
      changes: [{ summary: "the summary of hunter2" }],
      rows: { hunter2: 1, "users of hunter2": 2 }
    })
    assert.deepEqual<unknown>(masked, {
      changes: [{ summary: "the •••••• of ••••••" }],
      rows: { "••••••": 1, "users of ••••••": 2 }
    })
  })

  it("loses no entry whose key looks like another one's without its secret", () => {
    const masked = Secrets.maskDeep(registryOf("one", "two"), { rows: { one: 1, two: 2 } })
    assert.deepEqual(Object.values(masked.rows), [1, 2])
  })

  it("keeps what the deployment's own file names, and what the program says itself", () => {
    const result = {
      _tag: "StepFinished",
      id: "migrate",
      type: "django.migrate",
      outcome: "failed",
      failure: { code: "django.migrate-failed", message: "cannot migrate, failed" }
    }
    const definition = { steps: { migrate: "migrate" }, inputs: { failed: "failed" } }
    const masked = Secrets.maskDeep(registryOf("migrate", "failed", "StepFinished"), { result, definition })
    assert.deepEqual(masked, {
      result: { ...result, failure: { code: "django.migrate-failed", message: "cannot ••••••, ••••••" } },
      definition: { steps: { migrate: "••••••" }, inputs: { failed: "••••••" } }
    })
  })

  it("of each record and event is read again, whatever words of its own are secrets", () => {
    const records: ReadonlyArray<Journal.Record> = [
      {
        ...{ _tag: "RunBegan", at: 0, format: "shipshape-journal", v: 1, run: 1, deployment: "shop" },
        ...{ environment: "staging", data: "disposable", strategy: "update", mode: "apply", versions: {} },
        who: { user: "ada", host: "ci", pid: 1 }
      },
      {
        ...{ _tag: "AttemptBegan", at: 0, step: "migrate", attempt: 1, fence: 1, type: "django.migrate", key: "k" },
        ...{ risk: "additive", changes: [{ summary: "a" }] }
      },
      { _tag: "AttemptEnded", at: 0, step: "migrate", attempt: 1, fence: 1, outcome: "applied", durationMs: 1 }
    ]
    for (const letter of "abcdefghijklmnopqrstuvwxyzBR-") {
      const text = records.map((record) => Journal.encode(Secrets.maskDeep(registryOf(letter), record))).join("")
      const read = Journal.decode(text).records
      assert.deepEqual(
        read.map(({ _tag }) => _tag),
        records.map(({ _tag }) => _tag),
        letter
      )
      assert.deepInclude(read[2], { step: "migrate", outcome: "applied" })
    }
  })

  it("of a plugin has no names of the program's own", () => {
    const captured = { id: "hunter2", code: { hunter2: "x" }, steps: { hunter2: "x" } }
    const masked = JSON.stringify(Secrets.maskDeep(registryOf("hunter2"), { captured }))
    assert.notInclude(masked, "hunter2")
  })

  it("keeps what is no text, as far as it matters to whoever compares", () => {
    const secrets = registryOf("hunter2")
    const value = {
      size: 3,
      nothing: undefined,
      none: null,
      owners: new Map([["hunter2", new Set(["hunter2", "ada"])]]),
      at: new Date(0),
      where: new URL("https://u:hunter2@host/"),
      bytes: new Uint8Array([1])
    }
    assert.deepEqual<unknown>(Secrets.maskDeep(secrets, value), {
      size: 3,
      nothing: undefined,
      none: null,
      owners: new Map([["••••••", new Set(["••••••", "ada"])]]),
      at: "1970-01-01T00:00:00.000Z",
      where: "https://u:••••••@host/",
      bytes: new Uint8Array([1])
    })
  })

  it("has its secrets found wherever they stand in it, numbers too", () => {
    const secrets = Secrets.make()
    const value = new Map([["pin", [Redacted.make(471_108), { token: Redacted.make("t0ken") }]]])
    Effect.runSync(Secrets.register(value).pipe(Effect.provideService(Secrets.Current, secrets)))
    assert.strictEqual(secrets.mask("471108 t0ken"), "•••••• ••••••")
  })
})

describe("an error", () => {
  it("is masked in all it holds, and stays the error it is", () => {
    class Refused extends Schema.TaggedError<Refused>()("Refused", {
      ...Failure.fields("acme.refused"),
      rows: Schema.Record(Schema.String, Schema.Struct({ secretly: Schema.String }))
    }) {}
    const error = new Refused({
      message: "acme refused hunter2",
      hint: "mend hunter2",
      rows: { hunter2: { secretly: "hunter2" } },
      cause: new Error("no hunter2", { cause: { password: "hunter2" } })
    })
    const masked = maskError(registryOf("hunter2", "acme", "secret", "Refused"), error)
    assert.instanceOf(masked, Refused)
    assert.strictEqual(masked._tag, "Refused")
    assert.strictEqual(masked.code, "acme.refused")
    assert.strictEqual(masked.message, "•••••• refused ••••••")
    assert.deepEqual(masked.rows, { "••••••": { secretly: "••••••" } })
    assert.notInclude(inspect(masked, { depth: 9 }), "hunter2")
  })
})

describe("a secret", () => {
  it.effect("stands in no plan, event, error or report", () =>
    Effect.gen(function* () {
      const secret = "hunter2-of-production"
      const deployment = defineDeployment(
        "shop",
        { environments, inputs: { password: Input.secret("PASSWORD") }, plugins: () => [toy(makeWorld())] },
        function* ({ inputs }) {
          yield* thing("says", { name: "says", secret: inputs.password, say: `the password is ${secret}` })
          yield* thing("fails", { name: "fails", say: `wrong password ${secret}` })
        }
      )
      const world = makeWorld()
      world.failures.set("fails", 1)
      const run = yield* Rehearsal.apply(deployment, layer(world), {
        environment: "staging",
        inputs: { PASSWORD: secret }
      })
      assert.strictEqual(run.steps.fails?.failure?.message, "fails broke: wrong password ••••••")
      assert.notInclude(JSON.stringify(run.events), secret)
      assert.notInclude(JSON.stringify(run.failure), secret)
      assert.include(JSON.stringify(run.events), "the password is ••••••")
    })
  )
})
