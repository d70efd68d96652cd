import { basename, dirname } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Deployment } from "../../Deployment.ts"
import * as ExitCode from "../../ExitCode.ts"
import { version } from "../../internal/version.ts"
import { compileInPlace, optimiseNoMore } from "./compilers.ts"
import { program } from "./program.ts"
import type { Seen } from "./reporting.ts"
import { type NodeSurface, nodeSurface, type Surface } from "./surface.ts"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Runs the program in this process, and ends the process with its exit code. */
export const runMain = async ({ deployment }: { readonly deployment?: Deployment.Any }): Promise<never> => {
  compileInPlace()
  const surface = nodeSurface()
  const seen: Seen = { outcome: undefined, note: undefined }
  const file = process.argv[1] ?? "deploy.ts"
  const fiber = Effect.runFork(
    program({
      ...(deployment === undefined ? {} : { own: { deployment, home: dirname(file) } }),
      args: process.argv.slice(2),
      program: deployment === undefined ? "shipshape" : `node ${basename(file)}`,
      version: version(),
      surface,
      seen
    })
  )
  endOnSignals(fiber, (line) => (seen.note === undefined ? surface.err(`${line}\n`) : seen.note(line)))
  // Fibers that wait keep no process alive by themselves.
  setInterval(() => {}, 0x7fffffff)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  const code = Exit.isSuccess(exit) ? exit.value : exitCodeOf(exit.cause, surface)
  await surface.written()
  optimiseNoMore()
  // What could not be written is known a moment after it was tried.
  await new Promise((resolve) => setImmediate(resolve))
  const whole = code === ExitCode.succeeded ? exitCodeOfOutput(surface) : code
  await surface.written()
  return process.exit(whole)
}

const exitCodeOf = (cause: Cause.Cause<never>, surface: Surface): number => {
  if (Cause.hasInterruptsOnly(cause)) return ExitCode.interrupted
  surface.err(`${Cause.pretty(cause)}\n`)
  return ExitCode.failed
}

/** Output that is not all there must not look as if it were. */
const exitCodeOfOutput = ({ broken, err }: NodeSurface): number => {
  const problem = broken()
  if (problem === undefined) return ExitCode.succeeded
  err(`the output could not be written: ${problem}\n`)
  return ExitCode.failed
}

/** Signals that come so soon after the first one are the same: `npm` passes on what the terminal has told all of them. */
const sameMillis = 250

/**
 * The first signal ends the run in good order; a second one ends the process at once. A terminal that is closed tells so
 * more than once, and nobody is impatient there.
 */
const endOnSignals = (fiber: Fiber.Fiber<number>, note: (line: string) => void): void => {
  let first: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = performance.now()
      note("interrupting: what is under way is being ended (again to leave at once)")
      fiber.interruptUnsafe()
    } else if (signal !== "SIGHUP" && performance.now() - first > sameMillis) process.exit(ExitCode.interrupted)
  }
  for (const signal of signals) process.on(signal, onSignal)
}
