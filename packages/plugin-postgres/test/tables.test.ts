/** Steps of tables beyond the laws: what is the same in other words, what rows do not keep, and who may go on meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { Progress, type Step } from "@shipshape/core"
import { Postgres, PostgresError } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { apply, check, forThisFile } from "./support/database.ts"
import type { Services } from "./support/laws.ts"

type AnyStep = Step.Step<unknown, unknown, Services, Services, string>

const database = forThisFile()

const tagOf = (found: { readonly _tag: string }) => found._tag

describe("a definition", () => {
  it.live("is the same in other words, and another one with another meaning", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE words (id int PRIMARY KEY, kind varchar(9) DEFAULT 'a', amount numeric(9, 2) DEFAULT 0, m mood DEFAULT 'sad', at timestamptz DEFAULT now(),
          tags text[] DEFAULT '{}', "Odd ""one" text DEFAULT 'it''s', parent int CONSTRAINT parent REFERENCES words ON DELETE CASCADE,
          CONSTRAINT kinds CHECK (kind IN ('a', 'b') AND amount >= 0), CONSTRAINT between_them CHECK (amount BETWEEN 0 AND 9 OR m = 'ok'));
        CREATE INDEX lowered ON words (lower(kind) text_pattern_ops, amount DESC) INCLUDE (at) WHERE kind <> 'b'`)
      const column = (name: string, type: string, expression: string) =>
        Postgres.column("x", { table: "words", name, type, default: expression })
      const constraint = (name: string, expression: string) => Postgres.check("x", { table: "words", name, expression })
      const index = (where: string, descending = true) =>
        Postgres.index("x", {
          table: "words",
          name: "lowered",
          columns: [
            { expression: "LOWER( kind )", operators: "text_pattern_ops" },
            { column: "amount", descending }
          ],
          include: ["at"],
          where
        })
      const key = (onDelete: "cascade" | "restrict") =>
        Postgres.foreignKey("x", {
          table: "words",
          name: "parent",
          columns: ["parent"],
          references: { table: "words" },
          onDelete
        })
      const same: ReadonlyArray<AnyStep> = [
        column("kind", "varchar(9)", "'a'"),
        column("kind", "varchar(9)", "('a' || '')"),
        column("amount", "numeric(9,2)", "0.0"),
        column("m", "mood", "'sad'"),
        column("at", "timestamptz", "CURRENT_TIMESTAMP"),
        column("tags", "text[]", "ARRAY[]::text[]"),
        column(`Odd "one`, "text", "'it''s'"),
        constraint("kinds", "amount>=0.00 AND kind = ANY (ARRAY['a','b'])  -- as it was"),
        constraint("kinds", "kind in ('a', 'b') and not amount < 0"),
        constraint("between_them", "(amount >= 0 AND amount <= 9) OR m = 'ok'"),
        index("kind != 'b'"),
        key("cascade")
      ]
      const found = yield* Effect.forEach(same, check, { concurrency: "unbounded" })
      // The server does not sort what is connected by AND.
      assert.deepStrictEqual(found.map(tagOf), [
        ...same.slice(0, 7).map(() => "Satisfied"),
        "Needed",
        "Satisfied",
        ...same.slice(9).map(() => "Satisfied")
      ])
      const other: ReadonlyArray<AnyStep> = [
        column("kind", "varchar(9)", "'b'"),
        column("amount", "numeric(9,2)", "1"),
        column("at", "timestamptz", "clock_timestamp()"),
        constraint("kinds", "kind IN ('a', 'b', 'c') AND amount >= 0"),
        index("kind <> 'c'"),
        index("kind <> 'b'", false),
        key("restrict")
      ]
      const differ = yield* Effect.forEach(other, check, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        differ.map(tagOf),
        other.map(() => "Needed")
      )
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that the server does not take is found out when planning; what may come is waited for", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE plain (n int)")
      const constraint = (expression: string) => check(Postgres.check("x", { table: "plain", name: "c", expression }))
      assert.strictEqual((yield* Effect.flip(constraint("n > > 0"))).code, "postgres.statement-failed")
      assert.strictEqual((yield* Effect.flip(constraint("n > 0), (true"))).code, "postgres.statement-failed")
      assert.strictEqual((yield* constraint("later > 0"))._tag, "Unavailable")
      const waiting: ReadonlyArray<AnyStep> = [
        Postgres.index("x", { table: "plain", name: "i", columns: ["later"] }),
        Postgres.unique("x", { table: "plain", name: "i", columns: ["later"] }),
        Postgres.foreignKey("x", { table: "plain", name: "f", columns: ["n"], references: { table: "later" } }),
        Postgres.backfill("x", { table: "plain", set: { later: "1" }, where: "later IS NULL" }),
        Postgres.check("x", { table: "later", name: "c", expression: "true" })
      ]
      for (const step of waiting) {
        const found = yield* check(step)
        assert.deepStrictEqual(found._tag === "Unavailable" ? found.lacks : found, ["postgres:schema"])
      }
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("rows that do not keep it", () => {
  it.live("are an error with a hint, and the next run goes on once they are corrected", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TABLE parents (id int PRIMARY KEY);
        CREATE TABLE dirty (n int, parent int, code text, note text); INSERT INTO dirty VALUES (-1, 7, 'x', NULL), (1, NULL, 'x', 'a')`)
      const cases: ReadonlyArray<readonly [AnyStep, string]> = [
        [Postgres.check("x", { table: "dirty", name: "positive", expression: "n > 0" }), "23514"],
        [
          Postgres.foreignKey("x", {
            table: "dirty",
            name: "fk",
            columns: ["parent"],
            references: { table: "parents" }
          }),
          "23503"
        ],
        [Postgres.unique("x", { table: "dirty", name: "uq", columns: ["code"] }), "23505"],
        [Postgres.column("x", { table: "dirty", name: "note", type: "text", nullable: false }), "23514"]
      ]
      for (const [step, sqlstate] of cases) {
        const error = yield* Effect.flip(apply(step))
        assert.strictEqual(error instanceof PostgresError.RowsViolate ? error.sqlstate : error, sqlstate)
        assert.strictEqual((yield* check(step))._tag, "Needed")
      }
      yield* database.sql("UPDATE dirty SET n = 2, parent = NULL, code = random()::text, note = 'b' WHERE n < 0")
      for (const [step] of cases) {
        yield* apply(step)
        assert.strictEqual((yield* check(step))._tag, "Satisfied")
      }
      const { rows } = yield* database.sql(`SELECT
        (SELECT count(*)::int FROM pg_constraint WHERE conrelid = 'dirty'::regclass AND (NOT convalidated OR conname LIKE 'shipshape%')) AS constraints,
        (SELECT count(*)::int FROM pg_index WHERE indrelid = 'dirty'::regclass AND NOT indisvalid) AS indexes`)
      assert.deepStrictEqual(rows[0], { constraints: 0, indexes: 0 })
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("while a step works", () => {
  it.live("others write: an index waits for a transaction that is open, and nobody waits for the index", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE busy (n int); INSERT INTO busy SELECT generate_series(1, 1000)")
      const released = Promise.withResolvers<void>()
      const holder = database.embedded().holdLock(database.name(), "INSERT INTO busy VALUES (1)", released.promise)
      yield* Effect.promise(() => holder.held)
      const step = Postgres.index("x", { table: "busy", name: "busy_n", columns: ["n"] })
      const building = yield* Effect.forkChild(
        Effect.provide(apply(step), database.layer({ lockTimeout: "50 millis", lockRetries: 0 }))
      )
      const begun = "SELECT count(*)::int AS n FROM pg_index WHERE indrelid = 'busy'::regclass"
      while ((yield* database.sql(begun)).rows[0].n === 0) yield* Effect.sleep("10 millis")
      yield* database.sql("INSERT INTO busy VALUES (2)")
      released.resolve()
      yield* Effect.promise(() => holder.ended)
      yield* Fiber.join(building)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("its plan says lock and rows, and a build that was interrupted is done anew", () =>
    Effect.gen(function* () {
      yield* database.sql(
        "CREATE TABLE counted AS SELECT n, n % 3 AS m FROM generate_series(1, 2000) n; ANALYZE counted"
      )
      const step = Postgres.check("x", { table: "counted", name: "small", expression: "n < 9999" })
      const found = yield* check(step)
      assert.deepStrictEqual(found._tag === "Needed" && found.changes, [
        {
          summary: "public.counted: add constraint small (CHECK (n < 9999), not yet checked for rows that are there)",
          after: "ACCESS EXCLUSIVE lock for a moment, no rows are read"
        },
        {
          summary: "public.counted: check the rows for constraint small",
          after: "SHARE UPDATE EXCLUSIVE lock, reads about 2,000 rows"
        }
      ])
      // What a run has left that was killed between the two.
      yield* database.sql("ALTER TABLE counted ADD CONSTRAINT small CHECK (n < 9999) NOT VALID")
      const half = yield* check(step)
      assert.strictEqual(half._tag === "Needed" && half.changes.length, 1)
      yield* apply(step)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("rows in batches", () => {
  const rows = (sql: string) => Effect.map(database.sql(sql), ({ rows }): number => rows[0].n)

  it.live("are changed page after page, with progress, and a run that was ended is gone on with", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TABLE "many ""rows" (id int, c text) PARTITION BY RANGE (id);
        CREATE TABLE many_1 PARTITION OF "many ""rows" FOR VALUES FROM (0) TO (5000); CREATE TABLE many_2 PARTITION OF "many ""rows" DEFAULT;
        INSERT INTO "many ""rows" SELECT n, CASE WHEN n % 2 = 0 THEN 'kept' END FROM generate_series(1, 9000) n`)
      const lines: Array<string> = []
      const step = Postgres.backfill("x", {
        table: `many "rows`,
        set: { c: "'filled ' || id -- of its own" },
        where: "c IS NULL -- still",
        batch: 500
      })
      const found = yield* check(step)
      assert.include(found._tag === "Needed" && found.changes[0]?.after, "ROW EXCLUSIVE lock, reads")
      const half = Promise.withResolvers<void>()
      const trying = yield* Effect.forkChild(apply(step))
      const left = `SELECT count(*)::int AS n FROM "many ""rows" WHERE c IS NULL`
      while ((yield* rows(left)) === 4500) yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(trying)
      half.resolve()
      const line = (text: string) => void lines.push(text)
      yield* Effect.provideService(apply(step), Progress.Current, { line })
      assert.match(lines.at(-1) ?? "", /^public\.many "rows: 100 %, [\d,]+ rows changed$/)
      assert.strictEqual(yield* rows(left), 0)
      assert.strictEqual(yield* rows(`SELECT count(*)::int AS n FROM "many ""rows" WHERE c = 'filled ' || id`), 4500)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("get a default of their own each, where a new column must not be null", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE tokens AS SELECT n FROM generate_series(1, 3000) n")
      const filenode = "SELECT pg_relation_filenode('tokens')::int AS n"
      const before = yield* rows(filenode)
      const step = Postgres.column("x", {
        table: "tokens",
        name: "t",
        type: "uuid",
        nullable: false,
        default: "gen_random_uuid()"
      })
      const found = yield* check(step)
      assert.include(JSON.stringify(found), "in batches")
      yield* apply(step)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
      assert.strictEqual(yield* rows("SELECT count(DISTINCT t)::int AS n FROM tokens"), 3000)
      assert.strictEqual(yield* rows(filenode), before)
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("rows that are there", () => {
  const rows = (text: string) => Effect.map(database.sql(text), (result) => result.rows[0].n)
  const filled = Postgres.column("x", {
    table: "shops",
    name: "tax_name",
    type: "text",
    nullable: false,
    default: "'?'",
    fill: "upper(name)"
  })

  it.live("get what is worked out of them, and later ones the default", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE shops AS SELECT 'n' || n AS name FROM generate_series(1, 3000) n")
      assert.include(JSON.stringify(yield* check(filled)), "in batches")
      yield* apply(filled)
      assert.strictEqual((yield* check(filled))._tag, "Satisfied")
      yield* database.sql("INSERT INTO shops (name) VALUES ('later')")
      assert.strictEqual(yield* rows("SELECT count(*)::int AS n FROM shops WHERE tax_name = upper(name)"), 3000)
      assert.strictEqual(yield* rows("SELECT count(*)::int AS n FROM shops WHERE tax_name = '?'"), 1)
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("may have none of it, and are gone on with where a run was killed", () =>
    Effect.gen(function* () {
      yield* database.sql("DROP TABLE IF EXISTS shops; CREATE TABLE shops (name text)")
      yield* apply(filled)
      assert.strictEqual((yield* check(filled))._tag, "Satisfied")
      // As after a kill behind the column: it may be null, and has no default yet.
      yield* database.sql(
        "DROP TABLE shops; CREATE TABLE shops AS SELECT 'a' AS name, NULL::text AS tax_name UNION ALL SELECT 'b', 'kept'"
      )
      yield* apply(filled)
      assert.strictEqual((yield* check(filled))._tag, "Satisfied")
      assert.strictEqual(yield* rows("SELECT count(*)::int AS n FROM shops WHERE tax_name IN ('A', 'kept')"), 2)
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("what a label of an enum is needed for", () => {
  it.live("is known after the step that adds the label", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TYPE stage AS ENUM ('a'); CREATE TABLE staged (s stage)")
      const steps: ReadonlyArray<AnyStep> = [
        Postgres.index("x", { table: "staged", name: "later", columns: ["s"], where: "s = 'b'" }),
        Postgres.check("x", { table: "staged", name: "not_b", expression: "s <> 'b'" }),
        Postgres.backfill("x", { table: "staged", set: { s: "'a'" }, where: "s = 'b'" }),
        Postgres.sql("x", {
          apply: "UPDATE staged SET s = 'b'",
          done: "SELECT EXISTS (SELECT FROM staged WHERE s = 'b')"
        })
      ]
      assert.deepStrictEqual(
        (yield* Effect.forEach(steps, check)).map(tagOf),
        steps.map(() => "Unavailable")
      )
      yield* database.sql("ALTER TYPE stage ADD VALUE 'b'")
      for (const step of steps) assert.notStrictEqual((yield* check(step))._tag, "Unavailable")
    }).pipe(Effect.provide(database.layer()))
  )
})

describe("a partitioned table", () => {
  it.live("gets columns, checks, keys and indexes too", () =>
    Effect.gen(function* () {
      yield* database.sql(`CREATE TABLE targets (id int PRIMARY KEY); INSERT INTO targets VALUES (1);
        CREATE TABLE logs (id int, target int DEFAULT 1) PARTITION BY RANGE (id); CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (99);
        INSERT INTO logs SELECT generate_series(1, 50)`)
      const steps: ReadonlyArray<AnyStep> = [
        Postgres.column("x", { table: "logs", name: "kind", type: "text" }),
        Postgres.column("x", { table: "logs", name: "kind", type: "text", default: "'a'", nullable: false }),
        Postgres.check("x", { table: "logs", name: "kinds", expression: "kind IN ('a', 'b')" }),
        Postgres.unique("x", { table: "logs", name: "once", columns: ["id", "kind"] }),
        Postgres.foreignKey("x", {
          table: "logs",
          name: "target",
          columns: ["target"],
          references: { table: "targets" }
        }),
        Postgres.index("x", { table: "logs", name: "by_kind", columns: ["kind"], where: "kind <> 'a'" })
      ]
      for (const step of steps) {
        assert.strictEqual((yield* check(step))._tag, "Needed", step.type)
        yield* apply(step)
        assert.strictEqual((yield* check(step))._tag, "Satisfied", step.type)
      }
    }).pipe(Effect.provide(database.layer()))
  )
})
