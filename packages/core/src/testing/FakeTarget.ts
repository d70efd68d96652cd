/**
 * A target in memory: files that are there, and commands that answer as the test says.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Command, Result } from "../Command.ts"
import { format } from "../Command.ts"
import type { Base } from "../Plugin.ts"
import type { Resource } from "../Resource.ts"
import {
  CommandFailed,
  CommandNotFound,
  FileFailed,
  type FileStat,
  type Operations,
  type Ownership,
  layer as targetLayer
} from "../Target.ts"

/**
 * A file or a folder in memory.
 *
 * @since 0.1.0
 */
export interface Entry {
  /** `undefined` for a folder. */
  readonly content: Uint8Array | undefined
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/**
 * A target in memory. Its fields can be read and changed by the test at any time.
 *
 * @since 0.1.0
 */
export interface FakeTarget {
  readonly files: Map<string, Entry>
  /** Every command that was run, as a person would type it. */
  readonly commands: Array<string>
  readonly operations: Operations
}

/**
 * What a fake target starts with.
 *
 * @since 0.1.0
 */
export interface Options {
  readonly name?: string
  readonly resource?: Resource
  /** Texts of files by absolute path, owned by root with mode 644. */
  readonly files?: Readonly<Record<string, string>>
  /** How a command ends; `undefined` where there is no such program. */
  readonly run?: (command: Command) => Partial<Result> | undefined
}

/**
 * Makes a target in memory.
 *
 * @example
 * ```ts
 * import { Command } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const target = FakeTarget.make({ run: ({ program }) => program === "docker" ? { stdout: "28.2" } : undefined })
 * const result = await Effect.runPromise(target.operations.run(Command.make("docker", ["version"])))
 * assert.equal(result.stdout, "28.2")
 * assert.deepEqual(target.commands, ["docker version"])
 * ```
 *
 * @since 0.1.0
 */
export const make = (options: Options): FakeTarget => {
  const files = new Map<string, Entry>(
    Object.entries(options.files ?? {}).map(([path, text]) => [path, entry(new TextEncoder().encode(text), 0o644)])
  )
  const commands: Array<string> = []
  const at = (operation: string, path: string) => {
    const found = files.get(path)
    return found === undefined ? Effect.fail(noEntry(operation, path)) : Effect.succeed(found)
  }
  const run: Operations["run"] = (command) =>
    Effect.suspend((): Effect.Effect<Result, CommandFailed | CommandNotFound> => {
      commands.push(format(command))
      const result = options.run?.(command)
      if (result === undefined) return Effect.fail(notFound(command.program))
      const { exitCode = 0, stderr = "", stdout = "" } = result
      return (command.exitCodes ?? [0]).includes(exitCode)
        ? Effect.succeed({ exitCode, stdout, stderr })
        : Effect.fail(failed(command, exitCode, stdout, stderr))
    })
  return {
    files,
    commands,
    operations: {
      name: options.name ?? "a fake target",
      resource: options.resource,
      run,
      open: (command) => Effect.fail(notFound(command.program)),
      stat: (path) => Effect.sync(() => statOf(files.get(path))),
      readFile: (path) => Effect.map(at("read", path), (found) => found.content ?? new Uint8Array()),
      list: (path) => Effect.sync(() => namesIn(path, [...files.keys()])),
      writeFile: (path, content, ownership = {}) =>
        Effect.sync(() => {
          const before = files.get(path) ?? entry(undefined, 0o644)
          const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
          files.set(path, { ...owned(before, ownership), content: bytes })
        }),
      appendFile: (path, content, ownership = {}) =>
        Effect.sync(() => {
          const before = files.get(path)
          const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
          const old = before?.content ?? new Uint8Array()
          files.set(path, {
            ...(before ?? owned(entry(undefined, 0o644), ownership)),
            content: new Uint8Array([...old, ...bytes])
          })
        }),
      makeDirectory: (path, ownership = {}) =>
        Effect.sync(() => {
          for (const above of foldersAbove(path)) if (!files.has(above)) files.set(above, entry(undefined, 0o755))
          files.set(path, owned(files.get(path) ?? entry(undefined, 0o755), ownership))
        }),
      setOwnership: (path, ownership) =>
        Effect.map(at("change owner or mode of", path), (found) => void files.set(path, owned(found, ownership))),
      remove: (path) =>
        Effect.sync(() => {
          for (const key of files.keys()) if (key === path || key.startsWith(`${path}/`)) files.delete(key)
        })
    }
  }
}

/**
 * The layer of a fake target, for a deployment's or a plugin's test.
 *
 * @example
 * ```ts
 * import { Target } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const fake = FakeTarget.make({ files: { "/srv/.env": "A=1" } })
 * const stat = Effect.flatMap(Target.TargetProbe, (probe) => probe.stat("/srv/.env"))
 * assert.equal((await Effect.runPromise(Effect.provide(stat, FakeTarget.layer(fake))))?.mode, 0o644)
 * ```
 *
 * @since 0.1.0
 */
export const layer = (target: FakeTarget): Layer.Layer<Base> => targetLayer(target.operations)

const entry = (content: Uint8Array | undefined, mode: number): Entry => ({ content, uid: 0, gid: 0, mode })

const owned = (before: Entry, { gid, mode, uid }: Ownership): Entry => ({
  ...before,
  uid: uid ?? before.uid,
  gid: gid ?? before.gid,
  mode: mode ?? before.mode
})

const foldersAbove = (path: string): ReadonlyArray<string> => {
  const words = path.split("/")
  return words
    .slice(0, -1)
    .map((_, i) => words.slice(0, i + 1).join("/"))
    .filter((above) => above !== "" && above !== ".")
}

const statOf = (found: Entry | undefined): FileStat | undefined =>
  found === undefined
    ? undefined
    : {
        type: found.content === undefined ? "directory" : "file",
        uid: found.uid,
        gid: found.gid,
        mode: found.mode,
        size: found.content?.length ?? 0,
        modifiedAt: 0
      }

const namesIn = (path: string, paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  [
    ...new Set(paths.filter((p) => p.startsWith(`${path}/`)).map((p) => p.slice(path.length + 1).split("/")[0] ?? ""))
  ].sort()

const noEntry = (operation: string, path: string): FileFailed =>
  new FileFailed({
    operation,
    path,
    errno: "ENOENT",
    message: `cannot ${operation} ${path}: ENOENT`,
    hint: "create it"
  })

const notFound = (program: string): CommandNotFound =>
  new CommandNotFound({
    program,
    message: `the fake target knows no ${program}`,
    hint: "answer it in the test's `run`"
  })

const failed = (command: Command, exitCode: number, stdout: string, stderr: string): CommandFailed =>
  new CommandFailed({
    command: format(command),
    exitCode,
    stdout,
    stderr,
    tail: stderr.split("\n"),
    message: `\`${format(command)}\` ended with exit code ${exitCode}`,
    hint: "this is what the test's `run` has answered"
  })
