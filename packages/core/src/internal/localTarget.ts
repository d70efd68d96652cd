/** The only file that knows execa. */
import * as path from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { execa, type Options } from "execa"
import * as Command from "../Command.ts"
import * as Progress from "../Progress.ts"
import * as Secrets from "../Secrets.ts"
import type { Operations } from "../Target.ts"
import { CommandFailed, CommandNotFound, CommandTimedOut, type RunError } from "../TargetError.ts"
import * as guard from "./guard.ts"
import * as localFiles from "./localFiles.ts"

/** How long a process group may take to end by itself before it is killed. */
const graceMillis = 5_000

/** Lines of standard error that a failure carries. */
const tailLength = 20

const tailOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((l) => l.trim() !== "")
    .slice(-tailLength)

const reveal = (value: string | Redacted.Redacted<string>): string =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value

const environment = (command: Command.Command): Record<string, string> =>
  Object.fromEntries(Object.entries(command.env ?? {}).map(([name, value]) => [name, reveal(value)]))

const notFound = (command: Command.Command, cause: unknown): CommandNotFound =>
  new CommandNotFound({
    program: command.program,
    message: `cannot start ${command.program}: it is not installed, or not on the PATH, or its folder does not exist`,
    hint: `install ${command.program}, or correct the PATH or the folder it is started in`,
    cause
  })

const failed = (
  command: Command.Command,
  { exitCode, stderr, stdout }: Command.Result,
  cause: Error | undefined
): CommandFailed =>
  new CommandFailed({
    command: Command.format(command),
    exitCode,
    stdout,
    stderr,
    tail: tailOf(stderr.trim() === "" ? stdout : stderr),
    message: `\`${Command.format(command)}\` ended with exit code ${exitCode}${
      cause === undefined ? "" : `, and its input or output broke off: ${cause.message}`
    }`,
    hint: "read the lines above; the command can be run by hand as it stands there",
    retryable: true,
    ...(cause === undefined ? {} : { cause })
  })

const timedOut = (command: Command.Command, timeout: Duration.Input): CommandTimedOut =>
  new CommandTimedOut({
    command: Command.format(command),
    message: `\`${Command.format(command)}\` did not end within ${Duration.format(
      Duration.fromInputUnsafe(timeout)
    )}; its processes were ended`,
    hint: "find out what it waits for, or allow it more time",
    retryable: true
  })

const start = (command: Command.Command, options: Options) => {
  const subprocess = execa(command.program, command.args, options)
  guard.watch(subprocess)
  return subprocess
}

type Subprocess = ReturnType<typeof start>

/** Ends a process and all that it started: first politely, then for good. */
const endGroup = (subprocess: Subprocess): Effect.Effect<void> =>
  Effect.promise(async () => {
    subprocess.kill("SIGTERM")
    await subprocess.catch(() => undefined)
  })

/** A group of its own, so that everything the command started can be ended with it. */
const groupOptions = (directory: string, command: Command.Command): Options => ({
  cwd: command.cwd ?? directory,
  env: environment(command),
  killDescendants: true,
  forceKillAfterDelay: graceMillis,
  reject: false,
  stripFinalNewline: true
})

const run = (directory: string) =>
  Effect.fnUntraced(function* (command: Command.Command): Effect.fn.Return<Command.Result, RunError> {
    yield* Secrets.register([command.env === undefined ? [] : Object.values(command.env), command.stdin])
    const progress = yield* Progress.Current
    const toFile = command.stdoutFile === undefined ? undefined : path.resolve(directory, command.stdoutFile)
    // The last lines alone are shown, so a line at a time is passed on and nothing waits for it.
    const say = function* (line: unknown): Generator<unknown> {
      if (typeof line === "string" && line.trim() !== "") progress.line(line)
      yield line
    }
    const settled = Effect.callback<Awaited<Subprocess>>((resume) => {
      const options: Options = {
        ...groupOptions(directory, command),
        ...inputOf(directory, command),
        stdout: toFile === undefined ? say : { file: toFile },
        stderr: say,
        buffer: { stdout: toFile === undefined, stderr: true }
      }
      const subprocess = start(command, options)
      subprocess.then(
        (result) => resume(Effect.succeed(result)),
        (error) => resume(Effect.die(error))
      )
      return endGroup(subprocess)
    })
    const timeout = command.timeout
    const result = yield* timeout === undefined
      ? settled
      : Effect.timeoutOrElse(settled, {
          duration: timeout,
          orElse: () => Effect.fail(timedOut(command, timeout))
        })
    const [stdout, stderr] = [textOf(result.stdout), textOf(result.stderr)]
    if (result.exitCode === undefined && result.signal === undefined) return yield* notFound(command, result)
    // As a shell reports it: 128 and the signal's number stand for an end by a signal.
    const exitCode = result.exitCode ?? 128
    const left = { exitCode, stdout, stderr }
    // A disk that is full ends the file, and not always the command.
    const broken = toFile === undefined ? undefined : result.cause
    if (broken === undefined && (command.exitCodes ?? [0]).includes(exitCode)) return left
    return yield* failed(command, left, Predicate.isError(broken) ? broken : undefined)
  })

const inputOf = (directory: string, { stdin, stdinFile }: Command.Command) =>
  stdinFile !== undefined
    ? { stdin: { file: path.resolve(directory, stdinFile) } }
    : stdin === undefined
      ? { stdin: "ignore" as const }
      : { input: stdin instanceof Uint8Array ? stdin : reveal(stdin) }

const textOf = (output: unknown): string => (typeof output === "string" ? output : "")

const open = (directory: string): Operations["open"] =>
  Effect.fnUntraced(function* (command) {
    yield* Secrets.register(command.env === undefined ? [] : Object.values(command.env))
    let stderr = ""
    const subprocess = yield* Effect.acquireRelease(
      Effect.callback<Subprocess, CommandNotFound>((resume) => {
        const options: Options = { ...groupOptions(directory, command), buffer: false, stdin: "pipe" }
        const child = start(command, options)
        child.nodeChildProcess.once("spawn", () => resume(Effect.succeed(child)))
        child.nodeChildProcess.once("error", (cause) => resume(Effect.fail(notFound(command, cause))))
        child.catch(() => undefined)
      }),
      endGroup
    )
    subprocess.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      // A line that has not ended yet is kept whole: of half a secret nothing would be known.
      stderr = (stderr + chunk)
        .split(/(?<=[\n\r])/)
        .slice(-tailLength - 1)
        .join("")
    })
    return {
      duplex: subprocess.duplex({ binary: true }),
      exitCode: Effect.promise(async () => (await subprocess).exitCode ?? 128),
      stderr: () => tailOf(stderr).join("\n")
    }
  })

/** This machine, with `directory` as its working folder. */
export const make = (directory: string): Operations => ({
  name: "this machine",
  resource: undefined,
  run: run(directory),
  open: open(directory),
  ...localFiles.make(directory)
})
