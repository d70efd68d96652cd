/** How this machine is asked and changed: the embedded PostgreSQL, and Node programs in the background. */
import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as background from "./background.ts"
import * as embedded from "./embedded.ts"
import { MachineControl, MachineFailed, MachineProbe, type Program } from "./Machine.ts"

/** A program that did not start, and what it has printed. */
class NotStarted extends Error {
  readonly printed: ReadonlyArray<string>
  constructor(message: string, printed: string) {
    super(message)
    this.printed = printed
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-20)
  }
}

const attempt = <A>(doing: string, work: () => Promise<A>): Effect.Effect<A, MachineFailed> =>
  // A process that is being started is waited for, also by an interruption: nothing is left half-way.
  Effect.uninterruptible(
    Effect.tryPromise({
      try: work,
      catch: (cause) =>
        new MachineFailed({
          message: `cannot ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`,
          hint: "correct what it says, then run again: what is done already stays",
          retryable: true,
          ...(cause instanceof NotStarted ? { tail: cause.printed } : {})
        })
    })
  )

/** Else a check would take somebody's program for ours. */
const refuseForeign = async (port: number): Promise<void> => {
  if (await background.listens(port)) throw new Error(`another program has port ${port}: stop it, or give another port`)
}

const revealed = ({ env }: Program): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])
  )

/** Another one when the code or a setting is; a digest tells nothing of what went into it. */
const versionOf = async (program: Program): Promise<string> =>
  createHash("sha256")
    .update(await readFile(program.file))
    .update(JSON.stringify([program.port, Object.entries(revealed(program)).sort()]))
    .digest("hex")

/** A machine that keeps its pid files, logs and versions in `directory`. */
export const layer = (directory: string): Layer.Layer<MachineProbe | MachineControl, MachineFailed> =>
  Layer.unwrap(
    Effect.map(
      attempt("find PostgreSQL", () => embedded.find(directory)),
      (found) => {
        const { server, startServer } = serverOf(found)
        const { program, startProgram, stopAll } = programsOf(directory)
        const clear = async () => {
          await stopAll()
          await embedded.remove(found)
          await rm(directory, { recursive: true, force: true })
        }
        return Layer.mergeAll(
          Layer.succeed(MachineProbe, {
            server: (port) => attempt("look at PostgreSQL", () => server(port)),
            program: (wanted) => attempt(`look at ${wanted.name}`, () => program(wanted))
          }),
          Layer.succeed(MachineControl, {
            startServer: (port, password) =>
              attempt("start PostgreSQL", () => startServer(port, Redacted.value(password))),
            startProgram: (wanted) => attempt(`start ${wanted.name}`, () => startProgram(wanted)),
            clear: attempt("stop and remove everything", clear)
          })
        )
      }
    )
  )

const serverOf = (found: embedded.Installation) => ({
  server: async (port: number) => {
    if (await embedded.isRunning(found))
      return (await background.listens(port)) ? ("running" as const) : ("stopped" as const)
    await refuseForeign(port)
    return (await embedded.exists(found)) ? ("stopped" as const) : ("absent" as const)
  },
  startServer: async (port: number, password: string) => {
    await embedded.create(found, password)
    await embedded.start(found, port)
  }
})

const programsOf = (directory: string) => {
  const file = (name: string, kind: "pid" | "version" | "log") => join(directory, `${name}.${kind}`)
  return {
    program: async (wanted: Program) => {
      if ((await background.processOf(file(wanted.name, "pid"))) === undefined) {
        await refuseForeign(wanted.port)
        return "stopped" as const
      }
      const isPresent = (await readFile(file(wanted.name, "version"), "utf8")) === (await versionOf(wanted))
      return isPresent && (await background.listens(wanted.port)) ? ("running" as const) : ("outdated" as const)
    },
    startProgram: async (wanted: Program) => {
      await mkdir(directory, { recursive: true })
      await background.stop(file(wanted.name, "pid"), "SIGTERM")
      // First the version: one without its process is seen as stopped, and not as running.
      await writeFile(file(wanted.name, "version"), await versionOf(wanted))
      const log = file(wanted.name, "log")
      const pid = await background.start(wanted.file, { ...revealed(wanted), PORT: `${wanted.port}` }, log)
      await writeFile(file(wanted.name, "pid"), `${pid}\n`)
      if (!(await background.untilListening(wanted.port, file(wanted.name, "pid")))) {
        throw new NotStarted(`it ended before it listened on port ${wanted.port}`, await readFile(log, "utf8"))
      }
    },
    stopAll: async () => {
      await mkdir(directory, { recursive: true })
      const pidFiles = (await readdir(directory)).filter((name) => name.endsWith(".pid"))
      for (const name of pidFiles) await background.stop(join(directory, name), "SIGTERM")
    }
  }
}
