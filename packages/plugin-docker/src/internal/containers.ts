import type { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { composeWords, type ProjectOptions } from "./cli.ts"
import * as containerFiles from "./containerFiles.ts"
import { execCommand, execError, refusedCommand } from "./containerRun.ts"

/** The running containers of a project's services, as targets. */
export const makeService = (options: ProjectOptions, machine: Target.Operations) => {
  const words = composeWords(options)
  return (service: string): Target.Operations => {
    const run = (command: Command.Command) => {
      const refused = refusedCommand(service, command)
      return refused === undefined
        ? Effect.mapError(machine.run(execCommand(words, service, command)), execError(service, command))
        : Effect.fail(refused)
    }
    return {
      name: `service ${service}`,
      resource: `service:${service}`,
      run,
      open: (command) => {
        const refused = refusedCommand(service, command)
        return refused === undefined
          ? Effect.mapError(machine.open(execCommand(words, service, command, true)), execError(service, command))
          : Effect.fail(refused)
      },
      ...containerFiles.make(run)
    }
  }
}
