/**
 * What a step's `check` finds.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"
import type { Resource } from "./Resource.ts"
import type { Risk } from "./Risk.ts"

/**
 * One thing the world lacks, in words a person approves. Values of secrets never stand in it.
 *
 * @since 0.1.0
 */
export interface Change extends Schema.Schema.Type<typeof Change> {}

/**
 * The schema of {@link Change}: a summary, and what it was and will be where that can be said.
 *
 * @example
 * ```ts
 * import { Check } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const change = Schema.decodeUnknownSync(Check.Change)({ summary: "mode", before: "600", after: "640" })
 * assert.equal(change.after, "640")
 * ```
 *
 * @since 0.1.0
 */
export const Change = Schema.Struct({
  summary: Schema.String,
  before: Schema.optionalKey(Schema.String),
  after: Schema.optionalKey(Schema.String)
})

/**
 * The world is as the step wants it.
 *
 * @since 0.1.0
 */
export interface Satisfied<out A> {
  readonly _tag: "Satisfied"
  readonly output: A
  /** What a person should know although nothing is to be done. */
  readonly note?: string
}

/**
 * The world lacks something. `risk`, `provides` and `touches` narrow or raise what the step's definition says, for
 * what this check has found.
 *
 * @since 0.1.0
 */
export interface Needed {
  readonly _tag: "Needed"
  readonly changes: ReadonlyArray<Change>
  readonly risk?: Risk
  readonly provides?: ReadonlyArray<Resource>
  readonly touches?: ReadonlyArray<Resource>
}

/**
 * The check cannot look: what it looks at is not there (yet).
 *
 * @since 0.1.0
 */
export interface Unavailable {
  readonly _tag: "Unavailable"
  readonly lacks: ReadonlyArray<Resource>
  readonly reason: string
  readonly hint?: string
  /** The error that kept the check from looking, as the plan and the run report it. */
  readonly failure?: Failure.Report
  /** That error itself. */
  readonly cause?: unknown
}

/**
 * The step cannot be checked: it runs once in every run, and its output is given here.
 *
 * @since 0.1.0
 */
export interface EveryRun<out A> {
  readonly _tag: "EveryRun"
  readonly changes: ReadonlyArray<Change>
  readonly output: A
}

/**
 * What a step's `check` finds.
 *
 * @since 0.1.0
 */
export type Check<A> = Satisfied<A> | Needed | Unavailable | EveryRun<A>

/**
 * The world is as the step wants it; the output is what other steps may use.
 *
 * @example
 * ```ts
 * import { Check } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Check.satisfied({ version: "1.6" }), { _tag: "Satisfied", output: { version: "1.6" } })
 * assert.deepEqual(Check.satisfied({}, { note: "one is newer" }), { _tag: "Satisfied", output: {}, note: "one is newer" })
 * ```
 *
 * @since 0.1.0
 */
export const satisfied = <A>(output: A, { note }: { readonly note?: string } = {}): Check<A> => ({
  _tag: "Satisfied",
  output,
  ...(note === undefined ? {} : { note })
})

/**
 * The world lacks something: one {@link Change} for each thing that `apply` will do.
 *
 * @example
 * ```ts
 * import { Check } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const check = Check.needed([{ summary: "owner of .env", before: "root", after: "1000" }])
 * assert.equal(check._tag, "Needed")
 * ```
 *
 * @since 0.1.0
 */
export const needed = (changes: ReadonlyArray<Change>, found: Omit<Needed, "_tag" | "changes"> = {}): Check<never> => ({
  _tag: "Needed",
  changes,
  ...found
})

/**
 * The check cannot look, because resources are not there. If a pending step before it provides one of them the plan
 * says “known after” that step; otherwise the step is blocked, with the reason.
 *
 * @example
 * ```ts
 * import { Check } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const check = Check.unavailable(["service:db"], "service db does not run")
 * assert.equal(check._tag, "Unavailable")
 * ```
 *
 * @since 0.1.0
 */
export const unavailable = (lacks: ReadonlyArray<Resource>, reason: string, hint?: string): Check<never> => ({
  _tag: "Unavailable",
  lacks,
  reason,
  ...(hint === undefined ? {} : { hint })
})

/**
 * The check cannot look, because of an error that says that resources are not there. As {@link unavailable}, and the
 * error's code, hint and last lines stand in the plan where the step is blocked, and in the run where it fails. `hint`
 * is said instead of the error's own.
 *
 * @example
 * ```ts
 * import { Check, Failure } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * class QueueDown extends Schema.TaggedError<QueueDown>()("QueueDown", Failure.fields("acme.queue-down")) {}
 *
 * const error = new QueueDown({ message: "queue mail is down", hint: "start it", retryable: true })
 * const check = Check.unavailableBecause(["service:queue"], error)
 * assert.equal(check._tag === "Unavailable" && check.failure?.code, "acme.queue-down")
 * ```
 *
 * @since 0.1.0
 */
export const unavailableBecause = (lacks: ReadonlyArray<Resource>, error: unknown, hint?: string): Check<never> => {
  const report = Failure.report(error)
  const failure = hint === undefined ? report : { ...report, hint }
  return { _tag: "Unavailable", lacks, reason: failure.message, hint: failure.hint, failure, cause: error }
}

/**
 * The step cannot be checked and runs once in every run. Prefer anything that can be checked.
 *
 * @example
 * ```ts
 * import { Check } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Check.everyRun([{ summary: "notify the team" }], {})._tag, "EveryRun")
 * ```
 *
 * @since 0.1.0
 */
export const everyRun = <A>(changes: ReadonlyArray<Change>, output: A): Check<A> => ({
  _tag: "EveryRun",
  changes,
  output
})
