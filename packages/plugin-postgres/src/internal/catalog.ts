/** What checks ask of the catalog: any number of questions of any kinds, as one statement. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { ServerFacts } from "../PostgresProbe.ts"
import type { Statement } from "./connect.ts"

/** A kind of question: an SQL expression that makes JSON of `asked.it`, the question as `jsonb`. */
export interface Kind<out A> {
  readonly name: string
  readonly sql: string
  /** The expression is a constant, so that an answer of another shape is a defect. */
  readonly decode: (answer: unknown) => Effect.Effect<A>
}

export const kind = <A>(name: string, sql: string, answer: Schema.Codec<A, unknown>): Kind<A> => {
  const decode = Schema.decodeUnknownEffect(answer)
  // Many steps ask of one table, and get one answer, which is read once.
  const read = new WeakMap<object, A>()
  return {
    name,
    sql,
    decode: (u) => {
      const known = Predicate.isObject(u) ? read.get(u) : undefined
      if (known !== undefined) return Effect.succeed(known)
      return Effect.map(Effect.orDie(decode(u)), (decoded) => {
        if (Predicate.isObject(u)) read.set(u, decoded)
        return decoded
      })
    }
  }
}

/** What is asked of one kind: each question as JSON. */
export interface Asked {
  readonly kind: Kind<unknown>
  readonly its: ReadonlyArray<string>
}

/** The statement that answers the questions; the names in them are values of a parameter, never a part of it. */
export const statement = (asked: ReadonlyArray<Asked>): Statement => ({
  text: `SELECT ${asked
    .map(
      ({ kind }, i) => `(SELECT jsonb_agg((${kind.sql}) ORDER BY asked.place)
        FROM jsonb_array_elements($1::jsonb -> ${i}) WITH ORDINALITY AS asked (it, place)) AS a${i}`
    )
    .join(", ")}`,
  values: [`[${asked.map(({ its }) => `[${its.join(",")}]`).join(",")}]`]
})

/** The answers to the questions of one kind, in their order. */
export const answersOf = (
  rows: ReadonlyArray<Readonly<Record<string, unknown>>>,
  i: number
): ReadonlyArray<unknown> => {
  const answers = rows[0]?.[`a${i}`]
  return Array.isArray(answers) ? answers : []
}

const Server = Schema.Struct({
  version: Schema.String,
  versionNumber: Schema.Int,
  database: Schema.String,
  user: Schema.String,
  isSuperuser: Schema.Boolean,
  mayCreate: Schema.Boolean
})

const serverSql = `jsonb_build_object(
    'version', current_setting('server_version'),
    'versionNumber', current_setting('server_version_num')::int,
    'database', current_database(),
    'user', current_user,
    'isSuperuser', (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
    'mayCreate', has_database_privilege(current_database(), 'CREATE')
  )`

export const server = kind("server", serverSql, Server)

/** What the server says of itself. */
export const serverFacts = ({ versionNumber, ...facts }: typeof Server.Type): ServerFacts => ({
  ...facts,
  major: Math.trunc(versionNumber / 10_000)
})

/** `asked.it` is the extension's name. */
export const extension = kind(
  "extension",
  `SELECT jsonb_build_object(
      'server', ${serverSql},
      'installed', installed.extversion,
      'schema', namespace.nspname,
      'available', available.default_version,
      'versions', (SELECT jsonb_agg(v.version) FROM pg_available_extension_versions v WHERE v.name = asked.it #>> '{}'),
      'relocatable', installed.extrelocatable,
      'missing', (SELECT jsonb_agg(needed ORDER BY needed) FROM pg_available_extension_versions v, unnest(v.requires) AS needed
        WHERE v.name = asked.it #>> '{}' AND v.version = available.default_version
        AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = needed)),
      'needsSuperuser', (SELECT v.superuser AND NOT v.trusted FROM pg_available_extension_versions v
        WHERE v.name = asked.it #>> '{}' AND v.version = available.default_version))
    FROM (SELECT) AS one
    LEFT JOIN pg_extension installed ON installed.extname = asked.it #>> '{}'
    LEFT JOIN pg_namespace namespace ON namespace.oid = installed.extnamespace
    LEFT JOIN pg_available_extensions available ON available.name = asked.it #>> '{}'`,
  Schema.Struct({
    server: Server,
    installed: Schema.NullOr(Schema.String),
    schema: Schema.NullOr(Schema.String),
    available: Schema.NullOr(Schema.String),
    versions: Schema.NullOr(Schema.Array(Schema.String)),
    relocatable: Schema.NullOr(Schema.Boolean),
    missing: Schema.NullOr(Schema.Array(Schema.String)),
    needsSuperuser: Schema.NullOr(Schema.Boolean)
  })
)

/** All that an extension needs, whatever its version; `asked.it` is its name. */
export const needs = kind(
  "needs",
  `WITH RECURSIVE required (name, of) AS (
      SELECT DISTINCT needed, v.name FROM pg_available_extension_versions v, unnest(v.requires) AS needed
    ), reached (name, depth) AS (
      SELECT name, 1 FROM required WHERE of = asked.it #>> '{}'
      UNION SELECT required.name, reached.depth + 1 FROM reached JOIN required ON required.of = reached.name
      WHERE reached.depth < 20
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('name', needed.name, 'installed', installed.extversion)
      ORDER BY needed.depth, needed.name), '[]')
    FROM (SELECT name, max(depth) AS depth FROM reached GROUP BY name) AS needed
    LEFT JOIN pg_extension installed ON installed.extname = needed.name`,
  Schema.Array(Schema.Struct({ name: Schema.String, installed: Schema.NullOr(Schema.String) }))
)

/** The labels of an enum in their order, or what else has the name; `asked.it` is its name and schema. */
export const labels = kind(
  "labels",
  `SELECT CASE type.typtype WHEN 'e' THEN coalesce(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FILTER (WHERE e.oid IS NOT NULL), '[]')
      WHEN 'c' THEN '"the type of the rows of a table or a view"' WHEN 'd' THEN '"a domain"' ELSE '"a type of another kind"' END
    FROM pg_type type JOIN pg_namespace namespace ON namespace.oid = type.typnamespace
    LEFT JOIN pg_enum e ON e.enumtypid = type.oid
    WHERE namespace.nspname = asked.it ->> 'schema' AND type.typname = asked.it ->> 'name'
    GROUP BY type.oid, type.typtype`,
  Schema.NullOr(Schema.Union([Schema.Array(Schema.String), Schema.String]))
)
