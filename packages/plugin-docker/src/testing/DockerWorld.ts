/**
 * A Compose project in memory: images, containers, volumes, files, logs and health, which the steps change and a test
 * can read and damage.
 *
 * @since 0.1.0
 */
import { type Plugin, Services, Target } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ComposeControl } from "../ComposeControl.ts"
import { ComposeProbe, type Container } from "../ComposeProbe.ts"
import type { ProjectError } from "../DockerError.ts"
import { makeContainers } from "../internal/fake/containers.ts"
import { makeControl } from "../internal/fake/control.ts"
import { makeProbe } from "../internal/fake/probe.ts"
import {
  containersOf,
  digestOf,
  type FakeService,
  imageOf,
  makeFolders,
  presentImage,
  removeUnused,
  runningOf,
  type State,
  storeImage,
  viewOf,
  volumeName
} from "../internal/fake/state.ts"
import { makeServices } from "../internal/services.ts"

export type { FakeService, Health } from "../internal/fake/state.ts"

/**
 * What a fake world starts with.
 *
 * @since 0.1.0
 */
export interface Options {
  readonly services: Readonly<Record<string, FakeService>>
  /** The default is `app`. */
  readonly project?: string
  /** The project's folder. The default is `/srv/app`. */
  readonly directory?: string
  /** The texts of files on the machine, by absolute path, or by a path within the project's folder. */
  readonly files?: Readonly<Record<string, string>>
  /** Variables that the Compose file requires: `.env` must hold them. */
  readonly variables?: ReadonlyArray<string>
}

/**
 * A Compose project in memory. A test may read and change all of it at any time.
 *
 * @since 0.1.0
 */
export interface DockerWorld {
  /** Probe, control, containers, and a machine that holds the world's files and knows no command. */
  readonly layer: Layer.Layer<ComposeProbe | ComposeControl | Services.Services | Target.Containers | Plugin.Base>
  /** The Compose file: changes of it are changes of the configuration. */
  readonly services: Map<string, FakeService>
  /** The machine on which the project's folder is. */
  readonly machine: FakeTarget.FakeTarget
  /** Everything that was done to the project, in order. */
  readonly log: ReadonlyArray<string>
  /** The engine's volumes, by its own names. */
  readonly volumes: ReadonlySet<string>
  /** Ids of images by all names that they have, those that keep them for a release too. */
  readonly images: ReadonlyMap<string, string>
  /** Ports that something else listens on, and what. */
  readonly ports: Map<number, string>
  readonly engine: { docker: string; compose: string; root: string; freeMiB: number }
  /** Services whose build or pull fails. */
  readonly failing: { readonly build: Set<string>; readonly pull: Set<string> }
  /** All of the world that could be changed, for comparison. */
  readonly snapshot: () => unknown
  /** Keeps Compose from reading the project, until it is called without a problem. */
  readonly breakProject: (problem?: ProjectError) => void
  /** The containers of a service as a probe sees them now. */
  readonly containers: (service: string) => Effect.Effect<ReadonlyArray<Container>>
  /** Whether a service has a container that runs. */
  readonly isUp: (service: string) => boolean
  /** The files in a service's containers, the first one's where there are several. */
  readonly filesOf: (service: string) => Map<string, FakeTarget.Entry>
  /** Ends a service's containers, as a crash does. */
  readonly stop: (service: string, exitCode?: number) => void
  /** Lets a service's containers restart by themselves, so often. */
  readonly crashLoop: (service: string, restarts: number) => void
  /** Gives a service's image reference to another image, as a build by hand does. */
  readonly retag: (service: string) => void
  /** Takes the name of a service's image away. */
  readonly removeImage: (service: string) => void
  /** Takes away the images that have no name and no container, as `docker image prune` does. */
  readonly prune: () => void
  /** The texts that a service's present image, or that of its running container, was built from. */
  readonly builtFrom: (service: string, where: "image" | "container") => Readonly<Record<string, string>> | undefined
  /** Makes an empty volume, by its key. */
  readonly makeVolume: (key: string) => void
  /** Lets a service's containers print lines now. */
  readonly print: (service: string, ...lines: ReadonlyArray<string>) => Effect.Effect<void>
}

/**
 * Makes a Compose project in memory. Nothing runs and no image is there until steps bring them.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Compose } from "@shipshape/plugin-docker"
 * import { DockerWorld } from "@shipshape/plugin-docker/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DockerWorld.make({
 *   services: { db: { image: "postgres:17", volumes: { data: "/var/lib/postgresql/data" }, health: "healthy" } }
 * })
 * const deployment = defineDeployment("app", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [Compose.project({ directory: "/srv/app" })]
 * }, function*() {
 *   yield* Compose.up("database", { services: ["db"] })
 * })
 *
 * const rehearse = Rehearsal.apply(deployment, world.layer, { environment: "staging" })
 * assert.deepEqual((await Effect.runPromise(rehearse)).applied, ["database"])
 * assert.deepEqual((await Effect.runPromise(rehearse)).applied, [])
 *
 * world.stop("db")
 * assert.deepEqual((await Effect.runPromise(rehearse)).applied, ["database"])
 * assert.deepEqual(world.log, ["up db", "up db"])
 * ```
 *
 * @since 0.1.0
 */
export const make = ({
  directory = "/srv/app",
  files = {},
  project = "app",
  services,
  variables = []
}: Options): DockerWorld => {
  const state: State = {
    project,
    directory,
    services: new Map(Object.entries(services)),
    variables,
    containers: new Map(),
    stored: new Map(),
    names: new Map(),
    volumes: new Set(),
    volumeFiles: new Map(),
    machine: FakeTarget.make({
      name: "the fake machine",
      files: Object.fromEntries(
        Object.entries(files).map(([path, text]) => [path.startsWith("/") ? path : `${directory}/${path}`, text])
      )
    }),
    log: [],
    engine: { docker: "26.1.5", compose: "2.26.1", root: "/var/lib/docker", freeMiB: 100_000 },
    ports: new Map(),
    failing: { build: new Set(), pull: new Set() },
    problem: undefined,
    next: 1
  }
  makeFolders(state.machine.files)
  const probe = makeProbe(state)
  return {
    layer: Layer.mergeAll(
      Layer.succeed(ComposeProbe, probe),
      Layer.succeed(Services.Services, makeServices(probe)),
      Layer.succeed(ComposeControl, makeControl(state)),
      Layer.succeed(Target.Containers, makeContainers(state)),
      FakeTarget.layer(state.machine)
    ),
    services: state.services,
    machine: state.machine,
    log: state.log,
    volumes: state.volumes,
    images: state.names,
    ports: state.ports,
    engine: state.engine,
    failing: state.failing,
    ...damageOf(state)
  }
}

const damageOf = (
  state: State
): Pick<
  DockerWorld,
  | "snapshot"
  | "breakProject"
  | "containers"
  | "isUp"
  | "filesOf"
  | "stop"
  | "crashLoop"
  | "retag"
  | "removeImage"
  | "prune"
  | "builtFrom"
  | "makeVolume"
  | "print"
> => ({
  snapshot: () => ({
    images: [...state.names],
    volumes: [...state.volumes],
    machine: filesIn(state.machine),
    containers: [...state.containers.values()].map(({ target, ...container }) => [container, filesIn(target)])
  }),
  breakProject: (problem) => {
    state.problem = problem
  },
  containers: (service) =>
    Effect.map(Clock.currentTimeMillis, (now) => containersOf(state, service).map(viewOf(state, now))),
  isUp: (service) => containersOf(state, service).some((container) => container.state === "running"),
  filesOf: (service) => containersOf(state, service)[0]?.target.files ?? new Map(),
  stop: (service, exitCode = 137) => {
    for (const container of containersOf(state, service)) Object.assign(container, { state: "exited", exitCode })
  },
  crashLoop: (service, restartCount) => {
    for (const container of containersOf(state, service)) {
      Object.assign(container, { state: "restarting", restartCount, exitCode: 1 })
    }
  },
  retag: (service) => {
    storeImage(state, service, { id: `sha256:${digestOf(["by hand", state.next++])}`, digests: [], labels: {} })
  },
  removeImage: (service) => {
    state.names.delete(imageOf(state, service))
  },
  prune: () => removeUnused(state, state.stored.keys()),
  builtFrom: (service, where) =>
    (where === "image" ? presentImage(state, service) : state.stored.get(runningOf(state, service)?.image ?? ""))
      ?.built,
  makeVolume: (key) => {
    state.volumes.add(volumeName(state, key))
  },
  print: (service, ...lines) =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      for (const { log } of containersOf(state, service)) log.push(...lines.map((text) => ({ at, service, text })))
    })
})

const filesIn = ({ files }: FakeTarget.FakeTarget) =>
  [...files].map(([path, { content, ...entry }]) => [path, entry, content === undefined ? null : [...content]])
