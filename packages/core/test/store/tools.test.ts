/** The programs that take the lock, where there is another one or none. */
import * as os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { type Command, FileStore, Store, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { storeContract } from "../support/storeContract.ts"
import { temporaryFolder } from "./support/folder.ts"

const notFound = (program: string) =>
  new Target.CommandNotFound({ program, message: `cannot start ${program}`, hint: `install ${program}` })

/** A host whose programs are as `start` says. */
const host = Effect.fnUntraced(function* (
  start: (command: Command.Command) => Command.Command | undefined,
  seen: Array<string> = []
) {
  const directory = yield* temporaryFolder
  const target = yield* Effect.provide(Target.Target, Target.local({ directory }))
  const through =
    <A, E, R>(use: (command: Command.Command) => Effect.Effect<A, E, R>) =>
    (command: Command.Command): Effect.Effect<A, E | Target.CommandNotFound, R> => {
      seen.push([command.program, ...command.args.map((word) => word.replace(/.*\//, ""))].join(" "))
      const started = start(command)
      return started === undefined ? Effect.fail(notFound(command.program)) : use(started)
    }
  return Layer.provide(
    FileStore.layer(),
    Target.layer({ ...target, open: through(target.open), run: through(target.run) })
  )
})

/** A Mac has no flock, and a lockf that does the same: its arguments stand for those of flock here. */
const asOnMac = (command: Command.Command): Command.Command | undefined => {
  if (command.program === "flock") return undefined
  if (command.program !== "/usr/bin/lockf") return command
  const [keep, silent, ...rest] = command.args
  assert.deepStrictEqual([keep, silent], ["-k", "-s"])
  const now = rest[0] === "-t" && rest[1] === "0"
  return { ...command, program: "flock", args: now ? ["-n", "-E", "75", ...rest.slice(2)] : rest }
}

storeContract("the store in files with lockf", host(asOnMac))

const claim: Store.Claim = {
  mode: "apply",
  who: { user: "ada", host: os.hostname(), pid: process.pid },
  wait: undefined,
  onWait: () => undefined
}

describe("the program that takes the lock", () => {
  it.live("is looked for once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const { of } = yield* Effect.provide(Store.Store, yield* host(asOnMac, seen))
      const store = of({ deployment: "edms", environment: "production" })
      for (let i = 0; i < 2; i++) yield* Effect.scoped(store.acquire(claim))
      assert.strictEqual(yield* store.holder, undefined)
      assert.deepStrictEqual(
        seen,
        [
          "flock -n lock tee holder",
          "lockf -k -s -t 0 lock tee holder",
          "lockf -k -s -t 0 lock tee holder",
          "lockf -k -s -t 0 lock true"
        ].map((command) => command.replace("lockf", "/usr/bin/lockf"))
      )
    })
  )

  it.live("is one process a run, with what it runs", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const { of } = yield* Effect.provide(Store.Store, yield* host((command) => command, seen))
      const store = of({ deployment: "edms", environment: "production" })
      const lease = yield* store.acquire(claim)
      yield* lease.begin("{}\n")
      for (let i = 0; i < 20; i++) yield* Effect.andThen(lease.at(`step ${i}`), lease.append("{}\n"))
      yield* lease.held
      assert.deepStrictEqual(seen, ["flock -n lock tee holder"])
    })
  )

  it.live("is asked for by name where there is none", () =>
    Effect.gen(function* () {
      const { of } = yield* Effect.provide(Store.Store, yield* host(() => undefined))
      const error = yield* Effect.flip(of({ deployment: "edms", environment: "production" }).acquire(claim))
      assert.strictEqual(error._tag, "StoreFailed")
      assert.include(error.message, "neither flock nor /usr/bin/lockf")
      assert.include(error.hint, "install util-linux")
    })
  )

  it.live("says itself why it cannot", () =>
    Effect.gen(function* () {
      const failing = (command: Command.Command) => ({
        ...command,
        program: "sh",
        args: ["-c", "echo 'flock: lock: No locks available' >&2; exit 66"]
      })
      const { of } = yield* Effect.provide(Store.Store, yield* host(failing))
      const error = yield* Effect.flip(of({ deployment: "edms", environment: "production" }).acquire(claim))
      assert.strictEqual(error._tag, "StoreFailed")
      assert.match(error.message, /production\/lock cannot be taken: flock: lock: No locks available/)
    })
  )
})
