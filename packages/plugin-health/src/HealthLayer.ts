/**
 * The probe that goes out from this machine.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HealthProbe } from "./HealthProbe.ts"

/**
 * The probe that goes out from this machine.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 *
 * const knock = Effect.flatMap(Health.HealthProbe, (probe) => probe.tcp("127.0.0.1", 1, Duration.seconds(5)))
 * const error = await Effect.runPromise(Effect.flip(knock).pipe(Effect.provide(Health.layer)))
 * assert.equal(error.problem, "refused")
 * ```
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<HealthProbe> = Layer.effect(
  HealthProbe,
  Effect.gen(function* () {
    const begunAt = yield* Clock.currentTimeMillis
    // Loaded when a session is opened, not when a deployment is defined.
    const { http, tcp } = yield* Effect.promise(() => import("./internal/network.ts"))
    return { begunAt, http, tcp }
  })
)
