/** What plans say, and what applies do, in the fake world. */

import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Input, onFresh, type Plan } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Compose, EnvFile, Storage } from "@shipshape/plugin-docker"
import { DockerWorld } from "@shipshape/plugin-docker/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const makeWorld = () =>
  DockerWorld.make({
    files: { ".env": "# settings\nDB_NAME=app\nSECRET_KEY=0123456789abcdef\n" },
    variables: ["DB_NAME"],
    services: {
      db: { image: "postgres:17", health: "healthy", volumes: { data: "/var/lib/postgresql/data" } },
      backend: {
        build: { Dockerfile: "FROM python", "app.py": "print(1)" },
        dependsOn: { db: "service_healthy" },
        health: "healthy",
        user: 1000,
        envFile: ".env",
        volumes: { media: "/app/storage" }
      },
      frontend: { build: { Dockerfile: "FROM nginx" }, dependsOn: { backend: "service_healthy" }, health: "healthy" }
    }
  })

const inputs = { password: Input.secret("PASSWORD") }

const deployment = defineDeployment(
  "app",
  {
    environments: { staging: { data: "disposable" }, production: { data: "precious" } },
    inputs,
    plugins: () => [Compose.project({ directory: "/srv/app" })]
  },
  function* ({ inputs }) {
    yield* Compose.preflight("docker", { compose: ">=2.20", ports: [8001] })
    yield* EnvFile.present("env-file", {
      path: ".env",
      owner: 1000,
      mode: 0o640,
      requires: ["SECRET_KEY", "DB_NAME"],
      values: { DB_PASSWORD: inputs.password },
      generate: ["SECRET_KEY"]
    })
    yield* onFresh(Compose.removeVolumes("clean-slate", { volumes: ["data", "media"] }))
    yield* Compose.build("images", { services: ["backend", "frontend"] })
    yield* Compose.up("database", { services: ["db"] })
    yield* Compose.up("application", { services: ["backend", "frontend"] })
    yield* Storage.directories("storage", {
      service: "backend",
      base: "/app/storage",
      paths: ["documents", "temp"],
      owner: 1000,
      mode: 0o755
    })
  }
)

const options = { environment: "staging", inputs: { PASSWORD: "hunter2 hunter2" } } as const
const actions = (plan: Plan.Plan | undefined) =>
  Object.fromEntries(plan?.steps.map((step) => [step.id, step.action]) ?? [])
const changes = (plan: Plan.Plan | undefined, id: string) =>
  plan?.steps.find((step) => step.id === id)?.changes.map(({ summary }) => summary)

const plan = (world: DockerWorld.DockerWorld) => Rehearsal.plan(deployment, world.layer, options)
const apply = (world: DockerWorld.DockerWorld) => Rehearsal.apply(deployment, world.layer, options)

const editEnv = (world: DockerWorld.DockerWorld, edit: (text: string) => string) => {
  const entry = world.machine.files.get("/srv/app/.env")!
  world.machine.files.set("/srv/app/.env", {
    ...entry,
    content: new TextEncoder().encode(edit(new TextDecoder().decode(entry.content)))
  })
}

describe("a deployment", () => {
  it.effect("plans, applies all, and then nothing", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const first = yield* plan(world)
      assert.deepEqual(changes(first.plan, "env-file"), ["owner of .env", "mode of .env", "set DB_PASSWORD in .env"])
      // What Compose reads is going to change: nothing that was read of it counts.
      assert.deepEqual(actions(first.plan), {
        docker: "none",
        "env-file": "apply",
        "clean-slate": "none",
        images: "deferred",
        database: "deferred",
        application: "deferred",
        storage: "deferred"
      })
      const done = yield* apply(world)
      assert.strictEqual(done.exitCode, 0, done.failure?.message)
      assert.deepEqual(done.applied, ["env-file", "images", "database", "application", "storage"])
      assert.deepEqual(world.log, [
        "build backend frontend",
        "up db",
        "up backend frontend",
        "make directories in backend: /app/storage/documents /app/storage/temp",
        "tag shipshape/app-backend:app-staging-1",
        "tag shipshape/app-frontend:app-staging-1"
      ])
      const text = new TextDecoder().decode(world.machine.files.get("/srv/app/.env")?.content)
      assert.strictEqual(text, "# settings\nDB_NAME=app\nSECRET_KEY=0123456789abcdef\nDB_PASSWORD='hunter2 hunter2'\n")
      assert.notInclude(JSON.stringify([first, done.events]), "hunter2")
      assert.deepEqual((yield* apply(world)).applied, [])
    })
  )

  it.effect("names what is damaged, and repairs only that", () =>
    Effect.gen(function* () {
      const damaged = Effect.fnUntraced(function* (damage: (world: DockerWorld.DockerWorld) => unknown) {
        const world = makeWorld()
        yield* apply(world)
        damage(world)
        const before = (yield* plan(world)).plan
        const { applied } = yield* apply(world)
        assert.deepEqual((yield* apply(world)).applied, [])
        return { applied, plan: before }
      })
      const key = yield* damaged((world) => editEnv(world, (text) => text.replace("SECRET_KEY=0123456789abcdef\n", "")))
      assert.deepEqual(changes(key.plan, "env-file"), ["generate SECRET_KEY in .env"])
      // The key is another one now: the backend reads it, and its directories are in its volume.
      assert.deepEqual(key.applied, ["env-file", "application"])

      const value = yield* damaged((world) => editEnv(world, (text) => text.replace("hunter2 hunter2", "other")))
      assert.deepEqual(changes(value.plan, "env-file"), ["change DB_PASSWORD: its value is another one in .env"])
      assert.deepEqual(value.applied, ["env-file"])

      const mode = yield* damaged((world) => {
        const path = "/srv/app/.env"
        world.machine.files.set(path, { ...world.machine.files.get(path)!, mode: 0o600 })
      })
      assert.deepEqual(actions(mode.plan).images, "none")
      assert.deepEqual(mode.applied, ["env-file"])

      const stopped = yield* damaged((world) => world.stop("db"))
      assert.deepEqual(changes(stopped.plan, "database"), ["start app-db-1: it has ended with exit code 137"])
      assert.deepEqual(stopped.applied, ["database"])

      const image = yield* damaged((world) => world.retag("backend"))
      assert.deepEqual(changes(image.plan, "images"), ["build backend: its image was not built from here"])
      assert.deepEqual(actions(image.plan).application, "deferred")
      assert.deepEqual(image.applied, ["images"])

      const context = yield* damaged((world) => {
        world.services.get("backend")!.build!["app.py"] = "print(2)"
      })
      assert.deepEqual(changes(context.plan, "images"), ["build backend: backend/app.py changed"])
      assert.deepEqual(context.applied, ["images", "application"])

      const directory = yield* damaged((world) => {
        const files = world.filesOf("backend")
        files.set("/app/storage/temp", { ...files.get("/app/storage/temp")!, mode: 0o700, uid: 0 })
      })
      assert.deepEqual(changes(directory.plan, "storage"), ["owner of /app/storage/temp", "mode of /app/storage/temp"])
      assert.deepEqual(directory.applied, ["storage"])
    })
  )

  it.effect("recreates what has another configuration, and says so", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      yield* apply(world)
      world.services.set("db", { ...world.services.get("db")!, environment: { TZ: "UTC" } })
      const { plan: found } = yield* plan(world)
      assert.deepEqual(changes(found, "database"), ["recreate db: its configuration is another one"])
      assert.deepEqual((yield* apply(world)).applied, ["database"])
    })
  )

  it.effect("takes nothing for granted that it has seen in a container which is replaced", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      yield* apply(world)
      world.services.set("backend", { ...world.services.get("backend")!, environment: { TZ: "UTC" } })
      const { plan: found } = yield* plan(world)
      assert.deepEqual([actions(found).application, actions(found).storage], ["apply", "deferred"])
      // A container that is only waited for is the same one afterwards.
      const { health: _, ...backend } = world.services.get("backend")!
      world.services.set("backend", { ...backend, health: { afterMillis: 60_000 } })
      const fiber = yield* Effect.forkChild(apply(world))
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(fiber)
      world.services.set("backend", { ...world.services.get("backend")!, health: { afterMillis: 600_000 } })
      const waiting = (yield* plan(world)).plan
      assert.deepEqual(changes(waiting, "application"), ["wait for app-backend-1: its health check is starting"])
      assert.deepEqual(actions(waiting).storage, "none")
    })
  )

  it.effect("starts from nothing on a fresh start only", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      yield* apply(world)
      const fresh = yield* Rehearsal.plan(deployment, world.layer, { ...options, strategy: "fresh" })
      assert.deepEqual(changes(fresh.plan, "clean-slate"), [
        "stop and remove app-db-1, which uses them",
        "stop and remove app-backend-1, which uses them",
        "remove volume app_data with all its data",
        "remove volume app_media with all its data"
      ])
      assert.deepEqual(actions(fresh.plan), {
        docker: "none",
        "env-file": "none",
        "clean-slate": "apply",
        images: "none",
        database: "deferred",
        application: "deferred",
        storage: "deferred"
      })
      const done = yield* Rehearsal.apply(deployment, world.layer, { ...options, strategy: "fresh" })
      assert.deepEqual([done.exitCode, done.applied], [0, ["clean-slate", "database", "application", "storage"]])
    })
  )

  it.effect("is blocked by a taken port, by the wrong version, by a daemon that does not answer", () =>
    Effect.gen(function* () {
      const blocked = Effect.fnUntraced(function* (damage: (world: DockerWorld.DockerWorld) => unknown) {
        const world = makeWorld()
        damage(world)
        const before = JSON.stringify(world.snapshot())
        const step = (yield* plan(world)).plan?.steps[0]
        const { applied, steps } = yield* apply(world)
        assert.deepEqual([step?.action, applied, step?.failure?.code], ["blocked", [], steps.docker?.failure?.code])
        assert.strictEqual(JSON.stringify(world.snapshot()), before)
        return step?.failure?.message
      })
      assert.strictEqual(
        yield* blocked((world) => world.ports.set(8001, "container other-web-1")),
        "port 8001 is taken by container other-web-1"
      )
      assert.strictEqual(
        yield* blocked((world) => {
          world.engine.compose = "2.17.3"
        }),
        "Compose is 2.17.3, and the deployment needs >=2.20"
      )
    })
  )
})
