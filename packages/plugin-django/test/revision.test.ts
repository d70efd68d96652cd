import { assert, describe, it } from "@effect/vitest"
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { mark } from "../src/internal/python/session.ts"
import * as session from "../src/internal/session.ts"

/** An interpreter that answers every batch of one question with its own process id. */
const script = `
const say = (value) => process.stdout.write("${mark}" + JSON.stringify(value) + "\\n")
say({ ok: "started" })
require("node:readline").createInterface({ input: process.stdin }).on("line", () => say({ answers: [{ ok: process.pid }] }))
`

describe("an interpreter", () => {
  it.live("is kept while what it would run is the same, and replaced when that changes", () =>
    Effect.gen(function* () {
      const target = yield* Target.Target
      let revision = "one image"
      const { ask } = yield* session.make<Target.RunError>({
        name: "a test",
        open: target.open(Command.make(process.execPath, ["-e", script])),
        reach: Effect.void,
        revision: Effect.sync(() => revision)
      })
      const first = yield* ask({ op: "pid" })
      assert.strictEqual(yield* ask({ op: "pid" }), first)
      revision = "another image"
      assert.notStrictEqual(yield* ask({ op: "pid" }), first)
    }).pipe(Effect.scoped, Effect.provide(Target.local()))
  )

  it.live("that one asker was interrupted over answers the next", () =>
    Effect.gen(function* () {
      const target = yield* Target.Target
      const { ask } = yield* session.make<Target.RunError>({
        name: "a test",
        open: target.open(Command.make(process.execPath, ["-e", script])),
        reach: Effect.void,
        revision: Effect.succeed("")
      })
      // The first to ask starts the interpreter, and gives up before that has answered.
      const first = yield* Effect.forkChild(ask({ op: "pid" }))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(first)
      assert.isNumber(yield* ask({ op: "pid" }))
    }).pipe(Effect.scoped, Effect.provide(Target.local()))
  )
})
