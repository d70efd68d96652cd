/**
 * The plugin: a Compose project on the deployment's target.
 *
 * @since 0.1.0
 */
import { Leftovers, Plugin, Services, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { build, pull } from "./Build.ts"
import { ComposeControl } from "./ComposeControl.ts"
import { ComposeProbe } from "./ComposeProbe.ts"
import { down, removeVolumes, stop } from "./Down.ts"
import { present } from "./EnvFile.ts"
import type { ProjectOptions } from "./internal/cli.ts"
import { makeService } from "./internal/containers.ts"
import * as control from "./internal/control.ts"
import { makeGuests } from "./internal/guests.ts"
import { clearing } from "./internal/leftovers.ts"
import { makeOneOff, makeRevision } from "./internal/oneOff.ts"
import * as probe from "./internal/probe.ts"
import { makeServices } from "./internal/services.ts"
import { preflight } from "./Preflight.ts"
import { exec, run } from "./Run.ts"
import { directories } from "./Storage.ts"
import { up } from "./Up.ts"

const layer = (
  options: ProjectOptions
): Layer.Layer<ComposeProbe | ComposeControl | Services.Services | Target.Containers, never, Plugin.Base> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const machine = yield* Target.Target
      const reads = yield* Target.TargetProbe
      const guests = makeGuests()
      const facts = probe.makeFacts(options, reads)
      const projectName =
        options.project === undefined ? Effect.map(facts.config, ({ name }) => name) : Effect.succeed(options.project)
      yield* Leftovers.clearedBy(clearing(machine, projectName))
      const compose = probe.make(options, reads, facts, guests)
      return Layer.mergeAll(
        Layer.succeed(ComposeProbe, compose),
        Layer.succeed(Services.Services, makeServices(compose)),
        Layer.succeed(ComposeControl, control.make(options, machine, guests)),
        Layer.succeed(Target.Containers, {
          service: makeService(options, machine, guests),
          oneOff: makeOneOff(options, machine, facts, guests),
          revision: makeRevision(facts)
        })
      )
    })
  )

/**
 * The plugin for a Compose project: what its steps act on.
 *
 * `directory` is the project's folder; `files` its Compose files, by default `compose.yml`, paths within the folder;
 * `project` the name to use instead of the file's own; `envFile` the file to replace variables from instead of `.env`;
 * `profiles` those to turn on. Which engine is meant comes from the environment (`DOCKER_HOST`, `DOCKER_CONTEXT`).
 *
 * It provides the containers of the project's services to the plugins that come after it.
 *
 * @example
 * ```ts
 * import { Compose } from "@shipshape/plugin-docker"
 * import assert from "node:assert"
 *
 * const docker = Compose.project({ directory: "/srv/edms", files: ["compose.yml", "compose.staging.yml"] })
 * assert.equal(docker.name, "docker")
 * ```
 *
 * @since 0.1.0
 */
export const project = Plugin.define("docker", {
  version: "0.1.0",
  description: "Docker Compose: projects, images, volumes, storage and env files",
  steps: { preflight, build, pull, up, stop, down, removeVolumes, run, exec, present, directories },
  options: {
    directory: Schema.NonEmptyString,
    files: Schema.NonEmptyArray(Schema.NonEmptyString).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed(["compose.yml"] as const))
    ),
    project: Schema.optionalKey(Schema.NonEmptyString),
    envFile: Schema.optionalKey(Schema.NonEmptyString),
    profiles: Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
  },
  layer: ({ directory, envFile, files, profiles, project }) => layer({ directory, envFile, files, profiles, project })
})
