/** What Docker and Compose print, as what a look needs of it. Unknown keys are left alone: each version adds some. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Condition, Container, Image, Project, Service } from "../ComposeProbe.ts"
import { DockerFailed } from "../DockerError.ts"

const conditions = Schema.Literals(["service_started", "service_healthy", "service_completed_successfully"])

const ServiceConfig = Schema.Struct({
  image: Schema.optionalKey(Schema.String),
  build: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
  depends_on: Schema.optionalKey(Schema.Record(Schema.String, Schema.Struct({ condition: conditions }))),
  volumes: Schema.optionalKey(
    Schema.Array(Schema.Struct({ type: Schema.String, source: Schema.optionalKey(Schema.String) }))
  ),
  deploy: Schema.optionalKey(Schema.NullOr(Schema.Struct({ replicas: Schema.optionalKey(Schema.Int) }))),
  scale: Schema.optionalKey(Schema.Int)
})

const Config = Schema.Struct({
  name: Schema.String,
  services: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, ServiceConfig))),
  volumes: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      Schema.NullOr(
        Schema.Struct({ name: Schema.optionalKey(Schema.String), external: Schema.optionalKey(Schema.Boolean) })
      )
    )
  )
})

/** What `docker compose config` prints. */
export type Config = typeof Config.Type

const Inspected = Schema.Struct({
  Id: Schema.String,
  Name: Schema.String,
  Image: Schema.String,
  RestartCount: Schema.Int,
  State: Schema.Struct({
    Status: Schema.Literals(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    ExitCode: Schema.Int,
    StartedAt: Schema.String,
    Health: Schema.optionalKey(
      Schema.NullOr(
        Schema.Struct({
          Status: Schema.String,
          Log: Schema.NullOr(Schema.Array(Schema.Struct({ Output: Schema.String })))
        })
      )
    )
  }),
  Config: Schema.Struct({ Labels: Schema.Record(Schema.String, Schema.String) }),
  Mounts: Schema.NullOr(Schema.Array(Schema.Struct({ Type: Schema.String, Name: Schema.optionalKey(Schema.String) })))
})

const InspectedImage = Schema.Struct({
  Id: Schema.String,
  RepoTags: Schema.NullOr(Schema.Array(Schema.String)),
  RepoDigests: Schema.NullOr(Schema.Array(Schema.String)),
  Config: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({ Labels: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))) })
    )
  )
})

const parser = <S extends Schema.Constraint & { readonly DecodingServices: never }>(command: string, schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return (text: string): Effect.Effect<S["Type"], DockerFailed> =>
    Effect.mapError(
      decode(text),
      (cause) =>
        new DockerFailed({
          command,
          message: `\`${command}\` printed something that cannot be read`,
          hint: "this version of Docker or Compose may be newer than Shipshape knows: report it, with the versions of both",
          cause
        })
    )
}

export const parseConfig = parser("docker compose config", Config)

export const parseContainers = (text: string): Effect.Effect<ReadonlyArray<Container>, DockerFailed> =>
  Effect.map(parseInspected(text), (all) => all.map(containerOf))

const parseInspected = parser("docker inspect", Schema.Array(Inspected))

export const parseVersion = parser("docker compose version", Schema.Struct({ version: Schema.String }))

export const parseInfo = parser(
  "docker info",
  Schema.Struct({
    ServerVersion: Schema.optionalKey(Schema.String),
    DockerRootDir: Schema.optionalKey(Schema.String),
    ServerErrors: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
  })
)

/** `web 2640fda…`, a line for each service. */
export const parseHashes = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [name, hash] = line.trim().split(/\s+/)
      return name === undefined || hash === undefined ? [] : [[name, hash] as const]
    })
  )

export const projectOf = (config: Config, hashes: ReadonlyMap<string, string>): Project => ({
  name: config.name,
  services: Object.fromEntries(
    Object.entries(config.services ?? {}).map(([name, service]): [string, Service] => [
      name,
      {
        name,
        image: service.image ?? `${config.name}-${name}`,
        buildable: service.build !== undefined && service.build !== null,
        hash: hashes.get(name) ?? "",
        dependsOn: Object.fromEntries(
          Object.entries(service.depends_on ?? {}).map(([on, { condition }]): [string, Condition] => [on, condition])
        ),
        volumes: (service.volumes ?? []).flatMap(({ source, type }) =>
          type === "volume" && source !== undefined ? [source] : []
        ),
        replicas: service.deploy?.replicas ?? service.scale ?? 1
      }
    ])
  ),
  volumes: Object.fromEntries(
    Object.entries(config.volumes ?? {}).map(([key, volume]) => [
      key,
      {
        key,
        name: volume?.name ?? `${config.name}_${key}`,
        external: volume?.external === true
      }
    ])
  )
})

const label = (name: string): string => `com.docker.compose.${name}`

const healthOf = (status: string | undefined): Container["health"] =>
  status === "starting" || status === "healthy" || status === "unhealthy" ? status : undefined

const containerOf = ({ Config, Id, Image, Mounts, Name, RestartCount, State }: typeof Inspected.Type): Container => ({
  id: Id,
  name: Name.replace(/^\//, ""),
  service: Config.Labels[label("service")] ?? "",
  state: State.Status,
  health: healthOf(State.Health?.Status),
  lastProbe: State.Health?.Log?.at(-1)?.Output.trim(),
  exitCode: State.ExitCode,
  restartCount: RestartCount,
  // The year 1 stands for never.
  startedAt: Math.max(0, Date.parse(State.StartedAt)),
  image: Image,
  hash: Config.Labels[label("config-hash")] ?? "",
  volumes: (Mounts ?? []).flatMap(({ Name, Type }) => (Type === "volume" && Name !== undefined ? [Name] : [])),
  oneOff: Config.Labels[label("oneoff")] === "True"
})

const parseInspectedImages = parser("docker image inspect", Schema.Array(InspectedImage))

/** The images that are there, by the references that were asked for. */
export const parseImages = (
  references: ReadonlyArray<string>,
  text: string
): Effect.Effect<ReadonlyMap<string, Image>, DockerFailed> =>
  Effect.map(parseInspectedImages(text), (all) => {
    const byName = new Map(
      all.flatMap(({ Config, Id, RepoDigests, RepoTags }) => {
        const image: Image = { id: Id, digests: RepoDigests ?? [], labels: Config?.Labels ?? {} }
        return [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])].map((name) => [canonical(name), image] as const)
      })
    )
    return new Map(
      references.flatMap((reference) => {
        const image = byName.get(canonical(reference))
        return image === undefined ? [] : [[reference, image] as const]
      })
    )
  })

/** A reference as the engine lists it: without Docker Hub's own prefixes, with a tag. */
const canonical = (reference: string): string => {
  const short = reference.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "")
  if (short.startsWith("sha256:")) return short
  // A tag besides a digest says nothing.
  if (short.includes("@")) return short.replace(/:[^/@]+@/, "@")
  return /:[^/]+$/.test(short) ? short : `${short}:latest`
}
