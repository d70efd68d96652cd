/**
 * Migrations: the database has the schema that the code's models ask for.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DjangoControl } from "./DjangoControl.ts"
import { MigrationsMissing } from "./DjangoError.ts"
import { DjangoProbe, type MigrationState } from "./DjangoProbe.ts"
import { Database, Names, On } from "./internal/fields.ts"
import { lookable, rowsOf, schemaOf, sqlSchema } from "./internal/lookable.ts"

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

/**
 * All migrations are applied: those of all apps, or of `apps` and what these depend on.
 *
 * The plan lists each pending migration by name. A migration that deletes a model or removes a field of a table that
 * exists makes the step destructive. Models that have changed without a migration fail the check, unless
 * `checkMissing` is off. The output says how many migrations are applied by app.
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
export const migrate = Step.make("django.migrate", {
  description: "All migrations are applied, and no model has changed without one",
  risk: "additive",
  alters: "schema",
  finishWithin: "60 seconds",
  input: { apps: Names, database: Database, checkMissing: On },
  output: { applied: Schema.Record(Schema.String, Schema.Number) },
  provides: ({ database }) => [schemaOf(database), rowsOf(database), sqlSchema],
  touches: ({ database }) => [schemaOf(database)],
  check: ({ apps, checkMissing, database }) =>
    Effect.gen(function* () {
      const { applied, missing, pending } = yield* (yield* DjangoProbe).migrations({ apps, checkMissing, database })
      if (Object.keys(missing).length > 0) return yield* Effect.fail(migrationsMissing(missing))
      if (pending.length === 0) return Check.satisfied({ applied })
      const loses = pending.some(({ losses }) => losses.length > 0)
      return Check.needed(pending.map(changeOf), loses ? { risk: "destructive" } : {})
    }).pipe(lookable(database)),
  apply: Effect.fn("django.migrate.apply")(function* ({ apps, database }) {
    yield* (yield* DjangoControl).migrate({ apps, database })
  })
})
