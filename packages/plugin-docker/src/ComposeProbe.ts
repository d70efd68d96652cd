/**
 * What a look at a Compose project finds. Every question is asked at most once per look, whatever the number of steps.
 *
 * @since 0.1.0
 */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type { EngineError, ProjectError, UnknownName } from "./DockerError.ts"

/**
 * The Docker engine and its tools.
 *
 * @since 0.1.0
 */
export interface Engine {
  /** The engine's version, as in `26.1.5`. */
  readonly docker: string
  /** The version of `docker compose`, as in `2.26.1`. */
  readonly compose: string
  /** The folder in which the engine keeps images and volumes. */
  readonly root: string
}

/**
 * When a service that depends on another one may start.
 *
 * @since 0.1.0
 */
export type Condition = "service_started" | "service_healthy" | "service_completed_successfully"

/**
 * A service as the Compose files have it, variables replaced.
 *
 * @since 0.1.0
 */
export interface Service {
  readonly name: string
  /** The image's reference, the one that Compose makes up where the file has none. */
  readonly image: string
  /** Whether the project says how to build the image. */
  readonly buildable: boolean
  /** Compose's own digest of the configuration; containers carry it as a label. */
  readonly hash: string
  readonly dependsOn: Readonly<Record<string, Condition>>
  /** The keys of the named volumes that it mounts. */
  readonly volumes: ReadonlyArray<string>
  /** How many containers it is to have. */
  readonly replicas: number
}

/**
 * A named volume of the project.
 *
 * @since 0.1.0
 */
export interface Volume {
  readonly key: string
  /** The name that the engine knows. */
  readonly name: string
  /** Whether the project uses it and another one owns it. */
  readonly external: boolean
}

/**
 * A Compose project as its files have it.
 *
 * @since 0.1.0
 */
export interface Project {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, Volume>>
}

/**
 * A container of the project.
 *
 * @since 0.1.0
 */
export interface Container {
  readonly id: string
  readonly name: string
  readonly service: string
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"
  /** What its health check says; `undefined` where it has none. */
  readonly health: "starting" | "healthy" | "unhealthy" | undefined
  /** What the health check printed last. */
  readonly lastProbe: string | undefined
  readonly exitCode: number
  readonly restartCount: number
  /** Milliseconds since 1970; 0 where it never started. */
  readonly startedAt: number
  /** The id of the image it was made of. */
  readonly image: string
  /** The digest of the configuration it was made of. */
  readonly hash: string
  /** The engine's names of the volumes that it mounts. */
  readonly volumes: ReadonlyArray<string>
  /** Whether it was made by `run`, beside the service's own containers. */
  readonly oneOff: boolean
}

/**
 * An image that the engine has.
 *
 * @since 0.1.0
 */
export interface Image {
  readonly id: string
  /** What registries know it by, as in `postgres@sha256:…`; none where it was built here. */
  readonly digests: ReadonlyArray<string>
  readonly labels: Readonly<Record<string, string>>
}

/**
 * What goes into a build.
 *
 * @since 0.1.0
 */
export interface BuildInputs {
  /** A digest of all of them. */
  readonly fingerprint: string
  /** How messages name the context's folder; empty where it is the project's own, or elsewhere. */
  readonly context: string
  /** A short digest of each file of the context, of the Dockerfile and of the configuration, by name. */
  readonly parts: Readonly<Record<string, string>>
}

/**
 * A line of a container's log.
 *
 * @since 0.1.0
 */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly service: string
  readonly text: string
}

/**
 * Which lines of a log.
 *
 * @since 0.1.0
 */
export interface LogOptions {
  /** Only lines from this time on, in milliseconds since 1970. */
  readonly since?: number | undefined
  /** Only so many of the last lines of each container. */
  readonly tail?: number | undefined
}

/**
 * What is known of a directory in a container.
 *
 * @since 0.1.0
 */
export interface DirectoryFacts {
  readonly path: string
  /** `undefined` where nothing is there. */
  readonly found:
    | {
        readonly type: "directory" | "other"
        readonly uid: number
        readonly gid: number
        readonly mode: number
        /** Whether the user that the container runs as may make files in it. */
        readonly writable: boolean
      }
    | undefined
}

/**
 * The reading side of a Compose project.
 *
 * @example
 * ```ts
 * import { ComposeProbe } from "@shipshape/plugin-docker"
 * import { DockerWorld } from "@shipshape/plugin-docker/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DockerWorld.make({ services: { db: { image: "postgres:17" } } })
 * const services = Effect.flatMap(ComposeProbe, (probe) => Effect.map(probe.project, (p) => Object.keys(p.services)))
 * assert.deepEqual(await Effect.runPromise(Effect.provide(services, world.layer)), ["db"])
 * ```
 *
 * @since 0.1.0
 */
export class ComposeProbe extends Access.Probe<
  ComposeProbe,
  {
    /** The project's folder: relative paths of steps start there. */
    readonly directory: string
    readonly engine: Effect.Effect<Engine, EngineError>
    readonly project: Effect.Effect<Project, ProjectError>
    /** All containers of the project, stopped ones and one-offs too. */
    readonly containers: Effect.Effect<ReadonlyArray<Container>, ProjectError>
    /** The images of the project's services that are there, by reference. */
    readonly images: Effect.Effect<ReadonlyMap<string, Image>, ProjectError>
    /** Those of these images that are there, whosever they are, by the id or reference that was asked for. */
    readonly findImages: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Image>, EngineError>
    /** The names of all volumes that the engine has. */
    readonly volumes: Effect.Effect<ReadonlySet<string>, EngineError>
    /** What would go into the build of each service that can be built. */
    readonly buildInputs: Effect.Effect<ReadonlyMap<string, BuildInputs>, ProjectError | Target.FileError>
    /** The containers of a service, without one-offs. */
    readonly state: (service: string) => Effect.Effect<ReadonlyArray<Container>, ProjectError | UnknownName>
    /** What the containers of a service have printed, oldest first. */
    readonly logs: (
      service: string,
      options?: LogOptions
    ) => Effect.Effect<ReadonlyArray<LogLine>, ProjectError | UnknownName>
    /** Looks at directories in the running container of a service; all questions of a look are one round trip. */
    readonly directories: (
      service: string,
      paths: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<DirectoryFacts>, Target.RunError>
    /** Whether a command that only looks ends with exit code 0 in the running container of a service. */
    readonly test: (
      service: string,
      command: ReadonlyArray<string>,
      options?: { readonly user?: string | undefined }
    ) => Effect.Effect<boolean, Target.RunError>
    /** Which of these TCP ports something else than this project listens on, and what. */
    readonly takenPorts: (
      ports: ReadonlyArray<number>
    ) => Effect.Effect<ReadonlyArray<{ readonly port: number; readonly owner: string }>, ProjectError>
    /** How much space is free where a path is, in MiB. */
    readonly freeSpace: (path: string) => Effect.Effect<number, EngineError>
  }
>()("docker/ComposeProbe") {}
