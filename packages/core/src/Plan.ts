/**
 * A plan: what the world lacks, found by checking it. It is a value with a digest, and it holds no secrets.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { BackupProof } from "./BackupProof.ts"
import { Change } from "./Check.ts"
import { Report } from "./Failure.ts"
import { Risk } from "./Risk.ts"

/**
 * The schema of {@link Action}.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Plan.Action.literals, ["none", "apply", "deferred", "blocked"])
 * ```
 *
 * @since 0.1.0
 */
export const Action = Schema.Literals(["none", "apply", "deferred", "blocked"])

/**
 * - `none`: satisfied, or skipped (then `reason` says why)
 * - `apply`: the world lacks something
 * - `deferred`: cannot be said before an earlier step has been applied
 * - `blocked`: cannot be checked, and no earlier step will change that
 *
 * @since 0.1.0
 */
export type Action = typeof Action.Type

/**
 * The schema of {@link PlannedStep}.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const step = { id: "pg_trgm", type: "postgres.extension", action: "none", risk: "additive", changes: [], dependsOn: [] }
 * assert.equal(Schema.decodeUnknownSync(Plan.PlannedStep)(step).action, "none")
 * ```
 *
 * @since 0.1.0
 */
export const PlannedStep = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  action: Action,
  risk: Risk,
  changes: Schema.Array(Change),
  dependsOn: Schema.Array(Schema.String),
  reason: Schema.optionalKey(Schema.String),
  /** The step is applied in every run, whatever the world is like. */
  everyRun: Schema.optionalKey(Schema.Boolean),
  /** The step is left out of this run, and `reason` says why. */
  skipped: Schema.optionalKey(Schema.Boolean),
  /** The step may fail, and why that is acceptable. */
  optional: Schema.optionalKey(Schema.String),
  acknowledged: Schema.optionalKey(Schema.Struct({ reason: Schema.String, approvedBy: Schema.String })),
  /** Why a blocked step could not be checked. */
  failure: Schema.optionalKey(Report),
  /** What applying it changes of data, where it says so. */
  alters: Schema.optionalKey(Schema.Literals(["schema", "data", "none"])),
  /** What it did can be taken back. */
  undo: Schema.optionalKey(Schema.Boolean),
  /** The backup that is there already; its age counts from `takenAt`. */
  proof: Schema.optionalKey(BackupProof)
})

/**
 * One step of a plan.
 *
 * @since 0.1.0
 */
export interface PlannedStep extends Schema.Schema.Type<typeof PlannedStep> {}

/**
 * A run that has not come to its end: where it was, and since when nothing has been heard of it.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const interrupted = Schema.decodeUnknownSync(Plan.Interrupted)({ run: 41, at: 0, user: "ada", host: "ci-7", step: "migrate" })
 * assert.equal(interrupted.step, "migrate")
 * ```
 *
 * @since 0.1.0
 */
export const Interrupted = Schema.Struct({
  run: Schema.Int,
  /** When it wrote its last record, in milliseconds since 1970. */
  at: Schema.Number,
  user: Schema.String,
  host: Schema.String,
  /** The step that was being applied; left out where none was. */
  step: Schema.optionalKey(Schema.String),
  /** The last record was cut off while it was written. */
  torn: Schema.optionalKey(Schema.Boolean)
})

/**
 * The type of {@link Interrupted:var}.
 *
 * @since 0.1.0
 */
export interface Interrupted extends Schema.Schema.Type<typeof Interrupted> {}

/**
 * The schema of {@link Plan}; its JSON form is what `plan --json` prints.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const plan = Schema.decodeUnknownSync(Plan.Plan)({
 *   deployment: "edms", environment: "staging", data: "disposable", strategy: "update", digest: "7f3a91", steps: [],
 *   summary: { none: 0, apply: 0, deferred: 0, blocked: 0 }
 * })
 * assert.equal(plan.strategy, "update")
 * ```
 *
 * @since 0.1.0
 */
export const Plan = Schema.Struct({
  deployment: Schema.String,
  environment: Schema.String,
  data: Schema.Literals(["disposable", "precious"]),
  strategy: Schema.Literals(["update", "fresh"]),
  /** SHA-256 over the definition, the inputs (secrets left out) and the observed facts, in hex. */
  digest: Schema.String,
  steps: Schema.Array(PlannedStep),
  /** The release that the plan goes back to. */
  backTo: Schema.optionalKey(Schema.Int),
  /** What happens when a step fails; left out where the run just stops. */
  onFailure: Schema.optionalKey(Schema.Literals(["undo", "rollback"])),
  /** The last run, where it has not come to its end; it does not enter the digest. */
  interrupted: Schema.optionalKey(Interrupted),
  summary: Schema.Struct({
    none: Schema.Int,
    apply: Schema.Int,
    deferred: Schema.Int,
    blocked: Schema.Int
  })
})

/**
 * A plan.
 *
 * @since 0.1.0
 */
export interface Plan extends Schema.Schema.Type<typeof Plan> {}

/**
 * `update` keeps data; `fresh` starts from nothing, and needs disposable data.
 *
 * @since 0.1.0
 */
export type Strategy = Plan["strategy"]

/**
 * Whether applying the plan would do nothing.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Plan.isEmpty({ summary: { none: 12, apply: 0, deferred: 0, blocked: 0 } }), true)
 * ```
 *
 * @since 0.1.0
 */
export const isEmpty = ({ summary }: Pick<Plan, "summary">): boolean =>
  summary.apply + summary.deferred + summary.blocked === 0
