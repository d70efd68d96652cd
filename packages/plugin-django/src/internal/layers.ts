import { type Resource, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { DjangoControl } from "../DjangoControl.ts"
import { DjangoProbe } from "../DjangoProbe.ts"
import * as application from "./application.ts"

/** Where marks are kept, from the folder the deployment works in. */
const marks = ".shipshape/django"

const serving = (app: application.Application): Layer.Layer<DjangoProbe | DjangoControl> =>
  Layer.mergeAll(
    Layer.effect(DjangoProbe, application.probe(app)),
    Layer.effect(DjangoControl, application.control(app))
  )

/** The options of both layers. */
export interface Options {
  readonly python: readonly [string, ...ReadonlyArray<string>]
  readonly manage: string
}

/** What is in no container is always there; what is in it is replaced with it. */
const unchanging = Effect.succeed("")

/**
 * A one-off container begins when its database is up, and not earlier: nothing could be looked at, and the project's
 * network and volumes are there with the database, so that looking makes none.
 */
const databaseReached = (
  containers: Target.Containers["Service"],
  database: Resource.Resource
): application.Application["ready"] =>
  database.startsWith("service:") ? containers.service(database.slice("service:".length)).stat("/") : Effect.void

/** The application of a Compose service. */
export const inService = (
  options: Options & {
    readonly service: string
    readonly oneOff: boolean
    readonly directory: string | undefined
    readonly database: Resource.Resource
  }
): Layer.Layer<DjangoProbe | DjangoControl, never, Target.Containers | Target.Target> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const containers = yield* Target.Containers
      const running = containers.service(options.service)
      return serving({
        ...options,
        operations: options.oneOff ? containers.oneOff(options.service) : running,
        running,
        env: {},
        ready: options.oneOff ? databaseReached(containers, options.database) : Effect.void,
        revision: options.oneOff ? containers.revision(options.service) : unchanging,
        host: yield* Target.Target,
        marks
      })
    })
  )

/** The application in a folder of the target. */
export const local = (
  options: Options & {
    readonly directory: string
    readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
    readonly database: Resource.Resource | undefined
  }
): Layer.Layer<DjangoProbe | DjangoControl, never, Target.Target> =>
  Layer.unwrap(
    Effect.map(Target.Target, (target) =>
      serving({
        ...options,
        operations: target,
        running: target,
        ready: Effect.void,
        revision: unchanging,
        host: target,
        marks: `${options.directory}/${marks}`
      })
    )
  )
