import { assert, describe, it } from "@effect/vitest"
import { Command, Failure, Target } from "@shipshape/core"
import { FakeTarget } from "@shipshape/core/testing"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { makeReader, type ProjectOptions } from "../src/internal/cli.ts"
import { execAllowed, execCommand } from "../src/internal/containerRun.ts"
import { lookScript, looks } from "../src/internal/directories.ts"
import { makeGuests } from "../src/internal/guests.ts"
import { make, makeFacts } from "../src/internal/probe.ts"

const options: ProjectOptions = {
  directory: "/srv/shop",
  files: ["compose.yml"],
  project: "shop",
  envFile: ".env.staging",
  profiles: ["web"]
}

/** A machine where every command ends well, and what was run on it. */
const makeMachine = () => {
  const ran: Array<ReadonlyArray<string>> = []
  const fake = FakeTarget.make({
    run: ({ args, program }) => {
      ran.push([program, ...args])
      return { stdout: "" }
    }
  })
  return { ran, reads: Target.readOnly(fake.operations) }
}

const project = ["compose", "--project-directory", "/srv/shop", "--file", "/srv/shop/compose.yml"]

describe("what a probe may run", () => {
  it.effect("is what reads, on the engine and on the project", () =>
    Effect.gen(function* () {
      const { ran, reads } = makeMachine()
      const read = makeReader(options, reads)
      yield* read.engine(["ps", "--all"])
      yield* read.raw(["image", "inspect", "postgres:17"])
      yield* read.project(["config", "--format", "json"])
      yield* read.resolved("{}", ["config", "--hash", "*"])
      assert.deepStrictEqual(ran[2]?.slice(1, 6), project)
      assert.strictEqual(ran.length, 4)
    })
  )

  it.effect("is nothing else: it fails, and the machine is not asked", () =>
    Effect.gen(function* () {
      const { ran, reads } = makeMachine()
      const read = makeReader(options, reads)
      const commands: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        read.engine(["volume", "rm", "shop_data"]),
        read.engine(["container", "prune"]),
        // It only reads, but no probe needs it.
        read.engine(["history", "postgres:17"]),
        read.engine(["compose", "--project-name", "other", "config", "--format", "json"]),
        read.raw(["image", "rm", "postgres:17"]),
        read.project(["down", "--volumes"]),
        read.project(["config", "--lock-image-digests"]),
        read.resolved("{}", ["up"])
      ]
      for (const command of commands) {
        const exit = yield* Effect.exit(command)
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(error, Target.CommandNotAllowed)
        assert.strictEqual(Failure.report(error).code, "target.command-not-allowed")
      }
      assert.deepStrictEqual(ran, [])
    })
  )

  it("is a constant script in containers, whatever its arguments, and no other", () => {
    const words = ["compose"]
    const within = (args: ReadonlyArray<string>, env: Command.Command["env"] = {}) => {
      const command = Command.make("sh", args, { env })
      return Command.isAllowed(execAllowed(words, "web", looks, command), execCommand(words, "web", command))
    }
    assert.isTrue(within(["-c", lookScript, "sh", "/app/storage", "--"], { LC_ALL: "C" }))
    assert.isFalse(within(["-c", "rm -rf /app", "sh", "/app/storage"], { LC_ALL: "C" }))
    assert.isFalse(within(["-c", `${lookScript}; rm -rf /app`, "sh"]))
  })

  it.effect("is enough for every question about containers", () =>
    Effect.gen(function* () {
      const { ran, reads } = makeMachine()
      const probe = make(options, reads, makeFacts(options, reads), makeGuests())
      yield* probe.directories("web", ["/app/storage"])
      assert.isTrue(yield* probe.test("web", ["test", "-e", "/app/ready"], { user: "app" }))
      assert.deepStrictEqual(ran[1]?.slice(-7), ["-T", "--user", "app", "web", "test", "-e", "/app/ready"])
    })
  )
})
