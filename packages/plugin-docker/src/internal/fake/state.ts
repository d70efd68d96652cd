/** The state of a fake Docker world, and what follows from it. */

import { createHash } from "node:crypto"
import type { Command } from "@shipshape/core"
import { Dotenv } from "@shipshape/core"
import type { FakeTarget } from "@shipshape/core/testing"
import * as Result from "effect/Result"
import type { BuildInputs, Condition, Container, Image, LogLine, Project, Service } from "../../ComposeProbe.ts"
import { FileMissing, type ProjectError, VariableMissing } from "../../DockerError.ts"

/**
 * When a container's health check passes: at once, never, or so many milliseconds after its start. One that never does
 * is unhealthy after ten seconds.
 *
 * @since 0.1.0
 */
export type Health = "healthy" | "never" | { readonly afterMillis: number }

/**
 * A service of a fake world.
 *
 * @since 0.1.0
 */
export interface FakeService {
  /** The image's reference. Where it is left out, Compose's own name for it. */
  image?: string
  /** The texts of the files that the image is built from, by path; a service without them comes from a registry. */
  build?: Record<string, string>
  /** Where volumes are mounted, by the volumes' keys. */
  volumes?: Record<string, string>
  dependsOn?: Record<string, Condition>
  /** A service without it has no health check. */
  health?: Health
  /** The user id that its containers run as; root where it is left out. */
  user?: number
  /** The env file whose content is part of its configuration. */
  envFile?: string
  environment?: Record<string, string>
  replicas?: number
  /** The texts of files that the image holds, by path. */
  files?: Record<string, string>
  /**
   * How commands in its containers end; `undefined` where there is no such program. `built` are the texts of the files
   * that the container's image was built from.
   */
  run?: (command: Command.Command, built: Readonly<Record<string, string>>) => Partial<Command.Result> | undefined
}

/** An image of a fake world: what it was made of stays, whatever becomes of its names and of the Compose file. */
export interface FakeImage extends Image {
  readonly built: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
}

/** A container of a fake world. */
export interface FakeContainer {
  readonly id: string
  readonly service: string
  readonly image: string
  readonly hash: string
  readonly number: number
  readonly target: FakeTarget.FakeTarget
  state: Container["state"]
  exitCode: number
  startedAt: number
  restartCount: number
  readonly log: Array<LogLine>
}

/** Everything that a fake world holds. */
export interface State {
  readonly project: string
  readonly directory: string
  readonly services: Map<string, FakeService>
  readonly variables: ReadonlyArray<string>
  readonly containers: Map<string, FakeContainer>
  /** By id. */
  readonly stored: Map<string, FakeImage>
  /** Ids by name. */
  readonly names: Map<string, string>
  readonly volumes: Set<string>
  readonly volumeFiles: Map<string, Map<string, FakeTarget.Entry>>
  readonly machine: FakeTarget.FakeTarget
  readonly log: Array<string>
  readonly engine: { docker: string; compose: string; root: string; freeMiB: number }
  readonly ports: Map<number, string>
  readonly failing: { readonly build: Set<string>; readonly pull: Set<string> }
  problem: ProjectError | undefined
  next: number
}

/** How long a health check that never passes takes to say so, in milliseconds. */
const unhealthyAfter = 10_000

export const digestOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex")

export const imageOf = (state: State, name: string): string =>
  state.services.get(name)?.image ?? `${state.project}-${name}`

/** A folder as a system makes it. */
export const folder: FakeTarget.Entry = { content: undefined, uid: 0, gid: 0, mode: 0o755 }

/** Makes the folders that files are in. */
export const makeFolders = (files: Map<string, FakeTarget.Entry>): void => {
  for (const path of [...files.keys()]) {
    const words = path.split("/")
    for (let i = 2; i < words.length; i++) {
      const above = words.slice(0, i).join("/")
      if (path.startsWith("/") && !files.has(above)) files.set(above, folder)
    }
  }
}

/** The images that have a name, by it. */
export const imagesOf = (state: State): Map<string, FakeImage> =>
  new Map(
    [...state.names].flatMap(([name, id]) => {
      const image = state.stored.get(id)
      return image === undefined ? [] : [[name, image] as const]
    })
  )

/** The image that a service would be made of now. */
export const presentImage = (state: State, service: string): FakeImage | undefined =>
  imagesOf(state).get(imageOf(state, service))

/** Puts an image of a service into the world, made of what its definition says now, and gives it the service's name. */
export const storeImage = (state: State, service: string, image: Image): void => {
  const { build = {}, files = {} } = state.services.get(service) ?? {}
  state.stored.set(image.id, { ...image, built: { ...build }, files: { ...files } })
  state.names.set(imageOf(state, service), image.id)
}

/** Takes away those of these images that have no name and no container. */
export const removeUnused = (state: State, ids: Iterable<string>): void => {
  const used = new Set([...state.names.values(), ...[...state.containers.values()].map(({ image }) => image)])
  for (const id of [...ids]) if (!used.has(id)) state.stored.delete(id)
}

export const volumeName = (state: State, key: string): string => `${state.project}_${key}`

const textAt = (state: State, path: string): string | undefined => {
  const content = state.machine.files.get(path.startsWith("/") ? path : `${state.directory}/${path}`)?.content
  return content === undefined ? undefined : new TextDecoder().decode(content)
}

/** What an env file holds, whatever the order of its lines; its text where it cannot be read. */
const variablesAt = (state: State, path: string): unknown => {
  const text = textAt(state, path)
  const parsed = Dotenv.parse(text ?? "", path)
  return Result.isSuccess(parsed) ? Object.entries(parsed.success).toSorted(([a], [b]) => (a < b ? -1 : 1)) : text
}

const hashOf = (
  state: State,
  name: string,
  { dependsOn, envFile, environment, replicas: _, ...service }: FakeService
) =>
  digestOf({
    image: imageOf(state, name),
    volumes: service.volumes,
    health: service.health === undefined,
    user: service.user,
    environment,
    dependsOn,
    envFile: envFile === undefined ? undefined : variablesAt(state, envFile)
  })

/** What keeps Compose from reading the project. */
export const problemOf = (state: State): ProjectError | undefined => {
  if (state.problem !== undefined) return state.problem
  for (const { envFile } of state.services.values()) {
    if (envFile !== undefined && textAt(state, envFile) === undefined) {
      return new FileMissing({ kind: "env", path: envFile, message: `${envFile} does not exist`, hint: "create it" })
    }
  }
  const variables = Dotenv.parse(textAt(state, ".env") ?? "", ".env")
  const variable = state.variables.find((name) => Result.isFailure(variables) || (variables.success[name] ?? "") === "")
  return variable === undefined
    ? undefined
    : new VariableMissing({
        variable,
        message: `the Compose file requires ${variable}, which is not set`,
        hint: `set ${variable} in .env`
      })
}

export const projectOf = (state: State): Project => {
  const services = [...state.services].map(([name, service]): readonly [string, Service] => [
    name,
    {
      name,
      image: imageOf(state, name),
      buildable: service.build !== undefined,
      hash: hashOf(state, name, service),
      dependsOn: service.dependsOn ?? {},
      volumes: Object.keys(service.volumes ?? {}),
      replicas: service.replicas ?? 1
    }
  ])
  const keys = new Set(services.flatMap(([, { volumes }]) => volumes))
  return {
    name: state.project,
    services: Object.fromEntries(services),
    volumes: Object.fromEntries([...keys].map((key) => [key, { key, name: volumeName(state, key), external: false }]))
  }
}

export const inputsOf = (state: State): ReadonlyMap<string, BuildInputs> =>
  new Map(
    [...state.services].flatMap(([name, { build }]) => {
      if (build === undefined) return []
      const parts = Object.fromEntries(Object.entries(build).map(([path, text]) => [path, digestOf(text).slice(0, 8)]))
      return [[name, { fingerprint: digestOf(parts), context: name, parts }] as const]
    })
  )

const healthOf = (state: State, container: FakeContainer, now: number): Container["health"] => {
  const health = state.services.get(container.service)?.health
  if (health === undefined || container.state !== "running") return undefined
  const age = now - container.startedAt
  if (health === "never") return age >= unhealthyAfter ? "unhealthy" : "starting"
  return health === "healthy" || age >= health.afterMillis ? "healthy" : "starting"
}

export const viewOf =
  (state: State, now: number) =>
  (container: FakeContainer): Container => {
    const health = healthOf(state, container, now)
    return {
      id: container.id,
      name: `${state.project}-${container.service}-${container.number}`,
      service: container.service,
      state: container.state,
      health,
      lastProbe: health === "unhealthy" ? "the health check fails" : undefined,
      exitCode: container.exitCode,
      restartCount: container.restartCount,
      startedAt: container.startedAt,
      image: container.image,
      hash: container.hash,
      volumes: Object.keys(state.services.get(container.service)?.volumes ?? {}).map((key) => volumeName(state, key)),
      oneOff: false
    }
  }

export const containersOf = (state: State, service: string): ReadonlyArray<FakeContainer> =>
  [...state.containers.values()].filter((container) => container.service === service)

export const runningOf = (state: State, service: string): FakeContainer | undefined =>
  containersOf(state, service).find((container) => container.state === "running")
