/**
 * Migrations: the database has the schema that the code's models ask for.
 *
 * @since 0.1.0
 */
import { Check, Release, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DjangoControl } from "./DjangoControl.ts"
import { MigrationsMissing } from "./DjangoError.ts"
import { DjangoProbe, type MigrationState } from "./DjangoProbe.ts"
import { Database, Names, On } from "./internal/fields.ts"
import { lookable, rowsOf, schemaOf, sqlSchema } from "./internal/lookable.ts"
import { back, Recorded, record } from "./internal/migrationRelease.ts"

const migrationsMissing = (missing: MigrationState["missing"]): MigrationsMissing => {
  const apps = Object.keys(missing).sort()
  const changes = apps.flatMap((app) => (missing[app] ?? []).map((change) => `${app}: ${change}`))
  return new MigrationsMissing({
    apps,
    message: `models have changed and no migration says how: ${changes.join("; ")}`,
    hint: `run manage.py makemigrations ${apps.join(" ")}, and commit what it writes`
  })
}

const changeOf = ({ app, losses, name }: MigrationState["pending"][number]): Check.Change => ({
  summary: `apply ${app}.${name}${losses.length === 0 ? "" : `, which loses data: ${losses.join("; ")}`}`
})

interface Wanted {
  readonly apps: ReadonlyArray<string>
  readonly database: string
  readonly checkMissing: boolean
}

/** What a newer release has left in the database, and this code does not have. */
const unknownNote = ({ unknown }: MigrationState): string =>
  `applied, and not in this code: ${unknown.join(", ")}; the schema is newer`

const look = ({ apps, checkMissing, database }: Wanted) =>
  Effect.gen(function* () {
    const state = yield* (yield* DjangoProbe).migrations({ apps, checkMissing, database })
    const { applied, missing, pending, unknown } = state
    if (Object.keys(missing).length > 0) return yield* Effect.fail(migrationsMissing(missing))
    if (pending.length === 0)
      return Check.satisfied({ applied }, unknown.length === 0 ? {} : { note: unknownNote(state) })
    const loses = pending.some(({ losses }) => losses.length > 0)
    return Check.needed(pending.map(changeOf), loses ? { risk: "destructive" } : {})
  })

const applyPending = Effect.fn("django.migrate.apply")(function* ({ apps, database }: Wanted) {
  yield* (yield* DjangoControl).migrate({ apps, database })
})

const migrating = Step.make("django.migrate", {
  description: "All migrations are applied, and no model has changed without one",
  risk: "additive",
  alters: "schema",
  finishWithin: "60 seconds",
  input: { apps: Names, database: Database, checkMissing: On },
  output: { applied: Schema.Record(Schema.String, Schema.Number) },
  provides: ({ database }) => [schemaOf(database), rowsOf(database), sqlSchema],
  touches: ({ database }) => [schemaOf(database)],
  check: (input) => look(input).pipe(lookable(input.database)),
  apply: applyPending
})

/**
 * All migrations are applied: those of all apps, or of `apps` and what these depend on.
 *
 * The plan lists each pending migration by name. A migration that deletes a model or removes a field of a table that
 * exists makes the step destructive. Models that have changed without a migration fail the check, unless
 * `checkMissing` is off. The output says how many migrations are applied by app. Migrations that are applied and not in
 * this code, as a newer release leaves them, are noted and stay.
 *
 * A release records which migrations are applied. Going back keeps the newer ones and says so. Where the schema may go back
 * too, the running application takes them back, since only code that has a migration can reverse it: one that cannot be
 * reversed, and an application that does not run, or does not have it, are refused before anything changes. What such a
 * migration added is lost, and the plan names it.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Django } from "@shipshape/plugin-django"
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DjangoWorld.make({ migrations: { documents: ["0001_initial", "0002_title_search"] } })
 * const deployment = defineDeployment("edms", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [Django.local({ directory: "/srv/edms" })]
 * }, function*() {
 *   yield* Django.migrate("migrate", {})
 * })
 * const { plan } = await Effect.runPromise(Rehearsal.plan(deployment, world.layer, { environment: "staging" }))
 * assert.equal(plan?.steps[0]?.changes[1]?.summary, "apply documents.0002_title_search")
 * ```
 *
 * @since 0.1.0
 */
export const migrate = Release.of(migrating, {
  part: Recorded,
  record,
  back: (how) => {
    const { check, apply } = back(how, { check: look(how.input), apply: applyPending(how.input) })
    return { check: check.pipe(lookable(how.input.database)), apply }
  }
})
