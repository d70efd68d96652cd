import { stripVTControlCharacters } from "node:util"
import type { Target } from "@shipshape/core"
import {
  ComposeFileInvalid,
  DaemonUnreachable,
  DockerFailed,
  type EngineError,
  FileMissing,
  NotInstalled,
  PermissionDenied,
  type ProjectError,
  VariableMissing
} from "../DockerError.ts"

/** Lines as a person reads them: Compose clears the line first, whatever it prints to. */
export const linesOf = (text: string): ReadonlyArray<string> =>
  stripVTControlCharacters(text)
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")

/** How many lines a failure carries. */
const tailLength = 30

/** What a program has printed last. */
export const tailOf = (text: string): ReadonlyArray<string> => linesOf(text).slice(-tailLength)

/** What a failed run of `docker` says of the engine. */
export const engineError = (error: Target.RunError): EngineError => {
  if (error._tag === "TargetUnavailable") return error
  if (error._tag === "CommandNotFound") return notInstalled("docker", error)
  if (error._tag === "CommandTimedOut") {
    return new DockerFailed({
      command: error.command,
      message: error.message,
      hint: "look at what the engine does: `docker info`, and the log of the daemon",
      retryable: true,
      cause: error
    })
  }
  const said = linesOf(error.stderr)
  const denied = said.find((line) => /permission denied while trying to connect/i.test(line))
  if (denied !== undefined) {
    return new PermissionDenied({
      message: `this user may not talk to the Docker daemon: ${denied}`,
      hint: "add the user to the group `docker` and log in anew, or run as a user who may",
      cause: error
    })
  }
  const unreachable = said.find((line) =>
    /cannot connect to the docker daemon|error during connect|failed to connect to the docker API|is the docker daemon running/i.test(
      line
    )
  )
  if (unreachable !== undefined) {
    return new DaemonUnreachable({
      message: `the Docker daemon does not answer: ${unreachable}`,
      hint: "start it (`sudo systemctl start docker`), or correct DOCKER_HOST or the docker context",
      retryable: true,
      cause: error
    })
  }
  if (said.some((line) => /'compose' is not a docker command|unknown command: docker compose/i.test(line))) {
    return notInstalled("docker compose", error)
  }
  return new DockerFailed({
    command: error.command,
    message: `\`${error.command}\` ended with exit code ${error.exitCode}: ${said.at(-1) ?? "it printed nothing"}`,
    hint: "read the lines above; the command can be run by hand as it stands there",
    tail: tailOf(error.stderr),
    retryable: true,
    cause: error
  })
}

const notInstalled = (program: NotInstalled["program"], cause: unknown): NotInstalled =>
  new NotInstalled({
    program,
    message: `\`${program}\` is not installed where the deployment acts`,
    hint:
      program === "docker"
        ? "install Docker Engine: https://docs.docker.com/engine/install/"
        : "install the Compose plugin (package docker-compose-v2 or docker-compose-plugin)",
    cause
  })

const missing: ReadonlyArray<readonly [FileMissing["kind"], RegExp]> = [
  ["env", /env file (?<path>.+?) not found|couldn't find env file: (?<other>.+)$/],
  ["compose", /^(open|stat) (?<path>.+?): no such file or directory/]
]

const fileMissing = (kind: FileMissing["kind"], path: string, cause: unknown): FileMissing =>
  new FileMissing({
    kind,
    path,
    message: `${path} does not exist, and the Compose project needs it`,
    hint:
      kind === "env"
        ? "create it with an EnvFile.present step, or correct `env_file` in the Compose file"
        : "create it, or correct `directory` or `files` of Compose.project",
    cause
  })

/** What a failed run of `docker compose` says of the project's files. */
export const projectError = (error: Target.RunError): ProjectError => {
  const other = engineError(error)
  if (other._tag !== "DockerFailed" || error._tag !== "CommandFailed") return other
  const said = linesOf(error.stderr)
  for (const line of said) {
    const variable = /required variable (?<variable>\S+) is missing a value(: (?<why>.*))?/.exec(line)?.groups
    if (variable?.variable !== undefined) {
      return new VariableMissing({
        variable: variable.variable,
        message: `the Compose file requires ${variable.variable}, which is not set: ${line}`,
        hint: `set ${variable.variable} in the project's env file`,
        cause: error
      })
    }
    for (const [kind, pattern] of missing) {
      const found = pattern.exec(line)?.groups
      const path = found?.path ?? found?.other
      if (path !== undefined) return fileMissing(kind, path, error)
    }
  }
  const invalid = said.find((line) =>
    /^yaml:|^validating |^failed to (read|parse)|^error while interpolating|additional propert|invalid (compose|interpolation)|^services?[.\s]|^service "|refers to undefined|undefined (volume|network|service)|cannot unmarshal|mapping values|did not find expected|must be a/i.test(
      line
    )
  )
  return invalid === undefined
    ? other
    : new ComposeFileInvalid({
        message: `Compose cannot read the project: ${invalid}`,
        hint: "correct the file; `docker compose config` shows how Compose reads it",
        tail: tailOf(error.stderr),
        cause: error
      })
}

/**
 * What kept Compose from starting a command in a container, or nothing where the command itself has failed. Only what
 * Compose alone prints counts: a command may print anything.
 */
export const startError = (error: Target.RunError): ProjectError | undefined => {
  if (error._tag !== "CommandFailed") return projectError(error)
  const said = linesOf(error.stderr)
  const compose =
    error.exitCode === 14 ||
    error.exitCode === 15 ||
    (error.stdout === "" &&
      said.some((line) => /^env file .+ not found|^validating |required variable \S+ is missing a value/.test(line)))
  const found = compose ? projectError(error) : engineError(error)
  return found._tag === "DockerFailed" ? undefined : found
}
