/** What must hold of backups and of the ways back from them, wherever the server and its tools are. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { Attempt, type BackupProof, Look } from "@shipshape/core"
import { PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import pg from "pg"
import type { Services } from "./laws.ts"

/** A real server, and the plugin that talks to it. */
export interface Ground {
  readonly layerOn: (database: string) => Layer.Layer<Services>
  readonly sql: (database: string, text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>
  readonly session: (database: string) => Promise<pg.Client>
  readonly createDatabase: () => Promise<string>
}

const control = PostgresControl.PostgresControl

/** All kinds of things that a dump may change the words of, or leave out. */
const everything = `
CREATE TYPE status AS ENUM ('draft', 'final');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 99);
CREATE TABLE documents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status status NOT NULL DEFAULT 'draft', title short,
  kind varchar(9) DEFAULT 'a' CHECK (kind IN ('a', 'it''s', 'c')), tags text[] DEFAULT '{}', n numeric(9, 2) GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE "Odd ""Name" (id int PRIMARY KEY, document bigint REFERENCES documents ON DELETE CASCADE DEFERRABLE);
CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parent (id int); CREATE TABLE child (more text) INHERITS (parent);
CREATE UNLOGGED TABLE unlogged (id int);
CREATE INDEX partial ON documents (lower(title)) WHERE kind IN ('a', 'c') AND status = ANY ('{draft,final}');
CREATE VIEW drafts AS SELECT d.*, count(*) OVER () FROM documents d WHERE status = 'draft' AND kind IN ('a', 'c') AND id BETWEEN 1 AND 99;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM documents;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
-- SET nothing
RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON documents FOR EACH ROW WHEN (OLD.kind IN ('a', 'c')) EXECUTE FUNCTION touch();
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON documents USING (kind IN ('a', 'c'));
COMMENT ON TABLE documents IS 'one; two -- three';
CREATE SCHEMA "Other"; CREATE TABLE "Other".documents (id int);
CREATE PUBLICATION all_of_it FOR TABLE documents;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Other" GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT, INSERT ON documents TO PUBLIC; GRANT SELECT ON documents TO pg_monitor WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC;
INSERT INTO documents (title) SELECT md5(n::text) FROM generate_series(1, 500) n;
INSERT INTO parted SELECT n, '2025-02-03' FROM generate_series(1, 7) n;
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'x'), (3, 'y');
SELECT lo_create(0);`

const rowsOfEverything = {
  '"Other".documents': 0,
  "large objects": 1,
  'public."Odd ""Name"': 0,
  "public.child": 2,
  "public.documents": 500,
  "public.parent": 1,
  "public.parted_1": 7,
  "public.unlogged": 0
}

const folder = () => path.join(fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-backups-")), "backups")

const take = (directory: string, options: { readonly drill?: boolean; readonly keep?: number } = {}) =>
  Effect.flatMap(control, (c) => c.backup({ directory, keep: 14, drill: false, ...options }))

export const newest = (directory: string) =>
  Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.newestBackup({ directory })).pipe(
    Effect.provideService(Look.Current, Look.make())
  )

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
  const names = () => Effect.promise(() => ground.sql("template1", "SELECT datname FROM pg_database ORDER BY 1"))
  const databases = Effect.map(names(), ({ rows }) => rows.map(({ datname }) => String(datname)))
  const sql = (database: string, text: string, values?: ReadonlyArray<unknown>) =>
    Effect.promise(() => ground.sql(database, text, values))
  const count = (database: string, table: string) =>
    Effect.map(sql(database, `SELECT count(*)::int AS n FROM ${table}`), ({ rows }): number => rows[0].n)
  const filled = Effect.gen(function* () {
    const database = yield* Effect.promise(ground.createDatabase)
    yield* sql(database, everything)
    return database
  })
  const on = <A, E>(database: string, effect: Effect.Effect<A, E, Services>) =>
    Effect.provide(effect, ground.layerOn(database))
  const scratches = Effect.map(databases, (all) => all.filter((name) => name.startsWith("shipshape_")))

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
      for (const [name, damage, reason] of damages) {
        const directory = folder()
        const { file } = yield* on(database, take(directory))
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

  it.live("a drill restores rows and schema beside the database, and leaves nothing", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const { file } = yield* on(database, take(folder()))
      // The database goes on: a drill compares with the backup.
      yield* sql(database, "DELETE FROM documents; DROP TABLE parent CASCADE")
      const proof = yield* on(
        database,
        Effect.flatMap(control, (c) => c.drill(file))
      )
      assert.strictEqual(proof.drilled, true)
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
      yield* sql("template1", `CREATE DATABASE ${pg.escapeIdentifier(scratch)}`)
      yield* drill
      assert.deepStrictEqual(yield* scratches, [])
    })
  )

  restoring({ ...ground, count, databases, filled, on, query: sql, scratches })
}

interface Tried extends Ground {
  readonly count: (database: string, table: string) => Effect.Effect<number>
  readonly databases: Effect.Effect<ReadonlyArray<string>>
  readonly scratches: Effect.Effect<ReadonlyArray<string>>
  readonly filled: Effect.Effect<string>
  readonly on: <A, E>(database: string, effect: Effect.Effect<A, E, Services>) => Effect.Effect<A, E>
  readonly query: (database: string, text: string, values?: ReadonlyArray<unknown>) => Effect.Effect<pg.QueryResult>
}

const restore = (from: PostgresControl.Restore) => Effect.flatMap(control, (c) => c.restore(from))

const restoredFrom = Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.restoredFrom)

const quoted = pg.escapeIdentifier

const restoring = ({ count, databases, filled, on, query, scratches, session }: Tried): void => {
  const refusesConnections = (database: string) =>
    Effect.promise(() =>
      session(database).then(
        () => "accepted",
        (error) => String(error)
      )
    )

  it.live("a restore takes the place of the database while an application is connected, and keeps the old one", () =>
    Effect.gen(function* () {
      const database = yield* filled
      yield* query(database, "DROP ROLE IF EXISTS restored_owner; CREATE ROLE restored_owner CREATEDB")
      const name = quoted(database)
      yield* query(
        database,
        `ALTER DATABASE ${name} OWNER TO restored_owner; ALTER DATABASE ${name} SET search_path = "Other", 'a b', public;
         ALTER DATABASE ${name} SET work_mem = '7MB'; ALTER ROLE restored_owner IN DATABASE ${name} SET datestyle = 'German, DMY';
         REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE ${name} TO pg_monitor WITH GRANT OPTION;
         ALTER DATABASE ${name} CONNECTION LIMIT 77; COMMENT ON DATABASE ${name} IS 'of the town''s office'`
      )
      const facts = `SELECT pg_get_userbyid(datdba), encoding, datcollate, datctype, datconnlimit, datallowconn, datacl::text,
          (SELECT array_agg((CASE WHEN setrole = 0 THEN '' ELSE pg_get_userbyid(setrole) END, setconfig)::text ORDER BY 1)
            FROM pg_db_role_setting WHERE setdatabase = d.oid), split_part(shobj_description(oid, 'pg_database'), E'\\n', 1)
        FROM pg_database d WHERE datname = $1`
      const before = (yield* query("template1", facts, [database])).rows
      yield* on(
        database,
        Effect.gen(function* () {
          const { execute } = yield* control
          const proof = yield* take(folder())
          const application = yield* Effect.promise(() => session(database))
          yield* Effect.promise(() => application.query("BEGIN; DELETE FROM public.documents"))
          yield* execute({ text: "DELETE FROM public.parent", values: [] })
          assert.isUndefined(yield* restoredFrom)
          const restored = yield* restore(proof)
          assert.deepStrictEqual(restored.notes, [])
          assert.deepStrictEqual(restored.rows, proof.rows)
          assert.match(restored.keptAs, /_before_\d{8}T\d{6}Z$/)
          // The application was thrown out; the plugin's own sessions are opened anew.
          const end = yield* Effect.promise(() => application.query("SELECT 1").then(() => "alive", String))
          assert.notStrictEqual(end, "alive")
          yield* execute({ text: "INSERT INTO public.parent VALUES (9)", values: [] })
          assert.strictEqual(yield* count(database, "public.parent"), 4)
          assert.strictEqual(yield* count(database, "public.documents"), 500)
          assert.deepStrictEqual((yield* query("template1", facts, [database])).rows, before)
          assert.include(yield* refusesConnections(restored.keptAs), "not currently accepting connections")
          const from = yield* restoredFrom
          assert.deepStrictEqual([from?.sha256, from?.before], [proof.sha256, restored.keptAs])
          // It is kept until somebody says so; nothing else is dropped in its name.
          const { discard } = yield* control
          const refused = yield* Effect.flip(discard(database))
          assert.strictEqual(refused._tag, "RestoreRefused")
          yield* discard(restored.keptAs)
          yield* discard(restored.keptAs)
          assert.notInclude(yield* databases, restored.keptAs)
        })
      )
      assert.deepStrictEqual(yield* scratches, [])
    })
  )

  it.live("a restore that was killed between the two renames is finished", () =>
    Effect.gen(function* () {
      const { database, keptAs, proof, scratch } = yield* between("kept_1")
      assert.deepStrictEqual(yield* on(database, restoredFrom), undefined)
      const restored = yield* on(database, restore(proof))
      assert.strictEqual(restored.keptAs, keptAs)
      assert.strictEqual(yield* count(database, "documents"), 500)
      assert.include(yield* refusesConnections(keptAs), "not currently accepting connections")
      assert.notInclude(yield* databases, scratch)
    })
  )

  it.live("a restore that was killed between the two renames is put back where another backup is wanted", () =>
    Effect.gen(function* () {
      const { database, keptAs, later, scratch } = yield* between("kept_2")
      const restored = yield* on(database, restore({ file: later.file, keepAs: "kept_3" }))
      assert.strictEqual(restored.keptAs, "kept_3")
      assert.strictEqual(yield* count(database, "documents"), 499)
      const all = yield* databases
      assert.notInclude(all, keptAs)
      assert.notInclude(all, scratch)
    })
  )

  /** The state after the first rename of a restore, made by hand. */
  const between = Effect.fnUntraced(function* (keptAs: string) {
    const database = yield* filled
    const directory = folder()
    const proof = yield* on(database, take(directory))
    yield* query(database, "DELETE FROM documents WHERE id = 1")
    const later: BackupProof.BackupProof = yield* on(database, take(directory))
    yield* on(database, restore({ file: proof.file, keepAs: keptAs }))
    const scratch = `shipshape_restore_${proof.sha256.slice(0, 16)}`
    yield* query("template1", `ALTER DATABASE ${quoted(database)} RENAME TO ${scratch}`)
    yield* query("template1", `ALTER DATABASE ${keptAs} ALLOW_CONNECTIONS true`)
    yield* query("template1", `COMMENT ON DATABASE ${keptAs} IS NULL`)
    return { database, keptAs, proof, later, scratch }
  })

  it.live("a restore whose database is gone without a trace says so, and changes nothing", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const proof = yield* on(database, take(folder()))
      yield* query("template1", `ALTER DATABASE ${quoted(database)} RENAME TO moved_away`)
      const before = yield* databases
      const error = yield* Effect.flip(on(database, restore(proof)))
      assert.include(String(error), `there is no database ${database}`)
      assert.deepStrictEqual(yield* databases, before)
      yield* query("template1", "DROP DATABASE moved_away")
    })
  )

  it.live("a restore is refused before anything is changed where it cannot be done", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const proof = yield* on(database, take(folder()))
      const before = yield* databases
      const refused = (from: PostgresControl.Restore) =>
        Effect.map(Effect.flip(on(database, restore(from))), (error) => String(error))
      assert.include(
        yield* refused({ ...proof, sha256: "0".repeat(64) }),
        "another backup than the one that was recorded"
      )
      assert.include(yield* refused({ ...proof, keepAs: "template1" }), "there is a database of this name")
      assert.include(yield* refused({ ...proof, keepAs: "ä".repeat(32) }), "1 to 63 bytes")
      yield* query(database, "BEGIN; INSERT INTO parent VALUES (8); PREPARE TRANSACTION 'two-phase'")
      assert.include(yield* refused(proof), "prepared transactions (two-phase)")
      yield* query(database, "ROLLBACK PREPARED 'two-phase'")
      assert.deepStrictEqual(yield* databases, before)
    })
  )

  it.live("an attempt that has restored already does not do it again", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const attempt = { deployment: "d", environment: "e", run: 1, step: "s", attempt: 1, key: "k" }
      const proof = yield* on(database, take(folder()))
      const again = on(database, Effect.provideService(restore(proof), Attempt.Current, attempt))
      const first = yield* again
      const before = yield* databases
      assert.deepStrictEqual(yield* again, first)
      assert.deepStrictEqual(yield* databases, before)
    })
  )
}
