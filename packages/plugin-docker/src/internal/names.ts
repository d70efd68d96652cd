import { Failure } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { Project, Service, Volume } from "../ComposeProbe.ts"
import { UnknownName } from "../DockerError.ts"

const unknown = (kind: UnknownName["kind"], name: string, project: Project, known: ReadonlyArray<string>) => {
  const close = Failure.nearest(name, known)
  return new UnknownName({
    kind,
    name,
    message: `Compose project ${project.name} has no ${kind} “${name}”${
      close === undefined ? "" : ` — did you mean “${close}”?`
    }`,
    hint:
      known.length === 0
        ? `add it to the Compose file: it has no ${kind} at all`
        : `give one that the Compose file has: ${known.join(", ")}`
  })
}

/** The services of these names, or the error that names the first that the project lacks. */
export const servicesOf = (
  project: Project,
  names: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Service>, UnknownName> =>
  Effect.forEach(names, (name) => {
    const service = project.services[name]
    return service === undefined
      ? Effect.fail(unknown("service", name, project, Object.keys(project.services)))
      : Effect.succeed(service)
  })

/** The volumes of these keys, or the error that names the first that the project lacks. */
export const volumesOf = (
  project: Project,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Volume>, UnknownName> =>
  Effect.forEach(keys, (key) => {
    const volume = project.volumes[key]
    return volume === undefined
      ? Effect.fail(unknown("volume", key, project, Object.keys(project.volumes)))
      : Effect.succeed(volume)
  })
