/**
 * How health checks look: GET and HEAD requests, and connections that are closed at once.
 *
 * @since 0.1.0
 */
import { Access, Failure } from "@shipshape/core"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * A request that changes nothing.
 *
 * @since 0.1.0
 */
export interface HttpRequest {
  readonly url: string
  readonly method: "GET" | "HEAD"
  readonly headers: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly followRedirects: boolean
  /** Whether the certificate must be valid. */
  readonly verify: boolean
  /** Certificates to trust instead of the system's own, in PEM. */
  readonly ca: string | undefined
  readonly timeout: Duration.Duration
}

/**
 * What a server answered.
 *
 * @since 0.1.0
 */
export interface HttpResponse {
  readonly status: number
  /** By name in lower case; repeated ones are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** As text, the first MiB of it. */
  readonly body: string
  /** When the server's certificate ends, in milliseconds since 1970; `undefined` without TLS. */
  readonly certificateEnds: number | undefined
}

/**
 * No answer was had: `problem` says at which point it ended.
 *
 * @since 0.1.0
 */
export class Unreached extends Schema.TaggedError<Unreached>()("Unreached", {
  ...Failure.fields("health.unreached"),
  problem: Schema.Literals(["refused", "timeout", "name", "network", "tls", "closed", "protocol", "redirects", "other"])
}) {}

/**
 * How health checks look.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import { HealthWorld } from "@shipshape/plugin-health/testing"
 * import assert from "node:assert"
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 *
 * const world = HealthWorld.make({ tcp: ["db:5432"] })
 * const knock = Effect.flatMap(Health.HealthProbe, (probe) => probe.tcp("db", 5432, Duration.seconds(5)))
 * await Effect.runPromise(Effect.provide(knock, world.layer))
 * assert.deepEqual(world.looks, ["TCP db:5432"])
 * ```
 *
 * @since 0.1.0
 */
export class HealthProbe extends Access.Probe<
  HealthProbe,
  {
    /** When the session began, in milliseconds since 1970. */
    readonly begunAt: number
    /** Sends a request; any status is an answer. */
    readonly http: (request: HttpRequest) => Effect.Effect<HttpResponse, Unreached>
    /** Connects, and closes the connection at once. */
    readonly tcp: (host: string, port: number, timeout: Duration.Duration) => Effect.Effect<void, Unreached>
  }
>()("shipshape/health/HealthProbe") {}
