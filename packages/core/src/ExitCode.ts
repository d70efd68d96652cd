/**
 * The exit codes that others may build on.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * Done, or nothing to do.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.succeeded, 0)
 * ```
 *
 * @since 0.1.0
 */
export const succeeded = 0

/**
 * A step failed, or something is not as it should be.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.failed, 1)
 * ```
 *
 * @since 0.1.0
 */
export const failed = 1

/**
 * `plan --detailed-exitcode`: there are changes.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.changesPending, 2)
 * ```
 *
 * @since 0.1.0
 */
export const changesPending = 2

/**
 * Another run holds the lock.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.lockHeld, 3)
 * ```
 *
 * @since 0.1.0
 */
export const lockHeld = 3

/**
 * The world has moved since the plan was approved.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.planStale, 4)
 * ```
 *
 * @since 0.1.0
 */
export const planStale = 4

/**
 * Refused by policy.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.refused, 5)
 * ```
 *
 * @since 0.1.0
 */
export const refused = 5

/**
 * Wrong flags, inputs, names or definitions. Nothing has run.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.usage, 64)
 * ```
 *
 * @since 0.1.0
 */
export const usage = 64

/**
 * Interrupted.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.interrupted, 130)
 * ```
 *
 * @since 0.1.0
 */
export const interrupted = 130

const byPrefix: ReadonlyArray<readonly [string, number]> = [
  ["policy.", refused],
  ["core.lock-held", lockHeld],
  ["core.plan-stale", planStale],
  ["core.plan-tampered", planStale],
  ["core.resume-changed", planStale],
  ["core.proposal-invalid", usage],
  ["core.release-unknown", usage],
  ["core.inputs-invalid", usage],
  ["core.plugin-options-invalid", usage],
  ["core.step-input-invalid", usage],
  ["core.unknown-name", usage],
  ["core.definition-invalid", usage],
  ["core.env-file-invalid", usage],
  ["usage.", usage]
]

const codeOf = (u: unknown): string => (Predicate.hasProperty(u, "code") && Predicate.isString(u.code) ? u.code : "")

/**
 * The exit code of an error, by its stable code. A run that policy has stopped half-way was refused, too;
 * one whose step turned out to be more than was approved was that of a stale plan.
 *
 * @example
 * ```ts
 * import { ExitCode } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(ExitCode.of({ code: "policy.fresh-on-precious-data" }), 5)
 * assert.equal(ExitCode.of(new Error("boom")), 1)
 * ```
 *
 * @since 0.1.0
 */
export const of = (error: unknown): number => {
  const code = codeOf(error)
  const stopped = code === "core.run-failed" && Predicate.hasProperty(error, "failure") ? codeOf(error.failure) : ""
  if (stopped.startsWith("policy.")) return refused
  if (stopped === "core.plan-stale") return planStale
  return byPrefix.find(([prefix]) => code.startsWith(prefix))?.[1] ?? failed
}
