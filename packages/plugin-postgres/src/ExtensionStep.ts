import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { ExtensionConflict, ExtensionNotAllowed, ExtensionUnavailable } from "./PostgresError.ts"
import { type ExtensionFacts, PostgresProbe } from "./PostgresProbe.ts"

interface Wanted {
  readonly name: string
  readonly schema?: string | undefined
  readonly version?: string | undefined
}

/**
 * An extension is installed in the database.
 *
 * - `schema`: where it is installed; the default is the extension's own or the first schema of the search path. One that
 *   is in another schema is a conflict: it is not moved.
 * - `version`: an installed one is updated to it. Without it any version is right.
 * - `cascade`: installs the extensions that it needs, too.
 *
 * Whether the server has the extension, and the user may install it, is checked when planning.
 *
 * @example
 * ```ts
 * import { parallel } from "@shipshape/core"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const extensions = parallel(["pg_trgm", "unaccent"].map((name) => Postgres.extension(name, { name })))
 * assert.deepEqual(extensions.steps.map((step) => step.id), ["pg_trgm", "unaccent"])
 * ```
 *
 * @since 0.1.0
 */
export const extension = Step.make("postgres.extension", {
  description: "An extension is installed in the database",
  risk: "additive",
  input: {
    name: Schema.NonEmptyString,
    schema: Schema.optionalKey(Schema.NonEmptyString),
    version: Schema.optionalKey(Schema.NonEmptyString),
    cascade: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
  },
  output: { version: Schema.String },
  provides: () => [schemaResource],
  check: Effect.fn("postgres.extension.check")(function* (wanted) {
    const probe = yield* PostgresProbe
    return yield* whenReached(Effect.flatMap(probe.extension(wanted.name), (facts) => judge(wanted, facts)))
  }),
  apply: Effect.fn("postgres.extension.apply")(function* ({ cascade, name, schema, version }) {
    const control = yield* PostgresControl
    yield* control.createExtension({ name, schema, version, cascade })
    if (version !== undefined) yield* control.updateExtension(name, version)
  })
})

const judge = (
  wanted: Wanted,
  { available, installed, server }: ExtensionFacts
): Effect.Effect<
  Check.Check<{ readonly version: string }>,
  ExtensionConflict | ExtensionUnavailable | ExtensionNotAllowed
> => {
  const { name, schema, version } = wanted
  if (installed !== undefined && schema !== undefined && installed.schema !== schema) {
    return Effect.fail(inOtherSchema(name, installed.schema, schema))
  }
  if (installed !== undefined && (version === undefined || installed.version === version)) {
    return Effect.succeed(Check.satisfied({ version: installed.version }))
  }
  if (available === undefined || (version !== undefined && !available.versions.includes(version))) {
    return Effect.fail(unavailable(wanted, available?.versions ?? [], server.version))
  }
  if (installed !== undefined) {
    const change = {
      summary: `update extension ${name}`,
      before: installed.version,
      after: version ?? available.version
    }
    return Effect.succeed(Check.needed([change], { risk: "reversible" }))
  }
  if (!server.isSuperuser && (available.needsSuperuser || !server.mayCreate)) {
    return Effect.fail(notAllowed(name, server.user, server.database, available.needsSuperuser))
  }
  const change = { summary: `create extension ${name}`, after: version ?? available.version }
  return Effect.succeed(Check.needed([change]))
}

const inOtherSchema = (extension: string, found: string, wanted: string): ExtensionConflict =>
  new ExtensionConflict({
    extension,
    message: `extension ${extension} is in schema ${found}, and should be in ${wanted}`,
    hint: `give schema: ${JSON.stringify(found)}, or move it by hand with ALTER EXTENSION … SET SCHEMA`
  })

const unavailable = (
  { name, version }: Wanted,
  versions: ReadonlyArray<string>,
  serverVersion: string
): ExtensionUnavailable =>
  new ExtensionUnavailable({
    extension: name,
    message:
      versions.length === 0
        ? `the installation of PostgreSQL ${serverVersion} has no extension ${name}`
        : `extension ${name} is there in version ${versions.join(", ")}, and not in ${version}`,
    hint:
      versions.length === 0
        ? `use an image that has ${name}, or install its package on the server; \`SELECT name FROM pg_available_extensions\` lists what there is`
        : "ask for a version that is there, or for none"
  })

const notAllowed = (extension: string, user: string, database: string, needsSuperuser: boolean): ExtensionNotAllowed =>
  new ExtensionNotAllowed({
    extension,
    user,
    message: needsSuperuser
      ? `user ${user} may not create extension ${extension}: it is not trusted, so only a superuser may`
      : `user ${user} may not create extension ${extension}: the user lacks CREATE on database ${database}`,
    hint: needsSuperuser
      ? `let a superuser run CREATE EXTENSION ${extension} in database ${database} once, or connect as one`
      : `let the owner run GRANT CREATE ON DATABASE ${database} TO ${user}`
  })
