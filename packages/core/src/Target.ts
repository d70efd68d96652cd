/**
 * Where commands run and files live: this machine, a container, a host.
 *
 * Steps and plugins know only this service, so that a deployment moves to another target without a change of a step.
 *
 * @since 0.1.0
 */

import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Access from "./Access.ts"
import * as Command from "./Command.ts"
import type { Resource } from "./Resource.ts"
import { CommandNotAllowed, type FileError, type RunError } from "./TargetError.ts"

export * from "./TargetError.ts"

/**
 * What is known of a path.
 *
 * @since 0.1.0
 */
export interface FileStat {
  readonly type: "file" | "directory" | "link" | "other"
  readonly uid: number
  readonly gid: number
  /** The permission bits alone, as in `0o640`. */
  readonly mode: number
  /** In bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

/**
 * A process that is talked to while it runs.
 *
 * @since 0.1.0
 */
export interface Process {
  /** Its standard input and output. */
  readonly duplex: Duplex
  /** The exit code, once it has ended. */
  readonly exitCode: Effect.Effect<number>
  /** The last lines of its standard error so far. */
  readonly stderr: () => string
}

/**
 * Reading operations.
 *
 * @since 0.1.0
 */
export interface Reads {
  /** How messages name the target: `this machine`, `service backend`. */
  readonly name: string
  /** What must be up for it to be reached; this machine is always. */
  readonly resource: Resource | undefined
  /** The path's facts, links followed; `undefined` where nothing is there. */
  readonly stat: (path: string) => Effect.Effect<FileStat | undefined, FileError>
  readonly readFile: (path: string) => Effect.Effect<Uint8Array, FileError>
  /** The names within a folder, sorted. */
  readonly list: (path: string) => Effect.Effect<ReadonlyArray<string>, FileError>
}

/**
 * Who may do what with a file that is written. A number that is left out stays as it is, or as the system makes it.
 *
 * @since 0.1.0
 */
export interface Ownership {
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly mode?: number | undefined
}

/**
 * Everything a target can do.
 *
 * @since 0.1.0
 */
export interface Operations extends Reads {
  /** Runs a command to its end; its lines go to the progress of the step that runs. */
  readonly run: (command: Command.Command) => Effect.Effect<Command.Result, RunError>
  /** Starts a command and leaves it running until the scope ends. */
  readonly open: (command: Command.Command) => Effect.Effect<Process, RunError, Scope.Scope>
  /** Writes a file as a whole: readers see the old one or the new one, never a part. */
  readonly writeFile: (
    path: string,
    content: string | Uint8Array,
    ownership?: Ownership
  ) => Effect.Effect<void, FileError>
  /**
   * Adds to the end of a file, which is made where there is none. When it ends the content is on the disk, and no crash
   * takes it away.
   */
  readonly appendFile: (
    path: string,
    content: string | Uint8Array,
    ownership?: Ownership
  ) => Effect.Effect<void, FileError>
  /** Makes a folder and those above it; one that is there already stays. */
  readonly makeDirectory: (path: string, ownership?: Ownership) => Effect.Effect<void, FileError>
  /** Changes owner, group and mode of what is there. */
  readonly setOwnership: (path: string, ownership: Ownership) => Effect.Effect<void, FileError>
  /** Removes a file, or a folder with all that is in it. Nothing there is fine. */
  readonly remove: (path: string) => Effect.Effect<void, FileError>
}

/**
 * What a check may do on a target.
 *
 * @since 0.1.0
 */
export interface ReadOperations extends Reads {
  /** Runs a command that begins like one of `allowed`; any other is refused. */
  readonly run: (
    allowed: Command.Allowed,
    command: Command.Command
  ) => Effect.Effect<Command.Result, RunError | CommandNotAllowed>
  /** Starts a command that begins like one of `allowed`, until the scope ends. */
  readonly open: (
    allowed: Command.Allowed,
    command: Command.Command
  ) => Effect.Effect<Process, RunError | CommandNotAllowed, Scope.Scope>
}

/**
 * The target a deployment acts on.
 *
 * @example
 * ```ts
 * import { Target } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const fake = FakeTarget.make({})
 * const write = Effect.flatMap(Target.Target, (target) => target.writeFile("/srv/.env", "A=1", { mode: 0o640 }))
 * await Effect.runPromise(Effect.provide(write, FakeTarget.layer(fake)))
 * assert.equal(fake.files.get("/srv/.env")?.mode, 0o640)
 * ```
 *
 * @since 0.1.0
 */
export class Target extends Access.Control<Target, Operations>()("shipshape/Target") {}

/**
 * The same target, read-only: what checks use.
 *
 * @example
 * ```ts
 * import { Target } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const look = Effect.flatMap(Target.TargetProbe, (probe) => probe.stat("/srv/.env"))
 * const stat = await Effect.runPromise(Effect.provide(look, FakeTarget.layer(FakeTarget.make({}))))
 * assert.equal(stat, undefined)
 * ```
 *
 * @since 0.1.0
 */
export class TargetProbe extends Access.Probe<TargetProbe, ReadOperations>()("shipshape/TargetProbe") {}

/**
 * The containers of a deployment's services as targets. The docker plugin provides it.
 *
 * @example
 * ```ts
 * import { Command, Target } from "@shipshape/core"
 * import { FakeTarget } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const backend = FakeTarget.make({ name: "service backend", run: () => ({ stdout: "1000" }) }).operations
 * const user = Effect.flatMap(Target.Containers, (containers) =>
 *   containers.service("backend").run(Command.make("id", ["-u"]))
 * ).pipe(Effect.provideService(Target.Containers, {
 *   service: () => backend,
 *   oneOff: () => backend,
 *   revision: () => Effect.succeed("sha256:1")
 * }))
 * assert.equal((await Effect.runPromise(user)).stdout, "1000")
 * ```
 *
 * @since 0.1.0
 */
export class Containers extends Access.Control<
  Containers,
  {
    /** The running container of a service. It runs the image it was started with, which may be older than the last build. */
    readonly service: (name: string) => Operations
    /**
     * A container of a service's present image and configuration, made for one command and gone after it. It has no
     * terminal, starts no other service, and needs `image:NAME`: without it, it fails with `TargetUnavailable`.
     */
    readonly oneOff: (name: string) => Operations
    /**
     * What a one-off container would be made of now: the image's id and the service's configuration, as one text.
     * Whoever keeps a one-off container open starts another one when it changes.
     */
    readonly revision: (name: string) => Effect.Effect<string, RunError>
  }
>()("shipshape/Containers") {}

/**
 * Makes the reading side of a target.
 *
 * @example
 * ```ts
 * import { Command, Target } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const probe = Target.readOnly(yield* Target.Target)
 *   return yield* Effect.flip(probe.run([["git", "status"]], Command.make("git", ["clean", "-fd"])))
 * })
 * const error = await Effect.runPromise(program.pipe(Effect.provide(Target.local())))
 * assert.equal(error.code, "target.command-not-allowed")
 * ```
 *
 * @since 0.1.0
 */
export const readOnly = (target: Operations): ReadOperations => {
  const guard = (allowed: Command.Allowed, command: Command.Command) =>
    Command.isAllowed(allowed, command)
      ? Effect.void
      : Effect.fail(
          new CommandNotAllowed({
            command: Command.format(command),
            message: `a check may not run \`${Command.format(command)}\`: it is not on the probe's list of reading commands`,
            hint: "move the command to apply, or add it to the probe's list if it really changes nothing"
          })
        )
  return {
    name: target.name,
    resource: target.resource,
    stat: target.stat,
    readFile: target.readFile,
    list: target.list,
    run: (allowed, command) => Effect.andThen(guard(allowed, command), target.run(command)),
    open: (allowed, command) => Effect.andThen(guard(allowed, command), target.open(command))
  }
}

/**
 * A layer from a target's operations.
 *
 * @example
 * ```ts
 * import { Target } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const target = yield* Target.Target
 *   return yield* Effect.provide(Target.TargetProbe, Target.layer({ ...target, name: "a copy" }))
 * })
 * const probe = await Effect.runPromise(program.pipe(Effect.provide(Target.local())))
 * assert.equal(probe.name, "a copy")
 * ```
 *
 * @since 0.1.0
 */
export const layer = (target: Operations): Layer.Layer<Target | TargetProbe> =>
  Layer.mergeAll(Layer.succeed(Target, target), Layer.succeed(TargetProbe, readOnly(target)))

/**
 * This machine. `directory` is where commands run and what relative paths start from; the default is the process' own.
 *
 * @example
 * ```ts
 * import { Command, Target } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const target = yield* Target.Target
 *   return yield* target.run(Command.make("echo", ["a  b"]))
 * })
 * const result = await Effect.runPromise(program.pipe(Effect.provide(Target.local())))
 * assert.equal(result.stdout, "a  b")
 * ```
 *
 * @since 0.1.0
 */
export const local = (options: { readonly directory?: string } = {}): Layer.Layer<Target | TargetProbe> =>
  Layer.unwrap(
    // Loaded when a target is built, not when the library is imported.
    Effect.map(
      Effect.promise(() => import("./internal/localTarget.ts")),
      (module) => layer(module.make(options.directory ?? process.cwd()))
    )
  )
