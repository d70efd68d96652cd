/**
 * For each rule, SQL in which it finds something and SQL in which it does not. Those of squawk's rules follow what its
 * documentation shows for them, and those of django-migration-linter its codes; in words of our own.
 */

export interface Cases {
  readonly finds: ReadonlyArray<Case>
  readonly accepts: ReadonlyArray<Case>
}

/** SQL, by itself or with what is known besides. */
export type Case = string | { readonly sql: string; readonly serverVersion?: number; readonly inTransaction?: boolean }

const inTransaction = (sql: string): Case => ({ sql, inTransaction: true })
const on = (serverVersion: number, sql: string): Case => ({ sql, serverVersion })

const failing: Readonly<Record<string, Cases>> = {
  "syntax-error": {
    finds: [
      "SELEC 1;",
      "SELECT 1; RAISE NOTICE 'done'; SELECT 2;",
      "UPDATE users SET email = b/CltX95pf10.VyuMGMm WHERE;"
    ],
    accepts: ["SELECT 1;", "", "-- nothing", "\\echo hello\nSELECT 1;", "COPY t FROM stdin;\n1\n\\.\nSELECT 1;"]
  },
  "ban-concurrent-index-creation-in-transaction": {
    finds: [
      "BEGIN; CREATE INDEX CONCURRENTLY email_idx ON app_user (email); COMMIT;",
      inTransaction("CREATE INDEX CONCURRENTLY email_idx ON app_user (email);"),
      "DO $$ BEGIN CREATE INDEX CONCURRENTLY email_idx ON app_user (email); END $$;"
    ],
    accepts: [
      "BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY email_idx ON app_user (email);",
      inTransaction(
        "-- squawk-disable-assume-in-transaction\nCREATE INDEX CONCURRENTLY email_idx ON app_user (email);"
      ),
      "BEGIN; CREATE INDEX email_idx ON app_user (email); COMMIT;"
    ]
  },
  "not-allowed-in-transaction": {
    finds: [
      "BEGIN; VACUUM orders; COMMIT;",
      "BEGIN; DROP INDEX CONCURRENTLY i; COMMIT;",
      "BEGIN; REINDEX INDEX CONCURRENTLY i; COMMIT;",
      "BEGIN; CREATE DATABASE d; COMMIT;",
      "BEGIN; ALTER SYSTEM SET work_mem = '1MB'; COMMIT;",
      "BEGIN; ALTER TABLE t DETACH PARTITION p CONCURRENTLY; COMMIT;",
      on(11, "BEGIN; ALTER TYPE status ADD VALUE 'late'; COMMIT;")
    ],
    accepts: [
      "VACUUM orders;",
      "BEGIN; ANALYZE orders; COMMIT;",
      "BEGIN; REINDEX INDEX i; COMMIT;",
      "BEGIN; REINDEX (CONCURRENTLY false) INDEX i; COMMIT;",
      on(12, "BEGIN; ALTER TYPE status ADD VALUE 'late'; COMMIT;"),
      on(11, "BEGIN; CREATE TYPE status AS ENUM ('a'); ALTER TYPE status ADD VALUE 'late'; COMMIT;"),
      on(11, "ALTER TYPE status ADD VALUE 'late';")
    ]
  },
  "enum-label-used-in-transaction": {
    finds: [
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; UPDATE orders SET status = 'late' WHERE id = 1; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; SELECT 'late'::status; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; INSERT INTO orders (status) VALUES ('late'); COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; ALTER TABLE orders ALTER status SET DEFAULT 'late'; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; CREATE INDEX i ON orders (id) WHERE status = 'late'; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; ALTER TABLE o ADD CONSTRAINT c CHECK (status <> 'late') NOT VALID; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; CREATE VIEW v AS SELECT * FROM orders WHERE status = 'late'; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; CREATE FUNCTION f() RETURNS status LANGUAGE sql AS $$ SELECT 'late'::status $$; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; DO $$ BEGIN UPDATE orders SET status = 'late' WHERE id = 1; END $$; COMMIT;",
      "DO $$ BEGIN ALTER TYPE status ADD VALUE 'late'; UPDATE orders SET status = 'late' WHERE id = 1; END $$;",
      inTransaction("ALTER TYPE status ADD VALUE 'late'; INSERT INTO orders (status) VALUES ('late');"),
      on(16, "BEGIN; CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'late'; SELECT 'late'::s; COMMIT;")
    ],
    accepts: [
      "ALTER TYPE status ADD VALUE 'late'; UPDATE orders SET status = 'late' WHERE id = 1;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; COMMIT; UPDATE orders SET status = 'late' WHERE id = 1;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; ALTER TYPE status ADD VALUE 'later' AFTER 'late'; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; COMMENT ON TYPE status IS 'late'; COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; INSERT INTO notes VALUES ('late'::text); COMMIT;",
      "BEGIN; ALTER TYPE status ADD VALUE 'late'; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 'late'::status; END $$; COMMIT;",
      on(17, "BEGIN; CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'late'; SELECT 'late'::s; COMMIT;"),
      on(11, "BEGIN; CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'late'; SELECT 'late'::s; COMMIT;")
    ]
  },
  "adding-required-field": {
    finds: [
      'ALTER TABLE "recipe" ADD COLUMN "public" boolean NOT NULL;',
      "ALTER TABLE r ADD c int DEFAULT NULL NOT NULL;"
    ],
    accepts: [
      'ALTER TABLE "recipe" ADD COLUMN "public" boolean;',
      'ALTER TABLE "recipe" ADD COLUMN "public" boolean NOT NULL DEFAULT false;',
      "ALTER TABLE recipe ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY NOT NULL;",
      "CREATE TABLE recipe (id int); ALTER TABLE recipe ADD COLUMN public boolean NOT NULL;"
    ]
  },
  "ban-duplicate-column-assignments": {
    finds: [
      "UPDATE t SET a = 1, a = 2 WHERE id = 1;",
      "CREATE TABLE t (a int, a text);",
      "CREATE VIEW v (a, a) AS SELECT 1, 2;",
      "UPDATE t SET (a, b) = (1, 2), a = 3 WHERE id = 1;",
      "UPDATE t SET a = ROW(1, 2), a.x = 1 WHERE id = 1;",
      "INSERT INTO t (a, a) VALUES (1, 2);",
      "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1, a = 2;",
      "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1, a = 2;",
      "MERGE INTO t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (a, a) VALUES (1, 2);",
      "WITH one AS (UPDATE t SET a = 1, a = 2 WHERE id = 1 RETURNING id) SELECT id FROM one;",
      "CREATE FOREIGN TABLE t (a int, a text) SERVER s;",
      "CREATE VIEW v AS SELECT 1 a, 2 a;",
      "CREATE VIEW v AS SELECT 1, 2;",
      "CREATE VIEW v AS SELECT o.id, c.id FROM orders o JOIN customers c ON c.id = o.customer;",
      "CREATE VIEW v AS SELECT count(*), count(*) FROM t;",
      "CREATE VIEW v AS SELECT a, b::text AS a FROM t UNION SELECT c, d FROM t;",
      "CREATE TABLE t (a) AS SELECT 1 b, 2 a;",
      "CREATE MATERIALIZED VIEW v AS SELECT 'x'::text, 'y'::text;",
      "SELECT 1 a, 2 a INTO t;"
    ],
    accepts: [
      "UPDATE t SET a = 1, b = 2 WHERE id = 1;",
      "UPDATE t SET a[1] = 1, a[2] = 2 WHERE id = 1;",
      "UPDATE t SET a.x = 1, a.y = 2 WHERE id = 1;",
      'UPDATE t SET a = 1, "A" = 2 WHERE id = 1;',
      "INSERT INTO t (a, b) SELECT a, a FROM s;",
      "CREATE VIEW v (a, b) AS SELECT 1, 2;",
      "CREATE VIEW v (a, b) AS SELECT 1 c, 2 c;",
      "CREATE VIEW v AS SELECT o.*, c.* FROM orders o JOIN customers c ON c.id = o.customer;",
      "CREATE VIEW v AS SELECT a, b AS c, lower(a), upper(a) FROM t;",
      "SELECT 1 a, 2 a;"
    ]
  },
  "transaction-nesting": {
    finds: [
      "BEGIN; BEGIN; SELECT 1; COMMIT;",
      "BEGIN; SELECT 1; COMMIT; COMMIT;",
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int; COMMIT;",
      inTransaction("SELECT 1; COMMIT;"),
      inTransaction("SELECT 1; ROLLBACK;"),
      inTransaction("BEGIN; SELECT 1; COMMIT;"),
      "BEGIN; DO $$ BEGIN COMMIT; END $$; COMMIT;"
    ],
    accepts: [
      "BEGIN; SELECT 1; COMMIT;",
      "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;",
      "BEGIN; SAVEPOINT a; ROLLBACK TO a; COMMIT AND CHAIN; SELECT 1; END;",
      inTransaction("SELECT 1;"),
      "DO $$ BEGIN COMMIT; END $$;"
    ]
  },
  "ban-uncommitted-transaction": {
    finds: ["BEGIN; CREATE TABLE users (id bigint);", "BEGIN; SELECT 1; COMMIT; START TRANSACTION; SELECT 2;"],
    accepts: ["BEGIN; CREATE TABLE users (id bigint); COMMIT;", "BEGIN; SELECT 1; ROLLBACK;"]
  }
}

const blocking: Readonly<Record<string, Cases>> = {
  "require-concurrent-index-creation": {
    finds: [
      'CREATE INDEX "email_idx" ON "app_user" ("email");',
      "CREATE UNIQUE INDEX title_idx ON films (title);",
      "CREATE INDEX ON films ((lower(title)));",
      'BEGIN; ALTER TABLE "users" ADD COLUMN "email" varchar(254) NULL; CREATE INDEX "user_email" ON "users" ("email"); COMMIT;',
      "CREATE TABLE some_table (title text); CREATE INDEX ON films (title);",
      "DO $$ BEGIN CREATE INDEX i ON films (title); END $$;"
    ],
    accepts: [
      'CREATE INDEX CONCURRENTLY "email_idx" ON "app_user" ("email");',
      "CREATE TABLE films (title text); CREATE INDEX ON films (lower(title));",
      "CREATE TABLE IF NOT EXISTS public.films (title text); CREATE INDEX IF NOT EXISTS i ON films (title);",
      "CREATE TABLE a (id int); ALTER TABLE a RENAME TO b; CREATE INDEX ON b (id);",
      "CREATE TABLE copied AS SELECT * FROM films; CREATE INDEX ON copied (title);"
    ]
  },
  "require-concurrent-index-deletion": {
    finds: ['DROP INDEX "app"."email_idx";', "DROP INDEX IF EXISTS a, b;"],
    accepts: [
      'DROP INDEX CONCURRENTLY "app"."email_idx";',
      "CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i;"
    ]
  },
  "require-concurrent-reindex": {
    finds: [
      "REINDEX TABLE foo;",
      "REINDEX INDEX foo_idx;",
      "REINDEX DATABASE d;",
      "REINDEX (CONCURRENTLY off) TABLE foo;"
    ],
    accepts: [
      "REINDEX TABLE CONCURRENTLY foo;",
      "REINDEX (CONCURRENTLY) INDEX foo_idx;",
      "REINDEX (VERBOSE, CONCURRENTLY true) TABLE foo;"
    ]
  },
  "require-concurrent-partition-detach": {
    finds: ["ALTER TABLE t DETACH PARTITION p;"],
    accepts: ["ALTER TABLE t DETACH PARTITION p CONCURRENTLY;", on(13, "ALTER TABLE t DETACH PARTITION p;")]
  },
  "prefer-repack": {
    finds: ["VACUUM FULL t;", "VACUUM (FULL, ANALYZE) t;", "VACUUM FULL;", "CLUSTER t USING t_pkey;"],
    accepts: ["VACUUM t;", "VACUUM (ANALYZE) t;", "VACUUM (FULL false) t;"]
  },
  "rewriting-table": {
    finds: ["ALTER TABLE t SET TABLESPACE fast;", "ALTER TABLE t SET UNLOGGED;"],
    accepts: ["ALTER TABLE t SET (fillfactor = 70);", "CREATE UNLOGGED TABLE t (a int); ALTER TABLE t SET LOGGED;"]
  },
  "require-concurrent-refresh": {
    finds: ["REFRESH MATERIALIZED VIEW v;"],
    accepts: ["REFRESH MATERIALIZED VIEW CONCURRENTLY v;", "REFRESH MATERIALIZED VIEW v WITH NO DATA;"]
  },
  "changing-column-type": {
    finds: [
      'ALTER TABLE "core_recipe" ALTER COLUMN "edits" TYPE text USING "edits"::text;',
      'ALTER TABLE "app_a" ALTER COLUMN "field" TYPE varchar(10) USING "field"::varchar(10);',
      "ALTER TABLE t ADD c varchar(20); ALTER TABLE t ALTER c TYPE varchar(10);",
      "ALTER TABLE t ADD c int; ALTER TABLE t ALTER c SET DATA TYPE bigint;",
      "ALTER TABLE t ALTER c TYPE varchar(20);",
      "ALTER TABLE t ADD c varchar(20); ALTER TABLE t ALTER c TYPE text USING lower(c);",
      "ALTER TABLE t ADD c numeric(10, 2); ALTER TABLE t ALTER c TYPE numeric(12, 4);"
    ],
    accepts: [
      "ALTER TABLE t ADD c varchar(10); ALTER TABLE t ALTER c TYPE varchar(20);",
      "ALTER TABLE t ADD c varchar(10); ALTER TABLE t ALTER c TYPE text USING c::text;",
      "ALTER TABLE t ADD c numeric(10, 2); ALTER TABLE t ALTER c TYPE numeric(12, 2);",
      "CREATE TABLE t (c int); ALTER TABLE t ALTER c TYPE bigint;"
    ]
  },
  "adding-field-with-default": {
    finds: [
      "ALTER TABLE core_recipe ADD COLUMN token uuid DEFAULT gen_random_uuid();",
      "ALTER TABLE core_recipe ADD COLUMN n float NOT NULL DEFAULT random() * 10;",
      "ALTER TABLE core_recipe ADD COLUMN at timestamptz DEFAULT clock_timestamp();",
      on(10, 'ALTER TABLE "core_recipe" ADD COLUMN "foo" integer DEFAULT 10 NOT NULL;'),
      "ALTER TABLE core_recipe ADD COLUMN n bigserial;",
      "ALTER TABLE core_recipe ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;",
      'ALTER TABLE "core_recipe" ADD COLUMN "foo" integer GENERATED ALWAYS AS ("bar" + "baz") STORED;',
      "ALTER TABLE core_recipe ADD COLUMN n int DEFAULT my_own();"
    ],
    accepts: [
      'ALTER TABLE "core_recipe" ADD COLUMN "foo" integer DEFAULT 10 NOT NULL;',
      "ALTER TABLE core_recipe ADD COLUMN at timestamptz NOT NULL DEFAULT now();",
      "ALTER TABLE core_recipe ADD COLUMN by bigint DEFAULT txid_current();",
      "ALTER TABLE core_recipe ADD COLUMN at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP;",
      "ALTER TABLE core_recipe ADD COLUMN a jsonb NOT NULL DEFAULT '{}'::jsonb;",
      on(10, "ALTER TABLE core_recipe ADD COLUMN foo integer;"),
      on(10, "ALTER TABLE core_recipe ADD COLUMN foo integer DEFAULT NULL;"),
      'ALTER TABLE "core_recipe" ADD COLUMN "foo" integer; ALTER TABLE "core_recipe" ALTER COLUMN "foo" SET DEFAULT 10;',
      "ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (a + b) VIRTUAL;"
    ]
  },
  "adding-not-nullable-field": {
    finds: [
      'ALTER TABLE "recipe" ALTER COLUMN "view_count" SET NOT NULL;',
      "ALTER TABLE foo ADD CONSTRAINT c CHECK (bar IS NOT NULL) NOT VALID; ALTER TABLE foo ALTER COLUMN bar SET NOT NULL;",
      "ALTER TABLE foo ADD CONSTRAINT c CHECK (other IS NOT NULL) NOT VALID; ALTER TABLE foo VALIDATE CONSTRAINT c; ALTER TABLE foo ALTER bar SET NOT NULL;",
      on(11, "ALTER TABLE foo VALIDATE CONSTRAINT c; ALTER TABLE foo ALTER COLUMN bar SET NOT NULL;"),
      "ALTER DOMAIN name SET NOT NULL;",
      "BEGIN; ALTER TABLE t ALTER COLUMN c SET NOT NULL; UPDATE alembic_version SET version_num = 'b' WHERE version_num = 'a'; COMMIT;"
    ],
    accepts: [
      "ALTER TABLE foo ADD CONSTRAINT c CHECK (bar IS NOT NULL) NOT VALID; ALTER TABLE foo VALIDATE CONSTRAINT c; ALTER TABLE foo ALTER bar SET NOT NULL;",
      on(16, "ALTER TABLE foo VALIDATE CONSTRAINT of_an_earlier_file; ALTER TABLE foo ALTER COLUMN bar SET NOT NULL;"),
      'ALTER TABLE "core_recipe" ADD COLUMN "foo" integer DEFAULT 10 NOT NULL;',
      "ALTER TABLE foo ALTER COLUMN bar DROP NOT NULL;"
    ]
  },
  "constraint-missing-not-valid": {
    finds: [
      'ALTER TABLE "accounts" ADD CONSTRAINT "positive_balance" CHECK ("balance" >= 0);',
      "ALTER TABLE accounts ADD COLUMN n int CHECK (n > 0);",
      "BEGIN; ALTER TABLE a ADD CONSTRAINT c CHECK (n > 0) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT c; COMMIT;",
      "BEGIN; ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (u) REFERENCES users (id) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT f; COMMIT;",
      "ALTER TABLE a ADD CONSTRAINT n NOT NULL c;"
    ],
    accepts: [
      'ALTER TABLE "accounts" ADD CONSTRAINT "positive_balance" CHECK ("balance" >= 0) NOT VALID; ALTER TABLE accounts VALIDATE CONSTRAINT positive_balance;',
      'BEGIN; CREATE TABLE "core_foo" (age int); ALTER TABLE "core_foo" ADD CONSTRAINT "age" CHECK ("age" >= 25); COMMIT;',
      "ALTER TABLE app_email ADD CONSTRAINT u UNIQUE USING INDEX email_idx;",
      "ALTER TABLE a ADD CONSTRAINT n NOT NULL c NOT VALID;"
    ]
  },
  "ban-alter-domain-with-add-constraint": {
    finds: ["ALTER DOMAIN positive ADD CONSTRAINT c CHECK (VALUE > 0);"],
    accepts: [
      "ALTER DOMAIN positive ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID;",
      "ALTER DOMAIN positive SET DEFAULT 1;",
      "ALTER DOMAIN positive SET NOT NULL;",
      "ALTER DOMAIN positive VALIDATE CONSTRAINT c;"
    ]
  },
  "adding-foreign-key-constraint": {
    finds: [
      'ALTER TABLE "email" ADD CONSTRAINT "fk_user" FOREIGN KEY ("user_id") REFERENCES "user" ("id");',
      'BEGIN; ALTER TABLE "emails" ADD COLUMN "user_id" INT REFERENCES "user" ("id"); COMMIT;',
      'ALTER TABLE "a" ADD CONSTRAINT "k" FOREIGN KEY ("b_id") REFERENCES "b" ("id") DEFERRABLE INITIALLY DEFERRED;'
    ],
    accepts: [
      'ALTER TABLE "email" ADD CONSTRAINT "fk_user" FOREIGN KEY ("user_id") REFERENCES "user" ("id") NOT VALID; ALTER TABLE "email" VALIDATE CONSTRAINT "fk_user";',
      'CREATE TABLE email (id bigint, user_id bigint, CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES "user" (id));',
      "CREATE TABLE emails (user_id uuid); ALTER TABLE emails ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id);"
    ]
  },
  "disallowed-unique-constraint": {
    finds: [
      "ALTER TABLE distributors ADD CONSTRAINT dist_id_uniq UNIQUE (dist_id);",
      "ALTER TABLE distributors ADD COLUMN dist_id text CONSTRAINT dist_id_uniq UNIQUE;"
    ],
    accepts: [
      "CREATE UNIQUE INDEX CONCURRENTLY u ON distributors (dist_id); ALTER TABLE distributors ADD CONSTRAINT k UNIQUE USING INDEX u;",
      "CREATE TABLE distributors (dist_id text UNIQUE);",
      "ALTER TABLE distributors DROP CONSTRAINT dist_id_uniq;"
    ]
  },
  "adding-serial-primary-key-field": {
    finds: ["ALTER TABLE account ADD PRIMARY KEY (id);", "ALTER TABLE account ADD COLUMN id bigserial PRIMARY KEY;"],
    accepts: [
      "CREATE UNIQUE INDEX CONCURRENTLY i ON account (id); ALTER TABLE account ADD CONSTRAINT account_pk PRIMARY KEY USING INDEX i;",
      "CREATE TABLE account (id bigint PRIMARY KEY);"
    ]
  },
  "adding-exclusion-constraint": {
    finds: ["ALTER TABLE rooms ADD CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&);"],
    accepts: ["CREATE TABLE rooms (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&));"]
  },
  "backfill-in-ddl-transaction": {
    finds: [
      "BEGIN; ALTER TABLE t ADD c int; UPDATE t SET c = 1; COMMIT;",
      "BEGIN; ALTER TABLE t ADD c int; UPDATE t SET c = 1 WHERE c IS NULL; COMMIT;",
      "BEGIN; ALTER TABLE t ALTER c SET DEFAULT 42; UPDATE t SET c = 42 WHERE c IS NULL; ALTER TABLE t ALTER c SET NOT NULL; COMMIT;",
      "BEGIN; ALTER TABLE t ADD c text; UPDATE t SET c = name WHERE c = '' OR c IS NULL; COMMIT;",
      "BEGIN; ALTER TABLE p ADD files jsonb; UPDATE p SET files = to_jsonb(file) WHERE file IS NOT NULL AND file != ''; COMMIT;",
      "BEGIN; ALTER TABLE o ADD c int; UPDATE o SET c = u.x FROM users u WHERE u.id = o.user_id; COMMIT;",
      "DO $$ BEGIN ALTER TABLE t ADD c int; UPDATE t SET c = 1; END $$;"
    ],
    accepts: [
      "ALTER TABLE t ADD c int; UPDATE t SET c = 1 WHERE c IS NULL;",
      "BEGIN; ALTER TABLE t ADD c int; COMMIT; BEGIN; UPDATE t SET c = 1 WHERE id BETWEEN 1 AND 1000; COMMIT;",
      "BEGIN; ALTER TABLE t ADD c int; UPDATE t SET c = 1 WHERE id = 7; COMMIT;",
      "BEGIN; ALTER TABLE o ADD c int; UPDATE o SET c = u.x FROM users u WHERE u.id = o.user_id AND o.id = 7; COMMIT;",
      "BEGIN; ALTER TABLE o ADD c int; UPDATE o SET d = 1 WHERE a = b; COMMIT;",
      "BEGIN; CREATE TABLE t (c int); ALTER TABLE t ADD d int; UPDATE t SET d = 1; COMMIT;"
    ]
  },
  "update-without-where": {
    finds: ["UPDATE t SET c = 1;"],
    accepts: [
      "UPDATE t SET c = 1 WHERE c IS NULL;",
      "UPDATE t SET c = 1 WHERE true;",
      "CREATE TABLE t (c int); UPDATE t SET c = 1;"
    ]
  }
}

const breaking: Readonly<Record<string, Cases>> = {
  "renaming-column": {
    finds: ['ALTER TABLE "table_name" RENAME COLUMN "a" TO "b";', "ALTER TABLE t RENAME a TO b;"],
    accepts: ["CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b;", "ALTER TABLE t RENAME CONSTRAINT a TO b;"]
  },
  "renaming-table": {
    finds: [
      'ALTER TABLE "app_a" RENAME TO "app_b";',
      "ALTER TABLE t SET SCHEMA archive;",
      "ALTER SCHEMA app RENAME TO old;",
      "ALTER VIEW v RENAME TO w;"
    ],
    accepts: [
      "CREATE TABLE a (id int); ALTER TABLE a RENAME TO b;",
      "BEGIN; ALTER TABLE user_stars RENAME TO user_favorites; CREATE VIEW user_stars AS SELECT * FROM user_favorites; COMMIT;",
      "ALTER INDEX a RENAME TO b;",
      "ALTER SCHEMA app OWNER TO shop;"
    ]
  },
  "renaming-enum-label": {
    finds: ["ALTER TYPE status RENAME VALUE 'open' TO 'opened';"],
    accepts: [
      "ALTER TYPE status ADD VALUE IF NOT EXISTS 'opened' AFTER 'open';",
      "CREATE TYPE s AS ENUM ('a'); ALTER TYPE s RENAME VALUE 'a' TO 'b';",
      "ALTER TYPE status RENAME TO old_status;"
    ]
  },
  "dropped-default": {
    finds: [
      "BEGIN; ALTER TABLE a ADD COLUMN n integer DEFAULT 1 NOT NULL; ALTER TABLE a ALTER COLUMN n DROP DEFAULT; COMMIT;",
      "ALTER TABLE a ALTER col SET DEFAULT 'empty'; UPDATE a SET col = 'empty' WHERE col IS NULL; ALTER TABLE a ALTER col SET NOT NULL; ALTER TABLE a ALTER col DROP DEFAULT;"
    ],
    accepts: [
      "ALTER TABLE a ADD COLUMN n integer DEFAULT (pi()) NOT NULL;",
      "ALTER TABLE a ADD COLUMN n integer DEFAULT 1 NOT NULL; ALTER TABLE a ALTER COLUMN n DROP DEFAULT; ALTER TABLE a ALTER COLUMN n SET DEFAULT '1';",
      "ALTER TABLE a ADD COLUMN n integer DEFAULT 1; ALTER TABLE a ALTER COLUMN n DROP DEFAULT;",
      "CREATE TABLE a (n int DEFAULT 1 NOT NULL); ALTER TABLE a ALTER COLUMN n DROP DEFAULT;",
      "ALTER TABLE a ALTER COLUMN n DROP DEFAULT;"
    ]
  },
  "ban-drop-not-null": {
    finds: ["ALTER TABLE a ALTER COLUMN n DROP NOT NULL;"],
    accepts: [
      "ALTER TABLE a ALTER COLUMN n SET NOT NULL;",
      "CREATE TABLE a (n int NOT NULL); ALTER TABLE a ALTER n DROP NOT NULL;"
    ]
  }
}

const losing: Readonly<Record<string, Cases>> = {
  "ban-drop-column": {
    finds: ['ALTER TABLE "bar_tbl" DROP COLUMN "foo_col" CASCADE;', "ALTER TABLE t DROP c;"],
    accepts: ["ALTER TABLE t DROP CONSTRAINT c;", "CREATE TABLE t (a int, b int); ALTER TABLE t DROP b;"]
  },
  "ban-drop-table": {
    finds: ['DROP TABLE "table_name";', "DROP TABLE IF EXISTS a, b;", "DROP OWNED BY shop;"],
    accepts: [
      "CREATE TABLE staging (a int); DROP TABLE staging;",
      "DROP VIEW v;",
      "DROP INDEX CONCURRENTLY i;",
      "REASSIGN OWNED BY a TO b;"
    ]
  },
  "ban-drop-schema": { finds: ["DROP SCHEMA app CASCADE;"], accepts: ["CREATE SCHEMA app;", "DROP TABLE app.t;"] },
  "ban-drop-database": {
    finds: ['DROP DATABASE "table_name";', "DROP DATABASE IF EXISTS d;"],
    accepts: ["CREATE DATABASE d;"]
  },
  "drop-cascade": {
    finds: [
      "DROP TABLE a CASCADE;",
      "DROP TYPE status CASCADE;",
      "ALTER TABLE t DROP CONSTRAINT c CASCADE;",
      "DROP OWNED BY shop CASCADE;"
    ],
    accepts: [
      "DROP TABLE a;",
      "DROP TYPE status RESTRICT;",
      "DROP OWNED BY shop;",
      "CREATE TABLE a (id int); DROP TABLE a CASCADE;"
    ]
  },
  "hidden-delete": {
    finds: [
      "DO $$ BEGIN DELETE FROM orders WHERE id < 5; END $$;",
      "DO $$ BEGIN EXECUTE 'TRUNCATE orders'; END $$;",
      "DO $$ DECLARE t text := 'orders'; BEGIN EXECUTE format('DELETE FROM %I', t); END $$;",
      "DO $$ BEGIN EXECUTE 'delete ' || 'from ' || 'orders where false; delete from ' || 'x'; END $$;",
      "WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone;",
      "WITH gone AS (DELETE FROM orders RETURNING *) INSERT INTO archive SELECT * FROM gone;",
      "COPY (DELETE FROM orders RETURNING *) TO stdout;",
      "MERGE INTO orders USING s ON s.id = orders.id WHEN MATCHED THEN DELETE;",
      "DELETE FROM orders WHERE code IS NULL; CREATE UNIQUE INDEX CONCURRENTLY i ON orders (code);",
      "ALTER TABLE c ADD COLUMN IF NOT EXISTS n int; DELETE FROM categories WHERE location_id IS NULL; ALTER TABLE c ALTER n SET NOT NULL;"
    ],
    accepts: [
      "DELETE FROM orders WHERE id = 1;",
      "MERGE INTO orders USING s ON s.id = orders.id WHEN MATCHED THEN UPDATE SET note = s.note;",
      "DO $$ BEGIN UPDATE orders SET note = 'DELETE FROM x' WHERE id = 1; END $$;",
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; END $$;",
      "CREATE TABLE t (a int); DELETE FROM t WHERE a = 1;",
      "WITH found AS (SELECT * FROM orders) SELECT * FROM found;"
    ]
  },
  "delete-without-where": {
    finds: ["DELETE FROM orders;", "TRUNCATE a, b;"],
    accepts: ["DELETE FROM orders WHERE id = 1;", "CREATE TABLE a (n int); TRUNCATE a;"]
  },
  "ban-truncate-cascade": { finds: ["TRUNCATE a CASCADE;"], accepts: ["TRUNCATE a, b;", "TRUNCATE a RESTRICT;"] }
}

const careless: Readonly<Record<string, Cases>> = {
  "guard-is-null": {
    finds: [
      "DO $$ BEGIN IF current_setting('my.confirm', true) != 'YES' THEN RAISE EXCEPTION 'not confirmed'; END IF; DROP TABLE t; END $$;",
      "DO $$ BEGIN IF (SELECT version FROM meta WHERE name = 'app') <> '3' THEN RAISE EXCEPTION 'wrong'; END IF; END $$;",
      "DO $$ BEGIN IF (SELECT sum(n) FROM t) > 0 THEN RAISE EXCEPTION 'there are rows'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN SELECT version INTO v FROM meta WHERE id = 1; IF v <> '3' THEN RAISE EXCEPTION 'wrong'; END IF; END $$;",
      "DO $$ DECLARE v boolean; BEGIN SELECT done INTO v FROM meta WHERE id = 1; IF NOT v THEN RETURN; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('my.confirm', true) = '' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('my.confirm', true)::boolean = false THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF NOT (1 = 1 AND current_setting('my.confirm', true) = 'YES') THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE v text := current_setting('my.confirm', true); BEGIN IF v <> 'YES' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN v := current_setting('my.confirm', true); IF lower(v) <> 'yes' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE n int; v text; BEGIN SELECT count(*), max(name) INTO n, v FROM meta; IF v <> '3' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE confirmed boolean; BEGIN IF NOT confirmed THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('my.confirm', true) NOT IN ('YES', 'y') THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('my.confirm', true) NOT LIKE 'YES%' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN v := nullif(current_setting('a.b'), ''); IF v <> 'YES' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "UPDATE t SET a = 1 WHERE b = NULL;",
      "DELETE FROM t WHERE NOT id = ANY(NULL);",
      "DELETE FROM t WHERE id NOT IN (1, NULL);",
      "DELETE FROM t WHERE id NOT IN (SELECT owner FROM other);",
      "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> NULL) NOT VALID;"
    ],
    accepts: [
      "DO $$ BEGIN IF current_setting('my.confirm', true) IS DISTINCT FROM 'YES' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF coalesce(current_setting('my.confirm', true), '') <> 'YES' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN ASSERT current_setting('my.confirm', true) = 'YES', 'ASSERT stops at NULL, too'; END $$;",
      "DO $$ BEGIN IF current_setting('a.b') NOT LIKE 'YES%' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('server_version_num')::int < 120000 THEN RAISE EXCEPTION 'old'; END IF; END $$;",
      "DO $$ BEGIN IF (SELECT version FROM meta) = '3' THEN RAISE EXCEPTION 'done already'; END IF; END $$;",
      "DO $$ BEGIN IF current_setting('my.skip', true) IN ('YES', 'y') THEN RETURN; END IF; END $$;",
      "DO $$ BEGIN IF (SELECT count(*) FROM t) > 0 THEN RAISE EXCEPTION 'there are rows'; END IF; END $$;",
      "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM t) THEN RAISE EXCEPTION 'no rows'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN SELECT version INTO STRICT v FROM meta; IF v <> '3' THEN RAISE EXCEPTION 'wrong'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN SELECT version INTO v FROM meta; IF v IS NULL OR v <> '3' THEN RAISE EXCEPTION 'wrong'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN SELECT version INTO v FROM meta; IF NOT FOUND THEN RAISE EXCEPTION 'none'; END IF; IF v <> '3' THEN RAISE EXCEPTION 'wrong'; END IF; END $$;",
      "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM t; IF n > 0 THEN RAISE EXCEPTION 'rows'; END IF; END $$;",
      "DO $$ DECLARE n int; v text; BEGIN SELECT count(*), max(name) INTO n, v FROM meta; IF n <> 3 THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN SELECT a INTO v FROM t; IF v IS NULL THEN v := 'x'; END IF; IF v <> 'x' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE v text; BEGIN v := 'x'; IF v <> 'x' THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE n int; BEGIN UPDATE t SET a = 1 WHERE a = 2; GET DIAGNOSTICS n = ROW_COUNT; IF n <> 3 THEN RAISE EXCEPTION 'no'; END IF; END $$;",
      "DO $$ DECLARE r record; BEGIN FOR r IN SELECT a FROM t LOOP IF r.a <> 3 THEN RAISE EXCEPTION 'no'; END IF; END LOOP; END $$;",
      "DO $$ BEGIN IF (SELECT x FROM t LIMIT 1) = 'y' THEN UPDATE t SET x = 'z' WHERE x = 'y'; END IF; END $$;",
      "UPDATE t SET a = NULL WHERE b IS NULL;",
      "DELETE FROM t WHERE id NOT IN (SELECT owner FROM other WHERE owner IS NOT NULL);",
      "CREATE TABLE other (id int PRIMARY KEY); DELETE FROM t WHERE id NOT IN (SELECT id FROM other);",
      "DELETE FROM t WHERE id IN (1, NULL);"
    ]
  },
  "or-and-precedence": {
    finds: [
      "UPDATE t SET a = 1 WHERE b = 1 OR c = 2 AND a IS NULL;",
      "DELETE FROM t WHERE a = 1 AND b = 2 OR c = 3;",
      "INSERT INTO t (a) SELECT a FROM s WHERE (a = 1 AND b = 2) OR (a = 2 AND b = 3) AND NOT EXISTS (SELECT 1 FROM t WHERE t.a = s.a);",
      "DO $$ BEGIN DELETE FROM t WHERE a = 1 OR b = 2 AND c = 3; END $$;",
      "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM s WHERE x OR y AND z);"
    ],
    accepts: [
      "UPDATE t SET a = 1 WHERE (b = 1 OR c = 2) AND a IS NULL;",
      "DELETE FROM t WHERE (a = 1 AND b = 2) OR c = 3;",
      "DELETE FROM t WHERE a BETWEEN 1 AND 5 OR c = 3;",
      "DELETE FROM t WHERE a = 1 AND note = 'x OR y';",
      "SELECT * FROM t WHERE a = 1 OR b = 2 AND c = 3;",
      "UPDATE t SET a = CASE WHEN b = 1 OR c = 2 THEN 1 ELSE 2 END WHERE d = 1 AND e = 2;",
      "UPDATE t SET a = 1 FROM s LEFT JOIN u ON s.id = u.id AND u.x = 1 WHERE s.a = 1 OR s.b = 2;"
    ]
  },
  "disabled-triggers": {
    finds: ["SET session_replication_role = replica;", "ALTER TABLE t DISABLE TRIGGER ALL;"],
    accepts: [
      "SET session_replication_role = DEFAULT;",
      "ALTER TABLE t DISABLE TRIGGER audit;",
      "SET lock_timeout = '2s';"
    ]
  },
  "writing-system-catalog": {
    finds: [
      "DELETE FROM pg_enum WHERE enumlabel = 'late';",
      "UPDATE pg_catalog.pg_attribute SET attnotnull = true WHERE attname = 'c';"
    ],
    accepts: ["SELECT * FROM pg_enum;", "UPDATE pg_temp_data SET a = 1 WHERE id = 1;"]
  },
  "swallowed-exception": {
    finds: [
      "DO $$ BEGIN ALTER TABLE t ADD c int; EXCEPTION WHEN OTHERS THEN NULL; END $$;",
      "DO $$ BEGIN ALTER TABLE t ADD c int; EXCEPTION when others then RAISE NOTICE 'there already'; END $$;"
    ],
    accepts: [
      "DO $$ BEGIN ALTER TABLE t ADD c int; EXCEPTION WHEN duplicate_column THEN NULL; END $$;",
      "DO $$ BEGIN ALTER TABLE t ADD c int; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'x'; RAISE; END $$;"
    ]
  },
  "identifier-too-long": {
    finds: [
      `CREATE TABLE ${"table_very_long_".repeat(5)} (id int);`,
      `ALTER TABLE t ADD COLUMN "${"é".repeat(32)}" int;`
    ],
    accepts: ["CREATE TABLE a_shorter_table_name (id int);", `COMMENT ON TABLE t IS '${"long ".repeat(30)}';`]
  },
  "invalid-index-left-behind": {
    finds: ['CREATE INDEX CONCURRENTLY IF NOT EXISTS "email_idx" ON "app_user" ("email");'],
    accepts: [
      "DROP INDEX CONCURRENTLY IF EXISTS email_idx; CREATE INDEX CONCURRENTLY IF NOT EXISTS email_idx ON app_user (email);",
      "CREATE INDEX CONCURRENTLY email_idx ON app_user (email);",
      "CREATE INDEX IF NOT EXISTS email_idx ON app_user (email);"
    ]
  },
  "enum-label-without-if-not-exists": {
    finds: ["ALTER TYPE status ADD VALUE 'late' AFTER 'open';"],
    accepts: [
      "ALTER TYPE status ADD VALUE IF NOT EXISTS 'late' AFTER 'open';",
      "CREATE TYPE s AS ENUM ('a'); ALTER TYPE s ADD VALUE 'b';",
      "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_enum WHERE enumlabel = 'late') THEN ALTER TYPE status ADD VALUE 'late'; END IF; END $$;"
    ]
  },
  "prefer-robust-stmts": {
    finds: [
      'SELECT 1; ALTER TABLE "core_foo" ADD COLUMN "answer_id" integer NULL;',
      'SELECT 1; CREATE INDEX CONCURRENTLY "core_foo_idx" ON "core_foo" ("answer_id");',
      'SELECT 1; CREATE TABLE "core_bar" ("id" serial NOT NULL PRIMARY KEY);',
      'SELECT 1; ALTER TABLE "core_foo" DROP CONSTRAINT "core_foo_idx";',
      "SELECT 1; ALTER TABLE t DROP COLUMN c CASCADE;",
      'SELECT 1; DROP INDEX CONCURRENTLY "email_idx";',
      "ALTER TABLE a DROP CONSTRAINT IF EXISTS u; ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i; ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i;"
    ],
    accepts: [
      'BEGIN; ALTER TABLE "core_foo" ADD COLUMN "answer_id" integer NULL; COMMIT;',
      'ALTER TABLE "core_foo" ADD COLUMN "answer_id" integer NULL;',
      'SELECT 1; ALTER TABLE "core_foo" ADD COLUMN IF NOT EXISTS "answer_id" integer NULL;',
      'SELECT 1; CREATE INDEX CONCURRENTLY IF NOT EXISTS "core_foo_idx" ON "core_foo" ("answer_id");',
      "SELECT 1; CREATE INDEX CONCURRENTLY ON table_name (field_name);",
      'ALTER TABLE "e" DROP CONSTRAINT IF EXISTS "u"; ALTER TABLE "e" ADD CONSTRAINT "u" UNIQUE USING INDEX "i";',
      "SELECT 1; CREATE TEMP TABLE test_table (id int) ON COMMIT DROP;",
      inTransaction("SELECT 1; DROP TABLE core_bar;"),
      "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ON t (a);"
    ]
  }
}

const regretted: Readonly<Record<string, Cases>> = {
  "missing-foreign-key-index": {
    finds: [
      "CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint REFERENCES customers);",
      "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers NOT VALID;",
      "CREATE TABLE o (a int, b int, FOREIGN KEY (a, b) REFERENCES c); CREATE INDEX ON o (a);",
      "CREATE TABLE o (a int REFERENCES c); CREATE INDEX ON o (a) WHERE a > 5;"
    ],
    accepts: [
      "CREATE TABLE orders (customer bigint REFERENCES customers); CREATE INDEX ON orders (customer);",
      "CREATE TABLE o (a int, b int, FOREIGN KEY (a, b) REFERENCES c); CREATE INDEX ON o (b, a, id);",
      "CREATE TABLE orders (customer bigint PRIMARY KEY REFERENCES customers);",
      "CREATE TABLE o (a int REFERENCES c, b int, UNIQUE (a, b));",
      "CREATE INDEX CONCURRENTLY i ON orders (customer); ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers NOT VALID;"
    ]
  },
  "require-enum-value-ordering": {
    finds: ["ALTER TYPE status ADD VALUE 'pending_review';"],
    accepts: [
      "ALTER TYPE status ADD VALUE 'pending_review' BEFORE 'approved';",
      "ALTER TYPE status ADD VALUE 'p' AFTER 'submitted';"
    ]
  },
  "ban-create-domain-with-constraint": {
    finds: ["CREATE DOMAIN positive AS int CHECK (VALUE > 0);", "CREATE DOMAIN name AS text NOT NULL;"],
    accepts: ["CREATE DOMAIN positive AS int;"]
  },
  "prefer-jsonb": {
    finds: ["CREATE TABLE t (a json);", "ALTER TABLE t ADD COLUMN files JSON;"],
    accepts: ["CREATE TABLE t (a jsonb, json text);", "ALTER TABLE t ADD COLUMN files jsonb;"]
  },
  "ban-char-field": {
    finds: ['CREATE TABLE "app_user" ("name" char(100) NOT NULL);', 'CREATE TABLE u ("email" character NOT NULL);'],
    accepts: ['CREATE TABLE "app_user" ("name" varchar(100) NOT NULL, "email" TEXT NOT NULL);']
  },
  "prefer-timestamptz": {
    finds: [
      "CREATE TABLE app.users (created_ts timestamp, modified_ts timestamp without time zone);",
      "ALTER TABLE app.users ALTER COLUMN created_ts TYPE timestamp;"
    ],
    accepts: ["CREATE TABLE app.users (created_ts timestamptz, modified_ts timestamp with time zone);"]
  },
  "prefer-identity": {
    finds: ["CREATE TABLE app.users (id bigserial);"],
    accepts: ["CREATE TABLE app.users (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);"]
  },
  "prefer-bigint-over-int": {
    finds: [
      "CREATE TABLE posts (id serial PRIMARY KEY);",
      "CREATE TABLE posts (id int PRIMARY KEY);",
      "CREATE TABLE p (id smallint PRIMARY KEY);"
    ],
    accepts: [
      "CREATE TABLE posts (id bigserial PRIMARY KEY, likes int);",
      "CREATE TABLE posts (id bigint PRIMARY KEY);"
    ]
  },
  "bad-ignore": {
    finds: [
      "-- shipshape-ignore ban-drop-table\nDROP TABLE t;",
      "-- shipshape-ignore ban-drop-tables: it is empty\nDROP TABLE t;",
      "-- shipshape-ignore ban-drop-table: it is empty\nSELECT 1;",
      "-- shipshape-ignore: all of it\nDROP TABLE t;",
      "-- squawk-ignore ban-drop-column\nDROP TABLE t;"
    ],
    accepts: [
      "-- shipshape-ignore ban-drop-table: nobody has used it since May\nDROP TABLE t;",
      "-- squawk-ignore ban-drop-table\nDROP TABLE t;",
      "-- ignore this\nDROP TABLE t;"
    ]
  }
}

export const cases: Readonly<Record<string, Cases>> = {
  ...failing,
  ...blocking,
  ...breaking,
  ...losing,
  ...careless,
  ...regretted
}
