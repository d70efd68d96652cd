import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { planned, shape } from "../support/plans.ts"

const add = "ALTER TYPE s ADD VALUE 'x'"
const use = "UPDATE t SET s = 'x'"
const create = "CREATE TYPE s AS ENUM ('a')"

const unitsOf = (text: string, major?: number) => Effect.map(planned(text, major), shape)

describe("statements that must be committed by themselves", () => {
  it.effect.each([
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
    "DROP INDEX CONCURRENTLY i",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (CONCURRENTLY) TABLE t",
    "REINDEX SCHEMA public",
    // Of a table with partitions they must.
    "REINDEX TABLE t",
    "CLUSTER t USING i",
    "VACUUM t",
    "VACUUM (FULL, ANALYZE) t",
    "CREATE DATABASE d",
    "DROP DATABASE d",
    "ALTER SYSTEM SET work_mem = '8MB'",
    "CREATE TABLESPACE fast LOCATION '/mnt/fast'",
    "DROP TABLESPACE fast",
    "ALTER DATABASE d SET TABLESPACE fast",
    "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "DROP SUBSCRIPTION s",
    "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
    "CALL work()",
    "DISCARD ALL",
    "DO $$ BEGIN PERFORM 1; COMMIT; END $$",
    "DO $$ BEGIN ALTER TYPE s ADD VALUE 'x'; END $$",
    "DO $$ BEGIN EXECUTE 'ALTER TYPE s ' || 'ADD VALUE ''x'''; END $$",
    "DO $$ BEGIN EXECUTE format('ALTER TYPE %I ADD VALUE %L', 's', 'x'); END $$",
    add,
    "ALTER TYPE s ADD VALUE IF NOT EXISTS 'x' BEFORE 'a'"
  ])("%s", (sql) =>
    Effect.gen(function* () {
      const { hazards, units } = yield* planned(`CREATE TABLE a (b int); ${sql}; CREATE TABLE c (d int);`)
      expect(units.map(({ statements, transaction }) => [transaction, statements.map(({ sql }) => sql)])).toEqual([
        [true, ["CREATE TABLE a (b int)"]],
        [sql.startsWith("DO") && !sql.includes("COMMIT"), [sql]],
        [true, ["CREATE TABLE c (d int)"]]
      ])
      expect(hazards.filter(({ kind }) => kind === "unsupported")).toEqual([])
    })
  )
})

describe("statements that may stand in a transaction", () => {
  it.effect.each([
    "CREATE INDEX i ON t (a)",
    "DROP INDEX i",
    "ANALYZE t",
    "ALTER DATABASE d SET work_mem = '8MB'",
    "ALTER TABLE t DETACH PARTITION p",
    "ALTER TABLE t DETACH PARTITION p FINALIZE",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
    "ALTER SUBSCRIPTION s DISABLE",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    "ALTER TYPE s RENAME VALUE 'a' TO 'b'",
    create,
    "DO $$ BEGIN PERFORM 1; END $$"
  ])("%s", (sql) =>
    Effect.gen(function* () {
      expect(yield* unitsOf(`CREATE TABLE a (b int); ${sql}; CREATE TABLE c (d int);`)).toEqual([
        ["CREATE TABLE a (b int)", sql, "CREATE TABLE c (d int)"]
      ])
    })
  )
})

describe("what cannot be in one transaction with what stands before it", () => {
  it.effect("a constraint is validated after the transaction that adds it", () =>
    Effect.gen(function* () {
      const added = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID"
      const other = "ALTER TABLE t ADD CONSTRAINT d CHECK (b > 0) NOT VALID"
      const validate = "ALTER TABLE t VALIDATE CONSTRAINT c"
      expect(yield* unitsOf([added, other, validate].join(";"))).toEqual([[added, other], [validate]])
      expect(yield* unitsOf([validate, other].join(";"))).toEqual([[validate, other]])
    })
  )

  it.effect("a table is altered after the transaction that writes its rows, as deferred triggers wait until then", () =>
    Effect.gen(function* () {
      const insert = "INSERT INTO t VALUES (1)"
      const alter = "ALTER TABLE t ADD b int"
      expect(yield* unitsOf([insert, "ALTER TABLE u ADD b int", alter].join(";"))).toEqual([
        [insert, "ALTER TABLE u ADD b int"],
        [alter]
      ])
    })
  )
})

describe("transactions of the file", () => {
  it.effect("are kept, with their isolation, and nothing else joins them", () =>
    Effect.gen(function* () {
      const text =
        "SELECT 1; BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 2; SELECT 3; COMMIT; SELECT 4; START TRANSACTION; SELECT 5; END;"
      expect(yield* unitsOf(text)).toEqual([
        ["SELECT 1"],
        ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT 2", "SELECT 3"],
        ["SELECT 4"],
        ["SELECT 5"]
      ])
    })
  )

  it.effect("that are rolled back are left out, and said", () =>
    Effect.gen(function* () {
      const plan = yield* planned("BEGIN; DROP TABLE t; ROLLBACK; SELECT 1")
      expect(shape(plan)).toEqual([["SELECT 1"]])
      expect(plan.hazards).toEqual([
        {
          kind: "unsupported",
          object: "ROLLBACK",
          message: "line 1: what stands from line 1 to here is rolled back: it is left out",
          severity: "warning"
        }
      ])
    })
  )

  it.effect.each([
    ["COMMIT; SELECT 1", "warning", "COMMIT"],
    ["BEGIN; SELECT 1", "error", "BEGIN"],
    ["BEGIN; BEGIN; SELECT 1; COMMIT", "warning", "BEGIN"],
    ["BEGIN; SELECT 1; PREPARE TRANSACTION 'x'", "error", "PREPARE TRANSACTION"],
    ["ROLLBACK; SELECT 1", "warning", "ROLLBACK"]
  ] as const)("that do not end as they should are said: %s", ([text, severity, object]) =>
    Effect.gen(function* () {
      const plan = yield* planned(text)
      expect(plan.hazards).toEqual([expect.objectContaining({ kind: "unsupported", severity, object })])
      expect(shape(plan)).toEqual([["SELECT 1"]])
    })
  )

  it.effect("leave out their marks where they are cut, and what is rolled back to one", () =>
    Effect.gen(function* () {
      const kept = "BEGIN; SAVEPOINT x; SELECT 1; ROLLBACK TO x; SELECT 2; RELEASE x; COMMIT"
      expect(yield* unitsOf(kept)).toEqual([["SAVEPOINT x", "SELECT 1", "ROLLBACK TO x", "SELECT 2", "RELEASE x"]])
      const plan = yield* planned(kept.replace("COMMIT", "VACUUM t; COMMIT"))
      expect(shape(plan)).toEqual([["SELECT 2"], "VACUUM t"])
      expect(plan.hazards.map(({ object }) => object)).toEqual(["VACUUM", "ROLLBACK TO"])
      const alone = yield* planned("SAVEPOINT x; SELECT 1")
      expect(shape(alone)).toEqual([["SELECT 1"]])
      expect(alone.hazards.map(({ object }) => object)).toEqual(["SAVEPOINT"])
    })
  )

  it.effect("that cannot be are cut, which is an error", () =>
    Effect.gen(function* () {
      const plan = yield* planned("BEGIN; CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY i ON t (a); COMMIT")
      expect(shape(plan)).toEqual([["CREATE TABLE t (a int)"], "CREATE INDEX CONCURRENTLY i ON t (a)"])
      expect(plan.hazards).toEqual([expect.objectContaining({ kind: "unsupported", severity: "error" })])
    })
  )
})

describe("a label in a transaction of the file", () => {
  /** Whether the file's transaction stays one. */
  const stays = (statements: ReadonlyArray<string>, major?: number) =>
    Effect.map(planned(`BEGIN; ${statements.join("; ")}; COMMIT`, major), (plan) => {
      const whole = plan.units.length === 1 && plan.units[0]?.transaction === true
      expect(plan.hazards.some(({ kind, severity }) => kind === "unsupported" && severity === "error")).toBe(!whole)
      return whole
    })
  const versions = [11, 12, 13, 14, 15, 16, 17, 18, undefined]
  const where = (statements: ReadonlyArray<string>) =>
    Effect.map(
      Effect.forEach(versions, (major) => stays(statements, major)),
      (all) => versions.filter((_, i) => all[i])
    )

  it.effect("can be added from 12 on", () =>
    Effect.gen(function* () {
      expect(yield* where([add, "SELECT 1"])).toEqual(versions.slice(1))
    })
  )

  it.effect("cannot be used before it is committed", () =>
    Effect.gen(function* () {
      expect(yield* where([add, use])).toEqual([])
      expect(yield* where([add, "ALTER TABLE t ADD c s DEFAULT 'x'"])).toEqual([])
      expect(yield* where([add, "CREATE FUNCTION f() RETURNS s LANGUAGE sql AS 'SELECT ''x''::s'"])).toEqual([])
      expect(yield* where([add, "DO $$ BEGIN UPDATE t SET s = 'x'; END $$"])).toEqual([])
    })
  )

  it.effect("that may be used, or not, is cut with a warning", () =>
    Effect.gen(function* () {
      for (const may of [
        "UPDATE t SET s = other::s",
        "ALTER TABLE t ALTER c TYPE s USING c::s",
        "SELECT enum_first(NULL::s)"
      ]) {
        const plan = yield* planned(`BEGIN; ${add}; ${may}; COMMIT`)
        expect(shape(plan)).toEqual([add, [may]])
        const told = plan.hazards.filter(({ kind }) => kind === "unsupported")
        expect(told).toEqual([expect.objectContaining({ severity: "warning", object: "public.s" })])
      }
    })
  )

  it.effect("that a block adds and uses cannot be", () =>
    Effect.gen(function* () {
      const plan = yield* planned(`DO $$ BEGIN ${add}; ${use}; END $$`)
      expect(plan.hazards).toContainEqual(
        expect.objectContaining({ kind: "unsupported", severity: "error", object: "DO" })
      )
    })
  )

  it.effect("of a type that is made there can be used on 11, 17 and 18", () =>
    Effect.gen(function* () {
      expect(yield* where([create, add, use])).toEqual([11, 17, 18])
      expect(yield* where([create, add])).toEqual(versions)
    })
  )
})
