/** A plugin of the tests' own: named things that exist or not, with every way of failing. */
import { Access, Check, Plugin, Progress, type Resource, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export class ToyProbe extends Access.Probe<ToyProbe, { readonly world: World }>()("toy/ToyProbe") {}
export class ToyControl extends Access.Control<ToyControl, { readonly world: World }>()("toy/ToyControl") {}

export interface World {
  readonly things: Set<string>
  /** What was done and asked, in order: `add a`, `ask a`. */
  readonly log: Array<string>
  /** How many more times adding this thing fails. */
  readonly failures: Map<string, number>
  /** Things whose `apply` ends well and does nothing. */
  readonly liars: Set<string>
  /** How long adding this thing takes, in milliseconds. */
  readonly slow: Map<string, number>
  running: number
  peak: number
}

export const makeWorld = (things: ReadonlyArray<string> = []): World => ({
  things: new Set(things),
  log: [],
  failures: new Map(),
  liars: new Set(),
  slow: new Map(),
  running: 0,
  peak: 0
})

export const layer = (world: World) =>
  Layer.mergeAll(Layer.succeed(ToyProbe, { world }), Layer.succeed(ToyControl, { world }))

class ToyBroken extends Schema.TaggedError<ToyBroken>()("ToyBroken", {
  code: Schema.tag("toy.broken"),
  message: Schema.String,
  hint: Schema.String,
  retryable: Schema.Boolean,
  tail: Schema.optionalKey(Schema.Array(Schema.String))
}) {}

const ResourceName = Schema.TemplateLiteral([Schema.String, ":", Schema.String])

const input = {
  name: Schema.NonEmptyString,
  provides: Schema.optionalKey(Schema.Array(ResourceName)),
  touches: Schema.optionalKey(Schema.Array(ResourceName)),
  observes: Schema.optionalKey(Schema.Array(ResourceName)),
  needs: Schema.optionalKey(ResourceName),
  say: Schema.optionalKey(Schema.String),
  secret: Schema.optionalKey(Schema.Redacted(Schema.String))
}

type Input = Schema.Struct.Type<typeof input>

const resources = {
  provides: (i: Input): ReadonlyArray<Resource.Resource> => i.provides ?? [],
  touches: (i: Input): ReadonlyArray<Resource.Resource> => i.touches ?? [],
  observes: (i: Input): ReadonlyArray<Resource.Resource> => i.observes ?? []
}

const check = Effect.fnUntraced(function* ({ name, needs }: Input) {
  const { world } = yield* ToyProbe
  world.log.push(`ask ${name}`)
  if (name === "unaskable") {
    return yield* new ToyBroken({ message: "cannot look", hint: "open your eyes", retryable: true })
  }
  if (needs !== undefined && !world.things.has(needs)) return Check.unavailable([needs], `${needs} is not up`)
  return world.things.has(name) ? Check.satisfied({ name }) : Check.needed([{ summary: `add ${name}` }])
})

const apply = Effect.fnUntraced(function* ({ name, provides, say, touches }: Input) {
  const { world } = yield* ToyControl
  world.running++
  world.peak = Math.max(world.peak, world.running)
  yield* Effect.gen(function* () {
    if (say !== undefined) yield* Progress.line(say)
    yield* Effect.sleep(world.slow.get(name) ?? 0)
    const failures = world.failures.get(name) ?? 0
    if (failures > 0) {
      world.failures.set(name, failures - 1)
      return yield* new ToyBroken({
        message: `${name} broke: ${say ?? ""}`,
        hint: "mend it",
        retryable: !name.startsWith("final"),
        tail: ["the last line", ...(say === undefined ? [] : [say])]
      })
    }
    world.log.push(`add ${name}`)
    for (const gone of touches ?? []) world.things.delete(gone)
    if (world.liars.has(name)) return
    for (const given of provides ?? []) world.things.add(given)
    world.things.add(name)
  }).pipe(Effect.ensuring(Effect.sync(() => world.running--)))
})

export const thing = Step.make("toy.thing", {
  description: "A thing exists",
  risk: "additive",
  input,
  output: { name: Schema.String },
  ...resources,
  check,
  apply
})

export const wipe = Step.make("toy.wipe", {
  description: "A thing exists, and others are lost",
  risk: "destructive",
  input,
  output: { name: Schema.String },
  ...resources,
  check,
  apply
})

/** Additive by its definition; its check finds that it is not: always, or since there is `after`. */
export const sneaky = Step.make("toy.sneaky", {
  description: "A thing that turns out to cost more",
  risk: "additive",
  input: { name: Schema.String, after: Schema.optionalKey(Schema.String) },
  output: {},
  check: Effect.fnUntraced(function* ({ after, name }) {
    const { world } = yield* ToyProbe
    return world.things.has(name)
      ? Check.satisfied({})
      : Check.needed(
          [{ summary: "lose rows" }],
          after === undefined || world.things.has(after) ? { risk: "destructive" } : {}
        )
  }),
  apply: Effect.fnUntraced(function* ({ name }) {
    ;(yield* ToyControl).world.things.add(name)
  })
})

export const notify = Step.make("toy.notify", {
  description: "Somebody is told",
  risk: "additive",
  input: { text: Schema.String },
  output: { told: Schema.Boolean },
  check: ({ text }) => Effect.succeed(Check.everyRun([{ summary: `tell ${text}` }], { told: true })),
  apply: Effect.fnUntraced(function* ({ text }) {
    ;(yield* ToyControl).world.log.push(`tell ${text}`)
  })
})

export const toy = (world: World) =>
  Plugin.define("toy", {
    version: "1.0.0",
    description: "Things",
    steps: { thing, wipe, sneaky, notify },
    options: {},
    layer: () => layer(world)
  })({})

export const environments = { staging: { data: "disposable" }, production: { data: "precious" } } as const
