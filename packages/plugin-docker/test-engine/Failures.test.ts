/** What goes wrong while it is done is said with the lines that explain it. */

import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@shipshape/core"
import { Compose, Storage } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import { makeProject } from "./support/project.ts"

const compose = `
services:
  web:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    stop_grace_period: 1s
    volumes: ["data:/data"]
volumes: { data: {} }
`

describe("failures", () => {
  it.live("a build that fails: its output is in the error, and the image that was there keeps its tag", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({
        "compose.yml": "services: { web: { build: ./web } }",
        "web/Dockerfile": "FROM debian:trixie-slim\nRUN echo one\n"
      })
      const step = Compose.build("images", { services: ["web"] })
      const prepared = yield* Effect.fromResult(step.prepare(new Map()))
      yield* Effect.provide(prepared.apply, project.layer)
      const image = project.docker("image", "inspect", "--format", "{{.Id}}", `${project.name}-web`)
      const before = yield* image
      yield* project.write("web/Dockerfile", "FROM debian:trixie-slim\nRUN echo 'cannot find the thing'; exit 3\n")
      const needed = yield* Effect.provide(prepared.check, project.layer)
      assert.deepEqual(needed._tag === "Needed" && needed.changes, [{ summary: "build web: web/Dockerfile changed" }])
      const report = Failure.report(yield* Effect.flip(Effect.provide(prepared.apply, project.layer)))
      assert.strictEqual(report.code, "docker.build-failed")
      assert.isTrue(report.tail?.some((line) => line.includes("cannot find the thing")))
      assert.strictEqual(yield* image, before)
    }).pipe(Effect.scoped)
  )

  it.live("a container that never gets healthy, ends, or keeps restarting: the log's last lines are in the error", () =>
    Effect.gen(function* () {
      const service = (rest: string) =>
        `  {{name}}:\n    image: debian:trixie-slim\n    init: true\n    stop_grace_period: 1s\n${rest}`
      const sick = `    command: ["sh", "-c", "echo cannot open the door; sleep 600"]\n    healthcheck: { test: ["CMD-SHELL", "echo no answer; exit 1"], interval: 1s, retries: 1 }\n`
      const ends = `    command: ["sh", "-c", "echo cannot open the door; exit 3"]\n`
      const loops = `${ends}    restart: always\n`
      const project = yield* makeProject({
        "compose.yml": `services:\n${[
          ["sick", sick],
          ["ends", ends],
          ["loops", loops]
        ]
          .map(([name, rest]) => service(rest!).replace("{{name}}", name!))
          .join(
            ""
          )}  late:\n    image: debian:trixie-slim\n    command: ["sleep", "600"]\n    depends_on: { sick: { condition: service_healthy } }\n`
      })
      const failure = Effect.fnUntraced(function* (name: string) {
        const { apply } = yield* Effect.fromResult(Compose.up(name, { services: [name] }).prepare(new Map()))
        return Failure.report(yield* Effect.flip(Effect.provide(apply, project.layer)))
      })
      for (const [name, says] of [
        ["sick", "service sick is unhealthy: no answer"],
        ["ends", "service ends has ended with exit code 3"],
        ["loops", "service loops keeps restarting"],
        ["late", "service sick is unhealthy: no answer"]
      ] as const) {
        const { code, message, tail } = yield* failure(name)
        assert.strictEqual(code, "docker.unhealthy", name)
        assert.isTrue(message.startsWith(says), message)
        assert.include(tail ?? [], "cannot open the door", name)
      }
    }).pipe(Effect.scoped)
  )

  it.live("a container that takes too long", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({
        "compose.yml": `${compose.replace("init: true", 'init: true\n    healthcheck: { test: ["CMD", "false"], start_period: 600s, start_interval: 1s, interval: 1s }')}`
      })
      const { apply } = yield* Effect.fromResult(
        Compose.up("web", { services: ["web"], timeout: "2 seconds" }).prepare(new Map())
      )
      const report = Failure.report(yield* Effect.flip(Effect.provide(apply, project.layer)))
      assert.deepEqual(
        [report.code, report.message.startsWith("service web is still starting after 2s")],
        ["docker.unhealthy", true],
        report.message
      )
    }).pipe(Effect.scoped)
  )

  it.live("a directory that the container's own user cannot write to", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({
        "compose.yml": compose.replace("init: true", 'init: true\n    user: "1000"\n    tmpfs: ["/ro:ro"]')
      })
      yield* project.compose("up", "-d")
      const step = Storage.directories("x", { service: "web", base: "/srv", paths: ["x"], owner: 33, mode: 0o755 })
      const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
      const report = Failure.report(yield* Effect.flip(Effect.provide(apply, project.layer)))
      assert.strictEqual(report.code, "docker.not-writable")
    }).pipe(Effect.scoped)
  )

  it.live("a volume that another project's container uses stays", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      yield* project.compose("up", "-d")
      const volume = `${project.name}_data`
      yield* Effect.acquireUseRelease(
        project.docker("run", "--detach", "--volume", `${volume}:/data`, "debian:trixie-slim", "sleep", "600"),
        () =>
          Effect.gen(function* () {
            const step = Compose.removeVolumes("clean", { volumes: ["data"] })
            const { apply } = yield* Effect.fromResult(step.prepare(new Map()))
            const report = Failure.report(yield* Effect.flip(Effect.provide(apply, project.layer)))
            assert.deepEqual([report.code, report.message.includes(volume)], ["docker.volume-in-use", true])
            assert.strictEqual(yield* project.docker("volume", "ls", "--quiet", "--filter", `name=${volume}`), volume)
          }),
        (container) => project.docker("rm", "--force", container)
      )
    }).pipe(Effect.scoped)
  )
})
