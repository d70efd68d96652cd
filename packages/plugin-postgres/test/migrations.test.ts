import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Attempt, type Step, Target } from "@shipshape/core"
import { FakeTarget, Laws } from "@shipshape/core/testing"
import { Postgres, type PostgresControl, type PostgresMigrations, type PostgresProbe } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import pg from "pg"
import { afterAll, afterEach, beforeAll } from "vitest"
import { type Embedded, start } from "./support/embedded.ts"

type Services =
  | PostgresProbe.PostgresProbe
  | PostgresControl.PostgresControl
  | PostgresMigrations.MigrationProbe
  | PostgresMigrations.MigrationControl
  | Target.TargetProbe

/** Where files of SQL are run. */
interface Ground {
  readonly layer: Layer.Layer<Services, unknown>
  readonly folder: string
  readonly write: (name: string, text: string) => void
  /** What is there: tables, labels, rows of the ledger. */
  readonly see: Effect.Effect<unknown>
}

const files = {
  "1_types.sql": "CREATE TYPE status AS ENUM ('open');\nCREATE TABLE orders (id int PRIMARY KEY, status status);",
  "2_labels.sql":
    "ALTER TYPE status ADD VALUE 'closed';\nINSERT INTO orders VALUES (1, 'closed');\nCREATE INDEX CONCURRENTLY orders_status ON orders (status);",
  "10_nothing.sql": "-- nothing to do\n"
}

const prepare = <A, E, CR, AR>(step: Step.Step<A, E, CR, AR, string>) => Effect.fromResult(step.prepare(new Map()))
const check = <A, E, CR, AR>(step: Step.Step<A, E, CR, AR, string>) => Effect.flatMap(prepare(step), (one) => one.check)
const apply = <A, E, CR, AR>(step: Step.Step<A, E, CR, AR, string>) =>
  Effect.flatMap(prepare(step), (one) => one.apply).pipe(
    Effect.provideService(Attempt.Current, {
      deployment: "shop",
      environment: "staging",
      run: 7,
      step: "m",
      attempt: 1,
      key: "k"
    })
  )

/** What holds on any ground. */
const scenario = ({ folder, see, write }: Ground) =>
  Effect.gen(function* () {
    for (const [name, text] of Object.entries(files)) write(name, text)
    yield* Laws.check({ step: Postgres.migrations("m", { folder }), see })
    write("11_more.sql", "CREATE TABLE more (id int)")
    const found = yield* check(Postgres.migrations("m", { folder }))
    expect(found).toMatchObject({ _tag: "Needed", changes: [{ summary: "run 11_more.sql" }] })
    write("1_types.sql", "CREATE TABLE other (id int)")
    const edited = yield* Effect.flip(check(Postgres.migrations("m", { folder })))
    expect(edited).toMatchObject({ code: "postgres.migration-edited", file: "1_types.sql" })
  })

describe("files of SQL in memory", () => {
  it.effect("keep the laws", () => {
    const target = FakeTarget.make({})
    const world = PostgresWorld.make({})
    const ground: Ground = {
      layer: Layer.merge(world.layer, FakeTarget.layer(target)),
      folder: "/srv/sql",
      write: (name, text) => {
        target.files.set("/srv/sql", { content: undefined, uid: 0, gid: 0, mode: 0o755 })
        target.files.set(`/srv/sql/${name}`, { content: new TextEncoder().encode(text), uid: 0, gid: 0, mode: 0o644 })
      },
      see: Effect.sync(() => [structuredClone(world.migrations), [...world.log]])
    }
    return Effect.provide(scenario(ground), ground.layer)
  })
})

describe("files of SQL on a real server", () => {
  let embedded: Embedded
  beforeAll(async () => {
    embedded = await start()
  })
  afterAll(() => embedded.stop())
  const folders: Array<string> = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  interface Real extends Ground {
    readonly sql: (text: string, values?: ReadonlyArray<unknown>) => Effect.Effect<pg.QueryResult>
    readonly database: string
  }

  const real = Effect.gen(function* () {
    const database = yield* Effect.promise(embedded.createDatabase)
    const folder = mkdtempSync(join(tmpdir(), "ss-sql-"))
    folders.push(folder)
    const { password, port, user } = embedded
    const plugin = Postgres.server({
      port,
      user,
      password: Redacted.make(password),
      database,
      lockTimeout: "300 millis",
      lockRetries: 1
    })
    const layer = Layer.provideMerge(Result.getOrThrow(plugin.layer(new Map())), Target.local())
    const sql: Real["sql"] = (text, values) => Effect.promise(() => embedded.sql(database, text, values))
    const ground: Real = {
      layer,
      folder,
      database,
      sql,
      write: (name, text) => writeFileSync(join(folder, name), text),
      see: Effect.map(
        sql(`SELECT (SELECT json_agg(relname ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS relations,
          (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum) AS labels,
          (SELECT json_agg(state) FROM pg_stat_user_tables, LATERAL (SELECT n_tup_ins AS state) s WHERE relname = 'orders') AS rows`),
        ({ rows }) => [rows[0].relations, rows[0].labels]
      )
    }
    return ground
  })

  /** A test on a database and a folder of its own. */
  const on = (name: string, test: (ground: Real) => Effect.Effect<void, unknown, Services>) =>
    it.live(name, () => Effect.flatMap(real, (ground) => Effect.provide(test(ground), ground.layer)))

  const ledger = ({ sql }: Real) =>
    Effect.map(
      sql("SELECT name, unit, units, state, run FROM shipshape_migrations ORDER BY at, name, unit"),
      ({ rows }) => rows.map(({ name, run, state, unit, units }) => `${name} ${unit}/${units} ${state} ${run}`)
    )

  on("keep the laws", scenario)

  on("are written down unit by unit, in the order of their numbers", (ground) =>
    Effect.gen(function* () {
      for (const [name, text] of Object.entries(files)) ground.write(name, text)
      const step = Postgres.migrations("m", { folder: ground.folder })
      expect(yield* check(step)).toMatchObject({
        _tag: "Needed",
        changes: [
          { summary: "run 1_types.sql", after: expect.stringMatching(/^2 statements in a transaction, [0-9a-f]{8}$/) },
          {
            summary: "run 2_labels.sql, unit 1 of 3",
            after: expect.stringMatching(/^ALTER TYPE status ADD VALUE 'closed'/)
          },
          { summary: "run 2_labels.sql, unit 2 of 3" },
          { summary: "run 2_labels.sql, unit 3 of 3" },
          { summary: "run 10_nothing.sql" }
        ]
      })
      yield* apply(step)
      const by = "shop/staging run 7"
      expect(yield* ledger(ground)).toEqual([
        `1_types.sql 1/1 done ${by}`,
        `2_labels.sql 1/3 done ${by}`,
        `2_labels.sql 2/3 done ${by}`,
        `2_labels.sql 3/3 done ${by}`,
        `10_nothing.sql 0/0 done ${by}`
      ])
      expect(yield* check(step)).toMatchObject({ _tag: "Satisfied", output: { applied: 3 } })
    })
  )

  on("stop at the first statement that fails, say where, and go on there once it is corrected", (ground) =>
    Effect.gen(function* () {
      const head = "CREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i ON t (a);\n"
      ground.write("1.sql", `${head}INSERT INTO t VALUES (1);\nINSERT INTO t\n  VALUES (nope);`)
      ground.write("2.sql", "CREATE TABLE later (a int)")
      const step = Postgres.migrations("m", { folder: ground.folder })
      const error = yield* Effect.flip(apply(step))
      expect(error).toMatchObject({ code: "postgres.migration-failed", file: "1.sql", line: 5 })
      expect(
        yield* ground.sql("SELECT (SELECT count(*)::int FROM t) AS rows, to_regclass('later') AS later")
      ).toMatchObject({
        rows: [{ rows: 0, later: null }]
      })
      expect(yield* check(step)).toMatchObject({
        changes: [{ summary: "run 1.sql, unit 3 of 3" }, { summary: "run 2.sql" }]
      })
      ground.write("1.sql", `${head}INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);`)
      yield* apply(step)
      expect(yield* ground.sql("SELECT count(*)::int AS rows FROM t")).toMatchObject({ rows: [{ rows: 2 }] })
      expect(yield* check(step)).toMatchObject({ _tag: "Satisfied" })
      // What was committed may not be corrected.
      ground.write("1.sql", "CREATE TABLE t (a bigint);")
      expect(yield* Effect.flip(check(step))).toMatchObject({ code: "postgres.migration-edited" })
    })
  )

  on("carry rows of COPY, and keep what a file sets to itself", (ground) =>
    Effect.gen(function* () {
      ground.write(
        "1.sql",
        "\\restrict x\nCREATE SCHEMA s;\nSET search_path = s;\nCREATE TABLE t (a int, b text);\nCOPY t FROM stdin;\n1\tone\n2\t\\N\n\\.\nCREATE TABLE u (a int);\n"
      )
      ground.write("2.sql", "CREATE TABLE v (a int)")
      yield* apply(Postgres.migrations("m", { folder: ground.folder }))
      const { rows } = yield* ground.sql(
        "SELECT (SELECT json_agg(t ORDER BY a) FROM s.t) AS t, to_regclass('s.u')::text AS u, to_regclass('public.v')::text AS v"
      )
      expect(rows).toEqual([
        {
          t: [
            { a: 1, b: "one" },
            { a: 2, b: null }
          ],
          u: "s.u",
          v: "v"
        }
      ])
    })
  )

  on("are taken over up to a baseline, where there is something, and run where there is nothing", (ground) =>
    Effect.gen(function* () {
      ground.write("1.sql", "CREATE TABLE t (a int)")
      ground.write("2.sql", "ALTER TABLE t ADD b int")
      const step = Postgres.migrations("m", { folder: ground.folder, baseline: "1.sql" })
      expect(yield* check(step)).toMatchObject({ changes: [{ summary: "run 1.sql" }, { summary: "run 2.sql" }] })
      yield* ground.sql("CREATE TABLE t (a int)")
      expect(yield* check(step)).toMatchObject({
        changes: [{ summary: "1.sql is taken over" }, { summary: "run 2.sql" }]
      })
      yield* apply(step)
      expect(yield* check(step)).toMatchObject({ _tag: "Satisfied", output: { applied: 2 } })
      expect(yield* ledger(ground)).toEqual([
        "1.sql 0/0 baseline shop/staging run 7",
        "2.sql 1/1 done shop/staging run 7"
      ])
    })
  )

  on("are refused where they cannot be run as they are, and nothing is changed", (ground) =>
    Effect.gen(function* () {
      const refusal = (given: Parameters<typeof Postgres.migrations>[1]) =>
        Effect.flip(check(Postgres.migrations("m", given)))
      const { folder, write } = ground
      expect(yield* refusal({})).toMatchObject({ message: "it is not said which files" })
      expect(yield* refusal({ folder })).toMatchObject({ message: expect.stringContaining("no file of SQL") })
      write("2.sql", "CREATE TABLE t (a int);")
      expect(yield* refusal({ folder, baseline: "9.sql" })).toMatchObject({
        message: expect.stringContaining("no file 9.sql")
      })
      expect(yield* refusal({ files: [join(folder, "nowhere.sql")] })).toMatchObject({
        code: expect.stringContaining("file")
      })
      yield* apply(Postgres.migrations("m", { folder }))
      write("1.sql", "SELECT 1")
      expect(yield* refusal({ folder })).toMatchObject({ message: "1.sql stands before 2.sql, which was run already" })
      rmSync(join(folder, "1.sql"))
      write("3.sql", "\\connect other\nSELECT 1")
      expect(yield* refusal({ folder })).toMatchObject({
        code: "postgres.migrations-refused",
        message: expect.stringContaining("\\connect")
      })
      write("3.sql", "BEGIN; ALTER TABLE t ADD b int; VACUUM; COMMIT")
      expect(yield* refusal({ folder })).toMatchObject({ message: expect.stringContaining("cannot be one") })
      write("3.sql", "SELEC 1")
      expect(yield* refusal({ folder })).toMatchObject({ code: "postgres.sql-unparsable", file: "3.sql", line: 1 })
      writeFileSync(join(folder, "3.sql"), Buffer.from("SELECT 'caf\xe9'", "latin1"))
      expect(yield* refusal({ folder })).toMatchObject({ code: "postgres.sql-unreadable" })
    })
  )

  on("that were run and are gone are refused, unless all that are there were run before", (ground) =>
    Effect.gen(function* () {
      const { folder, write } = ground
      const step = Postgres.migrations("m", { folder })
      for (const n of [1, 2, 3]) write(`${n}.sql`, `CREATE TABLE t${n} (a int)`)
      yield* apply(step)
      // As in a release before the one that has brought it.
      rmSync(join(folder, "3.sql"))
      expect(yield* check(step)).toMatchObject({ _tag: "Satisfied" })
      rmSync(join(folder, "1.sql"))
      expect(yield* Effect.flip(check(step))).toMatchObject({
        code: "postgres.migrations-refused",
        message: "1.sql was run, before others that are there, and is no longer among the files"
      })
      write("1.sql", "CREATE TABLE t1 (a int)")
      expect(yield* check(step)).toMatchObject({ _tag: "Satisfied" })
    })
  )

  on("that lose data are destructive", (ground) =>
    Effect.gen(function* () {
      yield* ground.sql("CREATE TABLE t (a int)")
      ground.write("1.sql", "DROP TABLE t")
      expect(yield* check(Postgres.migrations("m", { folder: ground.folder }))).toMatchObject({ risk: "destructive" })
      // In another file than the one that has renamed it.
      ground.write("0.sql", "ALTER TABLE t RENAME TO t_old")
      ground.write("1.sql", "DROP TABLE t_old")
      expect(yield* check(Postgres.migrations("m", { folder: ground.folder }))).toMatchObject({ risk: "destructive" })
      ground.write("1.sql", "CREATE TABLE u (a int); DROP TABLE u; DROP TABLE IF EXISTS nothing")
      const found = yield* check(Postgres.migrations("m", { folder: ground.folder }))
      expect(found).not.toHaveProperty("risk")
    })
  )

  on("go on after a kill in a statement that is committed by itself", (ground) =>
    Effect.gen(function* () {
      const { folder, sql, write } = ground
      const step = Postgres.migrations("m", { folder })
      write("1.sql", "CREATE TABLE t (a int);\nCREATE TYPE s AS ENUM ('a');")
      yield* apply(step)
      write("2.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nALTER TYPE s ADD VALUE 'b';\nDROP INDEX CONCURRENTLY i;")
      yield* apply(step)
      // As a process leaves it that was killed behind the statement, and before it said so.
      for (const unit of [3, 2]) {
        yield* sql("DELETE FROM shipshape_migrations WHERE name = '2.sql' AND unit > $1", [unit])
        yield* sql("UPDATE shipshape_migrations SET state = 'started' WHERE name = '2.sql' AND unit = $1", [unit])
        if (unit === 2) yield* sql("CREATE INDEX i ON t (a)")
        yield* apply(step)
        expect(yield* check(step)).toMatchObject({ _tag: "Satisfied" })
        expect((yield* sql("SELECT to_regclass('i') AS i")).rows).toEqual([{ i: null }])
      }
      // An index that was built; and what is left by who is killed while it builds: one that is not valid.
      write("3.sql", "CREATE INDEX CONCURRENTLY j ON t (a)")
      for (const valid of [true, false]) {
        yield* apply(step)
        yield* sql("UPDATE shipshape_migrations SET state = 'started' WHERE name = '3.sql'")
        yield* sql("UPDATE pg_index SET indisvalid = $1 WHERE indexrelid = 'j'::regclass", [valid])
        yield* apply(step)
        expect((yield* sql("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass")).rows).toEqual([
          { indisvalid: true }
        ])
      }
      // Nobody can know of this one.
      write(
        "4.sql",
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$;\nCALL p();"
      )
      yield* apply(step)
      yield* sql("UPDATE shipshape_migrations SET state = 'started' WHERE name = '4.sql' AND unit = 2")
      expect(yield* Effect.flip(apply(step))).toMatchObject({
        code: "postgres.migrations-refused",
        message: expect.stringContaining("4.sql:2")
      })
    })
  )

  on("go on with what the file has set for its session", (ground) =>
    Effect.gen(function* () {
      const { folder, sql, write } = ground
      yield* sql("CREATE SCHEMA app; CREATE TABLE app.items (v int); INSERT INTO app.items VALUES (1), (1)")
      yield* sql("CREATE TABLE items (v int)")
      const path = "SELECT pg_catalog.set_config('search_path', 'app', false);\nSET LOCAL lock_timeout = 0;\n"
      write("1.sql", `${path}CREATE UNIQUE INDEX CONCURRENTLY items_v ON items (v);\nCREATE TABLE later (a int);`)
      const step = Postgres.migrations("m", { folder })
      expect(yield* Effect.flip(apply(step))).toMatchObject({ code: "postgres.migration-failed", line: 3 })
      yield* sql("UPDATE app.items SET v = 2 WHERE ctid = '(0,1)'")
      yield* apply(step)
      const { rows } = yield* sql(
        "SELECT i.indexrelid::regclass::text AS name, i.indisvalid, to_regclass('app.later')::text AS later FROM pg_index i WHERE indrelid IN ('items'::regclass, 'app.items'::regclass)"
      )
      expect(rows).toEqual([{ name: "app.items_v", indisvalid: true, later: "app.later" }])
    })
  )

  on("say what a session that has ended has taken with it", (ground) =>
    Effect.gen(function* () {
      const { folder, sql, write } = ground
      const head =
        "CREATE TEMP TABLE staged AS SELECT 1 AS a;\nCREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i ON t (a);\n"
      const step = Postgres.migrations("m", { folder })
      write("1.sql", `${head}INSERT INTO t SELECT a / 0 FROM staged;`)
      expect(yield* Effect.flip(apply(step))).toMatchObject({ code: "postgres.migration-failed", line: 4 })
      expect(yield* Effect.flip(check(step))).toMatchObject({
        code: "postgres.migrations-refused",
        message: expect.stringContaining("temporary table staged")
      })
      write("1.sql", `${head}CREATE TEMP TABLE staged AS SELECT 1 AS a;\nINSERT INTO t SELECT a FROM staged;`)
      yield* apply(step)
      expect((yield* sql("SELECT a FROM t")).rows).toEqual([{ a: 1 }])
    })
  )

  on("wait for no lock longer than they may, and are not run by two at once", (ground) =>
    Effect.gen(function* () {
      const { database, folder, sql, write } = ground
      yield* sql("CREATE TABLE t (a int)")
      write("1.sql", "ALTER TABLE t ADD b int")
      const step = Postgres.migrations("m", { folder })
      let release = () => {}
      const until = new Promise<void>((resolve) => {
        release = resolve
      })
      const { ended, held } = embedded.holdLock(database, "SELECT * FROM t", until)
      yield* Effect.promise(() => held)
      expect(yield* Effect.flip(apply(step))).toMatchObject({
        code: "postgres.migration-failed",
        file: "1.sql",
        retryable: true
      })
      release()
      yield* Effect.promise(() => ended)
      const client = new pg.Client({
        host: "127.0.0.1",
        port: embedded.port,
        user: embedded.user,
        password: embedded.password,
        database
      })
      yield* Effect.promise(() => client.connect())
      yield* Effect.promise(() =>
        client.query(
          `SELECT pg_advisory_lock(hashtextextended('shipshape migrations "public"."shipshape_migrations"', 0))`
        )
      )
      expect(yield* Effect.flip(apply(step))).toMatchObject({ message: "another run is at these files already" })
      yield* Effect.promise(() => client.end())
      yield* apply(step)
    })
  )

  on("are taken back by the file beside them", (ground) =>
    Effect.gen(function* () {
      const { folder, write } = ground
      const step = Postgres.migrations("m", { folder })
      write("1.sql", "CREATE TABLE t (a int)")
      yield* apply(step)
      write("2.sql", "CREATE TABLE u (a int);\nCREATE INDEX CONCURRENTLY i ON u (a);")
      write("3.sql", "CREATE TABLE v (a int)")
      write("2.down.sql", "DROP INDEX CONCURRENTLY i;\nDROP TABLE u;")
      const refused = yield* prepare(step)
      const before = JSON.parse(JSON.stringify(yield* refused.undo?.capture ?? Effect.void))
      yield* apply(step)
      // Nothing is taken back where not all can be.
      const error = yield* Effect.flip(refused.undo?.restore(before) ?? Effect.void)
      expect(error).toMatchObject({ code: "postgres.undo-refused", what: "migration 3.sql" })
      write("3.down.sql", "DROP TABLE v")
      yield* refused.undo?.restore(before) ?? Effect.void
      yield* Laws.undo({ step, see: ground.see })
    })
  )
})
