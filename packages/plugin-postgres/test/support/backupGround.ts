/** A real server with backups, and what tests need to try them. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Look } from "@shipshape/core"
import { PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type pg from "pg"
import { afterAll } from "vitest"
import type { Services } from "./laws.ts"

/** A real server, and the plugin that talks to it. */
export interface Ground {
  /** Connected as the superuser, or as another user. */
  readonly layerOn: (database: string, user?: string) => Layer.Layer<Services>
  readonly sql: (database: string, text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>
  readonly session: (database: string) => Promise<pg.Client>
  readonly createDatabase: () => Promise<string>
}

export const control = PostgresControl.PostgresControl

/** All kinds of things that a dump may change the words of, or leave out. */
const everything = `
CREATE TYPE status AS ENUM ('draft', 'final');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 99);
CREATE TABLE documents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status status NOT NULL DEFAULT 'draft', title short,
  kind varchar(9) DEFAULT 'a' CHECK (kind IN ('a', 'it''s', 'c')), tags text[] DEFAULT '{}', n numeric(9, 2) GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE "Odd ""Name" (id int PRIMARY KEY, document bigint REFERENCES documents ON DELETE CASCADE DEFERRABLE);
CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parent (id int); CREATE TABLE child (more text) INHERITS (parent);
CREATE UNLOGGED TABLE unlogged (id int);
CREATE INDEX partial ON documents (lower(title)) WHERE kind IN ('a', 'c') AND status = ANY ('{draft,final}');
CREATE VIEW drafts AS SELECT d.*, count(*) OVER () FROM documents d WHERE status = 'draft' AND kind IN ('a', 'c') AND id BETWEEN 1 AND 99;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM documents;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
-- SET nothing
RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON documents FOR EACH ROW WHEN (OLD.kind IN ('a', 'c')) EXECUTE FUNCTION touch();
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON documents USING (kind IN ('a', 'c'));
COMMENT ON TABLE documents IS 'one; two -- three';
CREATE SCHEMA "Other"; CREATE TABLE "Other".documents (id int);
CREATE PUBLICATION all_of_it FOR TABLE documents;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Other" GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT, INSERT ON documents TO PUBLIC; GRANT SELECT ON documents TO pg_monitor WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC;
INSERT INTO documents (title) SELECT md5(n::text) FROM generate_series(1, 500) n;
INSERT INTO parted SELECT n, '2025-02-03' FROM generate_series(1, 7) n;
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'x'), (3, 'y');
SELECT lo_create(0);`

export const rowsOfEverything = {
  '"Other".documents': 0,
  "large objects": 1,
  'public."Odd ""Name"': 0,
  "public.child": 2,
  "public.documents": 500,
  "public.parent": 1,
  "public.parted_1": 7,
  "public.unlogged": 0
}

/** All folders of a test file are below one. */
const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-backups-"))

afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

/** A folder for backups that is not there yet. */
export const folder = () => path.join(fs.mkdtempSync(path.join(root, "b-")), "backups")

export const take = (directory: string, options: Partial<PostgresControl.NewBackup> = {}) =>
  Effect.flatMap(control, (c) => c.backup({ directory, keep: 14, drill: false, ...options }))

export const newest = (directory: string) =>
  Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.newestBackup({ directory })).pipe(
    Effect.provideService(Look.Current, Look.make())
  )

/** What scenarios do beside the plugin. */
export interface Tools {
  /** Runs SQL beside what is tested. */
  readonly query: (database: string, text: string, values?: ReadonlyArray<unknown>) => Effect.Effect<pg.QueryResult>
  readonly count: (database: string, table: string) => Effect.Effect<number>
  /** The names of the server's databases. */
  readonly databases: Effect.Effect<ReadonlyArray<string>>
  /** Those that drills and restores make. */
  readonly scratches: Effect.Effect<ReadonlyArray<string>>
  /** A new database with all kinds of things in it. */
  readonly filled: Effect.Effect<string>
  /** Runs an effect with the plugin on a database. */
  readonly on: <A, E>(database: string, effect: Effect.Effect<A, E, Services>) => Effect.Effect<A, E>
}

export const toolsOf = (ground: Ground): Tools => {
  const query: Tools["query"] = (database, text, values) => Effect.promise(() => ground.sql(database, text, values))
  const databases = Effect.map(query("postgres", "SELECT datname FROM pg_database ORDER BY 1"), ({ rows }) =>
    rows.map(({ datname }) => String(datname))
  )
  return {
    query,
    count: (database, table) =>
      Effect.map(query(database, `SELECT count(*)::int AS n FROM ${table}`), ({ rows }): number => rows[0].n),
    databases,
    scratches: Effect.map(databases, (all) => all.filter((name) => name.startsWith("shipshape_"))),
    filled: Effect.tap(Effect.promise(ground.createDatabase), (database) => query(database, everything)),
    on: (database, effect) => Effect.provide(effect, ground.layerOn(database))
  }
}
