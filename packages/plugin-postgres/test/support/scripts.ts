/** Scripts that cannot run as one transaction, or not statement by statement; and a query that says whether they did. */
export const scripts: Readonly<
  Record<string, { readonly before?: string; readonly text: string; readonly done: string }>
> = {
  "a label and what uses it": {
    before: "CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (s s DEFAULT 'a'); INSERT INTO t VALUES ('a')",
    text: "ALTER TYPE s ADD VALUE 'b' AFTER 'a'; ALTER TABLE t ALTER COLUMN s SET DEFAULT 'b'; UPDATE t SET s = 'b';",
    done: "SELECT bool_and(s = 'b') FROM t"
  },
  "labels of a type that is made here": {
    text: "CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'b'; CREATE TABLE t (s s DEFAULT 'b', CHECK (s >= 'b')); INSERT INTO t DEFAULT VALUES",
    done: "SELECT count(*) = 1 FROM t"
  },
  "a label that is added and used within one BEGIN … COMMIT": {
    before: "CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (s s)",
    text: "BEGIN;\nALTER TYPE s ADD VALUE 'b';\nINSERT INTO t VALUES ('b');\nCOMMIT;",
    done: "SELECT count(*) = 1 FROM t"
  },
  "a type that is made, extended and used within one BEGIN … COMMIT": {
    text: "BEGIN;\nCREATE TYPE s AS ENUM ('a');\nALTER TYPE s ADD VALUE 'b';\nCREATE TABLE t (s s DEFAULT 'b');\nINSERT INTO t DEFAULT VALUES;\nCOMMIT;",
    done: "SELECT count(*) = 1 FROM t"
  },
  "a label that is added by a block": {
    before: "CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (s s)",
    text: "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'b') THEN ALTER TYPE s ADD VALUE 'b'; END IF; END $$; INSERT INTO t VALUES ('b')",
    done: "SELECT count(*) = 1 FROM t"
  },
  "indexes that are built beside others": {
    before: "CREATE TABLE t (a int, b int); CREATE INDEX old ON t (b)",
    text: "ALTER TABLE t ADD c int; CREATE INDEX CONCURRENTLY new ON t (c); DROP INDEX CONCURRENTLY old; REINDEX INDEX CONCURRENTLY new; VACUUM ANALYZE t;",
    done: "SELECT to_regclass('new') IS NOT NULL AND to_regclass('old') IS NULL"
  },
  "an index in a transaction that it cannot be in": {
    before: "CREATE TABLE t (a int)",
    text: "BEGIN; ALTER TABLE t ADD b int; CREATE INDEX CONCURRENTLY i ON t (b); COMMIT;",
    done: "SELECT to_regclass('i') IS NOT NULL"
  },
  "a constraint that is validated later": {
    before:
      "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (u int); INSERT INTO u VALUES (1); INSERT INTO t VALUES (1)",
    text: "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (u) REFERENCES u NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT f;",
    done: "SELECT convalidated FROM pg_constraint WHERE conname = 'f'"
  },
  "rows and then a change of their table, with triggers that wait": {
    before:
      "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (u int REFERENCES u DEFERRABLE INITIALLY DEFERRED); INSERT INTO u VALUES (1)",
    text: "INSERT INTO t VALUES (1); ALTER TABLE t ADD b int; DELETE FROM t; DROP TABLE t;",
    done: "SELECT to_regclass('t') IS NULL"
  },
  "a block that commits": {
    before: "CREATE TABLE t (a int)",
    text: "INSERT INTO t VALUES (0); DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$; INSERT INTO t VALUES (4);",
    done: "SELECT count(*) = 5 FROM t"
  },
  "a procedure that commits": {
    before:
      "CREATE TABLE t (a int); CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$",
    text: "INSERT INTO t VALUES (0); CALL p();",
    done: "SELECT count(*) = 2 FROM t"
  },
  "a partition that is taken off beside others": {
    before:
      "CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE q PARTITION OF t FOR VALUES FROM (10) TO (20)",
    text: "ALTER TABLE t DETACH PARTITION p CONCURRENTLY; DROP TABLE p;",
    done: "SELECT count(*) = 1 FROM pg_inherits"
  },
  "transactions of its own, one with an isolation, one rolled back": {
    text: "CREATE TABLE t (a int); BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO t VALUES (1); SAVEPOINT x; INSERT INTO t VALUES (2); ROLLBACK TO x; COMMIT; BEGIN; DROP TABLE t; ROLLBACK; VACUUM t;",
    done: "SELECT count(*) = 1 FROM t"
  },
  "functions and rules with semicolons, and words of several bytes": {
    text: "CREATE TABLE \"tä;ble\" (a text); CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'é;'; SELECT '😀'; END; INSERT INTO \"tä;ble\" SELECT f(); -- 'end;",
    done: "SELECT a = '😀' FROM \"tä;ble\""
  }
}
