/** What uses an enum: the columns that have it, how many of their rows hold which label, and what stands in the way. */
import * as Schema from "effect/Schema"
import type { EnumColumn } from "../Enum.ts"
import type { QualifiedName } from "../PostgresProbe.ts"
import { kind } from "./catalog.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { qualified } from "./tableSql.ts"

const Column = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  column: Schema.String,
  isArray: Schema.Boolean,
  default: Schema.optionalKey(Schema.String),
  rows: Schema.Finite
})

/** Columns that inherit theirs follow their parent's; views and composite types have no rows of their own. */
const using = `SELECT class.oid AS relation, a.attnum, a.attname, class.relname, namespace.nspname, class.reltuples,
      a.atttypid = type.typarray AS is_array, class.relkind
    FROM pg_attribute a JOIN pg_class class ON class.oid = a.attrelid JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
    WHERE a.atttypid IN (type.oid, nullif(type.typarray, 0)) AND a.attnum > 0 AND NOT a.attisdropped`

/** `asked.it` is the enum's name and schema. */
export const uses = kind(
  "enumUses",
  `SELECT jsonb_build_object(
      'columns', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
          'schema', u.nspname, 'table', u.relname, 'column', u.attname, 'isArray', u.is_array, 'rows', u.reltuples,
          'default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = u.relation AND d.adnum = u.attnum)
        )) ORDER BY u.nspname, u.relname, u.attnum), '[]') FROM (${using}) AS u
        WHERE u.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_attribute i
          WHERE i.attrelid = u.relation AND i.attnum = u.attnum AND i.attinhcount > 0)),
      'dependents', (SELECT coalesce(jsonb_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)), '[]') FROM pg_depend d
        WHERE d.deptype IN ('n', 'a') AND (
          (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (type.oid, nullif(type.typarray, 0)))
          OR (d.refclassid = 'pg_class'::regclass AND EXISTS (SELECT FROM (${using}) AS u
            WHERE u.relation = d.refobjid AND u.attnum = d.refobjsubid)))
        -- What ALTER TABLE writes anew by itself: the columns, their defaults, and indexes and keys over nothing but columns.
        AND NOT (d.classid = 'pg_class'::regclass AND d.objsubid > 0 AND EXISTS (SELECT FROM (${using}) AS u
          WHERE u.relation = d.objid AND u.attnum = d.objsubid AND u.relkind IN ('r', 'p')))
        AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_attrdef f, (${using}) AS u
          WHERE f.oid = d.objid AND u.relation = f.adrelid AND u.attnum = f.adnum AND u.relkind IN ('r', 'p')))
        AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_index i
          WHERE i.indexrelid = d.objid AND i.indexprs IS NULL AND i.indpred IS NULL))
        AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_constraint c
          WHERE c.oid = d.objid AND c.contype IN ('p', 'u', 'n')))
        AND NOT (d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND EXISTS (SELECT FROM pg_class s WHERE s.oid = d.objid AND s.relkind IN ('S', 'r', 'p', 't')))))
    FROM pg_type type JOIN pg_namespace space ON space.oid = type.typnamespace
    WHERE space.nspname = asked.it ->> 'schema' AND type.typname = asked.it ->> 'name' AND type.typtype = 'e'`,
  Schema.NullOr(Schema.Struct({ columns: Schema.Array(Column), dependents: Schema.Array(Schema.String) }))
)

/** Counts the rows that hold one of the labels, by column and label. */
export const counting = (columns: ReadonlyArray<EnumColumn>, labels: ReadonlyArray<string>): Statement => ({
  text: columns
    .map(({ column, isArray, schema, table }, i) => {
      const value = isArray ? "label" : `${escapeIdentifier(column)}::text`
      const from = `${qualified({ schema, name: table })}${
        isArray ? `, unnest(${escapeIdentifier(column)}::text[]) AS label` : ""
      }`
      return `SELECT ${i} AS place, ${value} AS label, count(*)::int AS rows FROM ${from} WHERE ${value} = ANY ($1::text[]) GROUP BY 2`
    })
    .join(" UNION ALL "),
  values: [labels]
})

/** What {@link replacing} says where rows hold a label that goes: a state of our own. */
export const holdsLabels = "SS002"

/**
 * Replaces an enum by one with other labels, as one transaction: the type is renamed aside, a new one is made with its owner
 * and its grants, each column is converted, and the old type is dropped. Rows are looked at under the lock, so that nothing
 * is written between.
 */
export const replacing = (
  type: QualifiedName,
  columns: ReadonlyArray<EnumColumn>,
  labels: ReadonlyArray<string>,
  removed: ReadonlyArray<string>,
  values: Readonly<Record<string, string>>
): readonly [Statement, ...ReadonlyArray<Statement>] => {
  const aside = { ...type, name: asideOf(type.name) }
  const unmapped = removed.filter((label) => values[label] === undefined)
  const plain = (text: string): Statement => ({ text, values: [] })
  const convert = ({ column, default: expression, isArray, schema, table }: EnumColumn): ReadonlyArray<Statement> => {
    const name = escapeIdentifier(column)
    const alter = (what: string) =>
      plain(`ALTER TABLE ${qualified({ schema, name: table })} ALTER COLUMN ${name} ${what}`)
    const wanted = `${qualified(type)}${isArray ? "[]" : ""}`
    const text = Object.entries(values).reduce(
      (sql, [from, to]) =>
        isArray
          ? `array_replace(${sql}, ${escapeLiteral(from)}, ${escapeLiteral(to)})`
          : `CASE ${name}::text WHEN ${escapeLiteral(from)} THEN ${escapeLiteral(to)} ELSE ${sql} END`,
      `${name}::text${isArray ? "[]" : ""}`
    )
    const steps = [alter(`TYPE ${wanted} USING (${text})::${wanted}`)]
    // The default is of the old type; what it is as text is of the new one.
    return expression === undefined
      ? steps
      : [alter("DROP DEFAULT"), ...steps, alter(`SET DEFAULT ${defaultSql(expression, wanted, values)}`)]
  }
  const lock = columns.map(({ schema, table }) => qualified({ schema, name: table }))
  const guard =
    columns.length === 0 || unmapped.length === 0
      ? []
      : [
          plain(
            `DO ${escapeLiteral(`BEGIN IF EXISTS (${counting(columns, []).text.replaceAll(
              "$1::text[]",
              `ARRAY[${unmapped.map(escapeLiteral).join(", ")}]::text[]`
            )}) THEN
              RAISE EXCEPTION USING ERRCODE = '${holdsLabels}', MESSAGE = 'rows hold a label that goes'; END IF; END`)}`
          )
        ]
  return [
    plain(lock.length === 0 ? "SELECT 1" : `LOCK TABLE ${[...new Set(lock)].join(", ")} IN ACCESS EXCLUSIVE MODE`),
    ...guard,
    plain(`ALTER TYPE ${qualified(type)} RENAME TO ${escapeIdentifier(aside.name)}`),
    plain(`CREATE TYPE ${qualified(type)} AS ENUM (${labels.map(escapeLiteral).join(", ")})`),
    plain(`DO ${escapeLiteral(sameRights(type, aside))}`),
    ...columns.flatMap(convert),
    plain(`DROP TYPE ${qualified(aside)}`)
  ]
}

/** PostgreSQL cuts names at 63 bytes. */
const asideOf = (name: string): string => `${[...name].slice(0, 12).join("")}_before_shipshape`

const literalDefault = /^'((?:[^']|'')*)'::/

const defaultSql = (expression: string, type: string, values: Readonly<Record<string, string>>): string => {
  const label = literalDefault.exec(expression)?.[1]?.replaceAll("''", "'")
  return label === undefined ? `(${expression})::text::${type}` : `${escapeLiteral(values[label] ?? label)}::${type}`
}

/** Owner, grants and comment of a type, as the other one has them. */
const sameRights = (type: QualifiedName, like: QualifiedName): string => `DECLARE
    old pg_catalog.pg_type%ROWTYPE; granted record; said text;
  BEGIN
    SELECT * INTO old FROM pg_catalog.pg_type WHERE oid = ${escapeLiteral(qualified(like))}::regtype;
    said := pg_catalog.obj_description(old.oid, 'pg_type');
    IF said IS NOT NULL THEN EXECUTE format('COMMENT ON TYPE %s IS %L', ${escapeLiteral(qualified(type))}, said); END IF;
    IF old.typacl IS NOT NULL THEN
      EXECUTE format('REVOKE ALL ON TYPE %s FROM PUBLIC', ${escapeLiteral(qualified(type))});
      FOR granted IN SELECT * FROM aclexplode(old.typacl) LOOP
        EXECUTE format('GRANT %s ON TYPE %s TO %s%s', granted.privilege_type, ${escapeLiteral(qualified(type))},
          CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END,
          CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
      END LOOP;
    END IF;
    EXECUTE format('ALTER TYPE %s OWNER TO %I', ${escapeLiteral(qualified(type))}, pg_get_userbyid(old.typowner));
  END`
