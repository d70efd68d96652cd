/** What a database says changes what is found; and what rules say of locks and rewrites is so on a real server. */
import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import pg from "pg"
import { forThisFile } from "../support/database.ts"
import { type Case, cases } from "./cases.ts"

const database = forThisFile()

const url = (): string => {
  const { password, port, user } = database.embedded()
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database.name()}`
}

const prepare = database.sql(`
DROP SCHEMA IF EXISTS app CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA app;
CREATE TABLE orders (id bigint PRIMARY KEY, code varchar(20) NOT NULL, total numeric(10, 2), customer bigint, note text,
  status int, at timestamp(3), CONSTRAINT known CHECK (customer IS NOT NULL));
ALTER TABLE orders ADD CONSTRAINT unproven CHECK (note IS NOT NULL) NOT VALID;
INSERT INTO orders SELECT n, 'c' || n, n, n, 'x', 1 FROM generate_series(1, 5000) n;
CREATE INDEX by_customer ON orders (customer, code);
CREATE INDEX broken ON orders (note);
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE app.items (id bigint PRIMARY KEY, code varchar(5), owner bigint NOT NULL, other bigint);
CREATE FUNCTION steady() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION moody() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;
ANALYZE;`)

/** What is found in each of these, by itself. */
const rulesOfAll = (all: ReadonlyArray<string>) =>
  Effect.map(
    Lint.lint(
      all.map((text, i) => ({ file: String(i), text })),
      { against: url() }
    ),
    (findings) =>
      all.map((_, i) =>
        findings
          .filter(({ file, severity }) => file === String(i) && severity !== "notice")
          .map(({ rule, severity }) => `${severity} ${rule}`)
      )
  )

/** SQL, and what is found in it against the database above. */
const told: ReadonlyArray<readonly [sql: string, ...findings: ReadonlyArray<string>]> = [
  ["ALTER TABLE orders ALTER code TYPE varchar(40)"],
  ["ALTER TABLE orders ALTER code TYPE text"],
  ["ALTER TABLE orders ALTER code TYPE varchar"],
  ["ALTER TABLE orders ALTER code TYPE varchar(40) USING code::varchar(40)"],
  ["ALTER TABLE public.orders ALTER total TYPE numeric(12, 2)"],
  ["ALTER TABLE orders ALTER note TYPE varchar"],
  ["ALTER TABLE orders ALTER at TYPE timestamp(6)", "warning prefer-timestamptz"],
  ["ALTER TABLE app.items ALTER code TYPE varchar(9)"],
  ["ALTER TABLE orders ALTER code TYPE varchar(10)", "error changing-column-type"],
  ["ALTER TABLE orders ALTER total TYPE numeric(12, 3)", "error changing-column-type"],
  ["ALTER TABLE orders ALTER status TYPE bigint", "error changing-column-type"],
  ["ALTER TABLE orders ALTER note TYPE varchar(90)", "error changing-column-type"],
  ["ALTER TABLE orders ALTER customer SET NOT NULL"],
  ["ALTER TABLE orders ALTER code SET NOT NULL"],
  ["ALTER TABLE orders ALTER note SET NOT NULL", "error adding-not-nullable-field"],
  ["ALTER TABLE orders ADD n int DEFAULT steady()"],
  ["ALTER TABLE orders ADD n int DEFAULT moody()", "error adding-field-with-default"],
  ["ALTER TABLE orders ADD n positive", "error adding-field-with-default"],
  ["ALTER TABLE orders ADD n plain"],
  ["ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers NOT VALID"],
  [
    "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (status) REFERENCES customers NOT VALID",
    "warning missing-foreign-key-index"
  ],
  [
    "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (note) REFERENCES customers NOT VALID",
    "warning missing-foreign-key-index"
  ],
  ["CREATE INDEX CONCURRENTLY IF NOT EXISTS broken ON orders (note)", "error invalid-index-left-behind"],
  ["CREATE INDEX CONCURRENTLY IF NOT EXISTS by_customer ON orders (customer, code)"],
  ["DROP INDEX CONCURRENTLY IF EXISTS broken; CREATE INDEX CONCURRENTLY broken ON orders (note)"],
  ["DELETE FROM orders WHERE id NOT IN (SELECT owner FROM app.items)"],
  ["DELETE FROM orders WHERE id NOT IN (SELECT other FROM app.items)", "error guard-is-null"],
  ["CREATE TABLE IF NOT EXISTS orders (id int); DROP TABLE IF EXISTS orders", "error ban-drop-table"],
  ["CREATE TABLE IF NOT EXISTS fresh (id int); DROP TABLE IF EXISTS fresh"],
  // The server is 18.
  ["BEGIN; CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'b'; SELECT 'b'::s; COMMIT"]
]

describe("against a database", () => {
  it.live("types, checks, functions, indexes and nulls are known", () =>
    Effect.gen(function* () {
      yield* prepare
      const found = yield* rulesOfAll(told.map(([sql]) => sql))
      told.forEach(([sql, ...findings], i) => {
        assert.deepStrictEqual(found[i], findings, sql)
      })
    })
  )

  it.live("the size of a table is told", () =>
    Effect.gen(function* () {
      yield* prepare
      const [finding] = yield* Lint.lint([{ file: "a.sql", text: "ALTER TABLE orders ALTER status TYPE bigint" }], {
        against: url()
      })
      assert.strictEqual(
        finding?.message,
        "changing status from int4 to int8 writes orders (about 5,000 rows, less than 1 MB) anew"
      )
    })
  )

  it.live("nothing is written, and the reader needs no right to", () =>
    Effect.gen(function* () {
      yield* prepare
      yield* database.sql("DROP ROLE IF EXISTS looker; CREATE ROLE looker LOGIN PASSWORD 'l'")
      yield* database.sql("ALTER ROLE looker SET default_transaction_read_only = on")
      const { port } = database.embedded()
      const against = `postgres://looker:l@127.0.0.1:${port}/${database.name()}`
      const findings = yield* Lint.lint([{ file: "a.sql", text: "ALTER TABLE orders ALTER code TYPE text" }], {
        against
      })
      assert.deepStrictEqual(findings, [])
    })
  )

  it.live("a database that does not answer or does not let in is an error", () =>
    Effect.gen(function* () {
      const { port, user } = database.embedded()
      const lint = (against: string) => Effect.flip(Lint.lint([{ file: "a.sql", text: "SELECT 1" }], { against }))
      assert.strictEqual(
        (yield* lint(`postgres://${user}:wrong@127.0.0.1:${port}/postgres`))._tag,
        "AuthenticationFailed"
      )
      assert.strictEqual((yield* lint("postgres://u@127.0.0.1:1/d"))._tag, "ServerUnreachable")
      assert.strictEqual((yield* lint("mysql://u@127.0.0.1:1/d"))._tag, "ConnectionOptionsInvalid")
    })
  )
})

/** The strongest lock on orders, and whether it is another file afterwards, when a statement runs on the table above. It is rolled back. */
const effectOf = (sql: string) =>
  Effect.gen(function* () {
    const { password, port, user } = database.embedded()
    const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: database.name() })
    return yield* Effect.promise(async () => {
      await client.connect()
      try {
        const file = async () => (await client.query("SELECT pg_relation_filenode('orders') AS node")).rows[0].node
        const before = await file()
        await client.query("BEGIN")
        await client.query(sql)
        const { rows } = await client.query(
          "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'orders'::regclass"
        )
        return { locks: rows.map(({ mode }) => String(mode)), rewrites: (await file()) !== before }
      } finally {
        await client.end()
      }
    })
  })

describe("what rules say is so on a real server", () => {
  const locks: ReadonlyArray<readonly [rule: string, sql: string, lock: string]> = [
    ["require-concurrent-index-creation", "CREATE INDEX i ON orders (note)", "ShareLock"],
    ["require-concurrent-index-deletion", "DROP INDEX by_customer", "AccessExclusiveLock"],
    [
      "adding-foreign-key-constraint",
      "ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES orders",
      "ShareRowExclusiveLock"
    ],
    ["constraint-missing-not-valid", "ALTER TABLE orders ADD CHECK (id > 0)", "AccessExclusiveLock"],
    ["disallowed-unique-constraint", "ALTER TABLE orders ADD UNIQUE (code)", "AccessExclusiveLock"],
    ["adding-not-nullable-field", "ALTER TABLE orders ALTER note SET NOT NULL", "AccessExclusiveLock"]
  ]
  for (const [rule, sql, lock] of locks) {
    it.live(`${rule}: ${lock}`, () =>
      Effect.gen(function* () {
        yield* prepare
        const [found] = yield* rulesOfAll([sql])
        assert.include(found ?? [], `error ${rule}`)
        assert.include((yield* effectOf(sql)).locks, lock)
      })
    )
  }

  it.live("a table is written anew where a change of type, a default or a setting is said to, and else not", () =>
    Effect.gen(function* () {
      yield* prepare
      const rewriting = ["changing-column-type", "adding-field-with-default", "rewriting-table"]
      const statements = [
        ...told.map(([sql]) => sql).filter((sql) => /ALTER TABLE (public\.)?orders (ADD n|ALTER \w+ TYPE)/.test(sql)),
        "ALTER TABLE orders ADD n uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE orders ADD n timestamptz DEFAULT now() NOT NULL",
        "ALTER TABLE orders ADD n bigserial",
        "ALTER TABLE orders ADD n bigint GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE orders ADD n bigint GENERATED ALWAYS AS (id + 1) STORED",
        "ALTER TABLE orders ADD n bigint GENERATED ALWAYS AS (id + 1) VIRTUAL",
        "ALTER TABLE orders ADD n jsonb DEFAULT '{}'::jsonb",
        "ALTER TABLE orders SET UNLOGGED",
        "ALTER TABLE orders SET (fillfactor = 70)"
      ]
      assert.isAbove(statements.length, 20)
      const found = yield* rulesOfAll(statements)
      for (const [i, sql] of statements.entries()) {
        const isSaid = found[i]?.some((one) => rewriting.some((rule) => one.endsWith(rule)))
        assert.strictEqual((yield* effectOf(sql)).rewrites, isSaid, sql)
      }
    })
  )

  it.live("what is said to be refused in a transaction is refused, and what is not is not", () =>
    Effect.gen(function* () {
      const refused = ["ban-concurrent-index-creation-in-transaction", "not-allowed-in-transaction"]
      const run = (sql: string) => Effect.result(Effect.tryPromise(() => database.embedded().sql(database.name(), sql)))
      for (const inner of [
        "CREATE INDEX CONCURRENTLY i ON orders (note)",
        "DROP INDEX CONCURRENTLY by_customer",
        "REINDEX TABLE CONCURRENTLY orders",
        "REINDEX TABLE orders",
        "REINDEX SCHEMA public",
        "VACUUM orders",
        "ANALYZE orders",
        "CLUSTER",
        "CREATE DATABASE never",
        "ALTER SYSTEM SET work_mem = '4MB'",
        "DROP INDEX by_customer"
      ]) {
        yield* prepare
        const sql = `BEGIN; ${inner}; ROLLBACK`
        const findings = yield* Lint.lint([{ file: "a.sql", text: sql }])
        const isSaid = findings.some(({ rule }) => refused.includes(rule))
        assert.strictEqual((yield* run(sql))._tag, isSaid ? "Failure" : "Success", inner)
      }
    })
  )

  it.live("a label is refused where it is said to be, and else not", () =>
    Effect.gen(function* () {
      const rule = "enum-label-used-in-transaction"
      const known = cases[rule]
      const all: ReadonlyArray<Case> = [...(known?.finds ?? []), ...(known?.accepts ?? [])]
      for (const one of all) {
        // Those for other versions, and for runners that make a transaction, are about something else.
        if (typeof one !== "string") continue
        yield* database.sql(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TYPE status AS ENUM ('open');
          CREATE TABLE orders (id int, status status); CREATE TABLE o (status status); CREATE TABLE notes (t text)`)
        const { password, port, user } = database.embedded()
        const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: database.name() })
        const failed = yield* Effect.promise(async () => {
          await client.connect()
          try {
            for (const statement of statementsOf(one)) await client.query(statement)
            return undefined
          } catch (cause) {
            return cause instanceof pg.DatabaseError ? cause.code : String(cause)
          } finally {
            await client.end()
          }
        })
        assert.strictEqual(failed, known?.finds.includes(one) === true ? "55P04" : undefined, one)
      }
    })
  )
})

/** The statements of a case, which has no semicolons but between them and within dollars. */
const statementsOf = (sql: string): ReadonlyArray<string> =>
  (sql.match(/(?:\$\$[\s\S]*?\$\$|[^;])+/g) ?? []).map((one) => one.trim()).filter((one) => one !== "")
