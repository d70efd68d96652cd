/** A whole deployment goes back to a release and forth again, in memory. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import { Django } from "@shipshape/plugin-django"
import { DjangoWorld } from "@shipshape/plugin-django/testing"
import { Compose, EnvFile } from "@shipshape/plugin-docker"
import { DockerWorld } from "@shipshape/plugin-docker/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const shop = (theme: string) =>
  defineDeployment(
    "shop",
    {
      environments: { staging: { data: "disposable", keepReleases: 3 } },
      plugins: () => [
        Compose.project({ directory: "/srv/shop", project: "shop" }),
        Django.inService({ service: "backend", oneOff: true })
      ]
    },
    function* () {
      yield* EnvFile.present("env-file", { path: ".env", values: { THEME: theme }, generate: ["SECRET_KEY"] })
      yield* Compose.build("images", { services: ["backend"] })
      yield* Compose.up("database", { services: ["db"] })
      yield* Django.migrate("migrate", {})
      yield* Compose.up("application", { services: ["backend"] })
    }
  )

/** A host of which the code's migrations are in the image, as they really are. */
const makeHost = () => {
  const docker = DockerWorld.make({
    project: "shop",
    directory: "/srv/shop",
    services: {
      db: { image: "postgres:17" },
      backend: { build: { migrations: "0001_initial" }, dependsOn: { db: "service_started" }, envFile: ".env" }
    }
  })
  const django = DjangoWorld.make({
    present: "image:backend",
    running: "service:backend",
    databaseUp: () => docker.isUp("db"),
    additions: { "core.0002_tag": ["Create model Tag"] }
  })
  django.code = (where) => {
    const built = docker.builtFrom("backend", where === "present" ? "image" : "container")
    return built?.migrations === undefined ? undefined : { core: built.migrations.split(" ") }
  }
  const store = MemoryStore.layer(MemoryStore.make())
  const layer = Layer.mergeAll(docker.layer, django.layer)
  type Rollback = NonNullable<Parameters<typeof Rehearsal.apply>[2]["rollback"]>
  const options = (rollback?: Rollback) => ({
    environment: "staging" as const,
    store,
    ...(rollback === undefined ? {} : { rollback })
  })
  return {
    docker,
    django,
    release: (migrations: string) =>
      docker.services.set("backend", { ...docker.services.get("backend"), build: { migrations } }),
    apply: (theme: string, rollback?: Rollback) => Rehearsal.apply(shop(theme), layer, options(rollback)),
    plan: (theme: string, rollback?: Rollback) => Rehearsal.plan(shop(theme), layer, options(rollback)),
    env: () => new TextDecoder().decode(docker.machine.files.get("/srv/shop/.env")?.content)
  }
}

const twoReleases = Effect.fnUntraced(function* (theme: string) {
  const host = makeHost()
  assert.strictEqual((yield* host.apply("light")).failure, undefined)
  const first = host.env()
  host.release("0001_initial 0002_tag")
  assert.strictEqual((yield* host.apply(theme)).failure, undefined)
  assert.deepStrictEqual([...host.django.applied], ["core.0001_initial", "core.0002_tag"])
  return { ...host, first }
})

const runs = ({ docker }: ReturnType<typeof makeHost>) => docker.builtFrom("backend", "container")?.migrations

describe("a deployment, in memory, goes back", () => {
  it.effect("to image and env file, and keeps the newer schema; then forth", () =>
    Effect.gen(function* () {
      const host = yield* twoReleases("dark")
      const second = host.env()
      const { plan } = yield* host.plan("dark", {})
      const steps = Object.fromEntries((plan?.steps ?? []).map((step) => [step.id, step]))
      assert.deepStrictEqual(
        steps["env-file"]?.changes.map(({ summary }) => summary),
        ["change THEME in .env (release 1): its value is another one"]
      )
      // Another env file may make the database's container anew.
      assert.strictEqual(steps.migrate?.action, "deferred")
      const back = yield* host.apply("dark", {})
      assert.strictEqual(back.failure, undefined)
      assert.deepStrictEqual(back.applied, ["env-file", "images", "application"])
      assert.include(back.steps.migrate?.reason, "core.0002_tag (reversible) is kept; --schema goes back")
      assert.strictEqual(host.env(), host.first)
      assert.strictEqual(runs(host), "0001_initial")
      assert.strictEqual(host.django.applied.has("core.0002_tag"), true)

      const forth = yield* host.apply("dark", { to: 2 })
      assert.strictEqual(forth.failure, undefined)
      assert.strictEqual(host.env(), second)
      assert.strictEqual(runs(host), "0001_initial 0002_tag")
      assert.deepStrictEqual((yield* host.apply("dark")).applied, [])
    })
  )

  it.effect("and the plan says what of the schema can, before anything has changed", () =>
    Effect.gen(function* () {
      const host = yield* twoReleases("light")
      const { plan } = yield* host.plan("light", {})
      assert.deepStrictEqual(
        plan?.steps.map(({ action, reason }) => [action, reason]),
        [
          ["none", undefined],
          ["apply", undefined],
          ["none", undefined],
          ["none", "the schema stays newer: core.0002_tag (reversible) is kept; --schema goes back"],
          ["deferred", "known after “images”"]
        ]
      )
    })
  )

  it.effect("with the schema where that is asked for, in the container that still runs; then forth", () =>
    Effect.gen(function* () {
      const host = yield* twoReleases("dark")
      const { plan } = yield* host.plan("dark", { schema: true })
      const migrate = plan?.steps.find(({ id }) => id === "migrate")
      assert.deepStrictEqual(
        migrate?.changes.map(({ summary }) => summary),
        ["unapply core.0002_tag, and what it added is lost: Create model Tag"]
      )
      const back = yield* host.apply("dark", { schema: true })
      assert.strictEqual(back.failure, undefined)
      assert.deepStrictEqual(back.applied, ["env-file", "images", "migrate", "application"])
      assert.deepStrictEqual([...host.django.applied], ["core.0001_initial"])
      assert.strictEqual(runs(host), "0001_initial")

      const forth = yield* host.apply("dark", { to: 2, schema: true })
      assert.strictEqual(forth.failure, undefined)
      assert.deepStrictEqual([...host.django.applied], ["core.0001_initial", "core.0002_tag"])
      assert.strictEqual(runs(host), "0001_initial 0002_tag")
    })
  )

  it.effect("to images that nobody took away, and lets go of those of releases that are gone", () =>
    Effect.gen(function* () {
      const host = yield* twoReleases("dark")
      host.docker.prune()
      const kept = () => [...host.docker.images.keys()].filter((name) => name.startsWith("shipshape/"))
      assert.deepStrictEqual(kept(), ["shipshape/shop-backend:shop-staging-1", "shipshape/shop-backend:shop-staging-2"])
      for (const n of [3, 4]) {
        host.release(`0001_initial 0002_tag 000${n}_more`)
        assert.strictEqual((yield* host.apply("dark")).failure, undefined)
      }
      assert.deepStrictEqual(
        kept(),
        [2, 3, 4].map((n) => `shipshape/shop-backend:shop-staging-${n}`)
      )
      const copies = [...host.docker.machine.files.keys()].filter((path) => /kept\/shop\/staging\/\d+\/./.test(path))
      assert.deepStrictEqual(
        copies.map((path) => /staging\/(\d+)/.exec(path)?.[1]),
        ["2", "3", "4"]
      )
      assert.strictEqual((yield* host.apply("dark", { to: 2 })).failure, undefined)
      assert.strictEqual(runs(host), "0001_initial 0002_tag")
    })
  )

  it.effect("not at all where the newer schema cannot, and nothing has changed then", () =>
    Effect.gen(function* () {
      const host = yield* twoReleases("dark")
      host.docker.stop("backend")
      const before = JSON.stringify([host.docker.snapshot(), [...host.django.applied]])
      const refused = yield* host.apply("dark", { schema: true })
      const blocked = refused.plan?.steps.filter(({ action }) => action === "blocked")
      assert.deepStrictEqual(
        blocked?.map(({ failure, id }) => [id, failure?.code]),
        [["migrate", "django.reversal-unavailable"]]
      )
      assert.deepStrictEqual(refused.applied, [])
      assert.strictEqual(JSON.stringify([host.docker.snapshot(), [...host.django.applied]]), before)
      // Without the schema it does, also from an application that is broken.
      const back = yield* host.apply("dark", {})
      assert.strictEqual(back.failure, undefined)
      assert.strictEqual(runs(host), "0001_initial")
    })
  )
})
