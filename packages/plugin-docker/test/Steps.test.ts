/** Single steps in the fake world. */

import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { Laws, Rehearsal } from "@shipshape/core/testing"
import { Compose, ComposeProbe, EnvFile, Storage } from "@shipshape/plugin-docker"
import { DockerWorld } from "@shipshape/plugin-docker/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

describe("Compose.up", () => {
  const up = defineDeployment(
    "app",
    {
      environments: { staging: { data: "disposable" } },
      plugins: () => [Compose.project({ directory: "/srv/app" })]
    },
    function* () {
      yield* Compose.up("web", { services: ["web"], timeout: "1 minute" })
    }
  )
  const run = (world: DockerWorld.DockerWorld) => Rehearsal.apply(up, world.layer, { environment: "staging" })

  it.effect("waits for a health check, however long it takes", () =>
    Effect.gen(function* () {
      const world = DockerWorld.make({ services: { web: { image: "web", health: { afterMillis: 30_000 } } } })
      const fiber = yield* Effect.forkChild(run(world))
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.deepEqual((yield* Fiber.join(fiber)).applied, ["web"])
    })
  )

  it.effect("gives up on one that is unhealthy, or too late, with its log", () =>
    Effect.gen(function* () {
      const outcome = Effect.fnUntraced(function* (health: DockerWorld.Health) {
        const world = DockerWorld.make({ services: { web: { image: "web", health } } })
        const fiber = yield* Effect.forkChild(run(world))
        yield* TestClock.adjust("1 second")
        yield* world.print("web", "cannot open the door")
        yield* TestClock.adjust("2 minutes")
        const { steps } = yield* Fiber.join(fiber)
        assert.deepEqual(steps.web?.failure?.tail, ["cannot open the door"])
        return [steps.web?.failure?.code, steps.web?.failure?.message]
      })
      assert.deepEqual(yield* outcome("never"), [
        "docker.unhealthy",
        "service web is unhealthy: the health check fails"
      ])
      assert.deepEqual(yield* outcome({ afterMillis: 3_600_000 }), [
        "docker.unhealthy",
        "service web is still starting after 1m"
      ])
    })
  )

  it.effect("has a service wait for the image that an earlier step builds, and is blocked where none does", () =>
    Effect.gen(function* () {
      const world = DockerWorld.make({ services: { web: { build: { Dockerfile: "FROM x" } } } })
      const { plan: found } = yield* Rehearsal.plan(up, world.layer, { environment: "staging" })
      assert.deepEqual(
        found?.steps.map(({ action, reason }) => [action, reason]),
        [["blocked", "web has no image yet"]]
      )
    })
  )
})

describe("other steps", () => {
  const makeSmall = () =>
    DockerWorld.make({
      services: {
        web: {
          image: "web",
          files: {},
          run: ({ args, program }) => {
            if (program === "test") return { exitCode: done.has(args.join(" ")) ? 0 : 1 }
            if (program !== "touch") return undefined
            done.add(`-e ${args.join(" ")}`)
            return {}
          }
        }
      }
    })
  const done = new Set<string>()

  it.effect("run and exec do what is not done yet", () =>
    Effect.gen(function* () {
      for (const make of [Compose.run, Compose.exec]) {
        done.clear()
        const world = makeSmall()
        const step = make("seed", {
          service: "web",
          command: ["touch", "/seeded"],
          done: { check: ["test", "-e", "/seeded"], readOnly: true }
        })
        yield* Effect.gen(function* () {
          const { apply } = yield* Effect.fromResult(Compose.up("web", { services: ["web"] }).prepare(new Map()))
          yield* apply
          yield* Laws.check({ step, see: Effect.sync(() => [...done]), damage: Effect.sync(() => done.clear()) })
        }).pipe(Effect.provide(world.layer))
      }
    })
  )

  it.effect("pull brings images that are missing, and fails with the image's name", () =>
    Effect.gen(function* () {
      const world = makeSmall()
      const step = Compose.pull("images", { services: ["web"] })
      yield* Laws.check({
        step,
        see: Effect.sync(world.snapshot),
        damage: Effect.sync(() => world.removeImage("web"))
      }).pipe(Effect.provide(world.layer))
      world.removeImage("web")
      world.failing.pull.add("web")
      const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
      const error = yield* Effect.flip(Effect.provide(apply, world.layer))
      assert.strictEqual(error._tag, "PullFailed")
    })
  )

  it.effect("logs are given from a time on, the last ones only", () =>
    Effect.gen(function* () {
      const world = makeSmall()
      yield* Effect.gen(function* () {
        const { apply } = yield* Effect.fromResult(Compose.up("web", { services: ["web"] }).prepare(new Map()))
        yield* apply
        yield* world.print("web", "one")
        yield* TestClock.adjust("10 seconds")
        yield* world.print("web", "two", "three")
        const probe = yield* ComposeProbe
        assert.deepEqual(
          (yield* probe.logs("web", { since: 10_000 })).map(({ at, text }) => [at, text]),
          [
            [10_000, "two"],
            [10_000, "three"]
          ]
        )
        assert.deepEqual(
          (yield* probe.logs("web", { tail: 1 })).map(({ text }) => text),
          ["three"]
        )
      }).pipe(Effect.provide(world.layer))
    })
  )

  it("modes that let other users in are refused before anything runs", () => {
    const problem = (step: {
      prepare: (values: Map<string, unknown>) => {
        readonly _tag: string
        readonly failure?: { readonly message: string }
      }
    }) => step.prepare(new Map()).failure?.message ?? ""
    assert.include(problem(EnvFile.present("env", { path: ".env", mode: 0o644 })), "use 0o640")
    assert.include(problem(EnvFile.present("env", { path: ".env", mode: 0o666 })), "lets every user")
    assert.include(problem(Storage.directories("x", { base: "/x", paths: ["y"], owner: 1, mode: 0o777 })), "use 0o775")
    assert.include(problem(Storage.directories("x", { base: "/x", paths: ["../y"], owner: 1, mode: 0o755 })), "below")
    assert.include(problem(Compose.preflight("x", { compose: "newest" })), "newest")
  })
})
