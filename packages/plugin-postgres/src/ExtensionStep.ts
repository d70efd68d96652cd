import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import {
  ExtensionConflict,
  ExtensionNotAllowed,
  ExtensionNotTrusted,
  ExtensionUnavailable,
  UndoRefused
} from "./PostgresError.ts"
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
 * Undo drops an extension that the step has created, and what it needed and was created with it, as long as nothing uses
 * them. An update cannot be taken back: undo says so.
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
export const extension = Undo.of(
  Step.make("postgres.extension", {
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
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.extension.check")(function* (wanted) {
      const probe = yield* PostgresProbe
      return yield* whenReached(Effect.flatMap(probe.extension(wanted.name), (facts) => judge(wanted, facts)))
    }),
    apply: Effect.fn("postgres.extension.apply")(function* ({ cascade, name, schema, version }) {
      const control = yield* PostgresControl
      yield* control.createExtension({ name, schema, version, cascade })
      if (version !== undefined) yield* control.updateExtension(name, version)
    })
  }),
  {
    captured: Schema.Struct({
      installed: Schema.NullOr(Schema.String),
      /** Versions of the extensions that it needs, where they may be created with it. */
      needs: Schema.Array(Schema.Struct({ name: Schema.String, installed: Schema.NullOr(Schema.String) }))
    }),
    capture: Effect.fn("postgres.extension.capture")(function* ({ cascade, name }) {
      const probe = yield* PostgresProbe
      const { installed } = yield* probe.extension(name)
      const needs = cascade ? yield* probe.neededExtensions(name) : []
      return {
        installed: installed?.version ?? null,
        needs: needs.map((needed) => ({ name: needed.name, installed: needed.installed ?? null }))
      }
    }),
    restore: Effect.fn("postgres.extension.restore")(function* (before, { name }) {
      const probe = yield* PostgresProbe
      const control = yield* PostgresControl
      const installed = (yield* probe.extension(name)).installed?.version
      if (before.installed === null) {
        if (installed !== undefined) yield* control.dropExtension(name)
      } else if (installed !== before.installed) {
        return yield* cannotGoBack(name, before.installed, installed)
      }
      const created = before.needs.filter((needed) => needed.installed === null)
      // Each stands before those that it needs, so that nothing depends on it any more.
      for (const needed of created) yield* control.dropExtension(needed.name)
    })
  }
)

const cannotGoBack = (extension: string, before: string, now: string | undefined): UndoRefused =>
  new UndoRefused({
    what: `extension ${extension}`,
    message:
      now === undefined
        ? `extension ${extension} was there in version ${before}, and somebody has dropped it`
        : `extension ${extension} stays in version ${now}: PostgreSQL cannot go back to version ${before}`,
    hint: `leave it as it is, or go back to a backup; version ${before} comes back only where it is created anew, without what depends on it`
  })

const judge = (
  wanted: Wanted,
  { available, installed, server }: ExtensionFacts
): Effect.Effect<
  Check.Check<{ readonly version: string }>,
  ExtensionConflict | ExtensionUnavailable | ExtensionNotAllowed | ExtensionNotTrusted
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

const notAllowed = (
  extension: string,
  user: string,
  database: string,
  needsSuperuser: boolean
): ExtensionNotAllowed | ExtensionNotTrusted =>
  needsSuperuser
    ? new ExtensionNotTrusted({
        extension,
        user,
        message: `user ${user} may not create extension ${extension}: it is not trusted, so only a superuser may`,
        hint: `let a superuser run CREATE EXTENSION ${extension} in database ${database} once, or connect as one`
      })
    : new ExtensionNotAllowed({
        extension,
        user,
        message: `user ${user} may not create extension ${extension}: the user lacks CREATE on database ${database}`,
        hint: `let the owner run GRANT CREATE ON DATABASE ${database} TO ${user}`
      })
