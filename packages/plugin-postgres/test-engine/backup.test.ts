import { type ExecFileSyncOptions, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { control, type Ground, take, toolsOf } from "../test/support/backupGround.ts"
import * as backups from "../test/support/backups.ts"
import { layerOf } from "../test/support/real.ts"
import * as restores from "../test/support/restores.ts"
import { make, secret, user } from "./support/container.ts"

const container = make()

const run = (program: string, args: ReadonlyArray<string>, options: ExecFileSyncOptions = {}) =>
  execFileSync(program, args, options)
let database: string
let root: string

/** Without a password for another user, whom the image trusts within its container. */
const layerOn = (name: string, other?: string) =>
  Layer.provide(
    layerOf(
      Postgres.inService({
        service: "db",
        database: name,
        ...(other === undefined ? { user, password: secret } : { user: other })
      })
    ),
    container.target
  )

const folder = () => path.join(fs.mkdtempSync(path.join(root, "b-")), "backups")

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-backup-"))
  await container.run("-c", "max_prepared_transactions=5")
  const wait = Effect.flatMap(Effect.fromResult(Postgres.ready("ready", {}).prepare(new Map())), ({ apply }) => apply)
  await Effect.runPromise(Effect.provide(wait, layerOn("app")))
  database = await container.createDatabase()
  await container.sql(database, "CREATE TABLE a (id int); CREATE TABLE b (id int, body text); CREATE EXTENSION pg_trgm")
  await container.sql(
    database,
    "INSERT INTO b SELECT n, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 20000) n"
  )
})
afterAll(async () => {
  await container.remove()
  fs.rmSync(root, { recursive: true, force: true })
})

describe("a backup", () => {
  it.live("keeps the laws, and repairs itself when it is damaged", () => {
    const directory = folder()
    return Laws.check({
      step: Postgres.backup("backup", { directory }),
      see: Effect.sync(() => (fs.existsSync(directory) ? fs.readdirSync(directory).sort() : undefined)),
      damage: Effect.sync(() => {
        for (const name of fs.readdirSync(directory)) {
          if (name.endsWith(".dump")) fs.truncateSync(path.join(directory, name), 5_000)
        }
      })
    }).pipe(Effect.provide(layerOn(database)))
  })

  it.live("has its checksum where sha256sum looks for it, and can be restored by hand", () => {
    const directory = folder()
    return Effect.gen(function* () {
      const { file } = yield* take(directory)
      run("sha256sum", ["--check", "--strict", `${path.basename(file)}.sha256`], { cwd: directory })
      const restored = yield* Effect.promise(container.createDatabase)
      yield* Effect.sync(() =>
        run("docker", ["exec", "-i", container.name, "pg_restore", "-h", "127.0.0.1", "-U", user, "-d", restored], {
          input: fs.readFileSync(file)
        })
      )
      const { rows } = yield* Effect.promise(() => container.sql(restored, "SELECT count(*)::int AS n FROM b"))
      assert.strictEqual(rows[0].n, 20_000)
    }).pipe(Effect.provide(layerOn(database)))
  })

  it.live("that would be a folder within the container is refused, and leaves nothing", () => {
    const directory = folder()
    return Effect.gen(function* () {
      const error = yield* Effect.flip(take(directory, { format: "directory" }))
      assert.strictEqual(error.code, "postgres.dump-tool-unfit")
      assert.include(error.message, "would write within its container")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(layerOn(database)))
  })

  it.live("that may not read a table says so, and leaves no file", () => {
    const directory = folder()
    return Effect.gen(function* () {
      yield* Effect.promise(() =>
        container.sql(database, "CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT CONNECT ON DATABASE app TO reader")
      )
      const error = yield* Effect.flip(Effect.provide(take(directory), layerOn(database, "reader")))
      assert.include([error.message, ...(error.tail ?? [])].join("\n"), "permission denied")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  })

  it.live("keeps the newest, and touches nothing that is not its own", () => {
    const directory = folder()
    return Effect.gen(function* () {
      fs.mkdirSync(directory)
      const own = (day: string) => `${database}.202501${day}T000000.000Z.dump`
      const others = [
        "notes.txt",
        `other.20250101T000000.000Z.dump`,
        `other.20250101T000000.000Z.dump.sha256`,
        own("04")
      ]
      for (const name of [...others, own("01"), own("02"), own("03")]) fs.writeFileSync(path.join(directory, name), "")
      for (const day of ["01", "02", "03"]) fs.writeFileSync(path.join(directory, `${own(day)}.sha256`), "")
      fs.writeFileSync(path.join(directory, `.${own("03")}.partial`), "")
      yield* take(directory, { keep: 2 })
      const left = fs.readdirSync(directory)
      assert.deepStrictEqual(
        others.filter((name) => !left.includes(name)),
        []
      )
      assert.strictEqual(left.filter((name) => name.endsWith(".dump.sha256") && !name.startsWith("other")).length, 2)
      assert.include(left, own("03"))
      assert.notInclude(left, own("02"))
      assert.notInclude(left, `.${own("03")}.partial`)
    }).pipe(Effect.provide(layerOn(database)))
  })

  // Mounting a small disk needs root. CI has it, and may not pass over this.
  const cannotMount = process.getuid?.() !== 0 && process.env.CI !== "true"
  it.live.skipIf(cannotMount)("that fills the disk says so, and leaves the disk as it was", () => {
    const directory = fs.mkdtempSync(path.join(root, "tiny-"))
    return Effect.acquireUseRelease(
      Effect.sync(() => run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory])),
      () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(take(directory))
          assert.strictEqual(error._tag, "DiskFull")
          assert.deepStrictEqual(fs.readdirSync(directory), [])
        }).pipe(Effect.provide(layerOn(database))),
      () => Effect.sync(() => run("umount", [directory]))
    )
  })
})

describe("through the server's own container,", () => {
  const ground: Ground = {
    layerOn: (name, other) => Layer.orDie(layerOn(name, other)),
    sql: container.sql,
    session: container.session,
    createDatabase: container.createDatabase
  }
  backups.scenarios(ground)
  restores.scenarios(ground)

  it.live("a drill that fills the server's disk says so, and leaves the disk as it was", () => {
    const { databases, on, query } = toolsOf(ground)
    return Effect.gen(function* () {
      // An empty database takes 8 MB of the 28: two of them fit, and two of what is in this one do not.
      yield* query("app", "CREATE TABLESPACE small LOCATION '/small'")
      yield* query("app", "CREATE DATABASE crowded TABLESPACE small")
      yield* query(
        "crowded",
        "CREATE TABLE t AS SELECT n, repeat(md5(n::text), 9) AS body FROM generate_series(1, 50000) n"
      )
      const directory = folder()
      const error = yield* Effect.flip(on("crowded", take(directory, { drill: true })))
      assert.strictEqual(error._tag, "DiskFull")
      assert.include(error.hint, "second copy")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      const { file } = yield* on("crowded", take(directory))
      const before = yield* databases
      const refused = yield* Effect.flip(
        on(
          "crowded",
          Effect.flatMap(control, (c) => c.restore({ file }))
        )
      )
      assert.strictEqual(refused._tag, "DiskFull")
      assert.deepStrictEqual(yield* databases, before)
      assert.strictEqual(yield* toolsOf(ground).count("crowded", "t"), 50_000)
    })
  })
})
