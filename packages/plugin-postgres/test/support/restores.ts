/** What must hold of restores, wherever the server and its tools are. */
import * as fs from "node:fs"
import { assert, it } from "@effect/vitest"
import { Attempt, type BackupProof } from "@shipshape/core"
import { type PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import pg from "pg"
import { control, folder, type Ground, take, toolsOf } from "./backupGround.ts"

const restore = (from: PostgresControl.Restore) => Effect.flatMap(control, (c) => c.restore(from))

const restoredFrom = Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.restoredFrom)

const quoted = pg.escapeIdentifier

export const scenarios = (ground: Ground): void => {
  const { count, databases, filled, on, query, scratches } = toolsOf(ground)
  const { session } = ground
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
      const before = (yield* query("postgres", facts, [database])).rows
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
          assert.deepStrictEqual((yield* query("postgres", facts, [database])).rows, before)
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

  it.live("a restore loses nothing that an application has written which connects again and again", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const proof = yield* on(database, take(folder()))
      yield* query(database, "CREATE TABLE written (id int)")
      let [written, refused] = [0, 0]
      const write = Effect.promise(async () => {
        try {
          const application = await session(database)
          await application.query("CREATE TABLE IF NOT EXISTS written (id int)").finally(() => application.end())
          const again = await session(database)
          await again.query("INSERT INTO written VALUES (1)").finally(() => again.end())
          written += 1
        } catch {
          refused += 1
        }
      })
      const writing = yield* Effect.forkChild(Effect.forever(write))
      const { keptAs } = yield* on(database, restore(proof))
      const atSwap = written
      yield* Effect.repeat(
        Effect.sync(() => written > atSwap + 2),
        { until: (more) => more, schedule: Schedule.spaced("20 millis") }
      )
      yield* Fiber.interrupt(writing)
      yield* query("postgres", `ALTER DATABASE ${quoted(keptAs)} ALLOW_CONNECTIONS true`)
      const [kept, now] = [yield* count(keptAs, "written"), yield* count(database, "written")]
      assert.isAbove(kept, 0)
      assert.isAbove(now, 0)
      // One whose answer was lost may have been written all the same.
      assert.isAtLeast(kept + now, written)
      assert.isAtMost(kept + now, written + refused + 1)
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
    yield* query("postgres", `ALTER DATABASE ${quoted(database)} RENAME TO ${scratch}`)
    yield* query("postgres", `ALTER DATABASE ${keptAs} ALLOW_CONNECTIONS true`)
    yield* query("postgres", `COMMENT ON DATABASE ${keptAs} IS NULL`)
    return { database, keptAs, proof, later, scratch }
  })

  it.live("a restore whose database is gone without a trace says so, and changes nothing", () =>
    Effect.gen(function* () {
      const database = yield* filled
      const proof = yield* on(database, take(folder()))
      yield* query("postgres", `ALTER DATABASE ${quoted(database)} RENAME TO moved_away`)
      const before = yield* databases
      const error = yield* Effect.flip(on(database, restore(proof)))
      assert.include(String(error), `there is no database ${database}`)
      assert.deepStrictEqual(yield* databases, before)
      yield* query("postgres", "DROP DATABASE moved_away")
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

  it.live("an owner who is no superuser drills and restores, and is told where that needs a right", () =>
    Effect.gen(function* () {
      const [database, owner] = ["ordinary", "ordinary_owner"]
      yield* query("postgres", `CREATE ROLE ${owner} LOGIN`)
      yield* query("postgres", `CREATE DATABASE ${database} OWNER ${owner}`)
      yield* query(database, `CREATE TABLE t (id int); ALTER TABLE t OWNER TO ${owner}; INSERT INTO t VALUES (1), (2)`)
      const layer = ground.layerOn(database, owner)
      const directory = folder()
      const drilled = Effect.provide(take(directory, { drill: true }), layer)
      const refused = yield* Effect.flip(drilled)
      assert.strictEqual(refused._tag, "RestoreRefused")
      assert.include(refused.hint, "CREATEDB")
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      yield* query("postgres", `ALTER ROLE ${owner} CREATEDB`)
      const proof = yield* drilled
      assert.strictEqual(proof.drilled, true)
      yield* query(database, "DELETE FROM t")
      // It may not end the session of a superuser: nothing is changed then.
      const admin = yield* Effect.promise(() => session(database))
      const inTheWay = yield* Effect.flip(Effect.provide(restore(proof), layer))
      assert.strictEqual(inTheWay._tag, "RestoreRefused")
      assert.include(inTheWay.message, "sessions of ordinary cannot be ended")
      assert.strictEqual(yield* count(database, "t"), 0)
      yield* Effect.promise(() => admin.end())
      const { notes } = yield* Effect.provide(restore(proof), layer)
      assert.deepStrictEqual(notes, [])
      assert.strictEqual(yield* count(database, "t"), 2)
      assert.deepStrictEqual(yield* scratches, [])
    })
  )
}
