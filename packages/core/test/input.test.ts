import { assert, describe, it } from "@effect/vitest"
import { Dotenv, defineDeployment, Input, Plugin } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { environments, layer, makeWorld, thing, toy } from "./support/Toy.ts"

const fields = {
  password: Input.secret("PASSWORD"),
  url: Input.url("URL"),
  workers: Input.integer("WORKERS", { default: 2 }),
  debug: Input.boolean("DEBUG", { default: false }),
  tier: Input.literals("TIER", ["small", "large"], { default: "small" })
}

const decode = (variables: Record<string, string>) => Input.decode(fields, [{ name: "the environment", variables }])

describe("inputs", () => {
  it.effect("are typed, with defaults", () =>
    Effect.gen(function* () {
      const values = yield* decode({ PASSWORD: "s3cret", URL: "https://edms.example/", DEBUG: "yes" })
      assert.strictEqual(Redacted.value(values.password), "s3cret")
      assert.deepStrictEqual(
        [values.url, values.workers, values.debug, values.tier],
        ["https://edms.example", 2, true, "small"]
      )
    })
  )

  it.effect("report every problem at once, by name, and no secret's value", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        decode({ PASSWORD: "", URL: "ftp://x", WORKERS: "two", DEBUG: "perhaps", TIER: "huge" })
      )
      assert.deepStrictEqual(
        error.problems.map((p) => p.variable),
        ["PASSWORD", "URL", "WORKERS", "DEBUG", "TIER"]
      )
      assert.strictEqual(error.problems[0]?.problem, "is empty (from the environment)")
      assert.include(error.message, "input “url”: URL expected an absolute http or https URL (from the environment)")
      assert.include(error.hint, "PASSWORD, URL, WORKERS, DEBUG, TIER")
    })
  )

  it.effect("take the first source that has the variable", () =>
    Effect.gen(function* () {
      const title = { title: Input.string("TITLE") }
      const sources = ["flag", "environment"].map((name) => ({ name, variables: { TITLE: name } }))
      assert.deepStrictEqual(yield* Input.decode(title, sources), { title: "flag" })
      const missing = yield* Effect.flip(Input.decode(title, []))
      assert.strictEqual(missing.message, "input “title”: TITLE is not set")
    })
  )

  it.effect("that are wrong refuse the run before anything is asked", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const deployment = defineDeployment(
        "shop",
        { environments, inputs: fields, plugins: () => [toy(world)] },
        function* () {
          yield* thing("a", { name: "a" })
        }
      )
      const run = yield* Rehearsal.apply(deployment, layer(world), { environment: "staging" })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [64, "core.inputs-invalid"])
      assert.deepStrictEqual(world.log, [])
    })
  )
})

describe("a step's input", () => {
  it.effect("that does not fit refuses the run, with the field's path, for all steps at once", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const wrong: string = ""
      const deployment = defineDeployment("shop", { environments, plugins: () => [toy(world)] }, function* () {
        yield* thing("fine", { name: "fine" })
        yield* thing("a", { name: wrong })
        yield* thing("b", { name: "b", provides: ["nonsense" as "non:sense"] })
      })
      const run = yield* Rehearsal.apply(deployment, layer(world), { environment: "staging" })
      assert.deepStrictEqual([run.exitCode, run.failure?.code], [64, "core.step-input-invalid"])
      assert.include(run.failure?.message, "step “a” (toy.thing): name: ")
      assert.include(run.failure?.message, "step “b” (toy.thing): provides[0]: ")
      assert.strictEqual(world.things.size, 0)
    })
  )
})

describe("a plugin's options", () => {
  it.effect("that do not fit refuse the run, with the option's path", () =>
    Effect.gen(function* () {
      const plugin = Plugin.define("acme", {
        version: "1.0.0",
        description: "Nothing",
        steps: {},
        options: { port: Schema.Int },
        layer: () => Layer.empty
      })
      const deployment = defineDeployment(
        "shop",
        { environments, plugins: () => [plugin({ port: 0.5 })] },
        function* () {}
      )
      const { Run } = yield* Effect.promise(() => import("@shipshape/core"))
      const error = yield* Effect.flip(Effect.scoped(Run.open(deployment, { environment: "staging", inputs: [] })))
      assert.strictEqual(error.code, "core.plugin-options-invalid")
      assert.include(error.message, "plugin acme: port: ")
    })
  )
})

describe("an env file", () => {
  it("is read as Compose reads it", () => {
    const text = [
      "# comment",
      "PLAIN=a b # comment",
      "HASH=a#b",
      "EMPTY=",
      "export EXPORTED=1",
      "SINGLE='$a \"b\" #c'",
      'DOUBLE="a\\n\\"b\\""',
      'MULTI="one',
      'two"',
      "LAST='x' # comment"
    ].join("\r\n")
    assert.deepStrictEqual(Result.getOrThrow(Dotenv.parse(text, ".env")), {
      PLAIN: "a b",
      HASH: "a#b",
      EMPTY: "",
      EXPORTED: "1",
      SINGLE: '$a "b" #c',
      DOUBLE: 'a\n"b"',
      MULTI: "one\ntwo",
      LAST: "x"
    })
  })

  it.each([
    ["PASSWORD", ".env:1: expected KEY=VALUE"],
    ["A=1\nmy key=2", ".env:2: expected KEY=VALUE"],
    ["A=1\n=2", ".env:2: expected KEY=VALUE"],
    ['A=1\nB="open', '.env:2: B has no closing "'],
    ["A='x' y", ".env:1: A has text after its closing '"]
  ])("%j is refused with file and line, and no value", (text, message) => {
    const failure = Option.getOrThrow(Result.getFailure(Dotenv.parse(text, ".env")))
    assert.strictEqual(failure.message, message)
    assert.notStrictEqual(failure.hint, "")
  })
})
