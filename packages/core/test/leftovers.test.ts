import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"

/** Writes a file, and is killed when only its name is missing. */
const killed = `
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
fs.promises.rename = () => new Promise(() => process.kill(process.pid, "SIGKILL"))
syncBuiltinESMExports()
const { Target } = await import("@shipshape/core")
const Effect = await import("effect/Effect")
const write = Effect.flatMap(Target.Target, (target) => target.writeFile(".env", "PASSWORD=x"))
await Effect.runPromise(Effect.provide(write, Target.local({ directory: process.argv[1] })))`

const write = (directory: string, file: string) =>
  Effect.flatMap(Target.Target, (target) => target.writeFile(file, "A=1")).pipe(
    Effect.provide(Target.local({ directory }))
  )

it.live("a process that is killed while it writes a file leaves nothing that the next one does not take away", () =>
  Effect.gen(function* () {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-leftovers-"))
    const args = ["--conditions=@shipshape/source", "--input-type=module", "-e", killed, directory]
    const cwd = fileURLToPath(new URL("..", import.meta.url))
    assert.throws(() => execFileSync(process.execPath, args, { cwd, stdio: "ignore" }))
    assert.strictEqual(fs.readdirSync(directory).length, 1)
    // Another process is still at it, and somebody has a file of a like name.
    const others = [`.shipshape-${process.pid}-00000000-0000-4000-8000-000000000000`, ".shipshape-notes"]
    for (const name of others) fs.writeFileSync(path.join(directory, name), "")
    yield* write(directory, "other")
    assert.deepStrictEqual(fs.readdirSync(directory).sort(), [...others, "other"])
    fs.rmSync(directory, { recursive: true })
  })
)
