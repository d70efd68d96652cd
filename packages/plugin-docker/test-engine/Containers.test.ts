import { assert, describe, it } from "@effect/vitest"
import { Command, Target } from "@shipshape/core"
import { ComposeProbe } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { makeProject } from "./support/project.ts"

const compose = `
services:
  app:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    user: "1000:1000"
    volumes: ["data:/data"]
  off:
    image: debian:trixie-slim
    command: ["true"]
volumes: { data: {} }
`

describe("Containers", () => {
  it.live("works in the running container of a service", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      yield* project.compose("up", "-d", "app")
      yield* Effect.gen(function* () {
        const containers = yield* Target.Containers
        const app = containers.service("app")

        // Words stay words, whatever is in them.
        const odd = yield* app.run(Command.make("printf", ["%s|", "a  b", "$HOME", "'\"", ""]))
        assert.strictEqual(odd.stdout, "a  b|$HOME|'\"||")
        assert.strictEqual((yield* app.run(Command.make("id", ["-u"]))).stdout, "1000")
        assert.strictEqual((yield* app.run(Command.make("id", ["-u"], { user: "0" }))).stdout, "0")
        assert.strictEqual((yield* app.run(Command.make("pwd", [], { cwd: "/usr" }))).stdout, "/usr")
        assert.strictEqual((yield* app.run(Command.make("cat", [], { stdin: "ü\nb" }))).stdout, "ü\nb")

        project.commands.length = 0
        const env = { TOKEN: Redacted.make("s3cret-value"), PATH: "/usr/bin:/bin" }
        assert.strictEqual(
          (yield* app.run(Command.make("sh", ["-c", "echo $TOKEN $PATH"], { env }))).stdout,
          "s3cret-value /usr/bin:/bin"
        )
        assert.isFalse(project.commands.some(({ args }) => args.join(" ").includes("s3cret-value")))

        const failed = yield* Effect.flip(app.run(Command.make("sh", ["-c", "echo out; echo err >&2; exit 3"])))
        assert.strictEqual(failed._tag, "CommandFailed")
        if (failed._tag === "CommandFailed")
          assert.deepEqual([failed.exitCode, failed.stdout, failed.stderr], [3, "out", "err"])
        assert.strictEqual((yield* Effect.flip(app.run(Command.make("nosuch", []))))._tag, "CommandNotFound")
        const ended = yield* Effect.flip(app.run(Command.make("sh", ["-c", "exit 14"])))
        assert.strictEqual(ended._tag, "CommandFailed")

        const off = yield* Effect.flip(containers.service("off").run(Command.make("true", [])))
        assert.strictEqual(off._tag === "TargetUnavailable" && off.resource, "service:off")
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  it.live("reads and writes files in a container", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      yield* project.compose("up", "-d", "app")
      yield* Effect.gen(function* () {
        const app = (yield* Target.Containers).service("app")
        const bytes = new Uint8Array([0, 255, 10, 13, 0, 128])
        assert.isUndefined(yield* app.stat("/tmp/a b"))
        yield* app.makeDirectory("/tmp/a b/c", { mode: 0o750 })
        yield* app.writeFile("/tmp/a b/c/-f 'x'", bytes, { mode: 0o640 })
        assert.deepEqual(yield* app.readFile("/tmp/a b/c/-f 'x'"), bytes)
        yield* app.writeFile("/tmp/a b/c/.hidden", "")
        assert.deepEqual(yield* app.list("/tmp/a b/c"), ["-f 'x'", ".hidden"])
        const stat = yield* app.stat("/tmp/a b/c/-f 'x'")
        assert.deepInclude(stat, { type: "file", uid: 1000, gid: 1000, mode: 0o640, size: 6 })
        yield* app.setOwnership("/tmp/a b/c/-f 'x'", { uid: 33, mode: 0o600 })
        assert.deepInclude(yield* app.stat("/tmp/a b/c/-f 'x'"), { uid: 33, gid: 1000, mode: 0o600 })
        const denied = yield* Effect.flip(app.readFile("/tmp/a b/c/-f 'x'"))
        assert.strictEqual(denied._tag === "FileFailed" && denied.errno, "EACCES")
        const folder = yield* Effect.flip(app.writeFile("/tmp/a b/c", "x"))
        assert.strictEqual(folder._tag === "FileFailed" && folder.errno, "EISDIR")
        const journal = "/tmp/a b/-j'"
        yield* app.appendFile(journal, "one\n", { mode: 0o600 })
        yield* app.appendFile(journal, new Uint8Array([0, 255]), { mode: 0o644 })
        assert.deepEqual([...(yield* app.readFile(journal))], [111, 110, 101, 10, 0, 255])
        assert.deepInclude(yield* app.stat(journal), { uid: 1000, mode: 0o600, size: 6 })
        const appended = yield* Effect.flip(app.appendFile("/tmp/none/j", "x"))
        assert.strictEqual(appended._tag === "FileFailed" && appended.errno, "ENOENT")
        yield* app.remove("/tmp/a b")
        yield* app.remove("/tmp/a b")
        assert.isUndefined(yield* app.stat("/tmp/a b"))
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  it.live("talks to a process while it runs", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      yield* project.compose("up", "-d", "app")
      yield* Effect.gen(function* () {
        const containers = yield* Target.Containers
        for (const target of [containers.service("app"), containers.oneOff("off")]) {
          const { duplex, exitCode } = yield* target.open(Command.make("cat", []))
          const answer = yield* Effect.promise(async () => {
            duplex.write("ping\n")
            for await (const chunk of duplex) return String(chunk)
            return "nothing"
          })
          assert.strictEqual(answer, "ping\n")
          duplex.end()
          assert.strictEqual(yield* exitCode, 0)
        }
      }).pipe(Effect.scoped, Effect.provide(project.layer))
      assert.strictEqual(yield* project.docker("ps", "--all", "--quiet", "--filter", "name=off-oneoff"), "")
    }).pipe(Effect.scoped)
  )

  it.live("takes no one-off container for the service itself", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      yield* Effect.gen(function* () {
        const containers = yield* Target.Containers
        const guest = yield* containers.oneOff("app").open(Command.make("cat", []))
        guest.duplex.write("ping\n")
        yield* Effect.promise(() => new Promise((resolve) => guest.duplex.once("data", resolve)))
        const app = containers.service("app")
        const facts = (yield* ComposeProbe).directories("app", ["/data"])
        const asked: ReadonlyArray<Effect.Effect<unknown, Target.RunError | Target.FileError, Scope.Scope>> = [
          app.run(Command.make("true", [])),
          app.open(Command.make("cat", [])),
          app.stat("/"),
          facts
        ]
        for (const one of asked) {
          const down = yield* Effect.flip(one)
          assert.strictEqual(down._tag === "TargetUnavailable" && down.resource, "service:app")
        }
        yield* project.compose("up", "-d", "app")
        const { stdout } = yield* app.run(Command.make("cat", ["/proc/1/cmdline"]))
        assert.include(stdout, "600")
        assert.strictEqual((yield* facts)[0]?.found?.type, "directory")
      }).pipe(Effect.scoped, Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )

  it.live("makes a container for one command of the present image, and builds nothing for it", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({
        "compose.yml": `${compose}\n`.replace("services:", "services:\n  built: { build: ./built }"),
        "built/Dockerfile": 'FROM debian:trixie-slim\nENTRYPOINT ["false"]\n'
      })
      yield* Effect.gen(function* () {
        const containers = yield* Target.Containers
        const none = yield* Effect.flip(containers.oneOff("built").run(Command.make("true", [])))
        assert.strictEqual(none._tag === "TargetUnavailable" && none.resource, "image:built")
        assert.strictEqual(yield* project.docker("image", "ls", "--quiet", `${project.name}-built`), "")

        yield* project.compose("build", "built")
        const before = yield* containers.revision("built")
        const echoed = yield* containers.oneOff("built").run(Command.make("echo", ["a  b"], { env: { X: "1" } }))
        assert.strictEqual(echoed.stdout, "a  b")
        const failed = yield* Effect.flip(containers.oneOff("built").run(Command.make("sh", ["-c", "exit 7"])))
        assert.strictEqual(failed._tag === "CommandFailed" && failed.exitCode, 7)
        const missing = yield* Effect.flip(containers.oneOff("built").run(Command.make("nosuch", [])))
        assert.strictEqual(missing._tag, "CommandNotFound")

        yield* project.write("built/Dockerfile", "FROM debian:trixie-slim\nRUN touch /x\n")
        yield* project.compose("build", "built")
        assert.notStrictEqual(yield* containers.revision("built"), before)
        assert.strictEqual(yield* project.compose("ps", "--all", "--quiet"), "")
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )
})
