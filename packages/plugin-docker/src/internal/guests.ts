/** One-off containers that are open: Compose takes one for the service itself where that does not run. */
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { linesOf } from "./classify.ts"
import { execError } from "./containerRun.ts"

export interface Guests {
  /** Notes that a one-off container of a service is open, until the scope ends. */
  readonly enter: (service: string) => Effect.Effect<void, never, Scope.Scope>
  readonly has: (service: string) => boolean
}

export const makeGuests = (): Guests => {
  const open = new Map<string, number>()
  const add = (service: string, n: number) => Effect.sync(() => void open.set(service, (open.get(service) ?? 0) + n))
  return {
    enter: (service) => Effect.acquireRelease(add(service, 1), () => add(service, -1)),
    has: (service) => (open.get(service) ?? 0) > 0
  }
}

/** What asks for the running containers of a service. With `--status` it would list one-offs too. */
export const psWords = ["ps", "--quiet"]

/** Fails where the service's own container does not run. */
export const ownRuns = (
  words: ReadonlyArray<string>,
  service: string,
  run: (command: Command.Command) => Effect.Effect<Command.Result, Target.RunError>
): Effect.Effect<void, Target.RunError> => {
  const command = Command.make("docker", [...words, ...psWords, service])
  return run(command).pipe(
    Effect.mapError(execError(service, command)),
    Effect.flatMap(({ stdout }) => (linesOf(stdout).length > 0 ? Effect.void : Effect.fail(notRunning(service))))
  )
}

const notRunning = (service: string): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: `service ${service}`,
    resource: `service:${service}`,
    message: `service ${service} does not run: only a one-off container of it does, if any`,
    hint: `bring it up with a step before this one, or see \`docker compose logs ${service}\``,
    retryable: true
  })
