/**
 * How work with Docker fails: one class for each cause, with its stable code and what to do next.
 *
 * @since 0.1.0
 */
import { Failure, type Target } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * The `docker` program is not there, or it has no `compose` command.
 *
 * @since 0.1.0
 */
export class NotInstalled extends Schema.TaggedError<NotInstalled>()("NotInstalled", {
  ...Failure.fields("docker.not-installed"),
  program: Schema.Literals(["docker", "docker compose"])
}) {}

/**
 * The Docker daemon does not answer.
 *
 * @since 0.1.0
 */
export class DaemonUnreachable extends Schema.TaggedError<DaemonUnreachable>()(
  "DaemonUnreachable",
  Failure.fields("docker.daemon-unreachable")
) {}

/**
 * The Docker daemon runs, but this user may not talk to it.
 *
 * @since 0.1.0
 */
export class PermissionDenied extends Schema.TaggedError<PermissionDenied>()(
  "PermissionDenied",
  Failure.fields("docker.permission-denied")
) {}

/**
 * Docker or Compose is older or newer than the deployment allows.
 *
 * @since 0.1.0
 */
export class VersionUnsupported extends Schema.TaggedError<VersionUnsupported>()("VersionUnsupported", {
  ...Failure.fields("docker.version-unsupported"),
  program: Schema.Literals(["Docker", "Compose"]),
  found: Schema.String,
  required: Schema.String
}) {}

/**
 * Less disk space is free than the deployment needs. Sizes are in MiB.
 *
 * @since 0.1.0
 */
export class DiskSpaceLow extends Schema.TaggedError<DiskSpaceLow>()("DiskSpaceLow", {
  ...Failure.fields("docker.disk-space-low"),
  path: Schema.String,
  freeMiB: Schema.Number,
  requiredMiB: Schema.Number
}) {}

/**
 * Ports that the deployment needs are taken by something else.
 *
 * @since 0.1.0
 */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  ...Failure.fields("docker.port-taken"),
  ports: Schema.Array(Schema.Struct({ port: Schema.Int, owner: Schema.String }))
}) {}

/**
 * A Compose file is not there, or an env file or a build's file that it names.
 *
 * @since 0.1.0
 */
export class FileMissing extends Schema.TaggedError<FileMissing>()("FileMissing", {
  ...Failure.fields("docker.file-missing"),
  kind: Schema.Literals(["compose", "env", "build"]),
  path: Schema.String
}) {}

/**
 * Compose cannot read the project's files.
 *
 * @since 0.1.0
 */
export class ComposeFileInvalid extends Schema.TaggedError<ComposeFileInvalid>()(
  "ComposeFileInvalid",
  Failure.fields("docker.compose-file-invalid")
) {}

/**
 * A variable that the Compose file requires is not set.
 *
 * @since 0.1.0
 */
export class VariableMissing extends Schema.TaggedError<VariableMissing>()("VariableMissing", {
  ...Failure.fields("docker.variable-missing"),
  variable: Schema.String
}) {}

/**
 * The project has no such service or volume.
 *
 * @since 0.1.0
 */
export class UnknownName extends Schema.TaggedError<UnknownName>()("UnknownName", {
  ...Failure.fields("docker.unknown-name"),
  kind: Schema.Literals(["service", "volume"]),
  name: Schema.String
}) {}

/**
 * The step cannot be done with this service or volume as the Compose file has it.
 *
 * @since 0.1.0
 */
export class NotSupported extends Schema.TaggedError<NotSupported>()("NotSupported", {
  ...Failure.fields("docker.not-supported"),
  name: Schema.String
}) {}

/**
 * A build failed. The image that was there keeps its tag.
 *
 * @since 0.1.0
 */
export class BuildFailed extends Schema.TaggedError<BuildFailed>()("BuildFailed", {
  ...Failure.fields("docker.build-failed"),
  services: Schema.Array(Schema.String)
}) {}

/**
 * An image could not be pulled.
 *
 * @since 0.1.0
 */
export class PullFailed extends Schema.TaggedError<PullFailed>()("PullFailed", {
  ...Failure.fields("docker.pull-failed"),
  services: Schema.Array(Schema.String)
}) {}

/**
 * A service does not come up: a container is unhealthy, has ended, keeps restarting, or takes too long. `tail` holds the
 * last lines of its log.
 *
 * @since 0.1.0
 */
export class Unhealthy extends Schema.TaggedError<Unhealthy>()("Unhealthy", {
  ...Failure.fields("docker.unhealthy"),
  service: Schema.String,
  /** What the container's own health check printed last, where there is one. */
  lastProbe: Schema.optionalKey(Schema.String)
}) {}

/**
 * A volume is used by a container of another project.
 *
 * @since 0.1.0
 */
export class VolumeInUse extends Schema.TaggedError<VolumeInUse>()("VolumeInUse", {
  ...Failure.fields("docker.volume-in-use"),
  volume: Schema.String
}) {}

/**
 * A command in a container ended with an exit code that says it failed.
 *
 * @since 0.1.0
 */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("DockerCommandFailed", {
  ...Failure.fields("docker.command-failed"),
  service: Schema.String,
  command: Schema.String,
  exitCode: Schema.Int
}) {}

/**
 * An env file is not there, or lacks keys, and nothing says what they should be.
 *
 * @since 0.1.0
 */
export class EnvFileIncomplete extends Schema.TaggedError<EnvFileIncomplete>()("EnvFileIncomplete", {
  ...Failure.fields("docker.env-file-incomplete"),
  path: Schema.String,
  keys: Schema.Array(Schema.String)
}) {}

/**
 * The user a container runs as cannot write to a directory, although owner and mode are as they should be.
 *
 * @since 0.1.0
 */
export class NotWritable extends Schema.TaggedError<NotWritable>()("NotWritable", {
  ...Failure.fields("docker.not-writable"),
  service: Schema.String,
  paths: Schema.Array(Schema.String)
}) {}

/**
 * An image of a release to go back to is no longer there. Nothing has changed.
 *
 * @since 0.1.0
 */
export class ImageGone extends Schema.TaggedError<ImageGone>()("ImageGone", {
  ...Failure.fields("docker.image-gone"),
  service: Schema.String,
  image: Schema.String
}) {}

/**
 * The copy of an env file that going back or undoing needs is not there, or is not what it was.
 *
 * @since 0.1.0
 */
export class EnvFileGone extends Schema.TaggedError<EnvFileGone>()("EnvFileGone", {
  ...Failure.fields("docker.env-file-gone"),
  path: Schema.String
}) {}

/**
 * An env file changed while a release was recorded: what is there is not what the release says. Nothing was kept.
 *
 * @since 0.1.0
 */
export class EnvFileMoved extends Schema.TaggedError<EnvFileMoved>()("EnvFileMoved", {
  ...Failure.fields("docker.env-file-moved"),
  path: Schema.String
}) {}

/**
 * Directories that a step has made hold something by now: undoing leaves them.
 *
 * @since 0.1.0
 */
export class DirectoryNotEmpty extends Schema.TaggedError<DirectoryNotEmpty>()("DirectoryNotEmpty", {
  ...Failure.fields("docker.directory-not-empty"),
  paths: Schema.Array(Schema.String)
}) {}

/**
 * Docker says no for another reason; `tail` holds what it printed.
 *
 * @since 0.1.0
 */
export class DockerFailed extends Schema.TaggedError<DockerFailed>()("DockerFailed", {
  ...Failure.fields("docker.failed"),
  command: Schema.String
}) {}

/**
 * How talking to the Docker engine fails, whatever is asked.
 *
 * @since 0.1.0
 */
export type EngineError = NotInstalled | DaemonUnreachable | PermissionDenied | DockerFailed | Target.TargetUnavailable

/**
 * How reading the Compose project fails.
 *
 * @since 0.1.0
 */
export type ProjectError = EngineError | FileMissing | ComposeFileInvalid | VariableMissing
