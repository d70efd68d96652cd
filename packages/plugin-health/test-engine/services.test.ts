/** What needs services, on containers of a real engine by way of the docker plugin. */
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Compose } from "@shipshape/plugin-docker"
import { Health } from "@shipshape/plugin-health"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { laws } from "../test/support/Laws.ts"

const compose = `
services:
  app:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    healthcheck: { test: ["CMD", "test", "-f", "/tmp/well"], interval: 300ms, timeout: 5s, retries: 1 }
  crash:
    image: debian:trixie-slim
    command: ["sh", "-c", "echo 'Traceback (most recent call last):'; echo \\"KeyError: 'HOST'\\"; exit 3"]
    restart: on-failure:2
`

const execute = promisify(execFile)

/** A Compose project of its own; all of it is gone at the end of the scope. */
const makeProject = Effect.acquireRelease(
  Effect.promise(async () => {
    const project = `ss-health-${randomUUID().slice(0, 8)}`
    const directory = await mkdtemp(join(tmpdir(), `${project}-`))
    await writeFile(join(directory, "compose.yml"), compose)
    const docker = Result.getOrThrow(Compose.project({ directory, project }).layer(new Map()))
    return {
      directory,
      docker: async (...args: ReadonlyArray<string>) =>
        (await execute("docker", ["compose", "--project-name", project, ...args], { cwd: directory })).stdout.trim(),
      layer: Layer.merge(Health.layer, Layer.provide(docker, Target.local()))
    }
  }),
  ({ directory, docker }) =>
    Effect.promise(async () => {
      await docker("down", "--volumes", "--timeout", "0").finally(() => rm(directory, { recursive: true }))
    })
)

type Project = Effect.Success<typeof makeProject>

/** Waits until a field of a service's container is as it should be. */
const until = ({ docker }: Project, service: string, field: string, pattern: RegExp) =>
  Effect.promise(() => docker("ps", "--all", "--format", `{{.${field}}}`, service)).pipe(
    Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (text) => pattern.test(text) }),
    Effect.timeout("60 seconds"),
    Effect.orDie
  )

describe("health.container", () => {
  it.live("keeps the laws", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { docker, layer } = project
      yield* Effect.promise(() => docker("up", "--detach", "app"))
      const step = Health.container("app", { services: ["app"], interval: "200 millis" })
      yield* laws(step, {
        layer,
        see: Effect.promise(() => docker("ps", "--all", "--format", "{{.ID}} {{.State}}")),
        sicken: Effect.andThen(
          Effect.promise(() => docker("exec", "-T", "app", "rm", "/tmp/well")),
          until(project, "app", "Health", /unhealthy/)
        ),
        heal: () => Effect.runFork(Effect.promise(() => docker("exec", "-T", "app", "touch", "/tmp/well")))
      })
    }).pipe(Effect.scoped)
  )

  it.live("gives up at once on a container that crashes, and shows its log", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* Effect.promise(() => project.docker("up", "--detach", "crash"))
      yield* until(project, "crash", "State", /exited/)
      const step = Health.container("crash", { services: ["crash"], timeout: "10 minutes" })
      const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
      const error = yield* Effect.flip(Effect.provide(apply, project.layer))
      assert.match(error.message, /crash-1 has been restarted 2 times/)
      assert.strictEqual(error.tail?.at(-1), "KeyError: 'HOST'")
    }).pipe(Effect.scoped)
  )
})

describe("health.logs", () => {
  const check = (since?: string) =>
    Effect.gen(function* () {
      const step = Health.logs("clean", {
        services: ["app"],
        forbid: [/ERROR/],
        ...(since === undefined ? {} : { since })
      })
      const prepared = yield* Effect.fromResult(step.prepare(new Map()))
      return yield* Effect.result(prepared.check)
    })

  it.live("reads what the run has caused, and not what was there before", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const { docker, layer } = project
      const say = (text: string) =>
        Effect.promise(() => docker("exec", "-T", "app", "sh", "-c", 'echo "$1" > /proc/1/fd/1', "sh", text))
      yield* Effect.promise(() => docker("up", "--detach", "app"))
      yield* say("ERROR before")
      yield* Effect.gen(function* () {
        assert.isTrue(Result.isSuccess(yield* check()), "a line from before the session")
        assert.isTrue(Result.isFailure(yield* check("10 minutes")), "a line of the last minutes")

        yield* say("ERROR now")
        const found = yield* check()
        assert.isTrue(Result.isFailure(found))
        if (Result.isFailure(found)) assert.deepStrictEqual(found.failure.tail, ["the log of app says:", "ERROR now"])

        yield* Effect.promise(() => docker("restart", "--timeout", "0", "app"))
        assert.isTrue(Result.isSuccess(yield* check("10 minutes")), "the container's present start begins anew")
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped)
  )
})
