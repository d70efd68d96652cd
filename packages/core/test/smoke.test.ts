import { Access, Check, Command, defineDeployment, Event, Input, onFresh, parallel, Plugin, Run, Step, Target } from "@shipshape/core"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

class P extends Access.Probe<P, { readonly has: (n: string) => Effect.Effect<boolean> }>()("t/P") {}
class C extends Access.Control<C, { readonly add: (n: string) => Effect.Effect<void> }>()("t/C") {}
const thing = Step.make("t.thing", {
  description: "x", risk: "additive", input: { name: Schema.String, n: Schema.optionalKey(Schema.FiniteFromString) }, output: { name: Schema.String },
  check: Effect.fn(function*({ name }) {
    return (yield* (yield* P).has(name)) ? Check.satisfied({ name }) : Check.needed([{ summary: `add ${name}` }])
  }),
  apply: Effect.fn(function*({ name }) { yield* (yield* C).add(name) })
})
const wipe = Step.make("t.wipe", {
  description: "x", risk: "destructive", input: {}, output: {},
  check: () => Effect.map(P, () => Check.needed([{ summary: "wipe" }])),
  apply: () => Effect.void
})
const world = new Set<string>()
const plug = Plugin.define("t", { version: "1", description: "", steps: { thing, wipe }, options: { url: Schema.String }, layer: () => Layer.mergeAll(
  Layer.succeed(P, { has: (n) => Effect.sync(() => world.has(n)) }),
  Layer.effect(C, Effect.map(Target.Target, (t) => ({ add: (n: string) => Effect.andThen(t.run(Command.make("echo", ["secret hunter22", n])).pipe(Effect.orDie), Effect.sync(() => { world.add(n) })) })))
)})
const d = defineDeployment("demo", { environments: { staging: { data: "disposable" }, production: { data: "precious" } }, inputs: { url: Input.url("URL"), pw: Input.secret("PW") },
  plugins: ({ inputs }) => [plug({ url: inputs.url })] }, function*({ inputs }) {
  yield* onFresh(wipe("clean", {}))
  const a = yield* thing("a", { name: "a" })
  const [b, c] = yield* parallel([thing("b", { name: a.map((x) => x.name + "b") }), thing("c", { name: "c", n: "12" })])
  return { b: b.map((x) => x.name), c, u: inputs.url }
})
describe("smoke", () => {
  it.live("plans, applies, does nothing", () => Effect.gen(function*() {
    const s = yield* Run.open(d, { environment: "production", inputs: [{ name: "t", variables: { URL: "https://x/", PW: "hunter22" } }] })
    const events: Array<Event.Event> = []
    const p = yield* s.plan

    const r = yield* Event.tapSink(s.apply(), (e) => { events.push(e) })

    const again = yield* s.apply()

    assert.strictEqual(again.counts.applied, 0)
  }).pipe(Effect.scoped))
})
