import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Attempt, Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { control, folder, type Ground, newest, rowsOfEverything, take, toolsOf } from "./support/backupGround.ts"
import { layerOf } from "./support/real.ts"
import { programs, type SystemServer, start } from "./support/system.ts"

const forms = ["custom", "directory"] as const

const flip = (file: string, at: number) => {
  const bytes = fs.readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
}

/** The largest file with rows. */
const partOf = (file: string): string =>
  fs
    .readdirSync(file)
    .filter((name) => name !== "toc.dat")
    .map((name) => path.join(file, name))
    .sort((a, b) => fs.statSync(b).size - fs.statSync(a).size)[0] ?? ""

/** What is done to a backup that is a folder, and what is said of it then. */
const damages: ReadonlyArray<readonly [string, (file: string) => void, RegExp]> = [
  ["lacks a file", (file) => fs.rmSync(partOf(file)), /\.dat\.gz is missing/],
  ["has a shorter file", (file) => fs.truncateSync(partOf(file), 20), /\.dat\.gz has 20 bytes instead of \d+/],
  ["has another byte", (file) => flip(partOf(file), 30), /\.dat\.gz has other bytes/],
  ["has another list", (file) => flip(path.join(file, "toc.dat"), 400), /toc\.dat has other bytes/],
  ["has one file more", (file) => fs.writeFileSync(path.join(file, "9.dat"), ""), /9\.dat is there, too/],
  [
    "is a file",
    (file) => {
      fs.rmSync(file, { recursive: true })
      fs.writeFileSync(file, "x")
    },
    /is not what it was: it is a file/
  ],
  [
    "has a checksum that is not its manifest's",
    (file) => {
      const text = fs.readFileSync(`${file}.sha256`, "utf8")
      fs.writeFileSync(`${file}.sha256`, text.replace(/^[0-9a-f]{8}/, "00000000"))
    },
    /its manifest and its checksum file contradict each other/
  ]
]

/** A file system of its own that is soon full; tests that need one are left out where none can be made. */
const small = (): string | undefined => {
  const directory = path.dirname(folder())
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", directory], { stdio: "ignore" })
    return directory
  } catch {
    return undefined
  }
}

const full = small()
afterAll(() => {
  if (full !== undefined) execFileSync("umount", [full])
})

describe.skipIf(programs === undefined)("a backup", () => {
  let server: SystemServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  const layerOn = (database: string, user = server.user, tools?: string) =>
    Layer.orDie(
      Layer.provide(
        layerOf(Postgres.server({ host: server.host, user, database, ...(tools === undefined ? {} : { tools }) })),
        Target.local()
      )
    )
  const ground: Ground = {
    layerOn,
    sql: (...args) => server.sql(...args),
    session: (database) => server.session(database),
    createDatabase: () => server.createDatabase()
  }
  const { count, filled, on, query, scratches } = toolsOf(ground)

  it.live("that is a folder proves what is in it, is drilled, found again, restored, and gone when it is too old", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      yield* on(
        database,
        Effect.gen(function* () {
          const proof = yield* take(directory, { format: "directory", jobs: 3, drill: true, roles: true })
          assert.deepStrictEqual(proof.rows, rowsOfEverything)
          assert.strictEqual(proof.archive.tables, 8)
          assert.strictEqual(proof.drilled, true)
          const names = fs.readdirSync(proof.file)
          assert.include(names, "toc.dat")
          assert.isAbove(names.length, 3)
          const sizes = names.map((name) => fs.statSync(path.join(proof.file, name)).size)
          assert.strictEqual(
            proof.bytes,
            sizes.reduce((a, b) => a + b, 0)
          )
          const modes = [proof.file, ...names.map((name) => path.join(proof.file, name)), `${proof.file}.json`]
          for (const file of modes) assert.strictEqual(fs.statSync(file).mode & 0o077, 0, file)
          execFileSync("sha256sum", ["--check", "--strict", `${path.basename(proof.file)}.sha256`], { cwd: directory })
          assert.deepStrictEqual((yield* newest(directory)).backup, proof)
          yield* query(database, "DELETE FROM public.documents")
          const restored = yield* Effect.flatMap(control, (c) => c.restore(proof))
          assert.deepStrictEqual(restored.rows, proof.rows)
          assert.strictEqual(yield* count(database, "public.documents"), 500)
          const last = yield* take(directory, { keep: 1 })
          const left = ["", ".json", ".sha256"].map((end) => `${path.basename(last.file)}${end}`)
          assert.deepStrictEqual(fs.readdirSync(directory).sort(), left)
        })
      )
      assert.deepStrictEqual(yield* scratches, [])
    })
  )

  it.live("that is a folder does not count once it is damaged, and the one before it does", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const good = folder()
      const older = yield* on(database, take(good))
      const { file: original } = yield* on(database, take(good, { format: "directory" }))
      for (const [name, damage, reason] of damages) {
        const directory = folder()
        fs.cpSync(good, directory, { recursive: true })
        const file = path.join(directory, path.basename(original))
        damage(file)
        const { backup, refused } = yield* on(database, newest(directory))
        assert.deepStrictEqual(backup, { ...older, file: path.join(directory, path.basename(older.file)) }, name)
        assert.match(refused[0]?.reason ?? "", reason, name)
        const restore = Effect.flatMap(control, (c) => c.restore({ file }))
        assert.match((yield* Effect.flip(on(database, restore))).message, reason, name)
      }
      assert.strictEqual(yield* count(database, "documents"), 500)
    })
  )

  it.live("that is a folder and is damaged is known within one look after the other of the same run", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      yield* on(
        database,
        Effect.gen(function* () {
          const { file } = yield* take(directory, { format: "directory" })
          assert.strictEqual((yield* newest(directory)).backup?.file, file)
          flip(partOf(file), 30)
          assert.isUndefined((yield* newest(directory)).backup)
        })
      )
    })
  )

  it.live("is taken by the client programs that are asked for, by as many at once, with no password in sight", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const tools = path.dirname(folder())
      const log = path.join(tools, "log")
      for (const name of ["pg_dump", "pg_restore", "pg_dumpall"]) {
        const script = `#!/bin/sh\nprintf '%s\\n' "${name} $* ($PGAPPNAME)" >> '${log}'\nexec '${programs}/${name}' "$@"\n`
        fs.writeFileSync(path.join(tools, name), script, { mode: 0o755 })
      }
      yield* query("postgres", "DROP ROLE IF EXISTS dumper; CREATE ROLE dumper SUPERUSER LOGIN PASSWORD 'hunter22'")
      const layer = Layer.orDie(
        Layer.provide(
          layerOf(Postgres.server({ url: `postgres://dumper:hunter22@x/?host=${server.host}`, database, tools })),
          Target.local()
        )
      )
      const attempt = { deployment: "shop", environment: "production", run: 12, step: "backup", attempt: 1, key: "k" }
      const proof = yield* take(folder(), { format: "directory", jobs: 3, drill: true, roles: true }).pipe(
        Effect.provideService(Attempt.Current, attempt),
        Effect.provide(layer)
      )
      assert.strictEqual(proof.drilled, true)
      const lines = fs.readFileSync(log, "utf8")
      for (const expected of [
        /^pg_dump --format=directory --jobs=3 .*\(shipshape shop\/production run 12\)$/m,
        /^pg_restore --exit-on-error .*--jobs=4 .*\(shipshape shop\/production run 12\)$/m,
        /^pg_dumpall --roles-only .*\(shipshape shop\/production run 12\)$/m
      ]) {
        assert.match(lines, expected)
      }
      assert.notInclude(lines, "hunter22")
    })
  )

  for (const format of forms) {
    it.live(`that is killed while it is taken leaves no other than before, in the format ${format}`, () =>
      Effect.gen(function* () {
        const database = yield* filled
        yield* query(database, "CREATE TABLE much AS SELECT n, md5(n::text) FROM generate_series(1, 200000) n")
        const directory = folder()
        const before = yield* on(database, take(directory))
        yield* Effect.promise(() => killed([server.host, server.user, database, directory, format], directory))
        assert.deepStrictEqual((yield* on(database, newest(directory))).backup, before)
        assert.isTrue(fs.readdirSync(directory).some((name) => name.endsWith(".partial")))
        const after = yield* on(database, take(directory, { format }))
        const names = fs.readdirSync(directory)
        assert.deepStrictEqual(
          names.filter((name) => name.startsWith(".")),
          []
        )
        assert.includeMembers(names, [path.basename(before.file), path.basename(after.file)])
      })
    )
  }

  /** Takes a backup in another process, which is killed once it has begun to write. */
  const killed = async (args: ReadonlyArray<string>, directory: string) => {
    const script = path.join(import.meta.dirname, "support", "backingUp.ts")
    const begun = new Promise<void>((resolve) => {
      const watcher = fs.watch(directory, (_, name) => {
        if (name?.endsWith(".partial") !== true) return
        watcher.close()
        resolve()
      })
    })
    const child = spawn(process.execPath, ["--conditions=@shipshape/source", script, ...args], {
      stdio: ["ignore", "ignore", "inherit"]
    })
    const ended = once(child, "exit")
    await Promise.race([begun, ended.then(([code]) => Promise.reject(new Error(`it ended by itself, with ${code}`)))])
    child.kill("SIGKILL")
    await ended
  }

  describe.skipIf(full === undefined)("onto a disk that is full", () => {
    for (const format of forms) {
      it.live(`says so, leaves nothing, and keeps those that are there, in the format ${format}`, () =>
        Effect.gen(function* () {
          const database = yield* filled
          const directory = path.join(full ?? "", format)
          const before = yield* on(database, take(directory))
          yield* query(
            database,
            "CREATE TABLE much AS SELECT n, md5(n::text) || md5((n + 1)::text) AS x FROM generate_series(1, 100000) n"
          )
          const error = yield* Effect.flip(on(database, take(directory, { format, keep: 1 })))
          assert.strictEqual(error.code, "postgres.disk-full", JSON.stringify(error))
          assert.include(error.message, `the disk that holds ${directory} is full`)
          const left = ["", ".json", ".sha256"].map((end) => `${path.basename(before.file)}${end}`)
          assert.deepStrictEqual(fs.readdirSync(directory).sort(), left)
          assert.deepStrictEqual((yield* on(database, newest(directory))).backup, before)
        })
      )
    }
  })
})
