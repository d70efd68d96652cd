import { Progress, type Services, type Step } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import type { Health } from "@shipshape/plugin-health"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"

export const patience = { interval: "5 millis", timeout: "20 seconds" }

/**
 * The laws on something that is sick at first and after damage, and that gets well once a waiting `apply` has looked at
 * it: such a step changes nothing itself.
 */
export const laws = <A, E>(
  step: Step.Step<A, E, Health.HealthProbe | Services.Services, Health.HealthProbe | Services.Services, string>,
  world: {
    readonly see: Effect.Effect<unknown>
    readonly sicken: Effect.Effect<unknown>
    readonly heal: () => void
    readonly layer: Layer.Layer<Health.HealthProbe | Services.Services>
  }
) =>
  Laws.check({ step, see: world.see, damage: world.sicken }).pipe(
    Effect.provideService(Progress.Current, { line: world.heal }),
    Effect.provide(world.layer)
  )
