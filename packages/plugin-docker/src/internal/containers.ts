import type { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { marked } from "./attemptMarks.ts"
import { composeWords, type ProjectOptions, quietly } from "./cli.ts"
import * as containerFiles from "./containerFiles.ts"
import { execCommand, execError, refusedCommand } from "./containerRun.ts"
import { endCommand } from "./ending.ts"
import { type Guests, ownRuns } from "./guests.ts"

/** The running containers of a project's services, as targets. */
export const makeService = (options: ProjectOptions, machine: Target.Operations, guests: Guests) => {
  const words = composeWords(options)
  return (service: string): Target.Operations => {
    const isOwn = quietly(ownRuns(words, service, machine.run))
    const allowed = Effect.fnUntraced(function* (command: Command.Command, certain: boolean) {
      const refused = refusedCommand(service, command)
      if (refused !== undefined) return yield* refused
      if (certain || guests.has(service)) yield* isOwn
    })
    const run = (command: Command.Command) =>
      Effect.andThen(
        allowed(command, false),
        Effect.flatMap(marked(command), ({ command: own, mark }) => {
          const ended = mark === undefined ? Effect.void : endCommand(machine, words, service, mark, command.user)
          return machine.run(execCommand(words, service, own)).pipe(
            Effect.onInterrupt(() => ended),
            Effect.tapErrorTag("CommandTimedOut", () => ended),
            Effect.mapError(execError(service, command))
          )
        })
      )
    return {
      name: `service ${service}`,
      resource: `service:${service}`,
      run,
      // What is kept open is asked for long: it is worth the question. It ends with its input, and needs no mark.
      open: (command) =>
        Effect.andThen(
          allowed(command, true),
          Effect.mapError(machine.open(execCommand(words, service, command, true)), execError(service, command))
        ),
      ...containerFiles.make(run)
    }
  }
}
