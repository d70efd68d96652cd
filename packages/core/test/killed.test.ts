import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

/** Runs a command on this machine, whose lines it prints. */
const program = (script: string) => `
const { Command, Progress, Target } = await import("@shipshape/core")
const Effect = await import("effect/Effect")
const command = Command.make("sh", ["-c", ${JSON.stringify(script)}])
const run = Effect.flatMap(Target.Target, (target) => target.run(command))
await Effect.runPromise(run.pipe(
  Effect.provide(Target.local()),
  Effect.provideService(Progress.Current, { line: (line) => console.log(line) })
))`

const running = (script: string) =>
  spawn(process.execPath, ["--conditions=@shipshape/source", "--input-type=module", "-e", program(script)], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"]
  })

/** A process that has ended may stay as a zombie until its parent looks: that is not alive. */
const isAlive = (pid: string): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

describe("a process that runs a command", () => {
  it("and is killed leaves nothing of it: neither the command nor what that has started", async () => {
    const child = running("sleep 300 & echo $$ $!; wait")
    const [line] = await once(createInterface({ input: child.stdout }), "line")
    const pids = String(line).split(" ")
    assert.deepStrictEqual(pids.map(isAlive), [true, true])
    child.kill("SIGKILL")
    while (pids.some(isAlive)) await sleep(5)
  })

  it("ends by itself, and what a command has left running on purpose stays", async () => {
    const child = running("setsid sleep 300 > /dev/null 2>&1 & echo $!")
    const [[line], [code]] = await Promise.all([
      once(createInterface({ input: child.stdout }), "line"),
      once(child, "exit")
    ])
    assert.strictEqual(code, 0)
    assert.isTrue(isAlive(String(line)))
    process.kill(Number(line), "SIGKILL")
  })
})
