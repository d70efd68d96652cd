import {
  Access,
  acknowledge,
  Check,
  type Deployment,
  defineDeployment,
  Input,
  Output,
  onFresh,
  Plugin,
  parallel,
  Run,
  Step,
  Target
} from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

class QueueProbe extends Access.Probe<QueueProbe, { readonly depth: number }>()("acme/QueueProbe") {}
class QueueControl extends Access.Control<QueueControl, { readonly purge: Effect.Effect<void> }>()(
  "acme/QueueControl"
) {}

class QueueGone extends Schema.TaggedError<QueueGone>()("QueueGone", { message: Schema.String }) {}

const queue = Step.make("acme.queue", {
  description: "A queue exists",
  risk: "additive",
  input: { name: Schema.String, size: Schema.optionalKey(Schema.Finite) },
  output: { url: Schema.String },
  check: () => Effect.map(QueueProbe, () => Check.satisfied({ url: "amqp://" })),
  apply: () => Effect.flatMap(QueueControl, () => Effect.fail(new QueueGone({ message: "gone" })))
})

const purge = Step.make("acme.purge", {
  description: "The queue is empty",
  risk: "destructive",
  input: {},
  output: {},
  check: () => Effect.succeed(Check.satisfied({})),
  apply: () => Effect.void
})

const acme = Plugin.define("acme", {
  version: "1.0.0",
  description: "Queues",
  steps: { queue, purge },
  options: { url: Schema.String },
  layer: () =>
    Layer.mergeAll(Layer.succeed(QueueProbe, { depth: 0 }), Layer.succeed(QueueControl, { purge: Effect.void }))
})

const environments = { staging: { data: "disposable" }, production: { data: "precious" } } as const
const plugins = () => [acme({ url: "amqp://localhost" })] as const

describe("check", () => {
  it("may not use a writing service", () => {
    // @ts-expect-error ✗ acme.step: check() runs during plan and must be read-only, but it requires acme/QueueControl
    Step.make("acme.step", {
      description: "",
      risk: "additive",
      input: {},
      output: {},
      check: () => Effect.map(QueueControl, () => Check.satisfied({})),
      apply: () => Effect.void
    })
  })

  it("may not use the target, which runs commands and writes files", () => {
    // @ts-expect-error check() runs during plan and must be read-only, but it requires shipshape/Target
    Step.make("acme.step", {
      description: "",
      risk: "additive",
      input: {},
      output: {},
      check: () => Effect.map(Target.Target, () => Check.satisfied({})),
      apply: () => Effect.void
    })
  })

  it("returns the output that the step declares", () => {
    Step.make("acme.step", {
      description: "",
      risk: "additive",
      input: { name: Schema.String },
      output: { version: Schema.String },
      // @ts-expect-error Property 'nmae' does not exist on type
      check: ({ nmae }) => Effect.succeed(Check.satisfied({ version: nmae })),
      apply: () => Effect.void
    })
  })
})

describe("a deployment", () => {
  it("to precious data may not have a destructive step", () => {
    // @ts-expect-error ✗ 'production' holds precious data: destructive step 'acme.purge' needs acknowledge(step, { reason, approvedBy })
    defineDeployment("shop", { environments, plugins }, function* () {
      yield* queue("mail", { name: "mail" })
      yield* purge("purge", {})
    })
    const hidden = function* () {
      yield* purge("purge", {})
    }
    // @ts-expect-error 'production' holds precious data
    defineDeployment("shop", { environments, plugins }, function* () {
      yield* hidden()
    })
    // @ts-expect-error 'production' holds precious data
    defineDeployment("shop", { environments, plugins }, function* () {
      yield* parallel([queue("mail", { name: "mail" }), purge("purge", {})])
    })
  })

  it("may have it on disposable data, acknowledged, or on a fresh start", () => {
    defineDeployment("shop", { environments: { staging: environments.staging }, plugins }, function* () {
      yield* purge("purge", {})
    })
    defineDeployment("shop", { environments, plugins }, function* () {
      yield* acknowledge(purge("purge", {}), { reason: "copies", approvedBy: "dba" })
      yield* onFresh(purge("fresh", {}))
    })
  })

  it("whose data is not known is treated as precious", () => {
    const data = "disposable" as "disposable" | "precious"
    // @ts-expect-error 'somewhere' holds precious data: destructive step 'acme.purge'
    defineDeployment("shop", { environments: { somewhere: { data } }, plugins }, function* () {
      yield* purge("purge", {})
    })
  })

  it("names the services that no plugin provides", () => {
    // @ts-expect-error ✗ no plugin provides acme/QueueProbe: add the one that does to 'plugins'
    defineDeployment("shop", { environments }, function* () {
      yield* queue("mail", { name: "mail" })
    })
  })

  it("finds them, whichever of its functions take the context", () => {
    const inputs = { url: Input.url("URL") }
    defineDeployment("shop", { environments, inputs, plugins: ({ inputs: { url } }) => [acme({ url })] }, function* () {
      yield* queue("mail", { name: "mail" })
    })
    defineDeployment("shop", { environments, inputs, plugins }, function* ({ inputs: { url } }) {
      yield* queue("mail", { name: url })
    })
    const none = (_: unknown) => [] as const
    // @ts-expect-error no plugin provides acme/QueueProbe
    defineDeployment("shop", { environments, inputs, plugins: ({ inputs: { url } }) => none(url) }, function* () {
      yield* queue("mail", { name: "mail" })
    })
    // @ts-expect-error no plugin provides acme/QueueProbe
    defineDeployment("shop", { environments, inputs }, function* ({ inputs: { url } }) {
      yield* queue("mail", { name: url })
    })
  })

  it("takes outputs of the right type alone", () => {
    defineDeployment("shop", { environments, plugins }, function* () {
      const mail = yield* queue("mail", { name: "mail" })
      yield* queue("ok", { name: mail.map((m) => m.url) })
      // @ts-expect-error Type 'Output<string>' is not assignable to type
      yield* queue("wrong", { name: "x", size: mail.map((m) => m.url) })
      // @ts-expect-error Property 'port' does not exist on type
      mail.map((m) => m.port)
    })
  })

  it("infers what it returns, how it fails and what it needs", () => {
    const deployment = defineDeployment(
      "shop",
      { environments, inputs: { url: Input.url("URL") }, plugins },
      function* ({ inputs }) {
        const mail = yield* queue("mail", { name: "mail" })
        const [a, b] = yield* parallel([queue("a", { name: inputs.url }), purgeless("b", {})])
        return { url: mail.map((m) => m.url), both: Output.all([a.map((x) => x.url), b.map((x) => x.n)]), inputs }
      }
    )
    expect(deployment).type.toBe<
      Deployment.Deployment<
        "staging" | "production",
        "staging",
        {
          readonly url: string
          readonly both: readonly [string, number]
          readonly inputs: { readonly url: string }
        },
        QueueGone,
        QueueProbe,
        QueueControl
      >
    >()
  })
})

const purgeless = Step.make("acme.purgeless", {
  description: "",
  risk: "reversible",
  input: {},
  output: { n: Schema.Finite },
  check: () => Effect.succeed(Check.satisfied({ n: 1 })),
  apply: () => Effect.void
})

describe("a run", () => {
  const deployment = defineDeployment("shop", { environments, plugins }, function* () {
    yield* queue("mail", { name: "mail" })
  })

  it("starts afresh on disposable data alone", () => {
    Run.open(deployment, { environment: "staging", strategy: "fresh" })
    // @ts-expect-error ✗ 'production' holds precious data: a fresh start is refused
    Run.open(deployment, { environment: "production", strategy: "fresh" })
    const either = "staging" as "staging" | "production"
    // @ts-expect-error holds precious data: a fresh start is refused
    Run.open(deployment, { environment: either, strategy: "fresh" })
  })

  it("goes to an environment that there is", () => {
    // @ts-expect-error Type '"prodution"' is not assignable to type
    Run.open(deployment, { environment: "prodution" })
  })

  it("names what a test's layer lacks", () => {
    Run.openWith(
      deployment,
      // @ts-expect-error LayerDoesNotProvide<"acme/QueueControl">
      Layer.succeed(QueueProbe, { depth: 0 }),
      { environment: "staging" }
    )
  })

  it("fails with the deployment's own errors", () => {
    type Failure = Effect.Error<ReturnType<Effect.Success<ReturnType<typeof open>>["apply"]>>
    const open = () => Run.open(deployment, { environment: "staging" })
    expect<Extract<Failure, { readonly _tag: "RunFailed" }>["cause"]>().type.toBeAssignableFrom<QueueGone>()
  })
})

describe("a plugin", () => {
  it("provides what its steps need", () => {
    // @ts-expect-error ✗ plugin acme: its layer does not provide acme/QueueControl
    Plugin.define("acme", {
      version: "1.0.0",
      description: "",
      steps: { queue },
      options: {},
      layer: () => Layer.succeed(QueueProbe, { depth: 0 })
    })
  })
})
