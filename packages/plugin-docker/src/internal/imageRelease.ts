/** What steps that bring images leave in a release, and the way back to it. */
import { Check, type Release, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ComposeControl } from "../ComposeControl.ts"
import { ComposeProbe, type Service } from "../ComposeProbe.ts"
import { ImageGone, NotSupported, type ProjectError, type UnknownName } from "../DockerError.ts"
import { fingerprintOf } from "./buildLabels.ts"
import { keptImage } from "./keptImage.ts"
import { servicesOf } from "./names.ts"
import * as resources from "./resources.ts"

const Recorded = Schema.Struct({
  reference: Schema.String,
  id: Schema.String,
  digests: Schema.Array(Schema.String),
  /** What the image was built from, where a step has built it. */
  fingerprint: Schema.optionalKey(Schema.String)
})

/** The images of services, as a release has them. One that is not there is left out. */
export const Images = Schema.Struct({ project: Schema.String, images: Schema.Record(Schema.String, Recorded) })

type Images = typeof Images.Type

export const record = Effect.fnUntraced(function* ({ services: names }: { readonly services: ReadonlyArray<string> }) {
  const probe = yield* ComposeProbe
  const project = yield* probe.project
  const services = yield* servicesOf(project, names)
  const there = yield* probe.images
  const images = services.flatMap(({ image: reference, name }) => {
    const image = there.get(reference)
    if (image === undefined) return []
    const fingerprint = fingerprintOf(image)
    const { digests, id } = image
    return [[name, { reference, id, digests, ...(fingerprint === undefined ? {} : { fingerprint }) }] as const]
  })
  return { project: project.name, images: Object.fromEntries(images) }
})

export const keep = Effect.fnUntraced(function* ({ images, project }: Images, keeping: Release.Keeping) {
  const control = yield* ComposeControl
  for (const [service, { id }] of Object.entries(images)) {
    yield* control.tag(id, keptImage(project, service, keeping))
  }
})

export const forget = Effect.fnUntraced(function* ({ images, project }: Images, keeping: Release.Keeping) {
  const control = yield* ComposeControl
  for (const service of Object.keys(images)) yield* control.untag(keptImage(project, service, keeping))
})

const short = (id: string): string => id.slice(0, "sha256:".length + 12)

const gone = (service: string, { digests, id }: typeof Recorded.Type, release: number): ImageGone =>
  new ImageGone({
    service,
    image: id,
    message: `the image of ${service} in release ${release}, ${short(id)}, is no longer there`,
    hint: `${
      digests[0] === undefined ? "bring it back with `docker load`" : `\`docker pull ${digests[0]}\` brings it back`
    }; or go back to another release; or deploy that release's revision, which builds it anew`
  })

const pinned = ({ image, name }: Service, release: number): NotSupported =>
  new NotSupported({
    name,
    message: `the Compose file pins the image of ${name} by digest, ${image}, which is not the one of release ${release}`,
    hint: `write the digest of release ${release} into the Compose file`
  })

/** The services whose image is another one than the release has, and that one. */
const moved = Effect.fnUntraced(function* (names: ReadonlyArray<string>, { images }: Images) {
  const probe = yield* ComposeProbe
  const services = yield* servicesOf(yield* probe.project, names)
  const present = yield* probe.images
  return services.flatMap((service) => {
    const recorded = images[service.name]
    const before = present.get(service.image)?.id
    return recorded === undefined || recorded.id === before ? [] : [{ service, recorded, before }]
  })
})

/** What is to be done, and what that replaces. */
interface Pending {
  readonly changes: ReadonlyArray<Check.Change>
  readonly touches: ReadonlyArray<Resource.Resource>
}

const nothing: Pending = { changes: [], touches: [] }

const look = Effect.fnUntraced(function* (names: ReadonlyArray<string>, part: Images, release: number) {
  const probe = yield* ComposeProbe
  const pending = yield* moved(names, part)
  const there = yield* probe.findImages(pending.map(({ recorded }) => recorded.id))
  for (const { recorded, service } of pending) {
    if (!there.has(recorded.id)) return yield* gone(service.name, recorded, release)
    if (service.image.includes("@")) return yield* pinned(service, release)
  }
  const references = new Set(pending.map(({ service }) => service.image))
  const users = Object.values((yield* probe.project).services).filter(({ image }) => references.has(image))
  return {
    touches: users.map(({ name }) => resources.image(name)),
    changes: pending.map(({ before, recorded, service }) => ({
      summary: `image of ${service.name} (release ${release})`,
      ...(before === undefined ? {} : { before: short(before) }),
      after: short(recorded.id)
    }))
  }
})

/** How services that a release knows nothing of get their images, and what a step says when all have theirs. */
export interface Otherwise<A, E> {
  readonly look: (names: ReadonlyArray<string>) => Effect.Effect<Pending, E, ComposeProbe>
  readonly apply: (names: ReadonlyArray<string>) => Effect.Effect<void, E, ComposeProbe | ComposeControl>
  readonly output: Effect.Effect<A, ProjectError | UnknownName, ComposeProbe>
}

/** The way back: references point to the images that the release has. */
export const back = <A, E>(
  { input, part, release }: Release.Back<{ readonly services: ReadonlyArray<string> }, Images>,
  otherwise: Otherwise<A, E>
): Release.Way<
  A,
  E | ProjectError | UnknownName | ImageGone | NotSupported,
  ComposeProbe,
  ComposeProbe | ComposeControl
> => {
  const known = input.services.filter((name) => part.images[name] !== undefined)
  const others = input.services.filter((name) => part.images[name] === undefined)
  return {
    check: Effect.gen(function* () {
      const own = yield* look(known, part, release.number)
      const other = others.length === 0 ? nothing : yield* otherwise.look(others)
      const changes = [...own.changes, ...other.changes]
      return changes.length === 0
        ? Check.satisfied(yield* otherwise.output)
        : Check.needed(changes, { touches: [...own.touches, ...other.touches] })
    }),
    apply: Effect.gen(function* () {
      const control = yield* ComposeControl
      for (const { recorded, service } of yield* moved(known, part)) yield* control.tag(recorded.id, service.image)
      if (others.length > 0) yield* otherwise.apply(others)
    })
  }
}
