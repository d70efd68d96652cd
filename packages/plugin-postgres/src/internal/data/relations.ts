/** What the catalog says of tables whose rows are carried. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { QueryError } from "../../PostgresError.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"
import type { Connection, Statement } from "../connect.ts"

const text = `SELECT coalesce(jsonb_agg(CASE WHEN class.oid IS NOT NULL THEN jsonb_build_object(
    'id', class.oid::bigint,
    'schema', asked.it ->> 'schema', 'name', asked.it ->> 'name',
    'columns', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, CASE WHEN a.atttypid = 'varchar'::regtype THEN NULL ELSE a.atttypmod END),
        'kind', CASE WHEN base.oid IN ('json'::regtype, 'jsonb'::regtype) THEN 'json' WHEN base.typcategory = 'A' THEN 'array' ELSE 'other' END,
        'isJson', base.oid = 'json'::regtype,
        'asText', base.typtype = 'c' OR (base.typcategory = 'A' AND (element.typtype = 'c' OR element.oid IN ('json'::regtype, 'jsonb'::regtype))),
        'nullable', NOT a.attnotnull,
        'generated', a.attgenerated <> '',
        'identity', a.attidentity = 'a',
        'sequence', pg_get_serial_sequence(class.oid::regclass::text, a.attname)
      ) ORDER BY a.attnum), '[]')
      FROM pg_attribute a
      JOIN pg_type type ON type.oid = a.atttypid
      JOIN pg_type base ON base.oid = CASE WHEN type.typtype = 'd' THEN type.typbasetype ELSE type.oid END
      LEFT JOIN pg_type element ON element.oid = base.typelem
      WHERE a.attrelid = class.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'keys', (SELECT coalesce(jsonb_agg(jsonb_build_object('primary', i.indisprimary, 'columns',
        (SELECT jsonb_agg(a.attname ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = class.oid AND a.attnum = k.attnum WHERE k.place <= i.indnkeyatts))
        ORDER BY i.indisprimary DESC, i.indexrelid), '[]')
      FROM pg_index i WHERE i.indrelid = class.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL),
    'references', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'name', c.conname, 'to', c.confrelid::bigint, 'deferrable', c.condeferrable,
        'columns', (SELECT jsonb_agg(a.attname ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)
        ) ORDER BY c.conname), '[]')
      FROM pg_constraint c WHERE c.conrelid = class.oid AND c.contype = 'f')
  ) END ORDER BY asked.place), '[]') AS tables
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS asked (it, place)
  LEFT JOIN pg_namespace namespace ON namespace.nspname = asked.it ->> 'schema'
  LEFT JOIN pg_class class ON class.relnamespace = namespace.oid AND class.relname = asked.it ->> 'name'
    AND class.relkind IN ('r', 'p')`

const Column = Schema.Struct({
  name: Schema.String,
  /** As it stands in a cast. */
  type: Schema.String,
  kind: Schema.Literals(["json", "array", "other"]),
  /** The type json, which cannot be compared. */
  isJson: Schema.Boolean,
  /** Whether JSON would lose something of it. */
  asText: Schema.Boolean,
  nullable: Schema.Boolean,
  generated: Schema.Boolean,
  /** An identity that takes no other value in an update. */
  identity: Schema.Boolean,
  sequence: Schema.NullOr(Schema.String)
})

const Relation = Schema.Struct({
  id: Schema.Int,
  schema: Schema.String,
  name: Schema.String,
  columns: Schema.Array(Column),
  keys: Schema.Array(Schema.Struct({ primary: Schema.Boolean, columns: Schema.Array(Schema.String) })),
  references: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      to: Schema.Int,
      deferrable: Schema.Boolean,
      columns: Schema.Array(Schema.String)
    })
  )
})

export interface Column extends Schema.Schema.Type<typeof Column> {}

/** A table: its columns, what is unique in it, and what it refers to. */
export interface Relation extends Schema.Schema.Type<typeof Relation> {}

const decode = Schema.decodeUnknownEffect(Schema.Struct({ tables: Schema.Array(Schema.NullOr(Relation)) }))

const question = (names: ReadonlyArray<QualifiedName>): Statement => ({
  text,
  values: [JSON.stringify(names.map(({ name, schema }) => ({ name, schema })))]
})

/** The tables in the order of their names; `undefined` stands for one that is not there. */
export const ask = (
  connection: Pick<Connection, "query">,
  names: ReadonlyArray<QualifiedName>
): Effect.Effect<ReadonlyArray<Relation | undefined>, QueryError> =>
  connection.query(question(names)).pipe(
    // The statement is a constant, so another shape is a defect.
    Effect.flatMap(({ rows }) => Effect.orDie(decode(rows[0]))),
    Effect.map(({ tables }) => tables.map((table) => table ?? undefined))
  )

/** As messages name it. */
export const nameOf = ({ name, schema }: QualifiedName): string => `${schema}.${name}`
