/** All that checks ask of the catalog, as one statement. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ColumnQuestion, QualifiedName, ServerFacts } from "../PostgresProbe.ts"
import type { Statement } from "./connect.ts"

/** What is asked; the answers come in the same order. */
export interface Questions {
  readonly extensions: ReadonlyArray<string>
  /** Extensions, of which it is asked what they need. */
  readonly needs: ReadonlyArray<string>
  readonly enums: ReadonlyArray<QualifiedName>
  readonly columns: ReadonlyArray<ColumnQuestion>
}

// The names are values of a parameter, never a part of the statement.
const text = `SELECT
  jsonb_build_object(
    'version', current_setting('server_version'),
    'versionNumber', current_setting('server_version_num')::int,
    'database', current_database(),
    'user', current_user,
    'isSuperuser', (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
    'mayCreate', has_database_privilege(current_database(), 'CREATE')
  ) AS server,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
      'installed', installed.extversion,
      'schema', namespace.nspname,
      'available', available.default_version,
      'versions', (SELECT jsonb_agg(v.version) FROM pg_available_extension_versions v WHERE v.name = asked.name),
      'needsSuperuser', (SELECT v.superuser AND NOT v.trusted FROM pg_available_extension_versions v
        WHERE v.name = asked.name AND v.version = available.default_version)
    ) ORDER BY asked.place), '[]')
    FROM jsonb_array_elements_text($1::jsonb -> 'extensions') WITH ORDINALITY AS asked (name, place)
    LEFT JOIN pg_extension installed ON installed.extname = asked.name
    LEFT JOIN pg_namespace namespace ON namespace.oid = installed.extnamespace
    LEFT JOIN pg_available_extensions available ON available.name = asked.name
  ) AS extensions,
  (SELECT coalesce(jsonb_agg((
      WITH RECURSIVE required (name, of) AS (
        SELECT DISTINCT needed, v.name FROM pg_available_extension_versions v, unnest(v.requires) AS needed
      ), reached (name, depth) AS (
        SELECT name, 1 FROM required WHERE of = asked.name
        UNION SELECT required.name, reached.depth + 1 FROM reached JOIN required ON required.of = reached.name
        WHERE reached.depth < 20
      )
      SELECT coalesce(jsonb_agg(jsonb_build_object('name', needed.name, 'installed', installed.extversion)
        ORDER BY needed.depth, needed.name), '[]')
      FROM (SELECT name, max(depth) AS depth FROM reached GROUP BY name) AS needed
      LEFT JOIN pg_extension installed ON installed.extname = needed.name
    ) ORDER BY asked.place), '[]')
    FROM jsonb_array_elements_text($1::jsonb -> 'needs') WITH ORDINALITY AS asked (name, place)
  ) AS needs,
  (SELECT coalesce(jsonb_agg(
      CASE WHEN type.oid IS NOT NULL THEN
        (SELECT coalesce(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum e WHERE e.enumtypid = type.oid)
      END ORDER BY asked.place), '[]')
    FROM jsonb_array_elements($1::jsonb -> 'enums') WITH ORDINALITY AS asked (it, place)
    LEFT JOIN pg_namespace namespace ON namespace.nspname = asked.it ->> 'schema'
    LEFT JOIN pg_type type ON type.typnamespace = namespace.oid AND type.typname = asked.it ->> 'name' AND type.typtype = 'e'
  ) AS enums,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
      'hasTable', class.oid IS NOT NULL,
      'type', format_type(attribute.atttypid, attribute.atttypmod),
      'typeId', attribute.atttypid::bigint,
      'typeModifier', attribute.atttypmod,
      'nullable', NOT attribute.attnotnull
    ) ORDER BY asked.place), '[]')
    FROM jsonb_array_elements($1::jsonb -> 'columns') WITH ORDINALITY AS asked (it, place)
    LEFT JOIN pg_namespace namespace ON namespace.nspname = asked.it ->> 'schema'
    LEFT JOIN pg_class class ON class.relnamespace = namespace.oid AND class.relname = asked.it ->> 'table'
      AND class.relkind IN ('r', 'p', 'f')
    LEFT JOIN pg_attribute attribute ON attribute.attrelid = class.oid AND attribute.attname = asked.it ->> 'name'
      AND attribute.attnum > 0 AND NOT attribute.attisdropped
  ) AS columns`

/** The statement that answers the questions. */
export const statement = (questions: Questions): Statement => ({ text, values: [JSON.stringify(questions)] })

const Answer = Schema.Struct({
  server: Schema.Struct({
    version: Schema.String,
    versionNumber: Schema.Int,
    database: Schema.String,
    user: Schema.String,
    isSuperuser: Schema.Boolean,
    mayCreate: Schema.Boolean
  }),
  extensions: Schema.Array(
    Schema.Struct({
      installed: Schema.NullOr(Schema.String),
      schema: Schema.NullOr(Schema.String),
      available: Schema.NullOr(Schema.String),
      versions: Schema.NullOr(Schema.Array(Schema.String)),
      needsSuperuser: Schema.NullOr(Schema.Boolean)
    })
  ),
  needs: Schema.Array(Schema.Array(Schema.Struct({ name: Schema.String, installed: Schema.NullOr(Schema.String) }))),
  enums: Schema.Array(Schema.NullOr(Schema.Array(Schema.String))),
  columns: Schema.Array(
    Schema.Struct({
      hasTable: Schema.Boolean,
      type: Schema.NullOr(Schema.String),
      typeId: Schema.NullOr(Schema.Int),
      typeModifier: Schema.NullOr(Schema.Int),
      nullable: Schema.NullOr(Schema.Boolean)
    })
  )
})

/** The catalog's answer, in the order of the questions. */
export type Answer = typeof Answer.Type

const decodeAnswer = Schema.decodeUnknownEffect(Answer)

/** Reads the one row that the statement gives. The statement is a constant, so another shape is a defect. */
export const decode = (rows: ReadonlyArray<unknown>): Effect.Effect<Answer> => Effect.orDie(decodeAnswer(rows[0]))

/** What the server says of itself. */
export const serverFacts = ({ server }: Answer): ServerFacts => {
  const { versionNumber, ...facts } = server
  return { ...facts, major: Math.trunc(versionNumber / 10_000) }
}
