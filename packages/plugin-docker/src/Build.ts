/**
 * Images: built from what is here, or pulled from a registry.
 *
 * @since 0.1.0
 */
import { Check, Release, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "./ComposeControl.ts"
import { type BuildInputs, ComposeProbe, type Service } from "./ComposeProbe.ts"
import { NotSupported } from "./DockerError.ts"
import { isBuiltFrom, labelsOf, reasonToBuild } from "./internal/buildLabels.ts"
import { Flag, Names } from "./internal/fields.ts"
import { back, forget, Images, keep, record } from "./internal/imageRelease.ts"
import { servicesOf } from "./internal/names.ts"
import * as resources from "./internal/resources.ts"

const ImagesByService = Schema.Record(Schema.String, Schema.String)

const notBuildable = (service: Service): NotSupported =>
  new NotSupported({
    name: service.name,
    message: `service ${service.name} has no \`build\` in the Compose file: its image ${service.image} comes from a registry`,
    hint: "take it out of Compose.build, or pull it with Compose.pull"
  })

const conflict = (a: Service, b: Service): NotSupported =>
  new NotSupported({
    name: b.name,
    message: `services ${a.name} and ${b.name} build different inputs into the same image ${a.image}`,
    hint: "give one of them another `image` in the Compose file, or the same `build`"
  })

/** A service to build, with what goes into it. Services that share an image share its build. */
interface Target {
  readonly service: Service
  readonly inputs: BuildInputs
}

const targetsOf = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const probe = yield* ComposeProbe
  const services = yield* servicesOf(yield* probe.project, names)
  const inputs = yield* probe.buildInputs
  const targets = new Map<string, Target>()
  for (const service of services) {
    const own = inputs.get(service.name)
    if (own === undefined) return yield* notBuildable(service)
    const other = targets.get(service.image)
    if (other === undefined) targets.set(service.image, { service, inputs: own })
    else if (other.inputs.fingerprint !== own.fingerprint) return yield* conflict(other.service, service)
  }
  return { services, targets: [...targets.values()] }
})

const outdated = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const probe = yield* ComposeProbe
  const { services, targets } = yield* targetsOf(names)
  const images = yield* probe.images
  const pending = targets.filter(({ inputs, service }) => {
    const image = images.get(service.image)
    return image === undefined || !isBuiltFrom(image, inputs)
  })
  return { services, images, pending }
})

const lookAtBuild = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const { images, pending } = yield* outdated(names)
  const rebuilt = new Set(pending.map(({ service }) => service.image))
  const users = Object.values((yield* (yield* ComposeProbe).project).services).filter(({ image }) => rebuilt.has(image))
  return {
    changes: pending.map(({ inputs, service }) =>
      reasonToBuild(service.name, inputs.context, images.get(service.image), inputs)
    ),
    touches: users.map(({ name }) => resources.image(name))
  }
})

const builtImages = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const probe = yield* ComposeProbe
  const services = yield* servicesOf(yield* probe.project, names)
  const images = yield* probe.images
  return { images: Object.fromEntries(services.map(({ image, name }) => [name, images.get(image)?.id ?? ""])) }
})

const buildOutdated = Effect.fnUntraced(function* (
  names: ReadonlyArray<string>,
  how: { readonly noCache: boolean; readonly pull: boolean }
) {
  const { pending } = yield* outdated(names)
  if (pending.length === 0) return
  yield* (yield* ComposeControl).build(
    pending.map(({ service }) => service.name),
    {
      noCache: how.noCache,
      pull: how.pull,
      labels: Object.fromEntries(pending.map(({ inputs, service }) => [service.name, labelsOf(inputs)]))
    }
  )
})

const building = Step.make("docker.build", {
  description: "The images of services are built from what is here",
  risk: "reversible",
  alters: "none",
  input: { services: Names, noCache: Flag, pull: Flag },
  output: { images: ImagesByService },
  provides: ({ services }) => services.map(resources.image),
  observes: ({ services }) => [resources.configuration, ...services.map(resources.image)],
  touches: ({ services }) => services.map(resources.image),
  check: Effect.fn("docker.build.check")(function* ({ services: names }) {
    const { changes, touches } = yield* lookAtBuild(names)
    return changes.length === 0 ? Check.satisfied(yield* builtImages(names)) : Check.needed(changes, { touches })
  }),
  apply: Effect.fn("docker.build.apply")(function* (input) {
    yield* buildOutdated(input.services, input)
  })
})

/**
 * The images of services are built from exactly what is here: the files that the builder sees, the Dockerfile, and the
 * service's `build` in the Compose files. The image itself remembers that in its labels, so one that somebody else has
 * built or tagged is seen, and one that is up to date is left alone.
 *
 * The plan names what changed. A failed build leaves the image that was there. `noCache` builds every layer anew, `pull`
 * looks for newer base images, whenever it builds; neither makes it build more often.
 *
 * A folder `.shipshape` in a context never makes it build. The builder sees it all the same unless `.dockerignore`
 * names it, where it belongs: what is kept of env files lies in it.
 *
 * A release records each image, which then has the name `shipshape/<project>-<service>:<deployment>-<environment>-<number>`
 * too, as long as the release is kept: `docker image prune` leaves it, `docker image prune --all` does not. Going back
 * gives the service's reference to that image and builds nothing.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const images = Compose.build("images", { services: ["backend", "frontend"] })
 * assert.equal(images.type, "docker.build")
 * ```
 *
 * @since 0.1.0
 */
export const build = Release.of(building, {
  part: Images,
  record,
  keep,
  forget,
  back: (how) =>
    back(how, {
      look: lookAtBuild,
      apply: (names) => buildOutdated(names, how.input),
      output: builtImages(how.input.services)
    })
})

const lookAtMissing = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const probe = yield* ComposeProbe
  const services = yield* servicesOf(yield* probe.project, names)
  const images = yield* probe.images
  // Nothing that is there is replaced.
  return { changes: pulls(services.filter(({ image }) => !images.has(image))), touches: [] }
})

const pulls = (services: ReadonlyArray<Service>): ReadonlyArray<Check.Change> =>
  services.map(({ image, name }) => ({ summary: `pull ${image} for ${name}` }))

const pulledImages = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const services = yield* servicesOf(yield* (yield* ComposeProbe).project, names)
  return { images: Object.fromEntries(services.map(({ image, name }) => [name, image])) }
})

const pullWanted = Effect.fnUntraced(function* (names: ReadonlyArray<string>, policy: "missing" | "always") {
  const probe = yield* ComposeProbe
  const services = yield* servicesOf(yield* probe.project, names)
  const images = yield* probe.images
  const wanted = services.filter(({ image }) => policy === "always" || !images.has(image))
  if (wanted.length > 0) yield* (yield* ComposeControl).pull(wanted.map(({ name }) => name))
})

const pulling = Step.make("docker.pull", {
  description: "The images of services are there",
  risk: "reversible",
  alters: "none",
  input: {
    services: Names,
    policy: Schema.Literals(["missing", "always"]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("missing" as const))
    )
  },
  output: { images: ImagesByService },
  provides: ({ services }) => services.map(resources.image),
  observes: ({ services }) => [resources.configuration, ...services.map(resources.image)],
  touches: ({ services }) => services.map(resources.image),
  check: Effect.fn("docker.pull.check")(function* ({ policy, services: names }) {
    if (policy === "always") {
      const services = yield* servicesOf(yield* (yield* ComposeProbe).project, names)
      return Check.everyRun(pulls(services), yield* pulledImages(names))
    }
    const { changes, touches } = yield* lookAtMissing(names)
    return changes.length === 0 ? Check.satisfied(yield* pulledImages(names)) : Check.needed(changes, { touches })
  }),
  apply: Effect.fn("docker.pull.apply")(function* ({ policy, services: names }) {
    yield* pullWanted(names, policy)
  })
})

/**
 * The images of services are there. With `policy: "missing"`, the default, only those that are not are pulled; with
 * `"always"` all are pulled in every apply, as nobody can know without asking the registry whether a tag has moved.
 *
 * A release records and keeps them as {@link build} does, and going back pulls nothing that it has.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const database = Compose.pull("database-image", { services: ["db"], policy: "missing" })
 * assert.equal(database.type, "docker.pull")
 * ```
 *
 * @since 0.1.0
 */
export const pull = Release.of(pulling, {
  part: Images,
  record,
  keep,
  forget,
  back: (how) =>
    back(how, {
      look: lookAtMissing,
      apply: (names) => pullWanted(names, "missing"),
      output: pulledImages(how.input.services)
    })
})
