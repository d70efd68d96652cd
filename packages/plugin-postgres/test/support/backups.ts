/** What must hold of backups and drills, wherever the server and its tools are. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import pg from "pg"
import { control, folder, type Ground, newest, rowsOfEverything, take, toolsOf } from "./backupGround.ts"

const edit = (file: string, change: (text: string) => string) =>
  fs.writeFileSync(file, change(fs.readFileSync(file, "utf8")))

/** Changes the manifest, and the checksum that would give it away. */
const forge = (file: string, change: (text: string) => string) => {
  const sum = () =>
    createHash("sha256")
      .update(fs.readFileSync(`${file}.json`))
      .digest("hex")
  const before = sum()
  edit(`${file}.json`, change)
  edit(`${file}.sha256`, (text) => text.replace(before, sum()))
}

const flip = (file: string, at: number) => {
  const bytes = fs.readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
}

/** What is done to a backup, and what is said of it then. */
const damages: ReadonlyArray<readonly [string, (file: string) => void, RegExp]> = [
  ["is cut off", (file) => fs.truncateSync(file, 5_000), /is not what it was: 5000 bytes instead of \d+/],
  ["is empty", (file) => fs.truncateSync(file, 0), /is empty/],
  ["has another byte", (file) => flip(file, fs.statSync(file).size - 999), /its SHA-256 is \w+ instead of \w+/],
  ["has no checksum", (file) => fs.rmSync(`${file}.sha256`), /\.dump\.sha256 is not there/],
  ["has no manifest", (file) => fs.rmSync(`${file}.json`), /\.dump\.json is not there/],
  ["has half a manifest", (file) => edit(`${file}.json`, (text) => text.slice(0, 99)), /manifest cannot be read/],
  [
    "has another manifest",
    (file) => edit(`${file}.json`, (text) => text.replace(": 500", ": 501")),
    /manifest is not what was written with it/
  ],
  [
    "is of another database by its manifest",
    (file) => forge(file, (text) => text.replace(/"database": .*,/, '"database": "other",')),
    /is a backup of database other/
  ]
]

export const scenarios = (ground: Ground): void => {
  const { count, databases, filled, on, query, scratches } = toolsOf(ground)

  it.live("a backup proves what is in it", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      const proof = yield* on(database, take(directory))
      assert.deepStrictEqual(proof.rows, rowsOfEverything)
      assert.strictEqual(proof.of, `database ${database}`)
      assert.strictEqual(proof.bytes, fs.statSync(proof.file).size)
      assert.strictEqual(proof.archive.tables, 8)
      assert.isAbove(proof.archive.entries, 40)
      assert.deepStrictEqual((yield* on(database, newest(directory))).backup, proof)
      const modes = [directory, proof.file, `${proof.file}.json`, `${proof.file}.sha256`]
      assert.deepStrictEqual(
        modes.map((file) => fs.statSync(file).mode & 0o777),
        [0o700, 0o600, 0o600, 0o600]
      )
      assert.strictEqual(fs.readdirSync(directory).length, 3)
    })
  )

  it.live("its counts are of its own snapshot, whatever is written meanwhile", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const writer = yield* Effect.promise(() => ground.session(database))
      let written = 0
      const write = Effect.promise(async () => {
        await writer.query("INSERT INTO parent VALUES (1); INSERT INTO documents (title) VALUES ('x')")
        written += 1
      })
      const writing = yield* Effect.forkChild(Effect.forever(write))
      const proof = yield* on(database, take(folder(), { drill: true }))
      yield* Fiber.interrupt(writing)
      yield* Effect.promise(() => writer.end())
      assert.isAbove(written, 3)
      assert.isAtMost(proof.rows["public.documents"] ?? 0, 499 + written)
      assert.strictEqual((proof.rows["public.documents"] ?? 0) - 500, (proof.rows["public.parent"] ?? 0) - 1)
      // The drill has restored it and counted again.
      assert.strictEqual(proof.drilled, true)
    })
  )

  it.live("a backup that is damaged does not count and is not restored, and nothing is changed", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const before = yield* databases
      const good = folder()
      const { file: original } = yield* on(database, take(good))
      for (const [name, damage, reason] of damages) {
        const directory = folder()
        fs.cpSync(good, directory, { recursive: true })
        const file = path.join(directory, path.basename(original))
        damage(file)
        const { backup, refused } = yield* on(database, newest(directory))
        assert.isUndefined(backup, name)
        assert.deepStrictEqual(
          refused.map((one) => one.file),
          [file]
        )
        assert.match(refused[0]?.reason ?? "", reason, name)
        const error = yield* Effect.flip(
          on(
            database,
            Effect.flatMap(control, (c) => c.restore({ file }))
          )
        )
        assert.strictEqual(error._tag, "BackupInvalid", name)
        assert.match(error.message, reason, name)
      }
      assert.deepStrictEqual(yield* databases, before)
      assert.strictEqual(yield* count(database, "documents"), 500)
    })
  )

  it.live("an archive of another database is refused, also with a manifest that says otherwise", () =>
    Effect.gen(function* () {
      const [database, other] = [yield* filled, yield* filled]
      const directory = folder()
      const { file } = yield* on(other, take(directory))
      const renamed = file.replace(encodeURIComponent(other), encodeURIComponent(database))
      for (const end of ["", ".json", ".sha256"]) fs.renameSync(`${file}${end}`, `${renamed}${end}`)
      edit(`${renamed}.sha256`, (text) => text.replaceAll(path.basename(file), path.basename(renamed)))
      const restore = on(database, Effect.flip(Effect.flatMap(control, (c) => c.restore({ file: renamed }))))
      assert.include((yield* restore).message, `is a backup of database ${other}, and not of ${database}`)
      forge(renamed, (text) => text.replace(JSON.stringify(other), JSON.stringify(database)))
      assert.include((yield* restore).message, `is an archive of database ${other}, and not of ${database}`)
      assert.isUndefined((yield* on(database, newest(directory))).backup)
    })
  )

  it.live("an older name does not make a backup an older one", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      const { file } = yield* on(database, take(directory))
      const renamed = file.replace(/\.\d{8}T/, ".20990101T")
      for (const end of ["", ".json", ".sha256"]) fs.renameSync(`${file}${end}`, `${renamed}${end}`)
      edit(`${renamed}.sha256`, (text) => text.replaceAll(path.basename(file), path.basename(renamed)))
      const { backup, refused } = yield* on(database, newest(directory))
      assert.isUndefined(backup)
      assert.include(refused[0]?.reason, "it was taken at")
    })
  )

  it.live("a backup that is held stays, until nobody holds it", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      const { file } = yield* on(database, take(directory))
      const held = { file, holder: "edms/production release 1" }
      yield* on(
        database,
        Effect.gen(function* () {
          const { holdBackup, letGoOfBackup } = yield* control
          yield* holdBackup(held)
          yield* take(directory, { keep: 1 })
          assert.isTrue(fs.existsSync(file))
          yield* letGoOfBackup(held)
          const last = yield* take(directory, { keep: 1 })
          const names = ["", ".json", ".sha256"].map((end) => `${path.basename(last.file)}${end}`)
          assert.deepStrictEqual(fs.readdirSync(directory).sort(), names)
        })
      )
    })
  )

  it.live("the server's roles stand beside it, without their passwords", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const directory = folder()
      const role = `keeper_${path.basename(path.dirname(directory)).replaceAll("-", "_")}`
      yield* query(database, `CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD 'hunter22'`)
      const { file } = yield* on(database, take(directory, { roles: true }))
      const text = fs.readFileSync(`${file}.roles.sql`, "utf8")
      assert.include(text, `CREATE ROLE ${pg.escapeIdentifier(role).replace(/^"([a-z_][a-z0-9_]*)"$/, "$1")}`)
      assert.notMatch(text, /PASSWORD|SCRAM|hunter22/)
      assert.strictEqual(fs.statSync(`${file}.roles.sql`).mode & 0o777, 0o600)
      assert.strictEqual((yield* on(database, newest(directory))).backup?.file, file)
      edit(`${file}.roles.sql`, (before) => before.replace("CREATE", "DROP"))
      const { refused } = yield* on(database, newest(directory))
      assert.include(refused[0]?.reason, "the roles beside it are not what was written with it")
      yield* on(database, take(directory, { keep: 1 }))
      assert.isFalse(fs.existsSync(`${file}.roles.sql`))
      yield* query(database, `DROP ROLE ${pg.escapeIdentifier(role)}`)
    })
  )

  it.live("a drill restores rows and schema beside the database, and leaves nothing", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const { file } = yield* on(database, take(folder()))
      // The database goes on: a drill compares with the backup.
      yield* query(database, "DELETE FROM documents; DROP TABLE parent CASCADE")
      const drill = on(
        database,
        Effect.flatMap(control, (c) => c.drill(file))
      )
      // Two at once take turns.
      const proofs = yield* Effect.all([drill, drill], { concurrency: 2 })
      assert.deepStrictEqual(
        proofs.map(({ drilled }) => drilled),
        [true, true]
      )
      assert.deepStrictEqual(yield* scratches, [])
      assert.strictEqual(yield* count(database, "documents"), 0)
    })
  )

  it.live("a drill finds a manifest that lies, and leaves nothing", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const { file } = yield* on(database, take(folder()))
      forge(file, (text) => text.replace('"public.documents": 500', '"public.documents": 501'))
      const error = yield* Effect.flip(
        on(
          database,
          Effect.flatMap(control, (c) => c.drill(file))
        )
      )
      assert.strictEqual(error._tag, "BackupInvalid")
      assert.include(
        error.message,
        "public.documents has 500 rows after a restore, and had 501 when the backup was taken"
      )
      assert.deepStrictEqual(yield* scratches, [])
    })
  )

  it.live("a drill that is interrupted leaves nothing, and one that is killed is swept by the next", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const { file } = yield* on(database, take(folder()))
      const drill = on(
        database,
        Effect.flatMap(control, (c) => c.drill(file))
      )
      const running = yield* Effect.forkChild(drill)
      yield* Effect.repeat(scratches, { until: (found) => found.length > 0 })
      const [scratch = ""] = yield* scratches
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(yield* scratches, [])
      yield* query("postgres", `CREATE DATABASE ${pg.escapeIdentifier(scratch)}`)
      yield* drill
      assert.deepStrictEqual(yield* scratches, [])
    })
  )
}
