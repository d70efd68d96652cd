/**
 * What can be done to a Compose project. Only `apply` uses it.
 *
 * @since 0.1.0
 */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type {
  BuildFailed,
  CommandFailed,
  EngineError,
  NotWritable,
  ProjectError,
  PullFailed,
  VolumeInUse
} from "./DockerError.ts"

/**
 * How images are built.
 *
 * @since 0.1.0
 */
export interface BuildOptions {
  readonly noCache: boolean
  /** Pulls newer base images first. */
  readonly pull: boolean
  /** Labels that the images get, by service. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/**
 * A command in a container.
 *
 * @since 0.1.0
 */
export interface ContainerCommand {
  readonly service: string
  readonly command: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly user: string | undefined
}

/**
 * The writing side of a Compose project.
 *
 * @example
 * ```ts
 * import { ComposeControl } from "@shipshape/plugin-docker"
 * import { DockerWorld } from "@shipshape/plugin-docker/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DockerWorld.make({ services: { db: { image: "postgres:17" } } })
 * const up = Effect.flatMap(ComposeControl, (control) => control.up(["db"]))
 * await Effect.runPromise(Effect.provide(up, world.layer))
 * assert.equal(world.isUp("db"), true)
 * ```
 *
 * @since 0.1.0
 */
export class ComposeControl extends Access.Control<
  ComposeControl,
  {
    readonly build: (
      services: ReadonlyArray<string>,
      options: BuildOptions
    ) => Effect.Effect<void, ProjectError | BuildFailed>
    readonly pull: (services: ReadonlyArray<string>) => Effect.Effect<void, ProjectError | PullFailed>
    /** Lets a reference point to the image of this id. */
    readonly tag: (id: string, reference: string) => Effect.Effect<void, EngineError>
    /** Takes a reference away, and with the last one the image, unless a running container uses it. */
    readonly untag: (reference: string) => Effect.Effect<void, EngineError>
    /** Makes, replaces and starts containers, those of the services they depend on too. Builds nothing. */
    readonly up: (services: ReadonlyArray<string>) => Effect.Effect<void, ProjectError>
    readonly unpause: (services: ReadonlyArray<string>) => Effect.Effect<void, ProjectError>
    readonly restart: (services: ReadonlyArray<string>) => Effect.Effect<void, ProjectError>
    readonly stop: (services: ReadonlyArray<string>) => Effect.Effect<void, ProjectError>
    /** Stops and removes containers and networks; volumes stay. */
    readonly down: Effect.Effect<void, ProjectError>
    /** Stops containers and removes them, by id. */
    readonly removeContainers: (ids: ReadonlyArray<string>) => Effect.Effect<void, ProjectError>
    /** Removes volumes, by the engine's names. */
    readonly removeVolumes: (names: ReadonlyArray<string>) => Effect.Effect<void, ProjectError | VolumeInUse>
    /** Runs a command in a container of its own, which is removed afterwards. */
    readonly run: (
      command: ContainerCommand & { readonly withDependencies: boolean }
    ) => Effect.Effect<void, ProjectError | CommandFailed>
    /** Runs a command in the running container of a service. */
    readonly exec: (command: ContainerCommand) => Effect.Effect<void, CommandFailed | Target.RunError>
    /** Makes directories in the running container of a service, as root, and proves that its own user can write there. */
    readonly makeDirectories: (
      service: string,
      paths: ReadonlyArray<string>,
      ownership: { readonly uid: number; readonly gid: number; readonly mode: number }
    ) => Effect.Effect<void, NotWritable | Target.RunError>
    /**
     * Removes directories that are empty, in this order, in the running container of a service or, without one, on the
     * machine. Gives those that are not, which stay.
     */
    readonly removeDirectories: (
      service: string | undefined,
      paths: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<string>, Target.RunError>
  }
>()("docker/ComposeControl") {}
