/** What plans say of locks and rewrites, held against what a real server does. */
import * as Effect from "effect/Effect"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Embedded, start } from "../support/embedded.ts"
import { planned, plannedAgainst } from "../support/plans.ts"

const schema = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE u (id int PRIMARY KEY, name text);
  CREATE TABLE t (id int PRIMARY KEY, a varchar(10), n numeric(8, 2), w timestamptz, m mood, c int, u_id int, big int NOT NULL DEFAULT 0,
    CONSTRAINT k CHECK (c > 0) NOT VALID);
  ALTER TABLE t ADD CONSTRAINT has_a CHECK (a IS NOT NULL);
  CREATE INDEX t_a ON t (a);
  CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE loose (id int, at date);
  CREATE VIEW v AS SELECT id FROM t;
  CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
  CREATE UNIQUE INDEX mv_id ON mv (id);
  CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE FUNCTION shaky() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
  CREATE FUNCTION firm() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
  INSERT INTO t (id, a, c) VALUES (1, 'x', 1);
`

let embedded: Embedded
let client: pg.Client
beforeAll(async () => {
  embedded = await start()
  const database = await embedded.createDatabase()
  await embedded.sql(database, schema)
  client = new pg.Client({
    host: "127.0.0.1",
    port: embedded.port,
    user: embedded.user,
    password: embedded.password,
    database
  })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await embedded?.stop()
})

const files =
  "SELECT oid::int AS id, relname AS name, pg_relation_filenode(oid)::int AS file, relkind IN ('r', 'p', 'v', 'm') AS holds FROM pg_class WHERE relnamespace = 'public'::regnamespace"

const order = [
  "AccessShare",
  "RowShare",
  "RowExclusive",
  "ShareUpdateExclusive",
  "Share",
  "ShareRowExclusive",
  "Exclusive",
  "AccessExclusive"
]

const words = (mode: string): string =>
  mode
    .replace(/Lock$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase()

/** What the server really does: in a transaction that is rolled back. */
const observed = async (sql: string) => {
  const before = (await client.query(files)).rows
  await client.query("BEGIN")
  try {
    await client.query(sql)
    const ids = before.filter((row) => row.holds).map((row) => row.id)
    const modes = await client.query(
      "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = ANY ($1::oid[])",
      [ids]
    )
    const after = new Map((await client.query(files)).rows.map((row) => [row.id, row.file]))
    const [strongest] = modes.rows
      .map((row) => String(row.mode).replace(/Lock$/, ""))
      .sort((a, b) => order.indexOf(b) - order.indexOf(a))
    return {
      lock: strongest === undefined ? undefined : words(strongest),
      rewrite: before.some(
        (row) => row.holds && row.file !== null && after.has(row.id) && after.get(row.id) !== row.file
      )
    }
  } finally {
    await client.query("ROLLBACK")
  }
}

const statements = [
  "SELECT * FROM t",
  "SELECT * FROM t FOR UPDATE",
  "INSERT INTO t (id, a) SELECT id + 100, 'y' FROM t",
  "UPDATE t SET c = 2 WHERE id IN (SELECT id FROM u)",
  "DELETE FROM t WHERE id = 7",
  "TRUNCATE u",
  "LOCK TABLE t IN SHARE MODE",
  "WITH gone AS (DELETE FROM u RETURNING id) SELECT * FROM gone",
  "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DO NOTHING",
  "CREATE INDEX i ON t (c)",
  "DROP INDEX t_a",
  "ALTER INDEX t_a SET (fillfactor = 70)",
  "REINDEX TABLE u",
  "ALTER TABLE t ADD COLUMN x int",
  "ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT 5",
  "ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()",
  "ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE t ADD COLUMN x timestamptz DEFAULT clock_timestamp()",
  "ALTER TABLE t ADD COLUMN x int DEFAULT shaky()",
  "ALTER TABLE t ADD COLUMN x int DEFAULT firm()",
  "ALTER TABLE t ADD COLUMN x serial",
  "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (c * 2) STORED",
  "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (c * 2) VIRTUAL",
  "ALTER TABLE t ADD COLUMN x int REFERENCES u",
  "ALTER TABLE t DROP COLUMN c",
  "ALTER TABLE t ALTER COLUMN a TYPE varchar(20)",
  "ALTER TABLE t ALTER COLUMN a TYPE varchar",
  "ALTER TABLE t ALTER COLUMN a TYPE text",
  "ALTER TABLE t ALTER COLUMN a TYPE varchar(5)",
  "ALTER TABLE t ALTER COLUMN a TYPE char(10)",
  "ALTER TABLE t ALTER COLUMN n TYPE numeric(10, 2)",
  "ALTER TABLE t ALTER COLUMN n TYPE numeric(10, 1)",
  "ALTER TABLE t ALTER COLUMN n TYPE numeric",
  "ALTER TABLE t ALTER COLUMN c TYPE bigint",
  "ALTER TABLE t ALTER COLUMN big DROP DEFAULT, ALTER COLUMN big TYPE text",
  "ALTER TABLE t ALTER COLUMN w TYPE date",
  "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
  "ALTER TABLE t ALTER COLUMN c DROP NOT NULL",
  "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1",
  "ALTER TABLE t ALTER COLUMN c SET STATISTICS 100",
  "ALTER TABLE t ALTER COLUMN a SET STORAGE EXTERNAL",
  "ALTER TABLE t ADD CONSTRAINT x CHECK (c > 0)",
  "ALTER TABLE t ADD CONSTRAINT x CHECK (c > 0) NOT VALID",
  "ALTER TABLE t VALIDATE CONSTRAINT k",
  "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (u_id) REFERENCES u",
  "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (u_id) REFERENCES u NOT VALID",
  "ALTER TABLE t ADD CONSTRAINT x UNIQUE (c)",
  "ALTER TABLE t DROP CONSTRAINT k",
  "ALTER TABLE t SET (autovacuum_enabled = false)",
  "ALTER TABLE t SET UNLOGGED",
  "ALTER TABLE t SET SCHEMA pg_catalog",
  "ALTER TABLE t RENAME TO t2",
  "ALTER TABLE t RENAME COLUMN c TO d",
  "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
  "ALTER TABLE t DISABLE TRIGGER ALL",
  "ALTER TABLE t CLUSTER ON t_pkey",
  "ALTER TABLE t REPLICA IDENTITY FULL",
  "ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
  "ALTER TABLE parts DETACH PARTITION parts_1",
  "CREATE TABLE x PARTITION OF parts FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
  "CREATE TABLE x (id int REFERENCES u)",
  "CREATE TABLE x (LIKE t INCLUDING ALL)",
  "CREATE TABLE x AS SELECT * FROM t",
  "CREATE TABLE x (id int) INHERITS (u)",
  "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig()",
  "CREATE POLICY x ON t",
  "CREATE RULE x AS ON DELETE TO t DO INSTEAD NOTHING",
  "CREATE STATISTICS x ON a, c FROM t",
  "CREATE VIEW x AS SELECT * FROM t",
  "CREATE OR REPLACE VIEW v AS SELECT id FROM t",
  "COMMENT ON TABLE t IS 'x'",
  "COMMENT ON COLUMN t.c IS 'x'",
  "REFRESH MATERIALIZED VIEW mv",
  "REFRESH MATERIALIZED VIEW CONCURRENTLY mv",
  "CLUSTER t USING t_pkey",
  "ANALYZE t",
  "DROP VIEW v",
  "DROP TABLE u",
  "DROP TABLE loose",
  "CREATE TABLE y (id int); ALTER TABLE y ADD COLUMN z uuid DEFAULT gen_random_uuid(); CREATE INDEX ON y (z); DROP TABLE y",
  "DO $$ BEGIN ALTER TABLE t ADD COLUMN x int; END $$",
  "DO $$ BEGIN EXECUTE format('ALTER TABLE %s ALTER COLUMN c TYPE bigint', 't'); END $$",
  "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"
]

/** Where the plan cannot know. */
const unknown: Readonly<Record<string, string>> = {
  "DO $$ BEGIN EXECUTE format('ALTER TABLE %s ALTER COLUMN c TYPE bigint', 't'); END $$":
    "the table's name is put in when it runs",
  "TRUNCATE u": "what is empty is no copy",
  "REINDEX TABLE u": "an index is written anew, and not the table",
  "REFRESH MATERIALIZED VIEW CONCURRENTLY mv": "it compares by way of a table of its own"
}

describe("a plan against a server says what the server does", () => {
  it.each(statements)("%s", async (sql) => {
    const real = await observed(sql)
    const { units } = await Effect.runPromise(plannedAgainst(sql, client))
    const all = units.flatMap((unit) => unit.statements)
    const lock = all
      .flatMap(({ lock }) => lock ?? [])
      .sort((a, b) => order.map(words).indexOf(b) - order.map(words).indexOf(a))[0]
    const rewrite = all.some((one) => one.rewrite === true)
    if (sql in unknown) expect({ lock, rewrite }).not.toEqual({})
    else expect({ lock, rewrite }).toEqual(real)
  })
})

describe("rows are lost under whatever name", () => {
  it.each([
    ["ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id int); DROP TABLE t_old"],
    ["CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s; DROP TABLE s.t"],
    ["CREATE TABLE x (id int); ALTER TABLE x RENAME TO y; ALTER TABLE t RENAME TO x; DROP TABLE x"],
    [
      "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); ALTER TABLE p ATTACH PARTITION loose DEFAULT; DROP TABLE p"
    ],
    ["CREATE TABLE p (id int, at date); ALTER TABLE loose INHERIT p; TRUNCATE p"],
    ["SET search_path = elsewhere; TRUNCATE far"],
    ["SELECT set_config('search_path', 'elsewhere', true); ALTER TABLE far DROP COLUMN a"],
    ["DROP TABLE near"]
  ])("%s", async (sql) => {
    await client.query("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.far (a int, b int)")
    await client.query("CREATE SCHEMA beside; CREATE TABLE beside.near (a int); SET search_path = beside, public")
    try {
      const { units } = await Effect.runPromise(plannedAgainst(sql, client))
      expect(units.flatMap(({ statements }) => statements).at(-1)).toMatchObject({ dataLoss: true })
    } finally {
      await client.query("RESET search_path; DROP SCHEMA elsewhere, beside CASCADE")
    }
  })

  it.each([
    ["DROP TABLE IF EXISTS far"],
    ["CREATE TABLE t_new (id int); ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t; DROP TABLE t"]
  ])("not by: %s", async (sql) => {
    const { units } = await Effect.runPromise(plannedAgainst(sql, client))
    expect(units.flatMap(({ statements }) => statements).some(({ dataLoss }) => dataLoss)).toBe(false)
  })
})

describe("without a server", () => {
  const costs = async (sql: string) => {
    const { hazards, units } = await Effect.runPromise(planned(sql))
    return { ...units.at(-1)?.statements.at(-1), kinds: hazards.map(({ kind, severity }) => `${kind} ${severity}`) }
  }

  it.each([
    ["DROP TABLE t", ["data-loss error"]],
    ["TRUNCATE t", ["data-loss error"]],
    ["DELETE FROM t", ["data-loss error"]],
    ["DELETE FROM t WHERE a", ["data-loss warning"]],
    ["ALTER TABLE t DROP COLUMN a", ["data-loss error"]],
    ["DROP SCHEMA s CASCADE", ["data-loss error"]],
    ["DROP TYPE mood CASCADE", ["data-loss error"]],
    ["DROP DATABASE d", ["data-loss error"]],
    ["DO $$ BEGIN DELETE FROM t; END $$", ["data-loss error"]],
    ["WITH gone AS (DELETE FROM t WHERE a RETURNING *) INSERT INTO u SELECT * FROM gone", ["data-loss warning"]],
    ["WITH gone AS (DELETE FROM t RETURNING id) UPDATE u SET a = 1 FROM gone", ["data-loss error"]],
    ["CREATE TABLE kept AS WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", ["data-loss error"]],
    ["MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", ["data-loss warning"]],
    ["COPY (DELETE FROM t RETURNING *) TO '/tmp/t'", ["data-loss error"]],
    ["EXPLAIN ANALYZE DELETE FROM t", ["data-loss error"]],
    ["PREPARE p AS DELETE FROM t", ["data-loss error"]],
    ["ALTER TYPE address DROP ATTRIBUTE street", ["data-loss error"]],
    ["DROP COLLATION c CASCADE", ["data-loss error"]]
  ])("%s loses data", async (sql, kinds) => {
    expect(await costs(sql)).toMatchObject({ dataLoss: true, kinds })
  })

  it.each([
    ["CREATE TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t", []],
    ["CREATE TABLE t (a int); DELETE FROM t", []],
    ["CREATE TEMP TABLE t (a int); TRUNCATE t", []],
    ["EXPLAIN DELETE FROM t", []],
    ["CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u", []],
    ["CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END", []],
    ["DROP INDEX i", ["drop warning"]],
    ["DROP VIEW v", ["drop warning"]],
    ["DROP FUNCTION f(int)", ["drop warning"]],
    ["ALTER TABLE t DROP CONSTRAINT c", ["drop warning"]],
    ["ALTER TYPE s ADD VALUE 'x'", ["irreversible notice"]],
    ["DO $$ BEGIN EXECUTE q; END $$", ["unproven warning"]],
    ["DO $$ BEGIN CREATE INDEX CONCURRENTLY i ON t (a); END $$", ["unsupported error"]],
    ["ALTER TABLE t ALTER COLUMN a TYPE text", ["rewrite warning"]],
    ["CREATE INDEX i ON t (a)", ["lock warning"]],
    ["ALTER TABLE t ALTER COLUMN a SET NOT NULL", ["lock warning"]],
    ["\\i more.sql", ["unsupported error"]],
    ["\\restrict x\nSELECT 1", []]
  ])("%s does not", async (sql, kinds) => {
    const found = await costs(sql)
    expect(found.dataLoss).toBeUndefined()
    expect(found.kinds).toEqual(kinds)
  })
})
