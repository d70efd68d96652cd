/** What the store in files leaves on a disk, and what it makes of disks that fail. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { FileStore, Journal, type Lock, type Release, Store, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { makeWitness } from "../../src/internal/store/holderFile.ts"
import { temporaryFolder } from "./support/folder.ts"

const who = { user: "ada", host: os.hostname(), pid: process.pid }
const claim: Store.Claim = { mode: "apply", who, wait: undefined, onWait: () => undefined }
const line = (step: string): string => Journal.encode({ _tag: "UndoBegan", at: 0, step, fence: 1 })

const release: Release.Release = {
  format: "shipshape-release",
  v: 1,
  number: 1,
  at: 0,
  deployment: "edms",
  environment: "production",
  who,
  plan: "7f3a91",
  versions: {},
  parts: {}
}

interface Disk {
  readonly directory: string
  /** Of the deployment and environment. */
  readonly folder: string
  readonly store: Store.Operations
  readonly file: (name: string) => string
}

/** A store on this machine, whose target can be made to fail. */
const on = <A>(
  use: (disk: Disk) => Effect.Effect<A, unknown, Scope.Scope>,
  failing: (target: Target.Operations) => Partial<Target.Operations> = () => ({}),
  options?: { readonly directory?: string }
) =>
  Effect.gen(function* () {
    const directory = yield* temporaryFolder
    const target = yield* Effect.provide(Target.Target, Target.local({ directory }))
    const layer = Layer.provide(FileStore.layer(options), Target.layer({ ...target, ...failing(target) }))
    const { of } = yield* Effect.provide(Store.Store, layer)
    const folder = path.join(directory, ".shipshape/edms/production")
    return yield* use({
      directory,
      folder,
      store: of({ deployment: "edms", environment: "production" }),
      file: (name) => fs.readFileSync(path.join(folder, name), "utf8")
    })
  })

const opened = Effect.fnUntraced(function* (store: Store.Operations) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const lease = yield* Scope.provide(store.acquire(claim), scope)
  return { lease, close: Scope.close(scope, Exit.void) }
})

const listed = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const mode = (fs.statSync(path.join(entry.parentPath, entry.name)).mode & 0o777).toString(8)
      return `${path.relative(folder, path.join(entry.parentPath, entry.name))} ${mode}`
    })
    .sort()

const fileFailed = (errno: string) => (file: string) =>
  new Target.FileFailed({
    operation: "add to",
    path: file,
    errno,
    message: `cannot add to ${file}: ${errno}`,
    hint: "free disk space, then run again"
  })

describe("the folder of a store", () => {
  it.live("holds what it says it holds, for its owner alone, and no repository takes it in", () =>
    on(({ directory, store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        yield* lease.begin(line("begun"))
        yield* lease.writeRelease(release)
        assert.deepStrictEqual(listed(directory), [
          ".shipshape 700",
          ".shipshape/.gitignore 600",
          ".shipshape/edms 700",
          ".shipshape/edms/production 700",
          ".shipshape/edms/production/holder 600",
          ".shipshape/edms/production/lock 600",
          ".shipshape/edms/production/releases 700",
          ".shipshape/edms/production/releases/000001.json 600",
          ".shipshape/edms/production/runs 700",
          ".shipshape/edms/production/runs/000001.ndjson 600"
        ])
        assert.strictEqual(fs.readFileSync(path.join(directory, ".shipshape/.gitignore"), "utf8"), "*\n")
      })
    )
  )

  it.live("is not made by looking", () =>
    on(({ directory, store }) =>
      Effect.gen(function* () {
        assert.strictEqual(store.name, ".shipshape/edms/production on this machine")
        assert.strictEqual(yield* store.holder, undefined)
        assert.deepStrictEqual(yield* store.runs, [])
        assert.deepStrictEqual(yield* store.releases, [])
        assert.strictEqual(yield* store.journal(1), "")
        assert.strictEqual(yield* store.unlock({ who, reason: "nobody knows" }), undefined)
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
    )
  )

  it.live("that was there keeps its mode, and gets no .gitignore that would hide what else is in it", () =>
    on(
      ({ directory, store }) =>
        Effect.gen(function* () {
          fs.chmodSync(directory, 0o750)
          yield* store.acquire(claim)
          assert.strictEqual(fs.statSync(directory).mode & 0o777, 0o750)
          assert.deepStrictEqual(fs.readdirSync(directory), ["edms"])
        }),
      undefined,
      { directory: "." }
    )
  )

  it.live("is where the deployment says", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder
      const made = FileStore.plugin({ directory: path.join(directory, "var/lib") }).layer(new Map())
      const layer = Layer.provide(yield* Effect.fromResult(made), Target.local({ directory: "/" }))
      const { of } = yield* Effect.provide(Store.Store, layer)
      yield* of({ deployment: "edms", environment: "production" }).acquire(claim)
      assert.deepStrictEqual(fs.readdirSync(path.join(directory, "var/lib")), [".gitignore", "edms"])
      assert.isTrue(Result.isFailure(FileStore.plugin({ directory: "" }).layer(new Map())))
    })
  )

  it.live("never leaves its own, whatever the names", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryFolder
      const within = path.join(directory, "within")
      const layer = Layer.provide(FileStore.layer({ directory: within }), Target.local({ directory }))
      const { of } = yield* Effect.provide(Store.Store, layer)
      for (const name of ["..", "../..", ".gitignore", "/etc", "", "\ud800", "a\0b"]) {
        yield* of({ deployment: name, environment: name }).acquire(claim)
      }
      assert.deepStrictEqual(fs.readdirSync(directory), ["within"])
      assert.lengthOf(fs.readdirSync(within), 8)
    })
  )

  it.live("keeps the newest run, whose number would be given again", () =>
    on(({ store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        yield* lease.begin(line("begun"))
        const error = yield* Effect.flip(lease.removeRun(1))
        assert.include(error.message, "run 1 is the newest")
        assert.deepStrictEqual(yield* store.runs, [1])
      })
    )
  )

  it.live("keeps a journal that is there", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        fs.writeFileSync(path.join(folder, "runs/000001.ndjson"), "another's")
        const error = yield* Effect.flip(lease.begin(line("begun")))
        assert.include(error.message, "000001.ndjson is there already")
        assert.strictEqual(yield* store.journal(1), "another's")
      })
    )
  )
})

describe("who holds the lock", () => {
  const elsewhere = JSON.stringify({ run: 1, mode: "apply", who: { ...who, host: "ci-7" }, since: 0 })
  const dead = JSON.stringify({ run: 1, mode: "apply", who: { ...who, pid: 2 ** 22 + 1 }, since: 0 })
  const here = JSON.stringify({ run: 2, mode: "apply", who, since: 0 })

  it("is not the process of this host that is no more", () => {
    const witness = makeWitness()
    for (const now of [0, 1_000, 60_000]) assert.strictEqual(witness(`"a"\n${dead}\n`, now), undefined)
    assert.strictEqual(witness(`"b"\n${here}\n`, 60_001)?.run, 2)
  })

  it("is another host's process once what it has written stays, also while it goes from step to step", () => {
    const witness = makeWitness()
    assert.strictEqual(witness(`"a"\n${elsewhere}\n`, 0), undefined)
    assert.strictEqual(witness(`"a"\n${elsewhere}\n`, 100), undefined)
    assert.strictEqual(witness(`"a"\n${elsewhere}\n${elsewhere}\n`, 200)?.run, 1)
    assert.strictEqual(witness(`"b"\n${elsewhere}\n`, 300), undefined)
    assert.strictEqual(witness(`"b"\n${elsewhere}\n`, 500)?.run, 1)
  })

  it("is nobody in a file that is empty, only just begun, half written or let go of", () => {
    for (const text of ["", '"a"', '"a"\n', `"a"\n${here}`, `"a"\n${here}\nnull\n`, "garbage\n", "\0\0\0\n"]) {
      assert.strictEqual(makeWitness()(text, 0), undefined, JSON.stringify(text))
    }
    assert.strictEqual(makeWitness()(`"a"\n${here}\n{"run":3,"mo`, 0)?.run, 2)
  })

  it.live("is named to another host too, with the lock of one that was killed before", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        const there = { ...claim, who: { ...who, host: "ci-7" } }
        yield* Effect.scoped(store.acquire(there))
        fs.writeFileSync(path.join(folder, "holder"), `"a"\n${elsewhere}\n`)
        assert.strictEqual(yield* store.holder, undefined)
        const lease = yield* store.acquire(there)
        yield* lease.at("migrate")
        const error = yield* Effect.flip(store.acquire(there))
        assert.deepInclude(error._tag === "LockHeld" ? error.holder : undefined, { run: 1, step: "migrate" })
        assert.strictEqual((yield* store.holder)?.who.host, "ci-7")
      })
    )
  )

  it.live("can be looked at all the time, and nobody misses the lock because of it", () =>
    on(({ store }) =>
      Effect.gen(function* () {
        yield* Effect.forkScoped(Effect.forever(store.holder))
        yield* Effect.forkScoped(Effect.forever(store.holder))
        for (let i = 0; i < 25; i++) {
          const { close, lease } = yield* opened(store)
          yield* lease.held
          assert.strictEqual((yield* Effect.flip(store.acquire(claim)))._tag, "LockHeld")
          yield* close
        }
      })
    )
  )

  it.live("is unlocked once by two who do it at the same time, and the next run keeps its lock", () =>
    on(({ store }) =>
      Effect.gen(function* () {
        for (let round = 1; round <= 10; round++) {
          const { close, lease } = yield* opened(store)
          yield* lease.begin(line("begun"))
          const unlocking = store.unlock({ who, reason: "two know better" })
          const said = yield* Effect.all([unlocking, unlocking], { concurrency: 2 })
          assert.include(
            said.map((holder) => holder?.run),
            lease.run
          )
          const next = yield* opened(store)
          assert.strictEqual(next.lease.run, lease.run + 1)
          yield* next.lease.begin(line("begun"))
          assert.strictEqual((yield* Effect.flip(lease.held))._tag, "LockLost")
          yield* next.lease.held
          yield* close
          yield* next.close
        }
      })
    )
  )
})

describe("a disk that fails", () => {
  it.live("is full: the run fails and says so, and what it writes later is no part of the torn line", () => {
    let full = false
    const filling = (target: Target.Operations): Partial<Target.Operations> => ({
      appendFile: (file, content, ownership) =>
        full && file.endsWith(".ndjson")
          ? Effect.andThen(
              target.appendFile(file, String(content).slice(0, 20), ownership),
              Effect.fail(fileFailed("ENOSPC")(file))
            )
          : target.appendFile(file, content, ownership)
    })
    return on(
      ({ store }) =>
        Effect.gen(function* () {
          const { lease } = yield* opened(store)
          yield* lease.begin(line("begun"))
          full = true
          const error = yield* Effect.flip(lease.append(line("lost")))
          assert.strictEqual(error.code, "core.store-failed")
          assert.match(error.message, /000001\.ndjson: ENOSPC$/)
          assert.strictEqual(error.hint, "free disk space, then run again")
          assert.strictEqual(Journal.decode(yield* store.journal(1)).torn?.length, 20)
          full = false
          yield* lease.append(line("later"))
          assert.strictEqual(yield* store.journal(1), `${line("begun")}${line("later")}`)
        }),
      filling
    )
  })

  it.live("has torn the last line: unlocking is recorded all the same", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        yield* lease.begin(line("begun"))
        fs.appendFileSync(path.join(folder, "runs/000001.ndjson"), '{"_tag":"UndoBeg')
        yield* store.unlock({ who, reason: "the disk is full" })
        const { records } = Journal.decode(yield* store.journal(1))
        assert.deepStrictEqual(
          records.map((record) => record._tag),
          ["UndoBegan", "RunUnlocked"]
        )
      })
    )
  )

  it.live("has cut a journal within a character, or filled its end with zeros: all that is whole is read", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        yield* lease.begin(line("begun"))
        const file = path.join(folder, "runs/000001.ndjson")
        const next = Buffer.from(line("é ☃ 💾"))
        const begun = fs.readFileSync(file)
        for (let cut = 1; cut < next.length; cut++) {
          for (const zeros of [0, 512]) {
            fs.writeFileSync(file, Buffer.concat([begun, next.subarray(0, cut), Buffer.alloc(zeros)]))
            const decoded = Journal.decode(yield* store.journal(1))
            assert.strictEqual(decoded.records.map((record) => Journal.encode(record)).join(""), line("begun"))
            assert.isDefined(decoded.torn)
          }
        }
      })
    )
  )

  it.live("is read-only: the lock is refused, with what to do", () => {
    const readOnly = () => ({ makeDirectory: (file: string) => Effect.fail(fileFailed("EROFS")(file)) })
    return on(
      ({ store }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(store.acquire(claim))
          assert.strictEqual(error._tag, "StoreFailed")
          assert.match(error.message, /EROFS/)
        }),
      readOnly
    )
  })

  it.live("has something else where the folder should be: every operation names it", () =>
    on(({ directory, store }) =>
      Effect.gen(function* () {
        fs.writeFileSync(path.join(directory, ".shipshape"), "")
        const operations: ReadonlyArray<Effect.Effect<unknown, Lock.LockHeld | Store.StoreFailed>> = [
          Effect.scoped(store.acquire(claim)),
          store.runs,
          store.releases,
          store.holder
        ]
        for (const operation of operations) {
          const error = yield* Effect.flip(operation)
          assert.strictEqual(error._tag, "StoreFailed")
          assert.match(error.message, /\.shipshape.*ENOTDIR/)
        }
      })
    )
  )

  it.live("has no room for who holds the lock: nobody gets it unnamed", () =>
    on(
      ({ store }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(store.acquire(claim))
          assert.strictEqual(error._tag, "StoreFailed")
          assert.match(error.message, /production\/holder cannot be written: tee: .*No space left on device/)
          assert.strictEqual(yield* store.holder, undefined)
        }),
      (target) => ({
        open: (command) => target.open({ ...command, args: [...command.args.slice(0, -1), "/dev/full"] })
      })
    )
  )

  it.live("has a lock that leads nowhere: it is named", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        fs.mkdirSync(folder, { recursive: true })
        fs.symlinkSync(path.join(folder, "lock"), path.join(folder, "lock"))
        const error = yield* Effect.flip(store.acquire(claim))
        assert.strictEqual(error._tag, "StoreFailed")
        assert.match(error.message, /lock.*ELOOP/)
      })
    )
  )

  it.live("has a release that cannot be read: it is named with its field, and runs go on", () =>
    on(({ folder, store }) =>
      Effect.gen(function* () {
        const { lease } = yield* opened(store)
        yield* lease.begin(line("begun"))
        yield* lease.writeRelease(release)
        fs.writeFileSync(path.join(folder, "releases/000002.json"), JSON.stringify({ ...release, at: "yesterday" }))
        const error = yield* Effect.flip(store.releases)
        assert.match(error.message, /releases\/000002\.json cannot be read: at: /)
        assert.deepStrictEqual(yield* store.runs, [1])
        fs.writeFileSync(path.join(folder, "releases/000002.json"), '{"format":"ship')
        assert.match((yield* Effect.flip(store.releases)).message, /000002\.json cannot be read/)
        yield* lease.removeRelease(2)
        assert.deepStrictEqual(yield* store.releases, [release])
      })
    )
  )
})
