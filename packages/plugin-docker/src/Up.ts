/**
 * Services that run.
 *
 * @since 0.1.0
 */
import { Check, Release, Step } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe } from "./ComposeProbe.ts"
import { Names } from "./internal/fields.ts"
import { servicesOf } from "./internal/names.ts"
import * as resources from "./internal/resources.ts"
import { type Decision, decide, type Wanted, withDependencies } from "./internal/upDecision.ts"
import { explain, timedOut, waitFor } from "./internal/waiting.ts"

const wantedOf = (wait: "healthy" | "running" | false): Wanted => (wait === false ? "present" : wait)

const look = Effect.fnUntraced(function* (names: ReadonlyArray<string>, wait: "healthy" | "running" | false) {
  const probe = yield* ComposeProbe
  const project = yield* probe.project
  const services = yield* servicesOf(project, names)
  const [containers, images] = yield* Effect.all([probe.containers, probe.images], { concurrency: 2 })
  const all = withDependencies(project, services, wantedOf(wait))
  const unbuilt = [...all.keys()].filter((service) => service.buildable && !images.has(service.image))
  const decisions = [...all].flatMap(([service, { neededBy, wanted }]) => {
    const own = containers.filter((container) => container.service === service.name && !container.oneOff)
    const decision = decide(service, own, images.get(service.image), wanted)
    return decision === undefined ? [] : [neededBy === undefined ? decision : forOther(decision, neededBy)]
  })
  return { all, containers, services, unbuilt, decisions }
})

const forOther = (decision: Decision, neededBy: string): Decision => ({
  ...decision,
  change: { ...decision.change, summary: `${decision.change.summary} (${neededBy} depends on it)` }
})

/** What is taken away or replaced, and not only waited for. */
const touchedBy = (decisions: ReadonlyArray<Decision>) =>
  decisions.filter(({ act }) => act !== "wait" && act !== "unpause").map(({ service }) => resources.service(service))

/** What runs. Nothing goes back by it: an image or a configuration that has gone back makes the containers anew. */
const Running = Schema.Struct({
  services: Schema.Record(
    Schema.String,
    Schema.Struct({
      image: Schema.String,
      digests: Schema.Array(Schema.String),
      /** Compose's own digest of the configuration. */
      configuration: Schema.String
    })
  )
})

const record = Effect.fnUntraced(function* ({ services: names }: { readonly services: ReadonlyArray<string> }) {
  const probe = yield* ComposeProbe
  const running = (yield* probe.containers).filter(({ oneOff, state }) => !oneOff && state === "running")
  const found = names.flatMap((name) => running.find(({ service }) => service === name) ?? [])
  const images = yield* probe.findImages(found.map(({ image }) => image))
  return {
    services: Object.fromEntries(
      found.map(({ hash, image, service }) => [
        service,
        { image, digests: images.get(image)?.digests ?? [], configuration: hash }
      ])
    )
  }
})

const bringingUp = Step.make("docker.up", {
  description: "Services run, made of the present images and configuration",
  risk: "reversible",
  alters: "none",
  input: {
    services: Names,
    wait: Schema.Literals(["healthy", "running", false]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("healthy" as const))
    ),
    timeout: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("5 minutes")))
  },
  output: { containers: Schema.Record(Schema.String, Schema.Array(Schema.String)) },
  provides: ({ services }) => services.map(resources.service),
  observes: ({ services }) => [
    resources.configuration,
    ...services.flatMap((name) => [resources.service(name), resources.image(name)])
  ],
  touches: ({ services }) => services.map(resources.service),
  check: Effect.fn("docker.up.check")(function* ({ services: names, wait }) {
    const { containers, decisions, services, unbuilt } = yield* look(names, wait)
    if (unbuilt.length > 0) {
      const which = unbuilt.map(({ name }) => name).join(", ")
      return Check.unavailable(
        unbuilt.map(({ name }) => resources.image(name)),
        `${which} ${unbuilt.length === 1 ? "has" : "have"} no image yet`,
        "build it with a Compose.build step before this one"
      )
    }
    if (decisions.length > 0) {
      return Check.needed(
        decisions.map(({ change }) => change),
        { touches: touchedBy(decisions) }
      )
    }
    return Check.satisfied({
      containers: Object.fromEntries(
        services.map(({ name }) => [
          name,
          containers.filter((container) => container.service === name && !container.oneOff).map(({ id }) => id)
        ])
      )
    })
  }),
  apply: Effect.fn("docker.up.apply")(function* ({ services: names, timeout, wait }) {
    const control = yield* ComposeControl
    const { all, decisions } = yield* look(names, wait)
    const doing = (act: Decision["act"]) => decisions.filter((d) => d.act === act).map(({ service }) => service)
    const wanted = new Map([...all].map(([service, { wanted }]) => [service.name, wanted]))
    yield* Effect.gen(function* () {
      if (doing("unpause").length > 0) yield* control.unpause(doing("unpause"))
      yield* control.up(names).pipe(Effect.catchTag("DockerFailed", (error) => explain(error, wanted)))
      if (doing("restart").length > 0) yield* control.restart(doing("restart"))
      if (wait !== false) yield* waitFor(wanted)
    }).pipe(Effect.timeoutOrElse({ duration: timeout, orElse: () => timedOut(wanted, Duration.format(timeout)) }))
  })
})

/**
 * Services run, made of the images and the configuration as they are now, and with them the services they depend on.
 * Only what is not so is made, replaced or started; the plan names each, and why. Nothing is built: what has no image
 * yet waits for `Compose.build`.
 *
 * `wait` says when the step is done: `"healthy"` (the default) once every health check passes, `"running"` once every
 * container runs, `false` at once. `timeout` is how long that may take, as in `"5 minutes"`, the default. A container
 * that gets unhealthy, ends or keeps restarting fails the step before, with its log's last lines.
 *
 * A release records the image and the configuration that each service runs with.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const database = Compose.up("database", { services: ["db"], wait: "healthy", timeout: "2 minutes" })
 * assert.equal(database.type, "docker.up")
 * ```
 *
 * @since 0.1.0
 */
export const up = Release.of(bringingUp, { part: Running, record })
