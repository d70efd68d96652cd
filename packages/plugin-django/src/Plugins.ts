/**
 * Where the application runs: in a service of a Compose project, or in a folder of the target.
 *
 * @since 0.1.0
 */
import { Plugin } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { command } from "./Commands.ts"
import { Off } from "./internal/fields.ts"
import * as layers from "./internal/layers.ts"
import { migrate } from "./Migrations.ts"
import { collectstatic } from "./StaticFiles.ts"
import { check } from "./SystemChecks.ts"
import { superuser, user } from "./Users.ts"
import { permission, verify } from "./Verifications.ts"

const description = "Django: checks, migrations, static files, commands, users and verifications"

const steps = { check, collectstatic, command, migrate, permission, superuser, user, verify }

const Resource = Schema.TemplateLiteral([Schema.String, ":", Schema.String])

const Python = Schema.NonEmptyArray(Schema.NonEmptyString).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed(["python3"] as const))
)

const Manage = Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("manage.py")))

/**
 * The application in a service of a Compose project; the docker plugin reaches its containers.
 *
 * It works in the service's running container. With `oneOff`, it works in containers of the service's present image
 * that are made for it and removed: use it where migrations run before the application is up. A running container is
 * then never used, since after a build it still has the migrations of before.
 *
 * `python` starts the interpreter, `manage` is the path of `manage.py` from `directory`, which is the container's
 * working folder unless it is given. `database` is what must be up for the database to answer, `service:db` unless it
 * is given.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const plugin = Django.inService({ service: "backend", oneOff: true })
 * assert.equal(plugin.name, "django")
 * ```
 *
 * @since 0.1.0
 */
export const inService = Plugin.define("django", {
  version: "0.1.0",
  description,
  steps,
  options: {
    service: Schema.NonEmptyString,
    oneOff: Off,
    python: Python,
    manage: Manage,
    directory: Schema.optionalKey(Schema.NonEmptyString),
    database: Resource.pipe(Schema.withDecodingDefaultKey(Effect.succeed("service:db" as const)))
  },
  layer: (options) => layers.inService({ ...options, directory: options.directory })
})

/**
 * The application in a folder of the target, with the interpreter that is there.
 *
 * `env` is added to the environment of every command; secrets in it stay secret. `database` is what must be up for the
 * database to answer, where a step of the deployment provides it.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const plugin = Django.local({ directory: "/srv/edms", python: ["/srv/edms/.venv/bin/python"] })
 * assert.equal(plugin.name, "django")
 * ```
 *
 * @since 0.1.0
 */
export const local = Plugin.define("django", {
  version: "0.1.0",
  description,
  steps,
  options: {
    directory: Schema.NonEmptyString,
    python: Python,
    manage: Manage,
    env: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)])).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed({}))
    ),
    database: Schema.optionalKey(Resource)
  },
  layer: (options) => layers.local({ ...options, database: options.database })
})
