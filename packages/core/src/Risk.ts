/**
 * What applying a step may cost.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The schema of {@link Risk}.
 *
 * @example
 * ```ts
 * import { Risk } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Risk.isAbove("destructive", "additive"), true)
 * ```
 *
 * @since 0.1.0
 */
export const Risk = Schema.Literals(["additive", "reversible", "acknowledged", "destructive"])

/**
 * - `additive`: adds; loses nothing
 * - `reversible`: changes something that can be put back
 * - `acknowledged`: may lose data, and a person has said that it may, with a reason
 * - `destructive`: may lose data
 *
 * @since 0.1.0
 */
export type Risk = typeof Risk.Type

/**
 * Whether `a` may cost more than `b`.
 *
 * @example
 * ```ts
 * import { Risk } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Risk.isAbove("additive", "reversible"), false)
 * ```
 *
 * @since 0.1.0
 */
export const isAbove = (a: Risk, b: Risk): boolean => Risk.literals.indexOf(a) > Risk.literals.indexOf(b)
