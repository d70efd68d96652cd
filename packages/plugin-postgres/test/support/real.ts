/** A real database as the ground of the laws. */
import type { Plugin } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import pg from "pg"
import type { Ground, Services } from "./laws.ts"

export type Sql = (text: string, values?: ReadonlyArray<unknown>) => Promise<pg.QueryResult>

/** The layer that a deployment would build of a plugin. */
export const layerOf = <E, R>(plugin: Plugin.Plugin<Services, E, R>): Layer.Layer<Services, E, R> =>
  Result.getOrThrow(plugin.layer(new Map()))

const everything = `SELECT
  (SELECT json_agg(json_build_array(extname, extversion) ORDER BY extname) FROM pg_extension) AS extensions,
  (SELECT json_agg(json_build_array(t.typname, e.enumlabel) ORDER BY t.typname, e.enumsortorder)
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid) AS enums,
  (SELECT json_agg(json_build_array(table_name, column_name, data_type, character_maximum_length, is_nullable, column_default)
    ORDER BY table_name, ordinal_position) FROM information_schema.columns WHERE table_schema = 'public') AS columns,
  (SELECT json_agg(json_build_array(conrelid::regclass::text, conname, pg_get_constraintdef(oid)) ORDER BY conrelid, conname)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace) AS constraints,
  (SELECT json_agg(json_build_array(pg_get_indexdef(indexrelid), indisvalid) ORDER BY 1)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace) AS indexes`

const quoted = pg.escapeIdentifier

export const groundOf = (sql: Sql, layer: Layer.Layer<Services, unknown>): Ground => {
  const run = (text: string, values?: ReadonlyArray<unknown>) => Effect.promise(() => sql(text, values))
  const change = (text: string) => Effect.asVoid(run(text))
  return {
    layer,
    see: Effect.gen(function* () {
      const { rows } = yield* run(everything)
      const settings = yield* run("SELECT to_regclass('public.settings') IS NOT NULL AS there")
      return settings.rows[0].there ? [rows, (yield* run("SELECT * FROM settings ORDER BY name")).rows] : [rows]
    }),
    createExtension: (name, version) =>
      change(`CREATE EXTENSION ${quoted(name)}${version === undefined ? "" : ` VERSION ${pg.escapeLiteral(version)}`}`),
    dropExtension: (name) => change(`DROP EXTENSION ${quoted(name)}`),
    createEnum: (name, labels) =>
      change(`CREATE TYPE ${quoted(name)} AS ENUM (${labels.map(pg.escapeLiteral).join(", ")})`),
    dropEnum: (name) => change(`DROP TYPE ${quoted(name)}`),
    labels: (name) =>
      Effect.map(
        run(
          "SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = $1",
          [name]
        ),
        ({ rows }) => rows[0].labels ?? undefined
      ),
    createTable: (name) => change(`CREATE TABLE ${quoted(name)} (name text PRIMARY KEY)`),
    insertRow: (table, column) =>
      change(
        column === undefined
          ? `INSERT INTO ${quoted(table)} (name) VALUES (gen_random_uuid())`
          : `INSERT INTO ${quoted(table)} (name, ${quoted(column)}) VALUES (gen_random_uuid(), 'a value')`
      ),
    dropColumn: (table, column) => change(`ALTER TABLE ${quoted(table)} DROP COLUMN ${quoted(column)}`),
    dropConstraint: (table, name) => change(`ALTER TABLE ${quoted(table)} DROP CONSTRAINT ${quoted(name)}`),
    dropIndex: (_, name) => change(`DROP INDEX ${quoted(name)}`),
    spoilIndex: (_, name) =>
      Effect.asVoid(
        run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT oid FROM pg_class WHERE relname = $1)", [
          name
        ])
      ),
    emptyTable: (name) => change(`TRUNCATE ${quoted(name)}`)
  }
}
