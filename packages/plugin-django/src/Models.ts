/**
 * Models: the schema that an application's code asks for.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import { modelsScript } from "./internal/python/models.ts"

/**
 * Where the application's code is.
 *
 * @since 0.1.0
 */
export interface ModelsOptions {
  /** What starts the interpreter. The default is `python3`. */
  readonly python?: readonly [string, ...ReadonlyArray<string>]
  /** The path of `manage.py` from `directory`. */
  readonly manage?: string
  /** The default is the container's own working folder, or that of the target. */
  readonly directory?: string
  /** The service in whose container the code is; without it, the code is on the target itself. */
  readonly service?: string
  /** Whether the container is made of the service's present image and removed, as after a build. The default is no. */
  readonly oneOff?: boolean
  readonly env?: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** The alias of the database. The default is `default`. */
  readonly database?: string
}

/**
 * A program that fills an empty database with a schema, for `Postgres.compare`.
 *
 * @since 0.1.0
 */
export interface SchemaProgram {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly oneOff: boolean
  readonly directory?: string
  readonly service?: string
}

/**
 * The schema that the application's migrations make, as what `Postgres.compare` expects of a database. All migrations are
 * run in an empty scratch database of the server that the settings name, with the settings' own user: those that change
 * rows, too. No other database is opened.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const drift = Postgres.compare("no-drift", { expected: Django.models({ service: "backend", oneOff: true }) })
 * assert.equal(drift.type, "postgres.compare")
 * ```
 *
 * @since 0.1.0
 */
export const models = (options: ModelsOptions): SchemaProgram => {
  const { database = "default", directory, env = {}, manage = "manage.py", oneOff = false, service } = options
  const [program, ...before] = options.python ?? ["python3"]
  return {
    program,
    args: [...before, "-c", modelsScript, manage, database],
    env,
    oneOff,
    ...(directory === undefined ? {} : { directory }),
    ...(service === undefined ? {} : { service })
  }
}
