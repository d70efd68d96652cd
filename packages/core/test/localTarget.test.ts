import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Command, Progress, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"

const inFolder = <A, E>(use: (directory: string, target: Target.Operations) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-"))),
    (directory) =>
      Effect.flatMap(Target.Target, (target) => use(directory, target)).pipe(
        Effect.provide(Target.local({ directory }))
      ),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
  )

const node = (
  script: string,
  options: Omit<Command.Command, "program" | "args"> = {},
  ...args: ReadonlyArray<string>
) => Command.make(process.execPath, ["-e", script, ...args], options)

/** A process that has ended may stay as a zombie until its parent looks: that is not alive. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

let fiber: Fiber.Fiber<unknown, unknown> | undefined

describe("a command on this machine", () => {
  it.live("gets its arguments as they are, and no shell reads them", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const args = ["a  b", "$HOME", "`id`", "; rm -rf /", "'\"\\", "new\nline", "é☃"]
        const result = yield* target.run(node("console.log(JSON.stringify(process.argv.slice(1)))", {}, ...args))
        assert.deepStrictEqual(JSON.parse(result.stdout), args)
      })
    )
  )

  it.live("gets secrets by environment and standard input, and they stand in no argument list", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const script =
          "const fs=require('fs');console.log(process.env.PW, fs.readFileSync(0,'utf8'));console.log(fs.readFileSync('/proc/self/cmdline','utf8'))"
        const secret = Redacted.make("s3cret-value")
        const { stdout } = yield* target.run(node(script, { env: { PW: secret }, stdin: secret }))
        const [given, ...args] = stdout.split("\n")
        assert.strictEqual(given, "s3cret-value s3cret-value")
        assert.notInclude(args.join("\n"), "s3cret-value")
      })
    )
  )

  it.live("streams its lines to the step's progress while it runs", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        yield* target
          .run(node("console.log('out'); console.error('err')"))
          .pipe(Effect.provideService(Progress.Current, { line: (line) => lines.push(line) }))
        assert.deepStrictEqual(lines.sort(), ["err", "out"])
      })
    )
  )

  it.live("that fails says its code, and the last lines it printed", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(target.run(node("console.error('no space left'); process.exit(3)")))
        assert.strictEqual(error._tag, "CommandFailed")
        assert.include(error.message, "ended with exit code 3")
        assert.deepStrictEqual(error.tail, ["no space left"])
        const allowed = yield* target.run(node("process.exit(3)", { exitCodes: [0, 3] }))
        assert.strictEqual(allowed.exitCode, 3)
      })
    )
  )

  it.live("that is not there says so", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(target.run(Command.make("no-such-program-here", [])))
        assert.strictEqual(error.code, "target.command-not-found")
        assert.include(error.hint, "install no-such-program-here")
      })
    )
  )

  it.live("that takes too long is ended, with all that it started", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        const script =
          "const c=require('child_process').spawn('sleep',['300']);require('fs').writeFileSync('pid',String(c.pid));"
        const error = yield* Effect.flip(
          target.run(node(`${script} setInterval(()=>{},1e6)`, { timeout: "500 millis" }))
        )
        assert.strictEqual(error.code, "target.command-timed-out")
        assert.isFalse(isAlive(Number(fs.readFileSync(path.join(directory, "pid"), "utf8"))))
      })
    )
  )

  it.live("that is interrupted is ended, with all that it started", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        const script =
          "const c=require('child_process').spawn('sleep',['300']);console.log(c.pid);setInterval(()=>{},1e6)"
        const pid = yield* Effect.callback<number>((resume) => {
          const run = target
            .run(node(script))
            .pipe(Effect.provideService(Progress.Current, { line: (line) => resume(Effect.succeed(Number(line))) }))
          fiber = Effect.runFork(run)
        })
        assert.isTrue(isAlive(pid))
        if (fiber !== undefined) yield* Fiber.interrupt(fiber)
        assert.isFalse(isAlive(pid))
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
    )
  )

  it.live("writes what it prints to a file where it is told to", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        yield* target.run(
          node("process.stdout.write(Buffer.from([0, 255, 10]))", { stdoutFile: path.join(directory, "dump") })
        )
        assert.deepStrictEqual([...fs.readFileSync(path.join(directory, "dump"))], [0, 255, 10])
      })
    )
  )

  it.live("can be talked to while it runs", () =>
    inFolder((_, target) =>
      Effect.scoped(
        Effect.gen(function* () {
          const child = yield* target.open(Command.make("cat", []))
          const bytes = Buffer.from([0, 1, 255, 10, 13])
          const answer = yield* Effect.callback<Buffer>((resume) => {
            child.duplex.once("data", (chunk: Buffer) => resume(Effect.succeed(chunk)))
            child.duplex.write(bytes)
          })
          assert.deepStrictEqual([...answer], [...bytes])
        })
      )
    )
  )
})

describe("the last lines of a command that goes on", () => {
  it.live("are whole, however they came: half a secret would not be known as one", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const script = `process.stderr.write("no: hun"); process.stdin.once("data", () => process.stderr.write("ter2\\n", () => process.exit()))`
        const child = yield* target.open(node(script))
        while (child.stderr() === "") yield* Effect.sleep("10 millis")
        child.duplex.write("go on")
        yield* child.exitCode
        assert.strictEqual(child.stderr(), "no: hunter2")
      }).pipe(Effect.scoped)
    )
  )
})

describe("a file on this machine", () => {
  it.live("is written as a whole, with owner and mode, and keeps them when it is written again", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        yield* target.writeFile(".env", "A=1\n", { mode: 0o640 })
        yield* target.writeFile(".env", "A=2\n")
        const stat = yield* target.stat(".env")
        assert.strictEqual(stat?.mode, 0o640)
        assert.strictEqual(fs.readFileSync(path.join(directory, ".env"), "utf8"), "A=2\n")
        assert.deepStrictEqual(yield* target.list("."), [".env"])
      })
    )
  )

  it.live("that cannot be written leaves nothing behind, and says what to do", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        const missing = yield* Effect.flip(target.writeFile("no/such/.env", "A=1"))
        assert.strictEqual(missing._tag === "FileFailed" && missing.errno, "ENOENT")
        yield* target.makeDirectory("folder/in/folder", { mode: 0o750 })
        const isFolder = yield* Effect.flip(target.writeFile("folder", "x"))
        assert.strictEqual(isFolder._tag === "FileFailed" && isFolder.errno, "EISDIR")
        assert.deepStrictEqual(fs.readdirSync(directory), ["folder"])
        assert.isUndefined(yield* target.stat("nothing/here"))
        yield* target.remove("folder")
        yield* target.remove("folder")
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
    )
  )
})

describe("files of a command", () => {
  it.live("lie in the target's folder, and feed it or take what it prints", () =>
    inFolder((directory, target) =>
      Effect.gen(function* () {
        yield* target.writeFile("in", Buffer.from([0, 255, 10, 13]))
        yield* target.run(Command.make("cat", [], { stdinFile: "in", stdoutFile: "out" }))
        assert.deepStrictEqual([...fs.readFileSync(path.join(directory, "out"))], [0, 255, 10, 13])
      })
    )
  )

  it.live("that cannot be written to their end fail it, also where the command itself ended well", () =>
    inFolder((_, target) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(target.run(Command.make("echo", ["x"], { stdoutFile: "/dev/full" })))
        assert.strictEqual(error.code, "target.command-failed")
        assert.include(error.message, "ENOSPC")
      })
    )
  )
})
