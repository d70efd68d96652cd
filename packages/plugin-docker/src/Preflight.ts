/**
 * What has to be in order before anything runs.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ComposeProbe } from "./ComposeProbe.ts"
import { DiskSpaceLow, PortTaken, VersionUnsupported } from "./DockerError.ts"
import { isInRange, rangeProblem } from "./internal/version.ts"

const Range = Schema.String.check(Schema.makeFilter((range: string) => rangeProblem(range)))

const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 }))

const requireVersion = Effect.fnUntraced(function* (
  program: VersionUnsupported["program"],
  found: string,
  required: string | undefined
) {
  if (required === undefined || isInRange(found, required)) return
  return yield* new VersionUnsupported({
    program,
    found,
    required,
    message: `${program} is ${found}, and the deployment needs ${required}`,
    hint: `install ${program} ${required} where the deployment acts, or correct the range`
  })
})

const requireSpace = Effect.fnUntraced(function* (requiredMiB: number, path: string) {
  const probe = yield* ComposeProbe
  const freeMiB = yield* probe.freeSpace(path)
  if (freeMiB >= requiredMiB) return
  return yield* new DiskSpaceLow({
    path,
    freeMiB,
    requiredMiB,
    message: `${path} has ${freeMiB} MiB free, and the deployment needs ${requiredMiB} MiB`,
    hint: "`docker system df` says what Docker uses; free space, then run again"
  })
})

const requirePorts = Effect.fnUntraced(function* (ports: ReadonlyArray<number>) {
  const probe = yield* ComposeProbe
  const taken = yield* probe.takenPorts(ports)
  if (taken.length === 0) return
  return yield* new PortTaken({
    ports: taken,
    message: taken.map(({ owner, port }) => `port ${port} is taken by ${owner}`).join("; "),
    hint: "stop what listens there, or give the service another port"
  })
})

/**
 * Docker is installed, runs, and lets this user in; versions, disk space and ports are as the deployment needs them.
 * It repairs nothing: what is not in order blocks the plan, and ends an apply before anything has changed.
 *
 * `compose` and `docker` are ranges of versions, as in `">=2.20"`. `diskFreeMiB` is asked of `diskPath`, by default the
 * folder where Docker keeps images and volumes. A port of `ports` may be taken by this very project only; the error
 * names the container or program that has it.
 *
 * A Compose file that is not there, or cannot be read, fails it too. What an env file lacks does not: a later step may
 * write it.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const docker = Compose.preflight("docker", { compose: ">=2.20", diskFreeMiB: 2048, ports: [8001, 3001] })
 * assert.equal(docker.type, "docker.preflight")
 * ```
 *
 * @since 0.1.0
 */
export const preflight = Step.make("docker.preflight", {
  description: "Docker is there and usable, with the versions, space and ports that are needed",
  risk: "additive",
  alters: "none",
  input: {
    compose: Schema.optionalKey(Range),
    docker: Schema.optionalKey(Range),
    diskFreeMiB: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
    diskPath: Schema.optionalKey(Schema.NonEmptyString),
    ports: Schema.optionalKey(Schema.Array(Port))
  },
  output: { docker: Schema.String, compose: Schema.String },
  check: Effect.fn("docker.preflight.check")(function* ({ compose, diskFreeMiB, diskPath, docker, ports }) {
    const probe = yield* ComposeProbe
    const engine = yield* probe.engine
    yield* requireVersion("Docker", engine.docker, docker)
    yield* requireVersion("Compose", engine.compose, compose)
    const project = yield* Effect.result(probe.project)
    if (Result.isFailure(project) && !isForLater(project.failure)) return yield* project.failure
    if (diskFreeMiB !== undefined) yield* requireSpace(diskFreeMiB, diskPath ?? engine.root)
    // Which ports are the project's own is not known before it can be read; Compose.up finds a taken one then.
    if (ports !== undefined && Result.isSuccess(project)) yield* requirePorts(ports)
    return Check.satisfied({ docker: engine.docker, compose: engine.compose })
  }),
  apply: () => Effect.void
})

/** What a step that writes an env file may still bring. */
const isForLater = (error: { readonly _tag: string; readonly kind?: string }): boolean =>
  error._tag === "VariableMissing" || (error._tag === "FileMissing" && error.kind === "env")
