/** What files do on a real server, seen on a copy of the schema. */
import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { forThisFile } from "../support/database.ts"

const database = forThisFile()

const url = (user?: string): string => {
  const { password, port, user: own } = database.embedded()
  const login = user === undefined ? `${own}:${encodeURIComponent(password)}` : `${user}:${user}`
  return `postgres://${login}@127.0.0.1:${port}/${database.name()}`
}

const prepare = database.sql(`
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, status int);
INSERT INTO customers VALUES (1); INSERT INTO orders VALUES (1, 1, 1)`)

const trace = (text: string, inTransaction = false) =>
  Effect.map(Lint.trace([{ file: "a.sql", text }], { against: url(), inTransaction }), (findings) =>
    findings.map(({ line, message, rule }) => `${line} ${rule}: ${message}`)
  )

const scratches = database.sql("SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'")

describe("trace", () => {
  it.live("says which locks were taken, and what was written anew", () =>
    Effect.gen(function* () {
      yield* prepare
      const text = `ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT f;
CREATE INDEX i ON orders (customer);
CREATE INDEX CONCURRENTLY j ON orders (customer);
ALTER TABLE orders ALTER COLUMN status TYPE bigint;
CREATE TABLE fresh (id bigint);
INSERT INTO fresh VALUES (1);
SELECT * FROM orders;`
      assert.deepStrictEqual(yield* trace(text), [
        "1 lock-taken: ACCESS EXCLUSIVE on orders",
        "2 lock-taken: SHARE ROW EXCLUSIVE on customers, SHARE ROW EXCLUSIVE on orders",
        "3 lock-taken: SHARE UPDATE EXCLUSIVE on orders",
        "4 lock-taken: SHARE on orders",
        "6 lock-taken: ACCESS EXCLUSIVE on orders, orders is written anew"
      ])
    })
  )

  it.live("counts a lock where it is taken, and a transaction keeps it", () =>
    Effect.gen(function* () {
      yield* prepare
      const text = `BEGIN;
CREATE INDEX i ON orders (customer);
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders ADD COLUMN more text;
COMMIT;
ALTER TABLE orders ADD COLUMN most text;`
      assert.deepStrictEqual(yield* trace(text), [
        "2 lock-taken: SHARE on orders",
        "3 lock-taken: ACCESS EXCLUSIVE on orders",
        "6 lock-taken: ACCESS EXCLUSIVE on orders"
      ])
    })
  )

  it.live("stops at what fails, as a run would", () =>
    Effect.gen(function* () {
      yield* prepare
      const found = yield* trace(
        "ALTER TABLE orders ADD COLUMN a int;\nALTER TABLE nowhere ADD b int;\nDROP TABLE orders;"
      )
      assert.strictEqual(found.length, 2)
      assert.match(found[1] ?? "", /^2 statement-fails: .*nowhere/)
      const label = `CREATE TYPE s AS ENUM ('a');\nALTER TYPE s ADD VALUE 'b';\nCREATE INDEX CONCURRENTLY i ON orders (customer);`
      assert.match((yield* trace(label, true)).at(-1) ?? "", /^3 statement-fails: .*CREATE INDEX CONCURRENTLY/)
    })
  )

  it.live("leaves the database as it was, and no copy", () =>
    Effect.gen(function* () {
      yield* prepare
      yield* trace("DROP TABLE orders CASCADE; DROP TABLE customers CASCADE;")
      assert.strictEqual((yield* database.sql("SELECT * FROM orders")).rows.length, 1)
      assert.deepStrictEqual((yield* scratches).rows, [])
    })
  )

  it.live("runs nothing that reaches beyond the copy", () =>
    Effect.gen(function* () {
      yield* prepare
      const text = `CREATE ROLE beyond; CREATE DATABASE beyond; ALTER SYSTEM SET work_mem = '4MB';
DO $$ BEGIN CREATE ROLE beyond; END $$; SELECT pg_create_physical_replication_slot('beyond');
COPY orders TO PROGRAM 'touch /tmp/beyond'; ALTER TABLE orders ADD COLUMN a int;`
      assert.deepStrictEqual(yield* trace(text), ["3 lock-taken: ACCESS EXCLUSIVE on orders"])
      const beyond = yield* database.sql(`SELECT rolname::text FROM pg_roles WHERE rolname = 'beyond'
        UNION ALL SELECT datname FROM pg_database WHERE datname = 'beyond' UNION ALL SELECT slot_name FROM pg_replication_slots`)
      assert.deepStrictEqual(beyond.rows, [])
    })
  )

  it.live("says what it needs where it may not make a database", () =>
    Effect.gen(function* () {
      yield* prepare
      yield* database.sql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN PASSWORD 'poor'")
      const error = yield* Effect.flip(Lint.trace([{ file: "a.sql", text: "SELECT 1" }], { against: url("poor") }))
      assert.strictEqual(error._tag, "ScratchImpossible")
    })
  )
})
