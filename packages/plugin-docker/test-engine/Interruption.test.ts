import { assert, describe, it } from "@effect/vitest"
import { Attempt, Progress } from "@shipshape/core"
import { Compose, ComposeProbe } from "@shipshape/plugin-docker"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { makeProject, type TestProject } from "./support/project.ts"

const compose = (slow: string) => `
services:
  slow:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "test", "-e", "/tmp/${slow}"], start_period: 600s, start_interval: 1s, interval: 1s }
  web:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    stop_grace_period: 1s
    depends_on: { slow: { condition: service_healthy } }
`

describe("Ctrl-C", () => {
  it.live("while Compose waits leaves a project that the next apply goes on with", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose("ready") })
      const { apply, check } = yield* Effect.fromResult(Compose.up("web", { services: ["web"] }).prepare(new Map()))
      yield* Effect.gen(function* () {
        const probe = yield* ComposeProbe
        const fiber = yield* Effect.forkChild(apply)
        yield* probe.state("slow").pipe(
          Effect.repeat({
            schedule: Schedule.spaced("100 millis"),
            until: (all) => all.some(({ state }) => state === "running")
          })
        )
        yield* Fiber.interrupt(fiber)
        const found = yield* check
        assert.deepEqual(
          found._tag === "Needed" && found.changes.map(({ summary }) => summary.replaceAll(project.name, "x")),
          [
            "wait for x-slow-1: its health check is starting (web depends on it)",
            yield* project
              .compose("ps", "--all", "--quiet", "web")
              .pipe(Effect.map((id) => (id === "" ? "create web" : "start x-web-1: it is created")))
          ]
        )
        yield* project.compose("exec", "-T", "slow", "touch", "/tmp/ready")
        yield* apply
        assert.strictEqual((yield* check)._tag, "Satisfied")
        assert.strictEqual((yield* probe.containers).length, 2)
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  it.live("while an image is built leaves the image that was there, and the next apply builds it", () =>
    Effect.gen(function* () {
      const dockerfile = (lines: string) => `FROM debian:trixie-slim\n${lines}\n`
      const project = yield* makeProject({
        "compose.yml": "services: { app: { build: . } }",
        Dockerfile: dockerfile("RUN true")
      })
      const build = Compose.build("images", { services: ["app"] })
      const { apply, check } = yield* Effect.fromResult(build.prepare(new Map()))
      yield* Effect.gen(function* () {
        yield* apply
        const image = Effect.map(ComposeProbe, ({ images }) => images).pipe(
          Effect.flatten,
          Effect.map((all) => [...all])
        )
        const before = yield* image
        yield* project.write("Dockerfile", dockerfile("RUN echo working && sleep 300"))
        const building = yield* Deferred.make<void>()
        const line = (text: string) => {
          if (/RUN echo working/.test(text)) Deferred.doneUnsafe(building, Effect.void)
        }
        const fiber = yield* Effect.forkChild(Effect.provideService(apply, Progress.Current, { line }))
        yield* Deferred.await(building)
        yield* Fiber.interrupt(fiber)
        assert.deepEqual(yield* image, before)
        assert.strictEqual((yield* check)._tag, "Needed")
        yield* project.write("Dockerfile", dockerfile("RUN echo done"))
        yield* apply
        assert.strictEqual((yield* check)._tag, "Satisfied")
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  it.live("while a command runs in a container of its own takes that container away", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose("ready") })
      const step = Compose.run("long", { service: "slow", command: ["sleep", "300"], done: "everyRun" })
      const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
      yield* Effect.gen(function* () {
        const probe = yield* ComposeProbe
        const fiber = yield* Effect.forkChild(apply)
        yield* probe.containers.pipe(
          Effect.repeat({
            schedule: Schedule.spaced("100 millis"),
            until: (all) => all.some(({ oneOff, state }) => oneOff && state === "running")
          })
        )
        yield* Fiber.interrupt(fiber)
        assert.deepEqual(yield* probe.containers, [])
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  /** A command in a service's container, as an attempt of a run applies it; once it is at work. */
  const working = Effect.fnUntraced(function* (
    project: TestProject,
    service: string,
    command: readonly [string, ...ReadonlyArray<string>],
    run = 1
  ) {
    const step = Compose.exec("long", { service, command, done: "everyRun" })
    const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
    const attempt = { deployment: "d", environment: "e", run, step: "long", attempt: 1, key: "0123456789abcdef" }
    const isAtWork = Effect.map(project.compose("top", service), (all) => all.includes(command.join(" ")))
    const fiber = yield* apply.pipe(
      Effect.provide(project.layer),
      Effect.provideService(Attempt.Current, attempt),
      Effect.forkChild
    )
    yield* Effect.repeat(isAtWork, { schedule: Schedule.spaced("100 millis"), until: (is) => is })
    return { fiber, isAtWork }
  })

  it.live("while a command runs in a service's container ends it there, and nobody else's", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose("ready") })
      yield* project.compose("up", "--detach", "slow")
      const own = yield* working(project, "slow", ["sh", "-c", "sleep 301; echo $PPID"])
      // As a run that goes on with one that has lost its lock, and has not noticed.
      const next = yield* working(project, "slow", ["sh", "-c", "sleep 302; echo $PPID"], 2)
      yield* Fiber.interrupt(own.fiber)
      assert.deepStrictEqual([yield* own.isAtWork, yield* next.isAtWork], [false, true])
      assert.include(yield* project.compose("top", "slow"), "sleep 302")
      assert.notInclude(yield* project.compose("top", "slow"), "sleep 301")
      yield* Fiber.interrupt(next.fiber)
    }).pipe(Effect.scoped)
  )

  it.live("while a command runs beside PostgreSQL throws nobody out", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({
        "compose.yml": "services: { db: { image: postgres:17, environment: { POSTGRES_HOST_AUTH_METHOD: trust } } }"
      })
      yield* project.compose("up", "--detach", "db")
      const psql = ["psql", "--host", "127.0.0.1", "--username", "postgres", "--command"] as const
      const answers = Effect.map(Effect.exit(project.compose("exec", "-T", "db", ...psql, "SELECT 1")), Exit.isSuccess)
      yield* Effect.repeat(answers, { schedule: Schedule.spaced("200 millis"), until: (is) => is })
      const alone = yield* working(project, "db", [...psql, "SELECT pg_sleep(301)"])
      // PostgreSQL would inherit the child of what is killed, and take its end for a crash.
      const parent = yield* working(project, "db", ["sh", "-c", `${psql.join(" ")} 'SELECT pg_sleep(302)'; true`])
      yield* Fiber.interrupt(alone.fiber)
      yield* Fiber.interrupt(parent.fiber)
      assert.isFalse(yield* alone.isAtWork)
      assert.isTrue(yield* answers)
      assert.notMatch(yield* project.compose("logs", "db"), /terminated by signal|recovery/)
    }).pipe(Effect.scoped)
  )
})
