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
  kind: Schema.Literals(["environment", "step", "run"]),
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
  /** The digest of the plan that was approved. */
  approved: Schema.String,
  current: Schema.String,
  /** What differs, and where. */
  differences: Schema.Array(
    Schema.Struct({
      /** A step's id, or what else it is about: `inputs`, `versions`. */
      about: Schema.String,
      /** The field's path. */
      path: Schema.String,
      approved: Schema.optionalKey(Schema.String),
      current: Schema.optionalKey(Schema.String)
    })
  )
}) {}

/**
 * What was interrupted cannot be resumed: the deployment or its inputs are others by now. Nothing has run.
 *
 * @since 0.1.0
 */
export class ResumeRefused extends Schema.TaggedError<ResumeRefused>()("ResumeRefused", {
  ...Failure.fields("core.resume-changed"),
  run: Schema.Int,
  changed: Schema.Array(Schema.String)
}) {}

/**
 * There is no such release, or none to go back to. Nothing has run.
 *
 * @since 0.1.0
 */
export class ReleaseUnknown extends Schema.TaggedError<ReleaseUnknown>()("ReleaseUnknown", {
  ...Failure.fields("core.release-unknown")
}) {}

/**
 * Everything is applied, but the release could not be recorded: what there is cannot be gone back to.
 *
 * @since 0.1.0
 */
export class ReleaseNotRecorded extends Schema.TaggedError<ReleaseNotRecorded>()("ReleaseNotRecorded", {
  ...Failure.fields("core.release-not-recorded")
}) {}

/**
 * What a step did was taken back without an error, but the world is not as it was before.
 *
 * @since 0.1.0
 */
export class UndoDidNotRestore extends Schema.TaggedError<UndoDidNotRestore>()("UndoDidNotRestore", {
  ...Failure.fields("core.undo-did-not-restore"),
  step: Schema.String
}) {}

/**
 * A step failed that may not fail. `failure` is its report; the run's events say how every step ended.
 *
 * @since 0.1.0
 */
export class RunFailedError extends Schema.TaggedError<RunFailedError>()("RunFailed", {
  ...Failure.fields("core.run-failed"),
  step: Schema.String,
  failure: Failure.Report,
  /** What else went wrong afterwards, in taking back or going back. */
  aftermath: Schema.Array(Failure.Report)
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
