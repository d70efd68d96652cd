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
  readonly cascade: boolean
  readonly update: boolean
}

const no = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))

/** The version that an installed one is brought to; `undefined` where any is right. */
const targetOf = ({ update, version }: Wanted, available: ExtensionFacts["available"]): string | undefined =>
  version ?? (update ? available?.version : undefined)

/**
 * An extension is installed in the database.
 *
 * - `schema`: where it is installed; the default is the extension's own or the first schema of the search path. One that
 *   is in another schema is moved; where the extension does not let itself be moved, that is a conflict.
 * - `version`: an installed one is updated to it. Without it any version is right.
 * - `update`: `true` updates an installed one to the version that the server's installation has, such as after an upgrade of
 *   the server, where no `version` is given.
 * - `cascade`: installs the extensions that it needs, too.
 *
 * Undo drops an extension that the step has created, and what it needed and was created with it, as long as nothing uses
 * them, and moves one back that the step has moved. An update cannot be taken back: undo says so.
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
      cascade: no,
      update: no
    },
    output: { version: Schema.String },
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.extension.check")(function* (wanted) {
      const probe = yield* PostgresProbe
      return yield* whenReached(Effect.flatMap(probe.extension(wanted.name), (facts) => judge(wanted, facts)))
    }),
    apply: Effect.fn("postgres.extension.apply")(function* (wanted) {
      const { cascade, name, schema, version } = wanted
      const control = yield* PostgresControl
      const { available, installed } = yield* Effect.flatMap(PostgresProbe, (probe) => probe.extension(name))
      if (installed === undefined) return yield* control.createExtension({ name, schema, version, cascade })
      if (schema !== undefined && installed.schema !== schema) yield* control.moveExtension(name, schema)
      const target = targetOf(wanted, available)
      if (target !== undefined && target !== installed.version) yield* control.updateExtension(name, target)
    })
  }),
  {
    captured: Schema.Struct({
      installed: Schema.NullOr(Schema.String),
      schema: Schema.optionalKey(Schema.String),
      /** Versions of the extensions that it needs, where they may be created with it. */
      needs: Schema.Array(Schema.Struct({ name: Schema.String, installed: Schema.NullOr(Schema.String) }))
    }),
    capture: Effect.fn("postgres.extension.capture")(function* ({ cascade, name }) {
      const probe = yield* PostgresProbe
      const { installed } = yield* probe.extension(name)
      const needs = cascade ? yield* probe.neededExtensions(name) : []
      return {
        installed: installed?.version ?? null,
        ...(installed === undefined ? {} : { schema: installed.schema }),
        needs: needs.map((needed) => ({ name: needed.name, installed: needed.installed ?? null }))
      }
    }),
    restore: Effect.fn("postgres.extension.restore")(function* (before, { name }) {
      const probe = yield* PostgresProbe
      const control = yield* PostgresControl
      const { installed } = yield* probe.extension(name)
      if (before.installed === null) {
        if (installed !== undefined) yield* control.dropExtension(name)
      } else if (installed?.version !== before.installed) {
        return yield* cannotGoBack(name, before.installed, installed?.version)
      } else if (before.schema !== undefined && installed.schema !== before.schema) {
        yield* control.moveExtension(name, before.schema)
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
  const { cascade, name, schema } = wanted
  const target = targetOf(wanted, available)
  const isMoved = installed !== undefined && schema !== undefined && installed.schema !== schema
  if (isMoved && !installed.relocatable) return Effect.fail(inOtherSchema(name, installed.schema, schema))
  const isUpdated = installed !== undefined && target !== undefined && installed.version !== target
  if (installed !== undefined && !isMoved && !isUpdated) {
    return Effect.succeed(Check.satisfied({ version: installed.version }))
  }
  const isOffered = available !== undefined && (target === undefined || available.versions.includes(target))
  if (!isOffered && (installed === undefined || isUpdated)) {
    return Effect.fail(unavailable(wanted, available?.versions ?? [], server.version))
  }
  if (installed !== undefined) {
    const moved = isMoved ? [{ summary: `move extension ${name}`, before: installed.schema, after: schema }] : []
    const updated = isUpdated ? [{ summary: `update extension ${name}`, before: installed.version, after: target }] : []
    return Effect.succeed(Check.needed([...moved, ...updated], { risk: "reversible" }))
  }
  if (!server.isSuperuser && (available?.needsSuperuser === true || !server.mayCreate)) {
    return Effect.fail(notAllowed(name, server.user, server.database, available?.needsSuperuser === true))
  }
  const missing = available?.missing ?? []
  if (missing.length > 0 && !cascade) return Effect.succeed(lacks(name, missing))
  return Effect.succeed(
    Check.needed([{ summary: `create extension ${name}`, after: target ?? available?.version ?? "" }])
  )
}

const lacks = (extension: string, missing: ReadonlyArray<string>): Check.Check<never> =>
  Check.unavailable(
    [schemaResource],
    `extension ${extension} needs ${missing.join(", ")}, which is not installed`,
    "say `cascade: true`, or install it in a step before this one"
  )

const inOtherSchema = (extension: string, found: string, wanted: string): ExtensionConflict =>
  new ExtensionConflict({
    extension,
    message: `extension ${extension} is in schema ${found}, should be in ${wanted}, and does not let itself be moved`,
    hint: `give schema: ${JSON.stringify(found)}; or drop it, with what depends on it, and create it anew there`
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
