/** The deployment, unit-tested as a team would: whole, in memory, without Docker and network. */
import { assert, describe, it } from "@effect/vitest"
import { Rehearsal } from "@shipshape/core/testing"
import { DjangoWorld } from "@shipshape/plugin-django/testing"
import { DockerWorld } from "@shipshape/plugin-docker/testing"
import { HealthWorld } from "@shipshape/plugin-health/testing"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import deployment from "./deploy.ts"

const inputs = {
  EDMS_DB_PASSWORD: "db-password-of-the-test",
  EDMS_ADMIN_PASSWORD: "admin-password-of-the-test",
  EDMS_USER_PASSWORD: "user-password-of-the-test"
}

const backend = "http://127.0.0.1:8001"
const frontend = "http://127.0.0.1:3001"
const healthy = { status: 200, body: JSON.stringify({ status: "ok", database: "ok", migrations: "applied" }) }
const refused = { unreached: "refused" } as const

const rows = (count: number, field: string) => Array.from({ length: count }, (_, i) => ({ [field]: `${field}-${i}` }))

const roleRows = [
  { module: "O1", level: "write" },
  { module: "O1", level: "review" },
  { module: "O1", level: "approve" },
  ...rows(11, "module")
]

const groups = ["Document Readers", "Document Authors", "Document Reviewers", "Document Approvers", "Admins", "Users"]

/** An empty host: nothing runs, and what is on it depends on what the deployment brings up. */
const makeHost = () => {
  const docker = DockerWorld.make({
    directory: import.meta.dirname,
    project: "edms",
    variables: ["DB_NAME", "DB_USER", "DB_PASSWORD"],
    services: {
      db: { image: "postgres:17", volumes: { postgres_data: "/var/lib/postgresql/data" }, health: "healthy" },
      backend: {
        build: { Dockerfile: "FROM debian:trixie-slim" },
        volumes: { media: "/app/storage", static: "/app/staticfiles" },
        dependsOn: { db: "service_healthy" },
        health: "healthy",
        user: 1000,
        envFile: ".env"
      },
      frontend: {
        build: { Dockerfile: "FROM nginx:stable" },
        dependsOn: { backend: "service_healthy" },
        health: "healthy"
      }
    }
  })
  const postgres = PostgresWorld.make({
    resource: "service:db",
    server: { database: "edms", user: "edms" },
    available: { pg_trgm: "1.6", unaccent: "1.1" },
    status: () => (docker.isUp("db") ? "running" : "down")
  })
  const django = DjangoWorld.make({
    migrations: {
      auth: ["0001_initial"],
      users: ["0001_initial"],
      documents: ["0001_initial", "0002_title_search", "0003_document_versions"]
    },
    models: { "users.Role": [], "users.UserRole": [], "documents.DocumentType": [], "documents.DocumentSource": [] },
    databaseUp: () => docker.isUp("db"),
    staticFiles: ["admin/css/base.css"],
    commands: {
      create_default_roles: ({ models }) => void models.set("users.Role", roleRows),
      create_default_groups: (world) => {
        for (const group of groups) world.groups.set(group, [])
      },
      create_default_document_types: (world) =>
        [...world.users.values()].some((user) => user.superuser)
          ? void world.models.set("documents.DocumentType", rows(7, "code"))
          : new Error("Document types belong to a superuser and there is none; run createsuperuser first."),
      create_default_document_sources: ({ models }) => void models.set("documents.DocumentSource", rows(4, "code")),
      ensure_user: (world, { args: [username = "", , role = "", , group = ""] }) => {
        const [module = "", level = ""] = role.split(":")
        world.users.set(username, DjangoWorld.user({ ...world.users.get(username), groups: [group] }))
        world.models.set("users.UserRole", [
          ...(world.models.get("users.UserRole") ?? []),
          { user: { username, groups: { name: group } }, role: { module, level }, is_active: true }
        ])
      }
    },
    functions: { "users.permissions.has_write_permission": (user, [module]) => user !== undefined && module === "O1" }
  })
  const up = (service: string, answer: HealthWorld.Answer) => () => (docker.isUp(service) ? answer : refused)
  const health = HealthWorld.make({
    urls: {
      [`${backend}/health/`]: up("backend", healthy),
      [`${frontend}/`]: up("frontend", { body: '<html data-app="edms-frontend">' }),
      [`${frontend}/static/admin/css/base.css`]: up("frontend", { headers: { "content-type": "text/css" } })
    }
  })
  const layer = Layer.mergeAll(docker.layer, postgres.layer, django.layer, health.layer)
  const run = (environment: "staging" | "production") =>
    Rehearsal.apply(deployment, layer, { environment, inputs, target: docker.layer })
  const plan = (environment: "staging" | "production") =>
    Rehearsal.plan(deployment, layer, { environment, inputs, target: docker.layer })
  return { docker, postgres, django, health, layer, run, plan }
}

const toApply = (rehearsed: Rehearsal.Rehearsed<unknown>) =>
  rehearsed.plan?.steps.filter((step) => step.action === "apply").map((step) => step.id)

describe("staging", () => {
  it.effect("comes up from an empty host, in the order that the seeds need", () =>
    Effect.gen(function* () {
      const host = makeHost()
      const { applied, exitCode, failure } = yield* host.run("staging")
      assert.deepStrictEqual([failure, exitCode], [undefined, 0])
      const before = (first: string, second: string) =>
        assert.isBelow(applied.indexOf(first), applied.indexOf(second), `${first} before ${second}`)
      before("env-file", "images")
      before("database", "pg_trgm")
      before("unaccent", "migrate")
      before("migrate", "admin")
      before("admin", "create_default_document_types")
      before("create_default_roles", "author01")
      before("create_default_groups", "author01")
      before("author01", "application")
      before("application", "storage")
      assert.notInclude(applied, "backup")
      assert.isTrue(host.docker.isUp("frontend"))
    })
  )

  it.effect("has nothing left to do the second time", () =>
    Effect.gen(function* () {
      const host = makeHost()
      yield* host.run("staging")
      const again = yield* host.run("staging")
      assert.deepStrictEqual([again.applied, again.exitCode], [[], 0])
    })
  )

  it.effect("names what was damaged by hand, and repairs exactly that", () =>
    Effect.gen(function* () {
      const host = makeHost()
      yield* host.run("staging")
      host.postgres.extensions.delete("unaccent")
      host.django.models.set("users.Role", roleRows.slice(1))
      const damaged = ["unaccent", "create_default_roles"]
      assert.deepStrictEqual(toApply(yield* host.plan("staging")), damaged)
      assert.deepStrictEqual((yield* host.run("staging")).applied, damaged)
      assert.deepStrictEqual((yield* host.run("staging")).applied, [])
    })
  )

  it.effect("starts a container that was stopped", () =>
    Effect.gen(function* () {
      const host = makeHost()
      yield* host.run("staging")
      host.docker.stop("frontend")
      assert.deepStrictEqual((yield* host.run("staging")).applied, ["application"])
      assert.isTrue(host.docker.isUp("frontend"))
    })
  )

  it.effect("waits for health in its own time, and says what the backend said last", () =>
    Effect.gen(function* () {
      const host = makeHost()
      const sick = { status: 503, body: JSON.stringify({ status: "error", database: "unavailable" }) }
      host.health.urls.set(`${backend}/health/`, sick)
      const fiber = yield* Effect.forkChild(host.run("staging"))
      yield* TestClock.adjust("1 hour")
      const { exitCode, failure, steps } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([exitCode, failure?.code], [1, "core.run-failed"])
      assert.strictEqual(steps["backend-health"]?.failure?.code, "health.http-unhealthy")
      assert.include(steps["backend-health"]?.failure?.message, "503")
      assert.strictEqual(steps["clean-logs"]?.outcome, "notRun")
    })
  )

  it.effect("starts afresh where it is told to", () =>
    Effect.gen(function* () {
      const host = makeHost()
      yield* host.run("staging")
      const fresh = yield* Rehearsal.apply(deployment, host.layer, {
        environment: "staging",
        strategy: "fresh",
        inputs,
        target: host.docker.layer
      })
      assert.deepStrictEqual([fresh.failure, fresh.applied[0]], [undefined, "clean-slate"])
    })
  )
})

describe("production", () => {
  it.effect("backs up before the first change of the data, and has no test users", () =>
    Effect.gen(function* () {
      const host = makeHost()
      const { applied, exitCode, failure } = yield* host.run("production")
      assert.deepStrictEqual([failure, exitCode], [undefined, 0])
      assert.isBelow(applied.indexOf("backup"), applied.indexOf("pg_trgm"))
      assert.isBelow(applied.indexOf("backup"), applied.indexOf("migrate"))
      assert.notInclude(applied, "author01")
      const [backup] = host.postgres.backups.values()
      assert.strictEqual(host.postgres.backups.size, 1)
      assert.strictEqual(backup?.drilled, true)
    })
  )

  it.effect("refuses a fresh start, also where the types were bypassed", () =>
    Effect.gen(function* () {
      const host = makeHost()
      yield* host.run("production")
      const strategy: string = "fresh"
      const { applied, exitCode, failure } = yield* Rehearsal.apply(deployment, host.layer, {
        environment: "production",
        // The compiler knows better: this is what somebody does who does not ask it.
        strategy: strategy as "update",
        inputs,
        target: host.docker.layer
      })
      assert.deepStrictEqual([exitCode, failure?.code, applied], [5, "policy.fresh-on-precious-data", []])
      assert.include([...host.docker.volumes], "edms_postgres_data")
    })
  )

  it.effect("says which input is missing, and which key of the env file", () =>
    Effect.gen(function* () {
      const host = makeHost()
      const { EDMS_DB_PASSWORD: _, ...rest } = inputs
      const missing = yield* Rehearsal.apply(deployment, host.layer, {
        environment: "production",
        inputs: rest,
        target: host.docker.layer
      })
      assert.deepStrictEqual([missing.exitCode, missing.failure?.code], [64, "core.inputs-invalid"])
      assert.include(missing.failure?.message, "EDMS_DB_PASSWORD is not set")

      yield* host.run("production")
      const file = `${import.meta.dirname}/.env`
      const entry = host.docker.machine.files.get(file)
      const text = new TextDecoder().decode(entry?.content)
      if (entry !== undefined) {
        const content = new TextEncoder().encode(text.replace(/^ALLOWED_HOSTS=.*\n/m, ""))
        host.docker.machine.files.set(file, { ...entry, content })
      }
      const { plan } = yield* host.plan("production")
      assert.deepStrictEqual(plan?.steps.find((step) => step.id === "env-file")?.changes, [
        { summary: "set ALLOWED_HOSTS in .env" }
      ])
      assert.deepStrictEqual((yield* host.run("production")).applied, ["env-file"])
    })
  )
})
