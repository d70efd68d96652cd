/**
 * What a deployment says of its steps: which run concurrently, which only on a fresh start, which may fail, and which
 * may lose data because a person has said so.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Check } from "./Check.ts"
import * as assembly from "./internal/assembly.ts"
import * as step from "./internal/step.ts"
import type { Output } from "./Output.ts"
import type { Instruction, Step } from "./Step.ts"

type ErrorOf<S> = S extends Step<infer _A, infer E, infer _CR, infer _AR, infer _D> ? E : never
type CheckOf<S> = S extends Step<infer _A, infer _E, infer CR, infer _AR, infer _D> ? CR : never
type ApplyOf<S> = S extends Step<infer _A, infer _E, infer _CR, infer AR, infer _D> ? AR : never
type DestructiveOf<S> = S extends Step<infer _A, infer _E, infer _CR, infer _AR, infer D> ? D : never

type Outputs<Steps extends ReadonlyArray<Step.Any>> = {
  readonly [K in keyof Steps]: Steps[K] extends Step<infer A, infer _E, infer _CR, infer _AR, infer _D>
    ? Output<A>
    : never
}

/**
 * Runs steps concurrently. `limit` is how many at a time; by default the run decides (`--concurrency`).
 *
 * @example
 * ```ts
 * import { parallel, Step, Check } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const noop = Step.make("acme.noop", {
 *   description: "Nothing", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 *
 * assert.equal(parallel([noop("a", {}), noop("b", {})], { limit: 2 }).steps.length, 2)
 * ```
 *
 * @since 0.1.0
 */
export const parallel = <const Steps extends ReadonlyArray<Step.Any>>(
  steps: Steps,
  options: { readonly limit?: number } = {}
): Instruction<
  Outputs<Steps>,
  ErrorOf<Steps[number]>,
  CheckOf<Steps[number]>,
  ApplyOf<Steps[number]>,
  DestructiveOf<Steps[number]>
> => {
  type Made = Instruction<
    Outputs<Steps>,
    ErrorOf<Steps[number]>,
    CheckOf<Steps[number]>,
    ApplyOf<Steps[number]>,
    DestructiveOf<Steps[number]>
  >
  const self = {
    steps,
    limit: options.limit,
    *[Symbol.iterator](): Generator<unknown, ReadonlyArray<Output<unknown>>> {
      steps.forEach(assembly.taken)
      yield self
      return steps.map((s) => step.output(s.id))
    }
  }
  // TypeScript cannot follow the mapped tuple through `map`, nor distribute the conditional types over `Steps`.
  return self as unknown as Made
}

/**
 * A step that runs only with the strategy `fresh`, which needs disposable data. In an update it is shown as skipped.
 *
 * @example
 * ```ts
 * import { Check, onFresh, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const wipe = Step.make("acme.wipe", {
 *   description: "Nothing is left", risk: "destructive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.needed([{ summary: "wipe" }])),
 *   apply: () => Effect.void
 * })
 *
 * assert.equal(onFresh(wipe("clean-slate", {})).guard.onFresh, true)
 * ```
 *
 * @since 0.1.0
 */
export const onFresh = <A, E, CheckR, ApplyR, D extends string>(
  self: Step<A, E, CheckR, ApplyR, D>
): Step<void, E, CheckR, ApplyR, never> =>
  step.replace<void, E, CheckR, ApplyR, never>(self, {
    ...self,
    destructive: [],
    guard: { ...self.guard, onFresh: true },
    prepare: (values) =>
      Result.map(self.prepare(values), (prepared) => ({
        ...prepared,
        // A release is what stays, whatever the run began with.
        release: undefined,
        check: Effect.map(prepared.check, withoutOutput)
      }))
  })

/** In an update the step does not run, so nothing may build on its output. */
const withoutOutput = (check: Check<unknown>): Check<void> =>
  check._tag === "Satisfied" || check._tag === "EveryRun" ? { ...check, output: undefined } : check

/**
 * A step that may fail without stopping the run. The reason is shown with it, and the failure is counted.
 *
 * @example
 * ```ts
 * import { Check, optional, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const warm = Step.make("acme.warmCache", {
 *   description: "The cache is warm", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 *
 * assert.equal(optional(warm("warm", {}), "the first visitor warms it").guard.optional, "the first visitor warms it")
 * ```
 *
 * @since 0.1.0
 */
export const optional = <A, E, CheckR, ApplyR, D extends string>(
  self: Step<A, E, CheckR, ApplyR, D>,
  reason: string
): Step<A, E, CheckR, ApplyR, D> => step.replace(self, { ...self, guard: { ...self.guard, optional: reason } })

/**
 * Accepts that a step may lose data. The reason and the approver stand in the plan and in the record of the run.
 *
 * @example
 * ```ts
 * import { acknowledge, Check, Step } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const drop = Step.make("acme.dropColumn", {
 *   description: "The column is gone", risk: "destructive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.needed([{ summary: "drop users.legacy" }])),
 *   apply: () => Effect.void
 * })
 *
 * const accepted = acknowledge(drop("drop-legacy", {}), { reason: "unused since 2026-01", approvedBy: "dba" })
 * assert.equal(accepted.risk, "acknowledged")
 * ```
 *
 * @since 0.1.0
 */
export const acknowledge = <A, E, CheckR, ApplyR, D extends string>(
  self: Step<A, E, CheckR, ApplyR, D>,
  acknowledgement: { readonly reason: string; readonly approvedBy: string }
): Step<A, E, CheckR, ApplyR, never> =>
  step.replace<A, E, CheckR, ApplyR, never>(self, {
    ...self,
    risk: "acknowledged",
    destructive: [],
    guard: { ...self.guard, acknowledged: acknowledgement }
  })
