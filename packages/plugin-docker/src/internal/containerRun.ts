import { Command, Target } from "@shipshape/core"
import * as Redacted from "effect/Redacted"
import { linesOf, startError, tailOf } from "./classify.ts"

/** Variables that would steer the docker client itself: it has to keep its own. */
const clientsOwn = /^(PATH|HOME|TMPDIR|SSH_AUTH_SOCK|(HTTP|HTTPS|ALL|NO)_PROXY|(DOCKER|COMPOSE|BUILDKIT|BUILDX)_.*)$/i

/**
 * Variables for a container: the client is told their names, and gets the values in its own environment. What would
 * steer the client goes in its arguments, unless it is a secret; `refused` names those.
 */
export const environmentWords = (env: Command.Command["env"] = {}) => {
  const names = Object.keys(env)
  const inArguments = names.filter((name) => clientsOwn.test(name))
  return {
    words: names.flatMap((name) => {
      const value = env[name]
      return ["--env", inArguments.includes(name) && typeof value === "string" ? `${name}=${value}` : name]
    }),
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !inArguments.includes(name))),
    refused: inArguments.filter((name) => Redacted.isRedacted(env[name]))
  }
}

/** The command that runs `command` in the running container of a service. */
export const execCommand = (
  words: ReadonlyArray<string>,
  service: string,
  command: Command.Command,
  interactive = false
): Command.Command => {
  const { args, cwd, env, program, user, ...options } = command
  const environment = environmentWords(env)
  return {
    ...options,
    program: "docker",
    env: environment.env,
    args: [
      ...words,
      "exec",
      "-T",
      ...(interactive ? ["--interactive"] : []),
      ...(user === undefined ? [] : ["--user", user]),
      ...(cwd === undefined ? [] : ["--workdir", cwd]),
      ...environment.words,
      service,
      program,
      ...args
    ]
  }
}

/** How `command` may begin on the machine, if it may begin like one of `allowed` within the container. */
export const execAllowed = (
  words: ReadonlyArray<string>,
  service: string,
  allowed: Command.Allowed,
  command: Command.Command
): Command.Allowed =>
  allowed.map(([program = "", ...args]) => {
    const start = execCommand(words, service, { ...command, program, args })
    return [start.program, ...start.args]
  })

/** What is wrong with a command before it runs. */
export const refusedCommand = (service: string, command: Command.Command): Target.CommandFailed | undefined => {
  const { refused } = environmentWords(command.env)
  return refused.length === 0
    ? undefined
    : new Target.CommandFailed({
        command: Command.format(command),
        exitCode: 125,
        stdout: "",
        stderr: "",
        message: `${refused.join(", ")} cannot be set as a secret in service ${service}: the docker client reads it itself`,
        hint: "give it another name, or set it in the Compose file"
      })
}

const down =
  /^service "[^"]+" is not running|^Error response from daemon: (No such container|container \S+ is (not running|restarting|paused))|^no container found for project/i

/** What a failed `docker compose exec` says of the command within. */
export const execError = (service: string, command: Command.Command) =>
  within(
    service,
    command,
    (why, cause) =>
      new Target.TargetUnavailable({
        target: `service ${service}`,
        resource: `service:${service}`,
        message: `service ${service} does not run: ${why}`,
        hint: `bring it up with a step before this one, or see \`docker compose logs ${service}\``,
        retryable: true,
        cause
      })
  )

/** What a failed `docker compose run` says of the command within. */
export const runError = (service: string, command: Command.Command) =>
  within(
    service,
    command,
    (why, cause) =>
      new Target.TargetUnavailable({
        target: `one-off container of ${service}`,
        resource: `image:${service}`,
        message: `no container of ${service} can be made: ${why}`,
        hint: "see the message; `docker compose run` does the same by hand",
        retryable: true,
        cause
      })
  )

const within =
  (service: string, command: Command.Command, unavailable: (why: string, cause: unknown) => Target.TargetUnavailable) =>
  (error: Target.RunError): Target.RunError => {
    const text = Command.format(command)
    switch (error._tag) {
      case "TargetUnavailable":
        return error
      case "CommandNotFound":
        return unavailable(error.message, error)
      case "CommandTimedOut":
        return new Target.CommandTimedOut({
          command: text,
          message: `\`${text}\` in service ${service} did not end in time, and was ended as far as it can be found in its container`,
          hint: "find out what it waits for, or allow it more time",
          retryable: true,
          cause: error
        })
      case "CommandFailed":
        break
    }
    const said = linesOf(error.stderr)
    const notUp = said.find((line) => down.test(line))
    if (notUp !== undefined) return unavailable(notUp, error)
    const start = startError(error)
    if (start !== undefined) return unavailable(start.message, start)
    // Engines say it here or there, before the command could say anything.
    if (
      /^(OCI runtime|Error response from daemon).+ executable file not found/m.test(`${error.stdout}\n${error.stderr}`)
    ) {
      return new Target.CommandNotFound({
        program: command.program,
        message: `there is no ${command.program} in service ${service}`,
        hint: `install ${command.program} in the service's image, or correct the name`,
        cause: error
      })
    }
    return new Target.CommandFailed({
      command: text,
      exitCode: error.exitCode,
      stdout: error.stdout,
      stderr: error.stderr,
      tail: tailOf(error.stderr.trim() === "" ? error.stdout : error.stderr),
      message: `\`${text}\` in service ${service} ended with exit code ${error.exitCode}`,
      hint: `read the lines above; \`docker compose exec ${service} …\` runs it by hand`,
      retryable: true,
      ...(error.cause === undefined ? {} : { cause: error.cause })
    })
  }
