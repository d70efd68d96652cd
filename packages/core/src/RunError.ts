/**
 * How opening, planning and applying a deployment fails.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"
import { StepInputInvalid } from "./Step.ts"

/**
 * A name was given that the deployment does not have.
 *
 * @since 0.1.0
 */
export class UnknownName extends Schema.TaggedError<UnknownName>()("UnknownName", {
  ...Failure.fields("core.unknown-name"),
  kind: Schema.Literals(["environment", "step"]),
  name: Schema.String,
  nearest: Schema.optionalKey(Schema.String)
}) {}

/**
 * Inputs of steps do not fit: all of them. Nothing has run.
 *
 * @since 0.1.0
 */
export class StepsInvalid extends Schema.TaggedError<StepsInvalid>()("StepsInvalid", {
  ...Failure.fields("core.step-input-invalid"),
  problems: Schema.Array(StepInputInvalid)
}) {}

/**
 * The world is not as it was when the plan was approved. Nothing has been applied.
 *
 * @since 0.1.0
 */
export class PlanStale extends Schema.TaggedError<PlanStale>()("PlanStale", {
  ...Failure.fields("core.plan-stale"),
  approved: Schema.String,
  current: Schema.String
}) {}

/**
 * A step failed that may not fail. `failure` is its report; the run's events say how every step ended.
 *
 * @since 0.1.0
 */
export class RunFailedError extends Schema.TaggedError<RunFailedError>()("RunFailed", {
  ...Failure.fields("core.run-failed"),
  step: Schema.String,
  failure: Failure.Report
}) {}

/**
 * `apply` ended well, but the world is still not as the step wants it.
 *
 * @since 0.1.0
 */
export class StepDidNotConverge extends Schema.TaggedError<StepDidNotConverge>()("StepDidNotConverge", {
  ...Failure.fields("core.step-did-not-converge"),
  step: Schema.String
}) {}

/**
 * One attempt took longer than the step allows.
 *
 * @since 0.1.0
 */
export class StepTimedOut extends Schema.TaggedError<StepTimedOut>()("StepTimedOut", {
  ...Failure.fields("core.step-timed-out"),
  step: Schema.String
}) {}

/**
 * What the step looks at is not there, although its turn has come. An error that says so is the `cause`, and gives its
 * code, hint and last lines.
 *
 * @since 0.1.0
 */
export class StepUnavailable extends Schema.TaggedError<StepUnavailable>()("StepUnavailable", {
  ...Failure.fields("core.unavailable"),
  code: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed("core.unavailable"))),
  step: Schema.String
}) {}
