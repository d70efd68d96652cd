/**
 * The services of a deployment as whoever watches them sees them: state, health, restarts and logs of their containers.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Access from "./Access.ts"
import * as Failure from "./Failure.ts"

/**
 * One container of a service.
 *
 * @since 0.1.0
 */
export interface Container {
  readonly name: string
  /** The image it was made from, as the engine names it. */
  readonly image: string
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"
  /** What its own health check says; `none` where it has none. */
  readonly health: "none" | "starting" | "healthy" | "unhealthy"
  /** How often the engine has restarted it since it was made. */
  readonly restarts: number
  /** When it was last started, in milliseconds since 1970; `undefined` where it never was. */
  readonly startedAt: number | undefined
  /** How it ended, where it does not run. */
  readonly exitCode: number | undefined
}

/**
 * Which lines of a service's log are asked for.
 *
 * @since 0.1.0
 */
export interface LogRange {
  /** Lines written at this time or later, in milliseconds since 1970. The default is all. */
  readonly since?: number
  /** The last so many lines of each container. The default is all. */
  readonly tail?: number
}

/**
 * Containers or logs of a service could not be read.
 *
 * @since 0.1.0
 */
export class ServicesUnreadable extends Schema.TaggedError<ServicesUnreadable>()("ServicesUnreadable", {
  ...Failure.fields("core.services-unreadable"),
  service: Schema.String
}) {}

/**
 * The services of a deployment, read-only. A plugin that knows how they run provides it: the docker plugin does.
 *
 * @example
 * ```ts
 * import { Check, Services, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const scaled = Step.make("acme.scaled", {
 *   description: "A service has so many containers",
 *   risk: "additive",
 *   input: { service: Schema.String, containers: Schema.Int },
 *   output: {},
 *   check: Effect.fn("acme.scaled.check")(function*({ containers, service }) {
 *     const found = yield* (yield* Services.Services).containers(service)
 *     return found.length === containers
 *       ? Check.satisfied({})
 *       : Check.needed([{ summary: "containers", before: `${found.length}`, after: `${containers}` }])
 *   }),
 *   apply: () => Effect.void
 * })
 * assert.equal(scaled("workers", { service: "worker", containers: 2 }).type, "acme.scaled")
 * ```
 *
 * @since 0.1.0
 */
export class Services extends Access.Probe<
  Services,
  {
    /** The containers of a service; none where it has not been created. */
    readonly containers: (service: string) => Effect.Effect<ReadonlyArray<Container>, ServicesUnreadable>
    /** Lines of a service's log, oldest first, without colours; those of several containers are merged. */
    readonly logs: (service: string, range: LogRange) => Effect.Effect<ReadonlyArray<string>, ServicesUnreadable>
  }
>()("shipshape/Services") {}
