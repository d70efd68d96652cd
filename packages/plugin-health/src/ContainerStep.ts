/**
 * The containers of services run, are healthy, and have not been restarted.
 *
 * @since 0.1.0
 */
import { Check, Services, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ContainerUnhealthy } from "./HealthError.ts"
import { patience, type Unhealthy, waitUntil } from "./internal/patience.ts"
import { endOfLog } from "./internal/serviceLog.ts"

const fields = {
  services: Schema.NonEmptyArray(Schema.NonEmptyString),
  /** `healthy` (the default) wants the container's own health check to say so; `running` asks for no health check. */
  health: Schema.Literals(["healthy", "running"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("healthy" as const))
  ),
  /** How often the engine may have restarted a container. The default is never. */
  maxRestarts: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(0))
  ),
  ...patience
}

type Input = Schema.Struct.Type<typeof fields>

const look = Effect.fnUntraced(function* (input: Input) {
  const services = yield* Services.Services
  const found = yield* Effect.forEach(
    input.services,
    (service) => Effect.map(services.containers(service), (containers) => ({ service, containers })),
    { concurrency: "unbounded" }
  )
  return found.flatMap(({ containers, service }): ReadonlyArray<Unhealthy> => {
    if (containers.length === 0) {
      return [{ service, reason: `${service} has no container`, hint: `bring ${service} up first` }]
    }
    return containers.flatMap((container) => {
      const wrong = unhealthy(container, input)
      return wrong === undefined ? [] : [{ ...wrong, service }]
    })
  })
})

const unhealthy = (container: Services.Container, { health, maxRestarts }: Input): Unhealthy | undefined => {
  const { exitCode, name, restarts, state } = container
  if (restarts > maxRestarts) {
    const times = restarts === 1 ? "once" : `${restarts} times`
    return {
      reason: `${name} has been restarted ${times}`,
      hint: "it crashes: read its log below; a new container begins to count anew",
      final: true
    }
  }
  if (state !== "running") {
    const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`
    return { reason: `${name} is ${state}${code}`, hint: "read its log below, and bring it up again" }
  }
  if (health === "running" || container.health === "healthy") return undefined
  return container.health === "none"
    ? {
        reason: `${name} has no health check`,
        hint: 'give the service a health check in the compose file, or ask for `health: "running"`',
        final: true
      }
    : { reason: `${name} is ${container.health}`, hint: "read its log below; its health check says more" }
}

/** All that is wrong as one; what waiting does not help decides. */
const together = (all: ReadonlyArray<Unhealthy>): Unhealthy => ({
  hint: "",
  ...(all.find(({ final }) => final === true) ?? all[0]),
  reason: all.map(({ reason }) => reason).join("; ")
})

/**
 * The containers of services run, are healthy, and have not been restarted. `apply` waits; it gives up at once on what
 * does not get better by waiting.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 *
 * assert.equal(Health.container("workers", { services: ["worker", "beat"], health: "running" }).type, "health.container")
 * ```
 *
 * @since 0.1.0
 */
export const container = Step.make("health.container", {
  description: "Containers run, are healthy, and have not been restarted",
  risk: "additive",
  alters: "none",
  input: fields,
  output: {},
  observes: () => "*",
  check: Effect.fn("health.container.check")(function* (input: Input) {
    const wrong = yield* look(input)
    return wrong.length === 0 ? Check.satisfied({}) : Check.needed(wrong.map(({ reason }) => ({ summary: reason })))
  }),
  apply: Effect.fn("health.container.apply")((input: Input) =>
    waitUntil(
      Effect.gen(function* () {
        const wrong = yield* Effect.mapError(look(input), ({ hint, message }): Unhealthy => ({ reason: message, hint }))
        if (wrong.length > 0) return yield* Effect.fail(together(wrong))
      }),
      input,
      Effect.fnUntraced(function* ({ final, hint, reason, service }, waited) {
        return yield* new ContainerUnhealthy({
          services: input.services,
          reason,
          message: `not healthy${waited}: ${reason}`,
          hint,
          retryable: final !== true,
          tail: yield* endOfLog(service)
        })
      })
    )
  )
})
