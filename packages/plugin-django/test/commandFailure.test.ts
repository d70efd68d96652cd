import { Target } from "@shipshape/core"
import { assert, it } from "vitest"
import { migrationFailed } from "../src/internal/commandFailure.ts"

const failed = (...stderr: ReadonlyArray<string>) =>
  migrationFailed(
    new Target.CommandFailed({
      command: "manage.py migrate",
      exitCode: 1,
      stdout: "Running migrations:\n  Applying documents.0004_heavy...",
      stderr: stderr.join("\n"),
      message: "it failed",
      hint: "look"
    })
  ).message

const traceback = ["Traceback (most recent call last):", '  File "/app/x.py", line 1, in f', "    f()", "    ~^^"]

it("a migration that failed says what was raised, also where hints follow it", () => {
  const hinted = failed(
    ...traceback,
    "django.db.utils.OperationalError: No space left on device",
    "HINT:  Check it.",
    ""
  )
  assert.strictEqual(
    hinted,
    "migration documents.0004_heavy failed: django.db.utils.OperationalError: No space left on device"
  )
  const pointed = failed(...traceback, "x.SyntaxError: at or near", "LINE 1: SELEC", "        ^", "HINT:  Mend it.")
  assert.include(pointed, "failed: x.SyntaxError: at or near")
  const twice = failed(
    ...traceback,
    "a.First: one",
    "",
    "The above exception was …:",
    "",
    ...traceback,
    "b.Second: two"
  )
  assert.include(twice, "failed: b.Second: two")
  assert.include(failed("CommandError: Conflicting migrations"), "failed: CommandError: Conflicting migrations")
})
