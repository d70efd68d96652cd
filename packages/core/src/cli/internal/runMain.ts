import { basename } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Deployment } from "../../Deployment.ts"
import * as ExitCode from "../../ExitCode.ts"
import { version } from "../../internal/version.ts"
import { program } from "./program.ts"
import type { Seen } from "./reporting.ts"
import { nodeSurface, type Surface } from "./surface.ts"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Runs the program in this process, and ends the process with its exit code. */
export const runMain = async (given: { readonly deployment?: Deployment.Any }): Promise<never> => {
  const surface = nodeSurface()
  const seen: Seen = { outcome: undefined, note: undefined }
  const fiber = Effect.runFork(
    program({
      ...given,
      args: process.argv.slice(2),
      program: given.deployment === undefined ? "shipshape" : `node ${basename(process.argv[1] ?? "deploy.ts")}`,
      version: version(),
      surface,
      seen
    })
  )
  endOnSignals(fiber, (line) => (seen.note === undefined ? surface.err(`${line}\n`) : seen.note(line)))
  // Fibers that wait keep no process alive by themselves.
  setInterval(() => {}, 0x7fffffff)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  return process.exit(Exit.isSuccess(exit) ? exit.value : exitCodeOf(exit.cause, surface))
}

const exitCodeOf = (cause: Cause.Cause<never>, surface: Surface): number => {
  if (Cause.hasInterruptsOnly(cause)) return ExitCode.interrupted
  surface.err(`${Cause.pretty(cause)}\n`)
  return ExitCode.failed
}

/** The first signal ends the run in good order; the second one ends the process at once. */
const endOnSignals = (fiber: Fiber.Fiber<number>, note: (line: string) => void): void => {
  let signalled = false
  const onSignal = (): void => {
    if (signalled) process.exit(ExitCode.interrupted)
    signalled = true
    note("interrupting: what is under way is being ended (again to leave at once)")
    fiber.interruptUnsafe()
  }
  for (const signal of signals) process.on(signal, onSignal)
}
