import { assert, describe, it } from "@effect/vitest"
import { Deployment, defineDeployment, Output, onFresh, parallel } from "@shipshape/core"
import { environments, makeWorld, thing, toy, wipe } from "./support/Toy.ts"

const options = { environments, plugins: () => [toy(makeWorld())] as const }

const problemsOf = (define: () => unknown): ReadonlyArray<string> => {
  try {
    define()
  } catch (error) {
    if (error instanceof Deployment.DefinitionInvalid) return error.problems
    throw error
  }
  return []
}

describe("defineDeployment refuses, all at once", () => {
  it("an id that is used twice", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        defineDeployment("shop", options, function* () {
          yield* thing("a", { name: "a" })
          yield* parallel([thing("a", { name: "b" })])
        })
      ),
      ["step id “a” is used twice: give one of them another id"]
    ))

  it("ids that cannot be typed, and a name that cannot", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        defineDeployment("my shop", options, function* () {
          yield* thing("a b", { name: "a" })
        })
      ),
      [
        "its name “my shop” must be letters, digits, and ._/- after the first",
        "step id “a b” (toy.thing) must be letters, digits, and ._/- after the first"
      ]
    ))

  it("a step that is built and never yielded, alone, in a group or behind a guard", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        defineDeployment("shop", options, function* () {
          thing("lost", { name: "a" })
          parallel([thing("grouped", { name: "b" })])
          onFresh(wipe("guarded", { name: "c" }))
          yield* onFresh(wipe("fine", { name: "d" }))
        })
      ),
      ["lost", "grouped", "guarded"].map(
        (id) => `step “${id}” is built but never yielded: write \`yield* …("${id}", …)\``
      )
    ))

  it("an output of a step that does not come before, or of the same group", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        defineDeployment("shop", options, function* () {
          const foreign = Output.make(new Set(["elsewhere"]), () => "x")
          yield* thing("a", { name: foreign })
        })
      ),
      ["step “a” uses the output of “elsewhere”, which does not come before it"]
    ))

  it("a deployment without environments", () =>
    assert.deepStrictEqual(
      problemsOf(() => defineDeployment("shop", { environments: {} }, function* () {})),
      ["it has no environment: name at least one in `environments`"]
    ))
})

describe("a generator", () => {
  it("composes out of helper generators, loops and conditions, per environment", () => {
    const stack = function* (names: ReadonlyArray<string>) {
      const outputs: Array<Output.Output<string>> = []
      for (const name of names) outputs.push((yield* thing(`stack/${name}`, { name })).map((t) => t.name))
      return outputs
    }
    const deployment = defineDeployment("shop", options, function* ({ environment }) {
      const names = yield* stack(["a", "b"])
      if (environment.name === "staging")
        yield* thing("demo-data", { name: Output.all(names).map((all) => all.join()) })
    })
    const ids = (environment: string) =>
      deployment.blueprint(environment).instructions.flatMap((i) => i.steps.map((step) => step.id))
    assert.deepStrictEqual(ids("staging"), ["stack/a", "stack/b", "demo-data"])
    assert.deepStrictEqual(ids("production"), ["stack/a", "stack/b"])
  })

  it("touches nothing where the deployment is defined", () => {
    const world = makeWorld()
    defineDeployment("shop", { environments, plugins: () => [toy(world)] }, function* () {
      yield* thing("a", { name: "a" })
    })
    assert.deepStrictEqual(world.log, [])
  })
})
