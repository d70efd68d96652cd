import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Django } from "@shipshape/plugin-django"
import { DjangoWorld } from "@shipshape/plugin-django/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeWorld, steps } from "./support/edms.ts"

const environments = { staging: { data: "disposable" }, production: { data: "precious" } } as const
const plugins = () => [Django.local({ directory: "/srv/edms" })]

const edms = defineDeployment("edms", { environments, plugins }, function* () {
  for (const step of Object.values(steps)) yield* step
})

describe("a deployment of Django, in memory", () => {
  it.effect("comes up in its order, and the second time nothing is left to do", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const first = yield* Rehearsal.apply(edms, world.layer, { environment: "staging" })
      assert.deepStrictEqual(first.failure, undefined)
      assert.deepStrictEqual(world.writes.slice(0, 2), ["apply auth.0001_initial", "apply users.0001_initial"])
      const second = yield* Rehearsal.apply(edms, world.layer, { environment: "staging" })
      assert.deepStrictEqual(second.applied, [])
    })
  )

  it.effect("waits with what needs tables until the migrations are applied", () =>
    Effect.gen(function* () {
      const { plan } = yield* Rehearsal.plan(edms, makeWorld().layer, { environment: "staging" })
      const actions = Object.fromEntries((plan?.steps ?? []).map(({ action, id }) => [id, action]))
      assert.deepInclude(actions, { check: "none", migrate: "apply", roles: "deferred", "author-writes": "deferred" })
    })
  )

  it.effect("has a column of a table that a migration makes wait for it, and blocks one that nothing makes", () =>
    Effect.gen(function* () {
      const column = Postgres.column("status", { table: "documents", name: "status", type: "text" })
      const planned = Effect.fnUntraced(function* (applied: ReadonlyArray<string>) {
        const deployment = defineDeployment(
          "edms",
          { environments, plugins: () => [Django.local({ directory: "/srv/edms" }), Postgres.server({ user: "app" })] },
          function* () {
            yield* Django.migrate("migrate", {})
            yield* column
          }
        )
        const django = DjangoWorld.make({ migrations: { documents: ["0001_initial"] }, applied })
        const layer = Layer.mergeAll(django.layer, PostgresWorld.make().layer)
        const { plan } = yield* Rehearsal.plan(deployment, layer, { environment: "staging" })
        return plan?.steps.map(({ action, reason }) => [action, reason])
      })
      assert.deepStrictEqual(yield* planned([]), [
        ["apply", undefined],
        ["deferred", "known after “migrate”"]
      ])
      assert.deepStrictEqual(yield* planned(["documents.0001_initial"]), [
        ["none", undefined],
        ["blocked", "table public.documents is not there"]
      ])
    })
  )

  it.effect("stops at the migration that fails, and goes on from there", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.failing = "documents.0002_title_search"
      const failed = yield* Rehearsal.apply(edms, world.layer, { environment: "staging" })
      assert.strictEqual(failed.steps.migrate?.failure?.code, "django.migration-failed")
      assert.strictEqual(failed.steps.roles?.outcome, "notRun")
      world.failing = undefined
      const { plan } = yield* Rehearsal.plan(edms, world.layer, { environment: "staging" })
      const migrate = plan?.steps.find(({ id }) => id === "migrate")
      assert.deepStrictEqual(migrate?.changes, [{ summary: "apply documents.0002_title_search" }])
    })
  )

  it.effect("refuses a migration that loses precious data, and takes it where data is disposable", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("edms", { environments, plugins }, function* () {
        yield* Django.migrate("migrate", {})
      })
      const world = DjangoWorld.make({
        migrations: { documents: ["0001_initial", "0002_no_title"] },
        applied: ["documents.0001_initial"],
        losses: { "documents.0002_no_title": ["Remove field title from document"] }
      })
      const refused = yield* Rehearsal.apply(deployment, world.layer, { environment: "production" })
      assert.strictEqual(refused.exitCode, 5)
      assert.deepStrictEqual(world.writes, [])
      const taken = yield* Rehearsal.apply(deployment, world.layer, { environment: "staging" })
      assert.deepStrictEqual(taken.applied, ["migrate"])
    })
  )

  it.effect("is blocked, and says why, where the database is down and no step brings it up", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.databaseUp = false
      const { plan } = yield* Rehearsal.plan(edms, world.layer, { environment: "staging" })
      const migrate = plan?.steps.find(({ id }) => id === "migrate")
      assert.strictEqual(migrate?.action, "blocked")
      assert.strictEqual(migrate?.failure?.code, "django.database-unavailable")
      assert.include(migrate?.failure?.hint, "bring the database up")
    })
  )

  it.effect("says which setting keeps it from starting", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.settingsError = "ImproperlyConfigured: Set the environment variable SECRET_KEY"
      const { plan } = yield* Rehearsal.plan(edms, world.layer, { environment: "staging" })
      assert.strictEqual(plan?.steps[0]?.failure?.code, "django.settings-invalid")
      assert.include(plan?.steps[0]?.reason, "SECRET_KEY")
    })
  )
})
