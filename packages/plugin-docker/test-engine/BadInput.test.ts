/** What is wrong with a project or its surroundings is said before anything changes. */

import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Failure, type Step } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Compose, EnvFile } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import { freePort, makeProject, type TestProject } from "./support/project.ts"

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

/** How a deployment of one step ends, and that it has changed nothing. */
const refused = Effect.fnUntraced(function* (project: TestProject, step: Step.Step.Any) {
  const prepared = yield* Effect.fromResult(step.prepare(new Map()))
  const label = `label=com.docker.compose.project=${project.name}`
  const see = Effect.all([
    project.docker("ps", "--all", "--format", "{{.ID}} {{.State}}", "--filter", label),
    project.docker("volume", "ls", "--quiet", "--filter", label),
    project.docker("image", "ls", "--no-trunc", "--quiet", "--filter", label)
  ])
  const before = yield* see
  // The step was made for the services that this layer provides.
  const check = prepared.check as Effect.Effect<unknown, unknown>
  const report = Failure.report(yield* Effect.flip(Effect.provide(check, project.layer)))
  assert.deepEqual(yield* see, before)
  assert.notStrictEqual(report.hint, "")
  return report
})

const withFiles = (files: Readonly<Record<string, string>>, step: Step.Step.Any) =>
  Effect.flatMap(makeProject(files), (project) => refused(project, step))

const web = Compose.up("web", { services: ["web"] })

describe("bad input", () => {
  it.live("a Compose file that is not there", () =>
    Effect.gen(function* () {
      for (const step of [web, Compose.preflight("docker", {})]) {
        const { code, message } = yield* withFiles({}, step)
        assert.deepEqual([code, message.includes("compose.yml does not exist")], ["docker.file-missing", true])
      }
    }).pipe(Effect.scoped)
  )

  it.live("a Compose file that is no YAML, or holds what Compose does not know", () =>
    Effect.gen(function* () {
      for (const text of [
        "services: {web: {image: [",
        "services: {web: {imagee: x}}",
        "services: {web: {image: x, depends_on: [db]}}",
        "services: {web: {image: x, volumes: [data:/data]}}"
      ]) {
        const { code } = yield* withFiles({ "compose.yml": text }, Compose.preflight("docker", {}))
        assert.strictEqual(code, "docker.compose-file-invalid", text)
      }
    }).pipe(Effect.scoped)
  )

  it.live("a required variable without a value", () =>
    Effect.gen(function* () {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose replaces it.
      const files = { "compose.yml": "services: {web: {image: 'x:${TAG:?the release}'}}" }
      const { code, message } = yield* withFiles(files, web)
      assert.deepEqual(
        [code, message.includes("TAG"), message.includes("the release")],
        ["docker.variable-missing", true, true]
      )
      // A later step may write it: nothing of Docker itself is out of order.
      const project = yield* makeProject(files)
      const { check } = yield* Effect.fromResult(Compose.preflight("docker", {}).prepare(new Map()))
      assert.strictEqual((yield* Effect.provide(check, project.layer))._tag, "Satisfied")
    }).pipe(Effect.scoped)
  )

  it.live("an env file that a service needs and that is not there", () =>
    Effect.gen(function* () {
      const { code, message } = yield* withFiles({ "compose.yml": "services: {web: {image: x, env_file: .env}}" }, web)
      assert.deepEqual([code, message.includes(".env")], ["docker.file-missing", true])
    }).pipe(Effect.scoped)
  )

  it.live("an env file with a broken line, or without a key", () =>
    Effect.gen(function* () {
      const step = EnvFile.present("env", { path: ".env", mode: 0o644 & 0o640, requires: ["SECRET_KEY"] })
      const files = (env: string) => ({ "compose.yml": compose, ".env": env })
      const broken = yield* withFiles(files("A=1\nSECRET_KEY\n"), step)
      assert.deepEqual([broken.code, broken.message.startsWith(".env:2:")], ["core.env-file-invalid", true])
      const empty = yield* withFiles(files("A=1\nSECRET_KEY=\n"), step)
      assert.deepEqual([empty.code, empty.message], ["docker.env-file-incomplete", ".env lacks SECRET_KEY"])
      const none = yield* withFiles({ "compose.yml": compose }, step)
      assert.deepEqual(
        [none.code, none.message],
        ["docker.env-file-incomplete", ".env does not exist; it has to hold SECRET_KEY"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("a service or a volume that the project does not have", () =>
    Effect.gen(function* () {
      const files = { "compose.yml": compose }
      for (const step of [
        Compose.up("x", { services: ["webb"] }),
        Compose.build("x", { services: ["webb"] }),
        Compose.stop("x", { services: ["webb"] }),
        Compose.exec("x", { service: "webb", command: ["true"], done: "everyRun" })
      ]) {
        const { code, message } = yield* withFiles(files, step)
        assert.deepEqual([code, message.includes("did you mean “web”?")], ["docker.unknown-name", true], step.type)
      }
      const volume = yield* withFiles(files, Compose.removeVolumes("x", { volumes: ["dat"] }))
      assert.deepEqual([volume.code, volume.message.includes("did you mean “data”?")], ["docker.unknown-name", true])
      assert.strictEqual(
        (yield* withFiles(files, Compose.build("x", { services: ["web"] }))).code,
        "docker.not-supported"
      )
    }).pipe(Effect.scoped)
  )

  it.live("versions and disk space that are not what is needed", () =>
    Effect.gen(function* () {
      const files = { "compose.yml": compose }
      const compose99 = yield* withFiles(files, Compose.preflight("docker", { compose: ">=99" }))
      assert.strictEqual(compose99.code, "docker.version-unsupported")
      const docker1 = yield* withFiles(files, Compose.preflight("docker", { docker: "<2" }))
      assert.strictEqual(docker1.code, "docker.version-unsupported")
      const disk = yield* withFiles(files, Compose.preflight("docker", { diskFreeMiB: 1_000_000_000 }))
      assert.strictEqual(disk.code, "docker.disk-space-low")
    }).pipe(Effect.scoped)
  )

  it.live("a port that a program or another project's container has", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const published = compose.replace("init: true", `init: true\n    ports: ["127.0.0.1:${port}:80"]`)
      const other = yield* makeProject({ "compose.yml": published })
      yield* other.compose("up", "-d")
      const project = yield* makeProject({ "compose.yml": published })
      const step = Compose.preflight("docker", { ports: [port] })
      const container = yield* refused(project, step)
      assert.deepEqual(
        [container.code, container.message],
        ["docker.port-taken", `port ${port} is taken by container ${other.name}-web-1`]
      )
      const up = Compose.up("web", { services: ["web"] })
      const applied = yield* Effect.fromResult(up.prepare(new Map()))
      const late = Failure.report(yield* Effect.flip(Effect.provide(applied.apply, project.layer)))
      assert.strictEqual(late.code, "docker.port-taken")

      // Its own container may have it.
      const own = yield* Effect.fromResult(step.prepare(new Map()))
      assert.strictEqual((yield* Effect.provide(own.check, other.layer))._tag, "Satisfied")

      const server = yield* Effect.acquireRelease(
        Effect.promise(
          () =>
            new Promise<ReturnType<typeof createServer>>((resolve) => {
              const listening = createServer()
              listening.listen(0, "127.0.0.1", () => resolve(listening))
            })
        ),
        (listening) => Effect.promise(() => new Promise((resolve) => listening.close(resolve)))
      )
      const address = server.address()
      assert(address !== null && typeof address === "object")
      const program = yield* refused(project, Compose.preflight("docker", { ports: [address.port] }))
      assert.deepEqual(
        [program.code, program.message.includes(`(process ${process.pid})`)],
        ["docker.port-taken", true]
      )
    }).pipe(Effect.scoped)
  )

  it.live("a daemon that does not answer, and a docker that is not there", () =>
    Effect.gen(function* () {
      const withVariable = <A, E, R>(name: string, value: string, effect: Effect.Effect<A, E, R>) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            const before = process.env[name]
            process.env[name] = value
            return before
          }),
          () => effect,
          (before) =>
            Effect.sync(() => {
              if (before === undefined) delete process.env[name]
              else process.env[name] = before
            })
        )
      const project = yield* makeProject({ "compose.yml": compose })
      const failure = Effect.fnUntraced(function* (step: Step.Step.Any) {
        const { check } = yield* Effect.fromResult(step.prepare(new Map()))
        // The step was made for the services that this layer provides.
        return Failure.report(
          yield* Effect.flip(Effect.provide(check as Effect.Effect<unknown, unknown>, project.layer))
        )
      })
      for (const step of [Compose.preflight("docker", {}), web]) {
        const { code, hint } = yield* withVariable("DOCKER_HOST", "unix:///nonexistent/docker.sock", failure(step))
        assert.deepEqual([code, hint.includes("DOCKER_HOST")], ["docker.daemon-unreachable", true], step.type)
      }
      const none = yield* withVariable("PATH", "/nonexistent", failure(Compose.preflight("docker", {})))
      assert.strictEqual(none.code, "docker.not-installed")
    }).pipe(Effect.scoped)
  )

  it.live("what blocks the plan, and ends an apply before anything changes", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      const deployment = defineDeployment(
        "x",
        {
          environments: { staging: { data: "disposable" } },
          plugins: () => [Compose.project({ directory: project.directory })]
        },
        function* () {
          yield* Compose.preflight("docker", { compose: ">=99" })
          yield* Compose.up("web", { services: ["web"] })
        }
      )
      const { plan } = yield* Rehearsal.plan(deployment, project.layer, { environment: "staging" })
      assert.deepEqual(
        plan?.steps.map(({ action }) => action),
        ["blocked", "apply"]
      )
      assert.strictEqual(plan?.steps[0]?.failure?.code, "docker.version-unsupported")
      const { applied, steps } = yield* Rehearsal.apply(deployment, project.layer, { environment: "staging" })
      assert.deepEqual([applied, steps.docker?.failure?.code], [[], "docker.version-unsupported"])
      assert.strictEqual(yield* project.compose("ps", "--all", "--quiet"), "")
    }).pipe(Effect.scoped)
  )
})
