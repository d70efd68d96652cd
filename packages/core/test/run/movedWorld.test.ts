/** Approved plans of every shape: groups, outputs, steps that wait or are left out; and what has moved when they are applied. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, type Output, optional, Proposal, parallel, Run } from "@shipshape/core"
import { FakeTarget, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { dial, layer as dialsLayer, dialsPlugin, makeDials } from "../support/Dials.ts"
import { layer, makeWorld, notify, sneaky, thing, toy, type World } from "../support/Toy.ts"

const names = ["a", "b", "c", "d", "e"] as const
const Name = Schema.Literals(names)
const Wanted = Schema.Struct({
  name: Name,
  /** What it takes away, what it looks at, what it cannot be looked at without. */
  touches: Schema.Array(Name).check(Schema.isMaxLength(2)),
  observes: Schema.Array(Name).check(Schema.isMaxLength(2)),
  needs: Schema.optionalKey(Name),
  provides: Schema.Boolean,
  /** Its name is the output of the step before it. */
  same: Schema.Boolean,
  optional: Schema.Boolean,
  beside: Schema.Boolean,
  skipped: Schema.Boolean
})
type Wanted = typeof Wanted.Type

const resource = (name: string) => `x:${name}` as const

const deploymentOf = (wanted: ReadonlyArray<Wanted>, world: World) =>
  defineDeployment(
    "moved",
    { environments: { staging: { data: "disposable" } }, plugins: () => [toy(world)] },
    function* () {
      let last: Output.Output<{ readonly name: string }> | undefined
      for (const [i, one] of wanted.entries()) {
        const from = one.same ? last : undefined
        const step = thing(`s${i}`, {
          name: from === undefined ? one.name : from.map(({ name }) => `${name}+`),
          touches: one.touches.map(resource),
          observes: one.observes.map(resource),
          provides: one.provides ? [resource(one.name)] : [],
          ...(one.needs === undefined ? {} : { needs: resource(one.needs) })
        })
        if (one.beside) {
          yield* parallel([step, notify(`t${i}`, { text: "hello" })])
          last = undefined
        } else if (one.optional) {
          yield* optional(step, "a luxury")
          last = undefined
        } else last = yield* step
      }
    }
  )

const everything = [...names, ...names.map(resource), ...names.map((name) => `${name}+`), "elsewhere"]

describe("a plan of any shape that was approved", () => {
  it.effect.prop(
    "is refused if what it has looked at has moved, and applied if anything else has",
    [
      Schema.NonEmptyArray(Wanted).check(Schema.isMaxLength(5)),
      Schema.Array(Schema.Literals(everything)).check(Schema.isMaxLength(8)),
      Schema.Literals(everything)
    ],
    ([wanted, things, moved]) =>
      Effect.gen(function* () {
        const world = makeWorld(things)
        const skip = wanted.flatMap((one, i) => (one.skipped ? [`s${i}`] : []))
        const session = Run.openWith(deploymentOf(wanted, world), layer(world), {
          environment: "staging",
          skip,
          inputs: [],
          store: MemoryStore.layer(MemoryStore.make()),
          target: FakeTarget.layer(FakeTarget.make({}))
        })
        const approved = yield* Effect.scoped(Effect.flatMap(session, (opened) => opened.propose))
        const looked = new Set<string>()
        for (const [i, { needs }] of wanted.entries()) {
          const fact = approved.facts[`s${i}`]
          if (typeof fact !== "object" || fact === null || !("input" in fact)) continue
          const name = String((fact.input as { readonly name: string }).name)
          if (needs !== undefined) looked.add(resource(needs))
          if (needs === undefined || world.things.has(resource(needs))) looked.add(name)
        }
        // What is left out counts as far as others use what it gives, and that only its own thing can change.
        const used = wanted.some((one, i) => one.same && skip.includes(`s${i - 1}`))
        if (used && !looked.has(moved)) return
        if (!world.things.delete(moved)) world.things.add(moved)
        world.log.length = 0
        const proposal = yield* Proposal.parse(Proposal.text(approved))
        const result = yield* Effect.scoped(
          Effect.flatMap(session, (opened) => Effect.result(opened.apply({ approved: proposal })))
        )
        const code = result._tag === "Failure" ? result.failure.code : undefined
        assert.strictEqual(code === "core.plan-stale", looked.has(moved), `${moved}: ${code}`)
        if (code === "core.plan-stale") {
          assert.deepStrictEqual(
            world.log.filter((line) => !line.startsWith("ask")),
            []
          )
        }
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect("is stopped where a step that was deferred, or has grown, may destroy data; unapproved it may", () =>
    Effect.gen(function* () {
      const apply = Effect.fnUntraced(function* (approve: boolean, before: ReadonlyArray<string> = []) {
        const world = makeWorld(before)
        const deployment = defineDeployment(
          "moved",
          { environments: { staging: { data: "disposable" } }, plugins: () => [toy(world)] },
          function* () {
            yield* thing("first", { name: "first" })
            yield* sneaky("sneaky", { name: "lost", after: "first" })
            yield* thing("last", { name: "last" })
          }
        )
        const plan = approve
          ? (yield* Rehearsal.plan(deployment, layer(world), { environment: "staging" })).plan
          : undefined
        const run = yield* Rehearsal.apply(deployment, layer(world), {
          environment: "staging",
          apply: { approved: plan }
        })
        return { run, things: [...world.things] }
      })
      const stopped = yield* apply(true)
      assert.strictEqual(stopped.run.exitCode, 4)
      assert.include(stopped.run.failure?.message, "“sneaky” was approved as additive")
      assert.deepStrictEqual(stopped.things, ["first"])
      const seen = yield* apply(true, ["first"])
      assert.deepStrictEqual([seen.run.exitCode, seen.things], [0, ["first", "lost", "last"]])
      const unasked = yield* apply(false)
      assert.deepStrictEqual([unasked.run.exitCode, unasked.things], [0, ["first", "lost", "last"]])
    })
  )

  it.effect("is applied once: what it was made for is no longer so", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const deployment = defineDeployment(
        "moved",
        { environments: { staging: { data: "disposable" } }, plugins: () => [toy(world)] },
        function* () {
          yield* thing("a", { name: "a" })
        }
      )
      const { plan } = yield* Rehearsal.plan(deployment, layer(world), { environment: "staging" })
      const codes: Array<number> = []
      for (let i = 0; i < 2; i++) {
        const options = { environment: "staging", apply: { approved: plan } } as const
        codes.push((yield* Rehearsal.apply(deployment, layer(world), options)).exitCode)
      }
      assert.deepStrictEqual(codes, [0, 4])
    })
  )

  it.effect("of another deployment or environment is refused", () =>
    Effect.gen(function* () {
      const of = (name: string, world: World) =>
        defineDeployment(
          name,
          {
            environments: { staging: { data: "disposable" }, test: { data: "disposable" } },
            plugins: () => [toy(world)]
          },
          function* () {
            yield* thing("a", { name: "a" })
          }
        )
      const world = makeWorld()
      const { plan } = yield* Rehearsal.plan(of("one", world), layer(world), { environment: "staging" })
      for (const [name, environment] of [
        ["two", "staging"],
        ["one", "test"]
      ] as const) {
        const run = yield* Rehearsal.apply(of(name, world), layer(world), { environment, apply: { approved: plan } })
        assert.deepStrictEqual([run.exitCode, run.failure?.code, world.things.size], [4, "core.plan-stale", 0])
      }
    })
  )

  it.effect("of a rollback that lets the schema go back is applied by somebody else", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      const store = MemoryStore.layer(MemoryStore.make())
      const shop = (value: number) =>
        defineDeployment(
          "shop",
          { environments: { staging: { data: "disposable" } }, plugins: () => [dialsPlugin({})] },
          function* () {
            yield* dial("a", { name: "a", value })
          }
        )
      for (const value of [1, 2]) {
        yield* Rehearsal.apply(shop(value), dialsLayer(dials), { environment: "staging", store })
      }
      const options = { environment: "staging", store, rollback: { schema: true } } as const
      const before = process.env.GITHUB_ACTOR
      process.env.GITHUB_ACTOR = "ada"
      const { plan } = yield* Rehearsal.plan(shop(2), dialsLayer(dials), options)
      process.env.GITHUB_ACTOR = "grace"
      const run = yield* Rehearsal.apply(shop(2), dialsLayer(dials), { ...options, apply: { approved: plan } })
      if (before === undefined) delete process.env.GITHUB_ACTOR
      else process.env.GITHUB_ACTOR = before
      assert.deepStrictEqual([run.exitCode, dials.values.get("a")], [0, 1])
    })
  )
})
