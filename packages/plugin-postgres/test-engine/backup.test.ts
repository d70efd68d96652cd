import { type ExecFileSyncOptions, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Look } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Postgres, PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { layerOf } from "../test/support/real.ts"
import { make, secret, user } from "./support/container.ts"

const container = make()

const run = (program: string, args: ReadonlyArray<string>, options: ExecFileSyncOptions = {}) =>
  execFileSync(program, args, options)
let database: string
let root: string

const layerOn = (name: string) =>
  Layer.provide(
    layerOf(Postgres.inService({ service: "db", user, password: secret, database: name })),
    container.target
  )

const newest = (directory: string) =>
  Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.newestBackup({ directory })).pipe(
    Effect.provideService(Look.Current, Look.make())
  )

const take = (directory: string, keep = 14) =>
  Effect.flatMap(PostgresControl.PostgresControl, (control) => control.backup({ directory, keep }))

const folder = () => path.join(fs.mkdtempSync(path.join(root, "b-")), "backups")

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-backup-"))
  await container.run()
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
        const [file = ""] = fs.readdirSync(directory).filter((name) => name.endsWith(".dump"))
        fs.truncateSync(path.join(directory, file), 5_000)
      })
    }).pipe(Effect.provide(layerOn(database)))
  })

  it.live("is proved by what it says of itself, and read by its owner alone", () => {
    const directory = folder()
    return Effect.gen(function* () {
      yield* take(directory)
      const backup = yield* newest(directory)
      assert.isDefined(backup)
      assert.strictEqual(backup.tables, 2)
      assert.strictEqual(backup.bytes, fs.statSync(backup.file).size)
      run("sha256sum", ["--check", "--strict", `${path.basename(backup.file)}.sha256`], { cwd: directory })
      assert.deepStrictEqual(
        [directory, backup.file, `${backup.file}.sha256`].map((file) => fs.statSync(file).mode & 0o777),
        [0o700, 0o600, 0o600]
      )
      const restored = yield* Effect.promise(container.createDatabase)
      yield* Effect.sync(() =>
        run("docker", ["exec", "-i", container.name, "pg_restore", "-h", "127.0.0.1", "-U", user, "-d", restored], {
          input: fs.readFileSync(backup.file)
        })
      )
      const { rows } = yield* Effect.promise(() => container.sql(restored, "SELECT count(*)::int AS n FROM b"))
      assert.strictEqual(rows[0].n, 20_000)
    }).pipe(Effect.provide(layerOn(database)))
  })

  const damages: ReadonlyArray<readonly [string, (file: string) => void]> = [
    ["truncated after its list of contents", (file) => fs.truncateSync(file, fs.statSync(file).size - 100)],
    ["empty", (file) => fs.truncateSync(file, 0)],
    ["without its checksum", (file) => fs.rmSync(`${file}.sha256`)],
    ["another file than its checksum is of", (file) => fs.appendFileSync(file, "x")]
  ]
  for (const [name, damage] of damages) {
    it.live(`does not count when it is ${name}`, () => {
      const directory = folder()
      return Effect.gen(function* () {
        yield* take(directory)
        const backup = yield* newest(directory)
        assert.isDefined(backup)
        damage(backup.file)
        assert.isUndefined(yield* newest(directory))
      }).pipe(Effect.provide(layerOn(database)))
    })
  }

  it.live("of another database does not count, whatever it is called", () => {
    const directory = folder()
    return Effect.gen(function* () {
      const other = yield* Effect.promise(container.createDatabase)
      yield* Effect.provide(take(directory), layerOn(other))
      for (const name of fs.readdirSync(directory)) {
        fs.renameSync(path.join(directory, name), path.join(directory, name.replace(other, database)))
      }
      assert.isUndefined(yield* newest(directory))
    }).pipe(Effect.provide(layerOn(database)))
  })

  it.live("that may not read a table says so, and leaves no file", () => {
    const directory = folder()
    return Effect.gen(function* () {
      yield* Effect.promise(() =>
        container.sql(database, "CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT CONNECT ON DATABASE app TO reader")
      )
      const reader = Layer.provide(
        layerOf(Postgres.inService({ service: "db", user: "reader", database })),
        container.target
      )
      const error = yield* Effect.flip(Effect.provide(take(directory), reader))
      assert.strictEqual(error.code, "target.command-failed")
      assert.include((error.tail ?? []).join("\n"), "permission denied")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  })

  it.live("keeps the newest, and touches nothing that is not its own", () => {
    const directory = folder()
    return Effect.gen(function* () {
      fs.mkdirSync(directory)
      const own = (day: string) => `${database}.202501${day}T000000Z.dump`
      const others = ["notes.txt", `other.20250101T000000Z.dump`, `other.20250101T000000Z.dump.sha256`, own("04")]
      for (const name of [...others, own("01"), own("02"), own("03")]) fs.writeFileSync(path.join(directory, name), "")
      for (const day of ["01", "02", "03"]) fs.writeFileSync(path.join(directory, `${own(day)}.sha256`), "")
      fs.writeFileSync(path.join(directory, `.${own("03")}.partial`), "")
      yield* take(directory, 2)
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
