/** Statements of which PostgreSQL takes some in one transaction and others not, by its version. */

export interface Trial {
  readonly text: string
  /** The oldest major version that has what is tried. */
  readonly since?: number
  /** Why the plan cannot know what the server does with it as one transaction. */
  readonly unseen?: string
}

/** What is there before each. */
export const before = `CREATE TYPE s AS ENUM ('a');
CREATE TABLE t (id int, s s DEFAULT 'a', txt text, arr s[]); INSERT INTO t VALUES (1, 'a', 'b');
CREATE INDEX t_i ON t (id); ALTER TABLE t CLUSTER ON t_i;
CREATE FUNCTION fill() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (9, 'b'); END $$;
CREATE TABLE parted (a int) PARTITION BY RANGE (a); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);
CREATE INDEX parted_i ON parted (a);
CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
CREATE TABLE child (p int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE PROCEDURE quiet() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
CREATE PROCEDURE loud() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE UNIQUE INDEX ON m (id);`

const all = (texts: ReadonlyArray<string>, more: Omit<Trial, "text"> = {}): ReadonlyArray<Trial> =>
  texts.map((text) => ({ text, ...more }))

const added = (then: string) => `ALTER TYPE s ADD VALUE 'b'; ${then}`
const made = (then: string) => `CREATE TYPE n AS ENUM ('a'); ALTER TYPE n ADD VALUE 'b'; ${then}`

/** A label of a type that was there, and what follows in the same transaction. */
const labels: ReadonlyArray<Trial> = [
  ...all(
    [
      ...["SELECT 'b'::s", "SELECT CAST('b' AS s)", "INSERT INTO t VALUES (2, 'b')", "UPDATE t SET s = 'b'"],
      ...[
        "SELECT 'a'::s < 'b'",
        "DELETE FROM t WHERE s IN ('a', 'b')",
        "SELECT '{a,b}'::s[]",
        "UPDATE t SET arr = '{b}'"
      ],
      ...["UPDATE t SET arr = ARRAY['b']::s[]", 'SELECT * FROM jsonb_populate_record(NULL::t, \'{"s":"b"}\')'],
      ...["UPDATE t SET s = txt::s", "INSERT INTO t (s) SELECT CAST(txt AS s) FROM t"],
      ...["ALTER TABLE t ALTER txt TYPE s USING txt::s", "ALTER TABLE t ALTER s SET DEFAULT 'b'"],
      ...["ALTER TABLE t ADD CHECK (s <> 'b')", "ALTER TABLE t ADD CHECK (s <> 'b') NOT VALID"],
      ...["ALTER TABLE t ADD COLUMN c s DEFAULT 'b'", "CREATE TABLE x (c s DEFAULT 'b')"],
      ...["CREATE TABLE x AS SELECT 'b'::s AS c", "CREATE INDEX ON t (id) WHERE s = 'b'"],
      ...["CREATE TABLE p (x s) PARTITION BY LIST (x); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('b')"],
      ...["CREATE TABLE g (s s, x bool GENERATED ALWAYS AS (s = 'b') STORED)", "CREATE VIEW v AS SELECT 'b'::s"],
      ...["CREATE MATERIALIZED VIEW v AS SELECT 'b'::s", "CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 'b'::s"],
      ...["CREATE DOMAIN d AS s CHECK (VALUE <> 'b')", "CREATE POLICY p ON t USING (s = 'b')"],
      ...["CREATE FUNCTION f() RETURNS s LANGUAGE sql AS $$ SELECT 'b'::s $$"],
      ...["CREATE FUNCTION f(x s DEFAULT 'b') RETURNS s LANGUAGE sql AS $$ SELECT x $$", "PREPARE q AS SELECT 'b'::s"],
      ...["DO $$ BEGIN INSERT INTO t VALUES (3, 'b'); END $$", "DO $$ DECLARE v s := 'b'; BEGIN END $$"],
      ...["DO $$ BEGIN EXECUTE 'INSERT INTO t VALUES (3, ''b'')'; END $$", "DO $$ DECLARE v s; BEGIN v := 'b'; END $$"],
      ...["DO $$ BEGIN IF 'b'::s > 'a' THEN NULL; END IF; END $$"],
      ...["DO $$ DECLARE r record; BEGIN FOR r IN SELECT 'b'::s LOOP NULL; END LOOP; END $$"],
      ...["SELECT enum_range(NULL::s)", "SELECT enum_last(NULL::s)", "SELECT unnest(enum_range(NULL::s))"],
      ...["ALTER TYPE s RENAME VALUE 'b' TO 'c'; SELECT 'c'::s", "ALTER TYPE s ADD VALUE 'c' AFTER 'b'; SELECT 'c'::s"],
      ...["ALTER TYPE s RENAME TO s2; SELECT 'b'::s2"],
      // These are usable, or do not use it.
      ...["SELECT 1", "SELECT 'a'::s", "SELECT 'b'::text", "DELETE FROM t WHERE s::text = 'b'"],
      ...["SELECT count(*) FROM pg_enum WHERE enumlabel = 'b'", "COMMENT ON TYPE s IS 'b'"],
      ...[
        "GRANT USAGE ON TYPE s TO PUBLIC",
        "ALTER TYPE s ADD VALUE 'c' AFTER 'b'",
        "ALTER TYPE s RENAME VALUE 'b' TO 'c'"
      ],
      ...["ALTER TYPE s RENAME VALUE 'a' TO 'z'; SELECT 'z'::s", "ALTER TYPE s ADD VALUE IF NOT EXISTS 'b'"],
      ...["ALTER TABLE t ADD COLUMN c s", "ALTER TABLE t ADD COLUMN c s DEFAULT 'a'", "CREATE TABLE x (c s)"],
      ...["CREATE FUNCTION f() RETURNS s LANGUAGE plpgsql AS $$ BEGIN RETURN 'b'::s; END $$", "SAVEPOINT x; RELEASE x"]
    ].map(added)
  ),
  ...all([
    "DO $$ BEGIN ALTER TYPE s ADD VALUE 'b'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "DO $$ BEGIN ALTER TYPE s ADD VALUE 'b'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; SELECT 'b'::s",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'b') THEN ALTER TYPE s ADD VALUE 'b'; END IF; END $$; UPDATE t SET s = 'b'",
    "ALTER TYPE s RENAME VALUE 'a' TO 'q'; SELECT 'q'::s",
    "SAVEPOINT x; ALTER TYPE s ADD VALUE 'b'; ROLLBACK TO x; SELECT 1",
    "SAVEPOINT x; ALTER TYPE s ADD VALUE 'b'; RELEASE x; SELECT 'b'::s"
  ]),
  ...all([added("MERGE INTO t USING (SELECT 1 AS i) q ON t.id = q.i WHEN MATCHED THEN UPDATE SET s = 'b'")], {
    since: 15
  }),
  ...all([added("SELECT enum_first(NULL::s)")], { unseen: "the label is not the first" }),
  ...all([added("SELECT fill()")], { unseen: "a function writes the label" }),
  ...all([added("INSERT INTO t (txt) VALUES ('b')")], { unseen: "the column is not of the enum" }),
  ...all(["ALTER TYPE s ADD VALUE IF NOT EXISTS 'a'; SELECT 'a'::s"], { unseen: "the label is there already" })
]

/** A type that the same transaction makes. */
const types: ReadonlyArray<Trial> = [
  ...all(
    [
      ...["SELECT 'b'::n", "SELECT 'a'::n", "CREATE TABLE x (c n DEFAULT 'b'); INSERT INTO x DEFAULT VALUES"],
      ...[
        "CREATE TABLE x (c n DEFAULT 'a')",
        "SELECT enum_range(NULL::n)",
        "ALTER TYPE n RENAME TO n2; SELECT 'b'::n2"
      ],
      ...["ALTER TYPE n RENAME VALUE 'b' TO 'c'; SELECT 'c'::n"]
    ].map(made)
  ),
  ...all([
    "CREATE TYPE n AS ENUM (); ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n",
    "CREATE TYPE n AS ENUM ('a', 'b'); SELECT 'b'::n",
    "CREATE TYPE o AS ENUM ('a'); ALTER TYPE o RENAME TO n; ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n",
    "SAVEPOINT x; CREATE TYPE n AS ENUM ('a'); RELEASE x; ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n",
    "CREATE TYPE n AS ENUM ('a'); SAVEPOINT x; ALTER TYPE n ADD VALUE 'b'; RELEASE x; SELECT 'b'::n",
    "DO $$ BEGIN CREATE TYPE n AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER TYPE n ADD VALUE 'b'"
  ]),
  ...all(["DO $$ BEGIN CREATE TYPE n AS ENUM ('a'); END $$; ALTER TYPE n ADD VALUE 'b'; SELECT 'b'::n"], {
    unseen: "a block makes the type, if it does"
  })
]

/** What must be committed by itself, and what only sounds so. */
const alone: ReadonlyArray<Trial> = [
  ...all([
    ...["CREATE INDEX CONCURRENTLY i ON t (id)", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_i ON t (id)"],
    ...["DROP INDEX CONCURRENTLY t_i", "DROP INDEX CONCURRENTLY IF EXISTS nowhere", "REINDEX INDEX CONCURRENTLY t_i"],
    ...["REINDEX TABLE CONCURRENTLY t", "REINDEX TABLE t", "REINDEX INDEX t_i", "REINDEX SCHEMA public"],
    ...["VACUUM t", "VACUUM (ANALYZE) t", "VACUUM FULL t", "ANALYZE t", "CLUSTER", "CLUSTER t", "CHECKPOINT"],
    ...[
      "ALTER SYSTEM SET work_mem = '4MB'",
      "ALTER SYSTEM RESET ALL",
      "CREATE DATABASE made",
      "DROP DATABASE IF EXISTS nowhere"
    ],
    ...["DISCARD ALL", "DISCARD TEMP", "DISCARD PLANS", "CALL quiet()", "DO $$ BEGIN COMMIT; END $$"],
    ...["REFRESH MATERIALIZED VIEW CONCURRENTLY m", "ALTER TABLE parted DETACH PARTITION parted_1"],
    ...["LOCK TABLE t", "DECLARE c CURSOR FOR SELECT 1; FETCH c", "LISTEN x", "TRUNCATE t", "CREATE EXTENSION hstore"],
    ...["ALTER DATABASE postgres SET work_mem = '4MB'", "ALTER TABLE t SET TABLESPACE pg_default"],
    ...["ALTER TABLE t ADD CHECK (id > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_id_check"],
    ...[
      "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1",
      "INSERT INTO child VALUES (1); SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE child ADD x int"
    ],
    ...[
      "SELECT 1; VACUUM t; SELECT 2",
      "CREATE TABLE x (a int); CREATE INDEX CONCURRENTLY ON x (a); ALTER TABLE x ADD b int"
    ],
    ...["CREATE TABLE x (a int); INSERT INTO x VALUES (1); ALTER TABLE x ADD b int DEFAULT 1; UPDATE x SET b = 2"]
  ]),
  ...all(["REINDEX (CONCURRENTLY) TABLE t", "ALTER TABLE parted DETACH PARTITION parted_1 CONCURRENTLY"], {
    since: 14
  }),
  ...all(["CLUSTER parted USING parted_i"], { since: 15, unseen: "the table is partitioned" }),
  ...all(["REINDEX TABLE parted", "REINDEX INDEX parted_i"], { since: 14, unseen: "the table is partitioned" }),
  ...all(["CALL loud()"], { unseen: "the procedure commits" }),
  ...all(
    [
      ...[
        "INSERT INTO child VALUES (1); ALTER TABLE child ADD x int",
        "INSERT INTO child VALUES (1); DROP TABLE child"
      ],
      ...["INSERT INTO child VALUES (1); TRUNCATE child", "INSERT INTO child VALUES (1); CREATE INDEX ON child (p)"],
      "WITH q AS (INSERT INTO child VALUES (1) RETURNING p) SELECT * FROM q; ALTER TABLE child ADD x int"
    ],
    { unseen: "triggers wait for the commit" }
  )
]

export const trials: ReadonlyArray<Trial> = [...labels, ...types, ...alone]
