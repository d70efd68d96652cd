import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Command from "../../Command.ts"
import { StoreFailed } from "../../Store.ts"
import type { CommandNotFound, Process } from "../../Target.ts"
import { type Disk, storeFailed } from "./disk.ts"
import { nobody } from "./holderFile.ts"

/** A program of the system that locks a file, runs a command, and unlocks the file when the command has ended. */
interface Tool {
  readonly program: string
  /** Fails at once where another holds the lock. */
  readonly now: ReadonlyArray<string>
  readonly waiting: ReadonlyArray<string>
  /** Fails at once too, and lets others look at the same time where the program can. */
  readonly looking: ReadonlyArray<string>
  /** How it ends, without a word, where another holds the lock. */
  readonly busy: number
}

/** Of util-linux, and of BusyBox. */
const flock: Tool = { program: "flock", now: ["-n"], waiting: [], looking: ["-n", "-s"], busy: 1 }

/** Of macOS and FreeBSD. */
const lockf: Tool = {
  program: "/usr/bin/lockf",
  now: ["-k", "-s", "-t", "0"],
  waiting: ["-k", "-s"],
  looking: ["-k", "-s", "-t", "0"],
  busy: 75
}

const lookingOnly: Command.Allowed = [flock, lockf].map(({ looking, program }) => [program, ...looking])

/**
 * A lock that the system holds for a process on the target. The process ends with its standard input: so when this
 * process is killed, or its connection to the target breaks, the lock is free.
 */
export interface Held {
  /** Adds a line to the holder file. */
  readonly say: (line: string) => void
  /** Ends once that many lines are in the holder file, or were refused by its disk. */
  readonly said: (lines: number) => Effect.Effect<void>
  /** Ends when the process does. */
  readonly ended: Effect.Effect<void>
  readonly hasEnded: () => boolean
  readonly stderr: () => string
  /** Says that nobody holds the lock, and lets go of it. */
  readonly release: Effect.Effect<void>
}

/** How long the process may take to end by itself. */
const grace = "2 seconds"

export interface LockTool {
  /** Locks the file, and says a first line; `undefined` where another holds it. */
  readonly take: (
    file: string,
    holderFile: string,
    line: string,
    how: "now" | "waiting"
  ) => Effect.Effect<Held | undefined, StoreFailed, Scope.Scope>
  readonly isHeld: (file: string) => Effect.Effect<boolean, StoreFailed>
}

const noTool = (cause: CommandNotFound): StoreFailed =>
  new StoreFailed({
    message: "the lock cannot be taken: neither flock nor /usr/bin/lockf is there",
    hint: "install util-linux, which has flock; or choose another store for the deployment",
    cause
  })

const refused = (file: string, said: string, exitCode: number): StoreFailed =>
  new StoreFailed({
    message: `the lock ${file} cannot be taken: ${said.trim().split("\n").at(-1) || `exit code ${exitCode}`}`,
    hint: "correct what it says: the file and its folder must belong to who deploys, on a file system that has locks",
    ...(said.trim() === "" ? {} : { tail: said.trim().split("\n") })
  })

export const makeLockTool = ({ probe, target }: Disk): LockTool => {
  let found: Tool | undefined
  /** Uses the tool that is there. */
  const withTool = <A, E extends { readonly _tag: string }, R>(
    use: (tool: Tool) => Effect.Effect<A, E | CommandNotFound, R>
  ): Effect.Effect<A, E | StoreFailed, R> => {
    const using = (tool: Tool) =>
      Effect.map(use(tool), (result) => {
        found = tool
        return result
      })
    const missing = (error: E | CommandNotFound): error is CommandNotFound => error._tag === "CommandNotFound"
    if (found !== undefined) return Effect.catchIf(using(found), missing, (error) => Effect.fail(noTool(error)))
    return using(flock).pipe(
      Effect.catchIf(missing, () => using(lockf)),
      Effect.catchIf(missing, (error) => Effect.fail(noTool(error)))
    )
  }
  return {
    take: (file, holderFile, line, how) =>
      Effect.gen(function* () {
        const [busy, process] = yield* withTool((tool) =>
          Effect.map(
            target.open(Command.make(tool.program, [...tool[how], file, "tee", holderFile])),
            (opened) => [tool.busy, opened] as const
          )
        ).pipe(Effect.mapError((error) => (error._tag === "StoreFailed" ? error : storeFailed(error))))
        const held = yield* attach(process)
        held.say(line)
        const exitCode = yield* Effect.raceFirst(Effect.as(held.said(1), undefined), process.exitCode)
        if (exitCode === undefined) return held
        const said = process.stderr()
        return exitCode === busy && said.trim() === "" ? undefined : yield* refused(file, said, exitCode)
      }),
    isHeld: (file) =>
      withTool((tool) =>
        Effect.map(
          probe.run(
            lookingOnly,
            Command.make(tool.program, [...tool.looking, file, "true"], { exitCodes: [0, tool.busy] })
          ),
          ({ exitCode }) => exitCode !== 0
        )
      ).pipe(Effect.mapError((error) => (error._tag === "StoreFailed" ? error : storeFailed(error))))
  }
}

/** Talks to `tee`, which writes to the holder file what it is told, and gives it back. */
const attach = Effect.fnUntraced(function* ({ duplex, exitCode, stderr }: Process) {
  let echoes = 0
  let over = false
  const waiting = new Map<number, Deferred.Deferred<void>>()
  duplex.on("data", (chunk: Uint8Array) => {
    for (const byte of chunk) if (byte === 0x0a) echoes++
    for (const [lines, deferred] of waiting) if (lines <= echoes) Deferred.doneUnsafe(deferred, Effect.void)
  })
  // A pipe that breaks is the end of the process, which is seen by itself.
  duplex.on("error", () => undefined)
  yield* Effect.forkScoped(
    Effect.map(exitCode, () => {
      over = true
    }),
    { startImmediately: true, uninterruptible: false }
  )
  const held: Held = {
    say: (line) => {
      if (duplex.writable) duplex.write(`${line}\n`)
    },
    said: (lines) =>
      Effect.suspend(() => {
        if (lines <= echoes) return Effect.void
        const deferred = waiting.get(lines) ?? Deferred.makeUnsafe<void>()
        waiting.set(lines, deferred)
        return Deferred.await(deferred)
      }),
    ended: Effect.asVoid(exitCode),
    hasEnded: () => over,
    stderr,
    release: Effect.sync(() => {
      if (duplex.writable) duplex.end(`${nobody}\n`)
    }).pipe(Effect.andThen(exitCode), Effect.timeoutOption(grace), Effect.asVoid)
  }
  return held
})
