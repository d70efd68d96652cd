import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Plugin, type Services, Step } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Health } from "@shipshape/plugin-health"
import { HealthWorld } from "@shipshape/plugin-health/testing"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"

const url = "http://backend/health/"

type Needs = Health.HealthProbe | Services.Services

/** A health check behind a step of somebody's that does `work` once, if it is given. */
const deploymentOf = (check: () => Step.Step<unknown, unknown, Needs, Needs, never>, work?: Effect.Effect<unknown>) => {
  let done = work === undefined
  const other = Step.make("acme.other", {
    description: "Something else is done",
    risk: "additive",
    input: {},
    output: {},
    check: () => Effect.sync(() => (done ? Check.satisfied({}) : Check.needed([{ summary: "do it" }]))),
    apply: () =>
      Effect.gen(function* () {
        yield* work ?? Effect.void
        done = true
      })
  })
  // What provides the services in the deployment's types: a rehearsal puts the world in its place.
  const services = Plugin.define("services", {
    version: "1.0.0",
    description: "Services",
    steps: {},
    options: {},
    layer: () => HealthWorld.make().servicesLayer
  })
  const options = {
    environments: { staging: { data: "disposable" } },
    plugins: () => [services({}), Health.checks({})]
  } as const
  return defineDeployment("shop", options, function* () {
    yield* other("other", {})
    yield* check()
  })
}

type Deployment = ReturnType<typeof deploymentOf>

const layerOf = (world: HealthWorld.HealthWorld) => Layer.merge(world.layer, world.servicesLayer)

/** Applies, while so much of the test's time goes by. */
const apply = (deployment: Deployment, world: HealthWorld.HealthWorld, time: Duration.Input = 0) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Rehearsal.apply(deployment, layerOf(world), { environment: "staging" }))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

describe("waiting for a URL", () => {
  it.effect("ends when it is healthy; applying again applies nothing", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({
        urls: { [url]: [{ status: 502 }, { after: "5 seconds", status: 503 }, { after: "21 seconds", status: 200 }] }
      })
      const deployment = deploymentOf(() => Health.http("backend", { url, interval: "2 seconds" }))
      const first = yield* apply(deployment, world, "1 hour")
      assert.deepStrictEqual(first.applied, ["backend"])
      // One of the plan, one before applying, 12 while it waits, one after.
      assert.strictEqual(world.looks.length, 15)
      const said = first.events.flatMap((event) => (event._tag === "StepOutput" ? [event.line] : []))
      assert.deepStrictEqual(said, ["it answered 502, not 200 to 299", "it answered 503, not 200 to 299"])

      world.urls.set(url, { status: 200 })
      const second = yield* apply(deployment, world)
      assert.deepStrictEqual([second.exitCode, second.applied], [0, []])
    })
  )

  it.effect("that never is ends when time is up, with the last answer and the service's log", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({
        urls: { [url]: { status: 503, body: "database: down\n\nmigrations: 2 pending" } },
        services: { backend: [{}] }
      })
      yield* world.write("backend", "OperationalError: could not connect to db")
      const deployment = deploymentOf(() =>
        Health.http("backend", { url, service: "backend", interval: "2 seconds", timeout: "30 seconds" })
      )
      const { exitCode, failure } = yield* apply(deployment, world, "30 seconds")
      assert.strictEqual(exitCode, 1)
      assert.include(failure?.message, `${url} is not healthy after 30s: it answered 503, not 200 to 299`)
      assert.include(failure?.hint, "the proxy cannot reach what is behind it")
      assert.deepStrictEqual(failure?.tail, [
        "HTTP 503",
        "database: down",
        "migrations: 2 pending",
        "the log of backend ends with:",
        "OperationalError: could not connect to db"
      ])
    })
  )

  it.effect("needs no plugin that knows services", () =>
    Effect.gen(function* () {
      const options = {
        environments: { staging: { data: "disposable" } },
        plugins: () => [Health.checks({})]
      } as const
      const deployment = defineDeployment("shop", options, function* () {
        yield* Health.http("backend", { url, service: "backend", timeout: "1 millis" })
      })
      const world = HealthWorld.make()
      const fiber = yield* Effect.forkChild(Rehearsal.apply(deployment, world.layer, { environment: "staging" }))
      yield* TestClock.adjust("1 second")
      const { failure } = yield* Fiber.join(fiber)
      assert.include(failure?.message, "the connection was refused")
      assert.deepStrictEqual(failure?.tail, [])
    })
  )

  it.effect("that is healthy before the run is asked again once anything was applied", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({ urls: { [url]: { status: 200 } } })
      const breaks = Effect.sync(() => world.urls.set(url, { status: 500 }))
      const deployment = deploymentOf(() => Health.http("backend", { url }), breaks)
      const { steps } = yield* apply(deployment, world, "1 hour")
      assert.deepStrictEqual([steps.other?.outcome, steps.backend?.outcome], ["applied", "failed"])
    })
  )
})

describe("containers", () => {
  const check = () => Health.container("up", { services: ["backend", "worker"], interval: "1 second" })

  it.effect("that crash are given up at once, with their log", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({ services: { backend: [{}], worker: [{ restarts: 3, health: "starting" }] } })
      yield* world.write("worker", "ModuleNotFoundError: celery")
      const { failure } = yield* apply(deploymentOf(check), world)
      assert.include(failure?.message, "worker-1 has been restarted 3 times")
      assert.deepStrictEqual(failure?.tail, ["the log of worker ends with:", "ModuleNotFoundError: celery"])
    })
  )

  it.effect("are waited for, all of them", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({
        services: { backend: [{ health: "starting" }, { state: "exited", exitCode: 3 }] }
      })
      const { failure, plan } = yield* apply(deploymentOf(check), world, "2 minutes")
      const reasons = ["backend-1 is starting", "backend-2 is exited with exit code 3", "worker has no container"]
      assert.deepStrictEqual(
        plan?.steps.find((step) => step.id === "up")?.changes.map((change) => change.summary),
        reasons
      )
      assert.include(failure?.message, `not healthy after 1m: ${reasons.join("; ")}`)
    })
  )

  it.effect("without a health check are not taken for healthy, unless running is enough", () =>
    Effect.gen(function* () {
      const world = HealthWorld.make({ services: { backend: [{ health: "none" }] } })
      const healthy = deploymentOf(() => Health.container("up", { services: ["backend"] }))
      const { failure } = yield* apply(healthy, world)
      assert.include(failure?.message, "backend-1 has no health check")
      const running = deploymentOf(() => Health.container("up", { services: ["backend"], health: "running" }))
      assert.strictEqual((yield* apply(running, world)).exitCode, 0)
    })
  )
})

describe("logs", () => {
  const forbid = [/\bERROR\b/g, /^Traceback/] as const
  const check = (since?: string) =>
    Health.logs("clean", {
      services: ["backend"],
      forbid,
      allow: [/harmless/],
      ...(since === undefined ? {} : { since })
    })
  const backend = () => HealthWorld.make({ services: { backend: [{}] } })

  it.effect("from before the run do not count; what the run causes does, with the lines behind it", () =>
    Effect.gen(function* () {
      const world = backend()
      yield* world.write("backend", "ERROR of yesterday")
      yield* TestClock.adjust("1 day")
      const clean = yield* apply(
        deploymentOf(() => check()),
        world
      )
      assert.deepStrictEqual([clean.exitCode, clean.applied], [0, []])

      const lines = ["ERROR, but harmless", "Traceback (most recent call last):", '  File "a.py"', "KeyError: 'HOST'"]
      const work = Effect.forEach(lines, (line) => world.write("backend", line))
      const { failure } = yield* apply(
        deploymentOf(() => check(), work),
        world
      )
      assert.strictEqual(failure?.code, "core.run-failed")
      assert.include(failure?.message, "forbidden lines: 1 in the log of backend")
      assert.deepStrictEqual(failure?.tail, ["the log of backend says:", ...lines.slice(1)])
    })
  )

  it.effect("of the last minutes stay red from run to run, until the container is another one", () =>
    Effect.gen(function* () {
      const world = backend()
      yield* TestClock.adjust("1 hour")
      yield* world.write("backend", "ERROR at start")
      yield* TestClock.adjust("5 minutes")
      const step = () => check("10 minutes")
      assert.strictEqual((yield* apply(deploymentOf(step), world)).exitCode, 1)
      assert.strictEqual((yield* apply(deploymentOf(step), world)).exitCode, 1)
      const service = world.services.get("backend")!
      service.containers = service.containers.map((container) => ({ ...container, startedAt: 62 * 60_000 }))
      assert.strictEqual((yield* apply(deploymentOf(step), world)).exitCode, 0)
    })
  )

  it.effect("of the last minutes no longer count when they are older", () =>
    Effect.gen(function* () {
      const world = backend()
      yield* world.write("backend", "ERROR at start")
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(
        (yield* apply(
          deploymentOf(() => check("10 minutes")),
          world
        )).exitCode,
        0
      )
    })
  )
})
