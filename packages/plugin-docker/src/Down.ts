/**
 * Services that do not run, and volumes that are gone.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe, type Container, type Volume } from "./ComposeProbe.ts"
import { NotSupported } from "./DockerError.ts"
import { Names } from "./internal/fields.ts"
import { servicesOf, volumesOf } from "./internal/names.ts"
import * as resources from "./internal/resources.ts"

const isUp = ({ state }: Container): boolean => state === "running" || state === "restarting" || state === "paused"

const touchedBy = (containers: ReadonlyArray<Container>) =>
  [...new Set(containers.map(({ service }) => service))].map(resources.service)

/**
 * No container of these services runs. The containers stay, and start again as they were.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * assert.equal(Compose.stop("quiet", { services: ["worker"] }).type, "docker.stop")
 * ```
 *
 * @since 0.1.0
 */
export const stop = Step.make("docker.stop", {
  description: "No container of the services runs",
  risk: "reversible",
  alters: "none",
  input: { services: Names },
  output: {},
  observes: ({ services }) => [resources.configuration, ...services.map(resources.service)],
  touches: ({ services }) => services.map(resources.service),
  check: Effect.fn("docker.stop.check")(function* ({ services: names }) {
    const probe = yield* ComposeProbe
    yield* servicesOf(yield* probe.project, names)
    const up = (yield* probe.containers).filter((c) => names.includes(c.service) && !c.oneOff && isUp(c))
    return up.length === 0
      ? Check.satisfied({})
      : Check.needed(
          up.map(({ name }) => ({ summary: `stop ${name}` })),
          { touches: touchedBy(up) }
        )
  }),
  apply: Effect.fn("docker.stop.apply")(function* ({ services }) {
    yield* (yield* ComposeControl).stop(services)
  })
})

/**
 * The project has no containers. Volumes stay, and with them the data.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * assert.equal(Compose.down("down", {}).risk, "reversible")
 * ```
 *
 * @since 0.1.0
 */
export const down = Step.make("docker.down", {
  description: "The project has no containers",
  risk: "reversible",
  alters: "none",
  input: {},
  output: {},
  observes: () => "*",
  check: Effect.fn("docker.down.check")(function* () {
    const containers = yield* (yield* ComposeProbe).containers
    return containers.length === 0
      ? Check.satisfied({})
      : Check.needed(
          containers.map(({ name }) => ({ summary: `remove ${name}` })),
          { touches: touchedBy(containers) }
        )
  }),
  apply: Effect.fn("docker.down.apply")(function* () {
    yield* (yield* ComposeControl).down
  })
})

const external = ({ key, name }: Volume): NotSupported =>
  new NotSupported({
    name: key,
    message: `volume ${key} (${name}) is external: it does not belong to this project`,
    hint: "remove it where it belongs, or take it out of Compose.removeVolumes"
  })

const look = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
  const probe = yield* ComposeProbe
  const volumes = yield* volumesOf(yield* probe.project, keys)
  const foreign = volumes.find((volume) => volume.external)
  if (foreign !== undefined) return yield* external(foreign)
  const there = yield* probe.volumes
  const present = volumes.filter(({ name }) => there.has(name))
  const users = (yield* probe.containers).filter((c) => present.some(({ name }) => c.volumes.includes(name)))
  return { present, users }
})

/**
 * Volumes of the project are gone, with all that was in them; the containers that used them are stopped and removed
 * first. `volumes` are the names in the Compose file. A volume that belongs to another project, or that a container of
 * another project uses, is refused.
 *
 * @example
 * ```ts
 * import { onFresh } from "@shipshape/core"
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const clean = Compose.removeVolumes("clean-slate", { volumes: ["postgres_data", "media"] })
 * assert.equal(clean.risk, "destructive")
 * onFresh(clean)
 * ```
 *
 * @since 0.1.0
 */
export const removeVolumes = Step.make("docker.removeVolumes", {
  description: "Volumes of the project are gone, with all that was in them",
  risk: "destructive",
  alters: "data",
  input: { volumes: Names },
  output: {},
  observes: ({ volumes }) => [resources.configuration, ...volumes.map(resources.volume)],
  touches: ({ volumes }) => volumes.map(resources.volume),
  check: Effect.fn("docker.removeVolumes.check")(function* ({ volumes: keys }) {
    const { present, users } = yield* look(keys)
    if (present.length === 0) return Check.satisfied({})
    return Check.needed(
      [
        ...users.map(({ name }) => ({ summary: `stop and remove ${name}, which uses them` })),
        ...present.map(({ name }) => ({ summary: `remove volume ${name} with all its data` }))
      ],
      { touches: [...present.map(({ key }) => resources.volume(key)), ...touchedBy(users)] }
    )
  }),
  apply: Effect.fn("docker.removeVolumes.apply")(function* ({ volumes: keys }) {
    const control = yield* ComposeControl
    const { present, users } = yield* look(keys)
    if (users.length > 0) yield* control.removeContainers(users.map(({ id }) => id))
    if (present.length > 0) yield* control.removeVolumes(present.map(({ name }) => name))
  })
})
