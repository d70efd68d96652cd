/** What a killed run has left in containers: the next one ends it before it looks. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { signal, treeOf } from "../../../test/support/processTree.ts"
import { makeProject, type TestProject } from "./support/project.ts"

const compose = `
services:
  app:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "6000"]
    stop_grace_period: 1s
    user: "1000:1000"
    volumes: ["./data:/data"]
`

/** Says in a file that it has begun, waits for another, and says that it has ended. */
const work = JSON.stringify({
  service: "app",
  command: [
    "sh",
    "-c",
    "echo begun >> /data/log; until test -e /data/go; do sleep 0.05; done; echo ended >> /data/log"
  ],
  done: { check: ["grep", "-q", "ended", "/data/log"], readOnly: true }
})

const deploy = (step: string) => `
import { defineDeployment, Input } from "@shipshape/core"
import { main } from "@shipshape/core/cli"
import { Compose } from "@shipshape/plugin-docker"

const deployment = defineDeployment(
  "leftovers",
  {
    environments: { staging: { data: "disposable" } },
    inputs: { project: Input.string("PROJECT") },
    plugins: ({ inputs }) => [Compose.project({ directory: process.cwd(), project: inputs.project })]
  },
  function* () {
    yield* Compose.up("app", { services: ["app"], wait: "running" })
    yield* ${step}
  }
)

await main(deployment)
`

/** The project with its deployment, which finds the packages as one beside them would. */
const make = (step: string) =>
  Effect.tap(makeProject({ "compose.yml": compose, "deploy.ts": deploy(step) }), ({ directory }) =>
    Effect.promise(async () => {
      await symlink(join(import.meta.dirname, "../../../node_modules"), join(directory, "node_modules"))
      await mkdir(join(directory, "data"))
      await chmod(join(directory, "data"), 0o777)
    })
  )

const logOf = ({ directory }: TestProject): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(() => readFile(join(directory, "data/log"), "utf8").catch(() => "")).pipe(
    Effect.map((log) => log.split("\n").filter((line) => line !== ""))
  )

const until = <E>(so: Effect.Effect<boolean, E>) =>
  Effect.repeat(so, { schedule: Schedule.spaced("20 millis"), until: (is) => is })

const noticesIn = (out: string): ReadonlyArray<string> =>
  out.split("\n").flatMap((line) => {
    const event: unknown = line === "" ? undefined : JSON.parse(line)
    const isNotice = Predicate.isObject(event) && "code" in event && event.code === "core.cleared-away"
    return isNotice && "message" in event ? [String(event.message)] : []
  })

const started = ({ directory, name }: TestProject) =>
  spawn(process.execPath, ["--conditions=@shipshape/source", "deploy.ts", "apply", "--yes", "--json"], {
    cwd: directory,
    env: { ...process.env, PROJECT: name },
    stdio: ["ignore", "pipe", "inherit"]
  })

/** Runs the deployment to its end; what it has printed, line by line. */
const applied = (project: TestProject) =>
  Effect.promise(async () => {
    const child = started(project)
    const [out, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")])
    return { exitCode, out }
  })

/** Runs the deployment until something is so, and then kills it with all that it has started. */
const killedOnce = <E>(project: TestProject, so: Effect.Effect<boolean, E>) =>
  Effect.gen(function* () {
    const child = started(project)
    child.stdout.resume()
    const closed = once(child, "close")
    yield* until(so)
    assert(child.pid !== undefined && child.exitCode === null)
    for (const pid of treeOf(child.pid).toReversed()) signal(pid, "SIGKILL")
    yield* Effect.promise(() => closed)
  })

describe("what a killed run has left in a container", () => {
  for (const [where, step] of Object.entries({
    "of its own": `Compose.run("work", ${work})`,
    "of a service": `Compose.exec("work", ${work})`,
    "of a service, as root": `Compose.exec("work", { ...${work}, user: "0" })`,
    "of a service, as any user": `Compose.exec("work", { ...${work}, user: "1234" })`
  })) {
    it.live(`${where} is ended before the next run looks, and writes nothing beside it`, () =>
      Effect.gen(function* () {
        const project = yield* make(step)
        const begun = (times: number) => Effect.map(logOf(project), ({ length }) => length >= times)
        yield* killedOnce(project, begun(1))
        const next = yield* Effect.forkChild(applied(project))
        yield* until(begun(2))
        yield* Effect.promise(() => writeFile(join(project.directory, "data/go"), ""))
        const { exitCode, out } = yield* Fiber.join(next)
        assert.strictEqual(exitCode, 0, out)
        assert.deepStrictEqual(yield* logOf(project), ["begun", "begun", "ended"])
        const [notice = ""] = noticesIn(out)
        assert.match(
          notice,
          where === "of its own" ? /^removed container \S+, which was made for an interrupted/ : /^ended \d process/
        )
      }).pipe(Effect.scoped)
    )
  }

  it.live("and has never started is taken away, unless somebody waits for it", () =>
    Effect.gen(function* () {
      const project = yield* make(`Compose.exec("work", ${work})`)
      const labels = [`com.docker.compose.project=${project.name}`, "com.docker.compose.oneoff=True"]
      const words = labels.flatMap((label) => ["--label", label])
      const create = (id: string) => {
        const name = `${project.name}-oneoff-${id}`
        return Effect.as(project.docker("create", "--name", name, ...words, "debian:trixie-slim", "true"), name)
      }
      const [left, waitedFor] = [yield* create("01234567-89ab"), yield* create("01234567-89ac")]
      // Anything whose command line names it.
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => spawn("sh", ["-c", "read -r _", waitedFor], { stdio: ["pipe", "ignore", "ignore"] })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      assert.isDefined(client.pid)
      yield* killedOnce(
        project,
        Effect.map(logOf(project), ({ length }) => length > 0)
      )
      yield* Effect.promise(() => writeFile(join(project.directory, "data/go"), ""))
      const { out } = yield* applied(project)
      assert.include(noticesIn(out), `removed container ${left}, which was made for a command and never started`)
      const names = yield* project.docker("ps", "--all", "--format", "{{.Names}}", "--filter", `label=${labels[0]}`)
      assert.deepStrictEqual(names.split("\n").toSorted(), [waitedFor, `${project.name}-app-1`].toSorted())
    }).pipe(Effect.scoped)
  )
})
