import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Check, Look, type Step } from "@shipshape/core"
import { Django } from "@shipshape/plugin-django"
import type { DjangoControl } from "@shipshape/plugin-django/DjangoControl"
import { DjangoProbe } from "@shipshape/plugin-django/DjangoProbe"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { localLibrary, python } from "./support/localLibrary.ts"

/** All steps in one look, as a plan checks them. */
const planned = (steps: ReadonlyArray<Step.Step<unknown, unknown, DjangoProbe, DjangoControl | DjangoProbe, string>>) =>
  Effect.forEach(steps, (step) => Effect.flatMap(Effect.fromResult(step.prepare(new Map())), ({ check }) => check), {
    concurrency: "unbounded"
  }).pipe(Effect.provideService(Look.Current, Look.make()))

const shelves = (index: number) =>
  Django.command(`shelves-${index}`, {
    command: "create_shelves",
    done: { model: "books.Shelf", filter: { name: `shelf ${index}` }, atLeast: 1 }
  })

const count = Effect.flatMap(DjangoProbe, (probe) =>
  probe.count({ database: "default", model: "books.Shelf", filter: {} })
)

describe.skipIf(python === undefined)("one interpreter", () => {
  it.live("answers for the twelve steps of a plan", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.manage("migrate")
      const steps = [
        Django.check("check", {}),
        Django.migrate("migrate", {}),
        Django.collectstatic("static", {}),
        ...[1, 2, 3, 4, 5, 6, 7, 8].map(shelves),
        Django.user("ann", { username: "ann" })
      ]
      const begun = performance.now()
      const checks = yield* Effect.provide(planned(steps), library.layer)
      console.log(`12 steps, ${library.started()} interpreter, ${Math.round(performance.now() - begun)} ms`)
      assert.strictEqual(library.started(), 1)
      assert.deepStrictEqual(
        checks.map(({ _tag }) => _tag),
        ["Satisfied", "Satisfied", ...Array.from({ length: 10 }, () => "Needed")]
      )
    }).pipe(Effect.scoped)
  )

  it.live("stays for the next look, and is replaced when the application's code has changed", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.manage("migrate")
      const allowed = (limit: number) =>
        Effect.flatMap(DjangoProbe, (probe) =>
          probe.call({ database: "default", call: "books.rules.highest", user: undefined, args: [limit] })
        )
      yield* Effect.gen(function* () {
        library.write("books/rules.py", "def highest(n):\n    return n\n")
        assert.strictEqual(yield* allowed(3), 3)
        assert.strictEqual(yield* allowed(4), 4)
        assert.strictEqual(library.started(), 1)
        library.write("books/rules.py", "def highest(n):\n    return n + 1\n")
        assert.strictEqual(yield* allowed(3), 4)
        assert.strictEqual(library.started(), 2)
      }).pipe(Effect.provide(library.layer))
    }).pipe(Effect.scoped)
  )

  it.live("is started anew when it has ended", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.manage("migrate")
      library.write("books/rules.py", "import os\ndef pid():\n    return os.getpid()\n")
      yield* Effect.gen(function* () {
        const probe = yield* DjangoProbe
        const pid = yield* probe.call({ database: "default", call: "books.rules.pid", user: undefined, args: [] })
        process.kill(Number(pid), "SIGKILL")
        assert.strictEqual(yield* count, 0)
        assert.strictEqual(library.started(), 2)
      }).pipe(Effect.provide(library.layer))
    }).pipe(Effect.scoped)
  )

  it.live("says what it printed last where it ends without an answer", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.write(
        "books/rules.py",
        "import os, sys\ndef fall():\n    print('falling', flush=True)\n    os._exit(7)\n"
      )
      const fall = Effect.flatMap(DjangoProbe, (probe) =>
        probe.call({ database: "default", call: "books.rules.fall", user: undefined, args: [] })
      )
      const error = yield* Effect.flip(Effect.provide(fall, library.layer))
      assert.strictEqual(error.code, "django.session-failed")
      assert.include(error.message, "exit code 7")
      assert.include(error.tail?.join("\n"), "falling")
    }).pipe(Effect.scoped)
  )

  it.live("answers whatever the application prints, by whichever way", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      const noise = [
        "import os, sys",
        "def shout():",
        "    os.write(1, b'half a line')",
        "    print('::shipshape::{}')"
      ]
      library.write("books/rules.py", [...noise, "    sys.__stdout__.write('and more')", "    return 1", ""].join("\n"))
      const shout = Effect.flatMap(DjangoProbe, (probe) =>
        probe.call({ database: "default", call: "books.rules.shout", user: undefined, args: [] })
      )
      assert.strictEqual(yield* Effect.provide(shout, library.layer), 1)
    }).pipe(Effect.scoped, Effect.timeout("10 seconds"))
  )

  it.live("reads only: what tries to write is refused by the database", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.manage("migrate")
      const before = yield* library.see
      const call = Effect.flatMap(DjangoProbe, (probe) =>
        probe.call({ database: "default", call: "books.rules.write_something", user: undefined, args: [] })
      )
      const error = yield* Effect.flip(Effect.provide(call, library.layer))
      assert.strictEqual(error.code, "django.check-wrote")
      assert.strictEqual(yield* library.see, before)
    }).pipe(Effect.scoped)
  )

  it.live("makes no database and no compiled sources where there were none", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary({ PYTHONDONTWRITEBYTECODE: "" })
      const before = fs.readdirSync(library.directory, { recursive: true }).sort()
      const [check] = yield* Effect.provide(planned([Django.migrate("migrate", {})]), library.layer)
      assert.strictEqual(check?._tag, "Needed")
      assert.deepStrictEqual(fs.readdirSync(library.directory, { recursive: true }).sort(), before)
    }).pipe(Effect.scoped)
  )

  it.live("keeps passwords out of the arguments of its processes", () =>
    Effect.gen(function* () {
      const library = yield* localLibrary()
      library.manage("migrate")
      library.write("books/rules.py", "def arguments():\n    return open('/proc/self/cmdline').read()\n")
      yield* Effect.gen(function* () {
        const probe = yield* DjangoProbe
        const step = Django.superuser("admin", {
          username: "admin",
          email: "a@example.org",
          fields: { card: "1" },
          password: Redacted.make("correct horse battery")
        })
        const prepared = yield* Effect.fromResult(step.prepare(new Map()))
        yield* prepared.apply
        assert.deepStrictEqual(yield* prepared.check, Check.satisfied({ id: "1" }))
        const words = yield* probe.call({
          database: "default",
          call: "books.rules.arguments",
          user: undefined,
          args: []
        })
        assert.notInclude(String(words), "correct horse")
      }).pipe(Effect.provide(library.layer))
    }).pipe(Effect.scoped)
  )
})
