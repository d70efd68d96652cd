/**
 * Undo: how a step takes back what its `apply` did.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { extend } from "./internal/stepType.ts"
import type { ReadOnly } from "./Release.ts"
import type { InputFields, StepType } from "./Step.ts"

/**
 * How a step type is undone.
 *
 * @since 0.1.0
 */
export interface Definition<Input, Captured, CaptureE, CaptureR, RestoreE, RestoreR> {
  /**
   * What is kept of the world before `apply`. It is written to the journal as JSON, so that another process can undo: where
   * it would hold a secret, it stays in the process that captured it.
   */
  readonly captured: Schema.Codec<Captured, Schema.Json>
  /** Looks at all that `apply` may change. After `restore` the engine captures again, and both must be equal. */
  readonly capture: (input: Input) => Effect.Effect<Captured, CaptureE, CaptureR>
  /** Makes the world as it was captured. Must be safe to run again, and where `apply` has done a part or nothing. */
  readonly restore: (captured: Captured, input: Input) => Effect.Effect<void, RestoreE, RestoreR>
}

/**
 * Makes a step type that can be undone.
 *
 * @example
 * ```ts
 * import { Access, Check, Step, Undo } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * class Dial extends Access.Probe<Dial, { readonly value: Effect.Effect<number> }>()("acme/Dial") {}
 * class Turn extends Access.Control<Turn, { readonly to: (value: number) => Effect.Effect<void> }>()("acme/Turn") {}
 *
 * const dial = Undo.of(
 *   Step.make("acme.dial", {
 *     description: "A dial stands at a value", risk: "reversible", input: { value: Schema.Int }, output: {},
 *     check: Effect.fn(function*({ value }) {
 *       return (yield* (yield* Dial).value) === value ? Check.satisfied({}) : Check.needed([{ summary: "turn" }])
 *     }),
 *     apply: ({ value }) => Effect.flatMap(Turn, (turn) => turn.to(value))
 *   }),
 *   {
 *     captured: Schema.Struct({ value: Schema.Int }),
 *     capture: () => Effect.flatMap(Dial, (d) => Effect.map(d.value, (value) => ({ value }))),
 *     restore: ({ value }) => Effect.flatMap(Turn, (turn) => turn.to(value))
 *   }
 * )
 * assert.equal(dial("volume", { value: 3 }).traits.undo, true)
 * ```
 *
 * @since 0.1.0
 */
export const of = <
  Fields extends InputFields,
  A,
  E,
  CheckR,
  ApplyR,
  Destructive extends string,
  Captured,
  CaptureE = never,
  CaptureR = never,
  RestoreE = never,
  RestoreR = never
>(
  stepType: ReadOnly<StepType<Fields, A, E, CheckR, ApplyR, Destructive>, CaptureR> &
    StepType<Fields, A, E, CheckR, ApplyR, Destructive>,
  definition: Definition<Schema.Struct.Type<Fields>, Captured, CaptureE, CaptureR, RestoreE, RestoreR>
): StepType<Fields, A, E | CaptureE | RestoreE, CheckR | CaptureR, ApplyR | RestoreR, Destructive> =>
  extend<Fields, A, E | CaptureE | RestoreE, CheckR | CaptureR, ApplyR | RestoreR, Destructive>(stepType, {
    undo: definition
  })
