/**
 * How commands and files of a target fail.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

const ResourceName = Schema.TemplateLiteral([Schema.String, ":", Schema.String])

/**
 * A command ended with an exit code that was not expected.
 *
 * @since 0.1.0
 */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  ...Failure.fields("target.command-failed"),
  command: Schema.String,
  exitCode: Schema.Number,
  stdout: Schema.String,
  stderr: Schema.String
}) {}

/**
 * The program is not there, or may not be run.
 *
 * @since 0.1.0
 */
export class CommandNotFound extends Schema.TaggedError<CommandNotFound>()("CommandNotFound", {
  ...Failure.fields("target.command-not-found"),
  program: Schema.String
}) {}

/**
 * A command took longer than it may. Its process group was ended.
 *
 * @since 0.1.0
 */
export class CommandTimedOut extends Schema.TaggedError<CommandTimedOut>()("CommandTimedOut", {
  ...Failure.fields("target.command-timed-out"),
  command: Schema.String
}) {}

/**
 * A probe asked for a command that may change the world.
 *
 * @since 0.1.0
 */
export class CommandNotAllowed extends Schema.TaggedError<CommandNotAllowed>()("CommandNotAllowed", {
  ...Failure.fields("target.command-not-allowed"),
  command: Schema.String
}) {}

/**
 * The target cannot be reached: the container does not run, the host does not answer.
 *
 * @since 0.1.0
 */
export class TargetUnavailable extends Schema.TaggedError<TargetUnavailable>()("TargetUnavailable", {
  ...Failure.fields("target.unavailable"),
  target: Schema.String,
  /** What must be up first: a plan says “known after” where an earlier step provides it. */
  resource: Schema.optionalKey(ResourceName)
}) {}

/**
 * A file could not be read, written or changed.
 *
 * @since 0.1.0
 */
export class FileFailed extends Schema.TaggedError<FileFailed>()("FileFailed", {
  ...Failure.fields("target.file-failed"),
  operation: Schema.String,
  path: Schema.String,
  /** The operating system's name of the error, such as `EACCES`, or an empty text. */
  errno: Schema.String
}) {}

/**
 * How running a command fails.
 *
 * @since 0.1.0
 */
export type RunError = CommandFailed | CommandNotFound | CommandTimedOut | TargetUnavailable

/**
 * How working on a file fails.
 *
 * @since 0.1.0
 */
export type FileError = FileFailed | TargetUnavailable
