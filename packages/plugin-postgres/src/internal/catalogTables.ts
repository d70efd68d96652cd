/** What checks ask of a table: one answer has its columns, constraints and indexes. */
import * as Schema from "effect/Schema"
import { kind } from "./catalog.ts"

const text = Schema.optionalKey(Schema.String)

const Column = Schema.Struct({
  type: Schema.String,
  typeId: Schema.Int,
  typeModifier: Schema.Int,
  nullable: Schema.Boolean,
  default: text,
  collation: text,
  generated: Schema.Boolean
})

/** A constraint, as it stands in a journal too. */
export const ConstraintFacts = Schema.Struct({
  kind: Schema.Literals(["check", "unique", "primary", "foreign", "exclusion", "not-null", "trigger"]),
  valid: Schema.Boolean,
  columns: Schema.Array(Schema.String),
  expression: text,
  references: Schema.optionalKey(
    Schema.Struct({
      schema: Schema.String,
      table: Schema.String,
      columns: Schema.Array(Schema.String),
      onDelete: Schema.String,
      onUpdate: Schema.String
    })
  ),
  deferrable: Schema.Boolean,
  deferred: Schema.Boolean,
  nullsDistinct: Schema.Boolean,
  definition: Schema.String
})

/** An index, as it stands in a journal too. */
export const IndexFacts = Schema.Struct({
  valid: Schema.Boolean,
  unique: Schema.Boolean,
  method: Schema.String,
  keys: Schema.Array(
    Schema.Struct({
      column: text,
      expression: text,
      descending: Schema.Boolean,
      nullsFirst: Schema.Boolean,
      /** Where it is not the type's own. */
      operators: text,
      /** Where it is not the column's own. */
      collation: text
    })
  ),
  include: Schema.Array(Schema.String),
  predicate: text,
  nullsDistinct: Schema.Boolean,
  /** A constraint that has made it. */
  constraint: text
})

const TableAnswer = Schema.Struct({
  partitioned: Schema.Boolean,
  /** An estimate; -1 where the server has none yet. */
  rows: Schema.Finite,
  bytes: Schema.Finite,
  columns: Schema.Record(Schema.String, Column),
  constraints: Schema.Record(Schema.String, ConstraintFacts),
  indexes: Schema.Record(Schema.String, IndexFacts)
})

/** The action of a foreign key, of its letter. */
const action = (letter: string): string =>
  `CASE ${letter} WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END`

/** The names of the columns that an array of numbers means, in its order. */
const names = (numbers: string, of: string): string =>
  `(SELECT coalesce(jsonb_agg((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = ${of} AND a.attnum = n.number) ORDER BY n.place), '[]')
    FROM unnest(${numbers}) WITH ORDINALITY AS n (number, place))`

// Columns that only newer servers have are read out of the whole row as JSON.
const constraints = `(SELECT coalesce(jsonb_object_agg(c.conname, jsonb_strip_nulls(jsonb_build_object(
    'kind', CASE c.contype WHEN 'c' THEN 'check' WHEN 'u' THEN 'unique' WHEN 'p' THEN 'primary' WHEN 'f' THEN 'foreign'
      WHEN 'x' THEN 'exclusion' WHEN 'n' THEN 'not-null' ELSE 'trigger' END,
    'valid', c.convalidated,
    'columns', ${names("c.conkey", "c.conrelid")},
    'expression', pg_get_expr(c.conbin, c.conrelid),
    'references', CASE WHEN c.contype = 'f' THEN (SELECT jsonb_build_object(
      'schema', rn.nspname, 'table', r.relname, 'columns', ${names("c.confkey", "c.confrelid")},
      'onDelete', ${action("c.confdeltype")}, 'onUpdate', ${action("c.confupdtype")})
      FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE r.oid = c.confrelid) END,
    'deferrable', c.condeferrable,
    'deferred', c.condeferred,
    'nullsDistinct', NOT coalesce((SELECT (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean FROM pg_index i WHERE i.indexrelid = c.conindid AND c.contype = 'u'), false),
    'definition', pg_get_constraintdef(c.oid)
  ))), '{}') FROM pg_constraint c WHERE c.conrelid = class.oid)`

const keys = `(SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
      'column', a.attname,
      'expression', CASE WHEN i.indkey[k - 1] = 0 THEN pg_get_indexdef(i.indexrelid, k, false) END,
      'descending', i.indoption[k - 1] & 1 = 1,
      'nullsFirst', i.indoption[k - 1] & 2 = 2,
      'operators', (SELECT o.opcname FROM strange o WHERE o.oid = i.indclass[k - 1]),
      'collation', CASE WHEN a.attcollation <> i.indcollation[k - 1] THEN
        (SELECT l.collname FROM pg_collation l WHERE l.oid = i.indcollation[k - 1]) END
    )) ORDER BY k), '[]') FROM generate_series(1, i.indnkeyatts) AS k
    LEFT JOIN LATERAL (SELECT attname, attcollation FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[k - 1] AND attnum <> 0 OFFSET 0) AS a ON true)`

const indexes = `(SELECT coalesce(jsonb_object_agg(ic.relname, jsonb_strip_nulls(jsonb_build_object(
    'valid', i.indisvalid AND i.indisready,
    'unique', i.indisunique,
    'method', am.amname,
    'keys', ${keys},
    'include', (SELECT coalesce(jsonb_agg(a.attname ORDER BY k), '[]') FROM generate_series(i.indnkeyatts + 1, i.indnatts) AS k
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1]),
    'predicate', pg_get_expr(i.indpred, i.indrelid),
    'nullsDistinct', NOT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
    'constraint', (SELECT c.conname FROM pg_constraint c WHERE c.conrelid = class.oid AND c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
  ))), '{}') FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
  WHERE i.indrelid = class.oid)`

const columns = `(SELECT coalesce(jsonb_object_agg(a.attname, jsonb_strip_nulls(jsonb_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'typeId', a.atttypid::bigint,
    'typeModifier', a.atttypmod,
    'nullable', NOT a.attnotnull,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', a.attgenerated <> '' OR a.attidentity <> '',
    'collation', (SELECT l.collname FROM pg_collation l JOIN pg_type t ON t.oid = a.atttypid
      WHERE l.oid = a.attcollation AND l.oid <> t.typcollation)
  ))), '{}') FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = class.oid AND a.attnum > 0 AND NOT a.attisdropped)`

/** A partitioned table holds nothing itself. */
const leaves = `SELECT part.oid, part.reltuples FROM pg_partition_tree(class.oid) AS tree
  JOIN pg_class part ON part.oid = tree.relid AND part.relkind = 'r'`

/** `asked.it` is the table's name and schema; where something else has the name, the answer is what it is. */
export const table = kind(
  "table",
  // Of hundreds few are not the default of their type: they are found once, and not for each key of each index.
  `WITH strange AS MATERIALIZED (SELECT oid, opcname FROM pg_opclass WHERE NOT opcdefault)
    SELECT CASE WHEN class.relkind NOT IN ('r', 'p', 'f') THEN to_jsonb(CASE class.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
        WHEN 'S' THEN 'a sequence' WHEN 'c' THEN 'a composite type' ELSE 'an index' END)
      ELSE jsonb_build_object(
      'partitioned', class.relkind = 'p',
      'rows', CASE WHEN class.relkind = 'p' THEN (SELECT coalesce(sum(greatest(p.reltuples, 0)), 0) FROM (${leaves}) AS p)
        ELSE class.reltuples END,
      'bytes', CASE class.relkind WHEN 'f' THEN 0 WHEN 'p' THEN (SELECT coalesce(sum(pg_table_size(p.oid)), 0) FROM (${leaves}) AS p)
        ELSE pg_table_size(class.oid) END,
      'columns', ${columns},
      'constraints', ${constraints},
      'indexes', ${indexes}) END
    FROM pg_class class JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
    WHERE namespace.nspname = asked.it ->> 'schema' AND class.relname = asked.it ->> 'name'`,
  Schema.NullOr(Schema.Union([TableAnswer, Schema.String]))
)

/** `asked.it` is a list of what may be functions; one is taken for volatile if any of its name is. */
export const volatile = kind(
  "volatile",
  `EXISTS (SELECT FROM jsonb_array_elements_text(asked.it) AS name
    JOIN pg_proc function ON function.proname = name OR function.proname = lower(name)
    WHERE function.provolatile = 'v')`,
  Schema.Boolean
)
