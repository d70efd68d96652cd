/** What pg-delta does not read, straight from the catalog: what can be set by a statement, and what can only be reported. */
import * as Effect from "effect/Effect"
import type { Database } from "./database.ts"

/** One aspect of one object that is not what it is by default. */
export interface Detail {
  /** `storage`, `statistics`, `cast`, …. */
  readonly aspect: string
  /** As PostgreSQL names it. */
  readonly object: string
  readonly schema: string | null
  /** The table or the index, where it is about one. */
  readonly relation: string | null
  readonly column: string | null
  readonly value: string
  /** Statements that make it so; none where there is no safe one. */
  readonly set: ReadonlyArray<string>
  /** Statements that make it what it is by default. */
  readonly unset: ReadonlyArray<string>
}

const user = (schema: string) =>
  `${schema}.nspname NOT IN ('pg_catalog', 'information_schema') AND ${schema}.nspname !~ '^pg_(toast|temp)'`

const own = (catalog: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`

const columns = `SELECT v.aspect, format('%I.%I.%I', n.nspname, c.relname, a.attname) AS object, n.nspname AS schema, c.relname AS relation,
    a.attname AS "column", v.value, ARRAY[v.set] AS set, ARRAY[v.unset] AS unset
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (SELECT format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I ', n.nspname, c.relname, a.attname) AS alter) x
  CROSS JOIN LATERAL (VALUES
    ('storage', CASE WHEN a.attstorage <> t.typstorage THEN
      CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' WHEN 'm' THEN 'MAIN' END END, 'SET STORAGE ',
      alter || 'SET STORAGE ' || CASE t.typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END),
    ('compression', CASE to_jsonb(a)->>'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END, 'SET COMPRESSION ', alter || 'SET COMPRESSION DEFAULT'),
    ('statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END, 'SET STATISTICS ', alter || 'SET STATISTICS -1')
  ) AS w (aspect, value, word, unset)
  CROSS JOIN LATERAL (SELECT w.aspect, w.value, alter || w.word || w.value AS set, w.unset) v
  WHERE a.attnum > 0 AND NOT a.attisdropped AND v.value IS NOT NULL AND ${user("n")} AND ${own("pg_class", "c.oid")}`

const columnOptions = `SELECT 'options', format('%I.%I.%I', n.nspname, c.relname, a.attname), n.nspname, c.relname, a.attname,
    array_to_string(a.attoptions, ', '),
    ARRAY[format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET (%s)', n.nspname, c.relname, a.attname, array_to_string(a.attoptions, ', '))],
    ARRAY[format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I RESET (n_distinct, n_distinct_inherited)', n.nspname, c.relname, a.attname)]
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attoptions IS NOT NULL AND ${user("n")} AND ${own("pg_class", "c.oid")}`

const indexStatistics = `SELECT 'statistics', format('%I.%I.%s', n.nspname, c.relname, a.attnum), n.nspname, c.relname, a.attnum::text, a.attstattarget::text,
    ARRAY[format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget)],
    ARRAY[format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS -1', n.nspname, c.relname, a.attnum)]
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('i', 'I') JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attstattarget >= 0 AND ${user("n")}`

const clustered = `SELECT 'cluster', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, NULL, ic.relname,
    ARRAY[format('ALTER TABLE %I.%I CLUSTER ON %I', n.nspname, c.relname, ic.relname)],
    ARRAY[format('ALTER TABLE %I.%I SET WITHOUT CLUSTER', n.nspname, c.relname)]
  FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE i.indisclustered AND ${user("n")}`

const relations = `SELECT v.aspect, format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, NULL, v.value, ARRAY[]::text[], ARRAY[]::text[]
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am am ON am.oid = c.relam
  LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
  CROSS JOIN LATERAL (VALUES
    ('tablespace', s.spcname::text),
    ('access method', CASE WHEN c.relkind IN ('r', 'm') AND am.amname <> 'heap' THEN am.amname::text END),
    ('row type', CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END),
    ('inheritance', (SELECT string_agg(h.inhparent::regclass::text, ', ' ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid HAVING count(*) > 1)),
    ('toast options', (SELECT array_to_string(toast.reloptions, ', ') FROM pg_class toast WHERE toast.oid = c.reltoastrelid))
  ) AS v (aspect, value)
  WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I', 'f') AND v.value IS NOT NULL AND ${user("n")} AND ${own("pg_class", "c.oid")}`

const viewDefaults = `SELECT 'default', format('%I.%I.%I', n.nspname, c.relname, a.attname), n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid),
    ARRAY[format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))],
    ARRAY[format('ALTER VIEW %I.%I ALTER COLUMN %I DROP DEFAULT', n.nspname, c.relname, a.attname)]
  FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid AND c.relkind = 'v' JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum
  WHERE ${user("n")} AND ${own("pg_class", "c.oid")}`

/** Columns that a table inherits are no facts of its own: what it says of them that its parent does not. */
const inheritedColumns = `SELECT v.aspect, format('%I.%I.%I', n.nspname, c.relname, a.attname), n.nspname, c.relname, a.attname, v.value, ARRAY[v.set], ARRAY[v.unset]
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_inherits h ON h.inhrelid = c.oid AND h.inhseqno = 1
  JOIN pg_attribute p ON p.attrelid = h.inhparent AND p.attname = a.attname AND NOT p.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  LEFT JOIN pg_attrdef pd ON pd.adrelid = p.attrelid AND pd.adnum = p.attnum
  CROSS JOIN LATERAL (SELECT format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I ', n.nspname, c.relname, a.attname) AS alter,
    pg_get_expr(d.adbin, d.adrelid) AS own, pg_get_expr(pd.adbin, pd.adrelid) AS parents) x
  CROSS JOIN LATERAL (VALUES
    ('inherited default', CASE WHEN own IS DISTINCT FROM parents AND a.attgenerated = '' THEN coalesce(own, 'none') END,
      alter || CASE WHEN own IS NULL THEN 'DROP DEFAULT' ELSE 'SET DEFAULT ' || own END,
      alter || CASE WHEN parents IS NULL THEN 'DROP DEFAULT' ELSE 'SET DEFAULT ' || parents END),
    ('inherited not null', CASE WHEN a.attnotnull AND NOT p.attnotnull THEN 'NOT NULL' END, alter || 'SET NOT NULL', alter || 'DROP NOT NULL')
  ) AS v (aspect, value, set, unset)
  WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT a.attislocal AND v.value IS NOT NULL AND ${user("n")} AND ${own("pg_class", "c.oid")}`

const statisticsObjects = `SELECT 'extended statistics', format('%I.%I', n.nspname, s.stxname), n.nspname, NULL, NULL,
    concat_ws(' ', pg_get_statisticsobjdef(s.oid), r.rolname, NULLIF(s.stxstattarget, -1), obj_description(s.oid, 'pg_statistic_ext')),
    array_remove(ARRAY[
      pg_get_statisticsobjdef(s.oid),
      format('ALTER STATISTICS %I.%I OWNER TO %I', n.nspname, s.stxname, r.rolname),
      CASE WHEN s.stxstattarget >= 0 THEN format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget) END,
      'COMMENT ON STATISTICS ' || format('%I.%I', n.nspname, s.stxname) || ' IS ' || quote_literal(obj_description(s.oid, 'pg_statistic_ext'))], NULL),
    ARRAY[format('DROP STATISTICS IF EXISTS %I.%I', n.nspname, s.stxname)]
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_roles r ON r.oid = s.stxowner
  WHERE ${user("n")} AND ${own("pg_statistic_ext", "s.oid")}`

/** Grants of single columns of views. */
const viewColumnGrants = `SELECT 'privileges of ' || coalesce(r.rolname, 'PUBLIC'), format('%I.%I.%I', n.nspname, c.relname, a.attname), n.nspname, c.relname, a.attname,
    string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END, ' ' ORDER BY x.privilege_type),
    array_agg(format('GRANT %s (%I) ON TABLE %I.%I TO %s%s', x.privilege_type, a.attname, n.nspname, c.relname, coalesce(quote_ident(r.rolname), 'PUBLIC'),
      CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) ORDER BY x.privilege_type),
    ARRAY[format('REVOKE ALL (%I) ON TABLE %I.%I FROM %s', a.attname, n.nspname, c.relname, coalesce(quote_ident(r.rolname), 'PUBLIC'))]
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('v', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL aclexplode(a.attacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${user("n")} AND ${own("pg_class", "c.oid")}
  GROUP BY n.nspname, c.relname, a.attname, r.rolname`

/** What a role grants itself within a schema, which pg-delta takes for granted. */
const ownDefaults = `SELECT 'default privileges of the owner', format('%I.%I.%s', n.nspname, r.rolname, k.kind), n.nspname, NULL, NULL, g.privileges,
    ARRAY[format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON %s TO %I', r.rolname, n.nspname, g.privileges, k.kind, r.rolname)],
    ARRAY[format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I REVOKE ALL ON %s FROM %I', r.rolname, n.nspname, k.kind, r.rolname)]
  FROM pg_default_acl d
  JOIN pg_namespace n ON n.oid = d.defaclnamespace
  JOIN pg_roles r ON r.oid = d.defaclrole
  CROSS JOIN LATERAL (SELECT CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END AS kind) k
  CROSS JOIN LATERAL (SELECT string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges FROM aclexplode(d.defaclacl) x WHERE x.grantee = d.defaclrole) g
  WHERE g.privileges IS NOT NULL`

/** A kind of object that is reported where it differs: its catalog, and what tells two of a name apart. */
const reported = (catalog: string, kind: string, value: string, where = "true") =>
  `SELECT '${kind}', (pg_identify_object('${catalog}'::regclass, o.oid, 0)).identity, NULL, NULL, NULL, (${value})::text, ARRAY[]::text[], ARRAY[]::text[]
   FROM ${catalog} o WHERE o.oid >= 16384 AND (${where}) AND ${own(catalog, "o.oid")}`

const others = [
  // A range comes with a cast to its multirange.
  reported(
    "pg_cast",
    "cast",
    "concat_ws(' ', NULLIF(o.castfunc, 0)::regprocedure, o.castcontext, o.castmethod)",
    "NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = o.oid AND i.deptype = 'i')"
  ),
  reported(
    "pg_operator",
    "operator",
    "concat_ws(' ', o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)"
  ),
  reported("pg_opclass", "operator class", "concat_ws(' ', o.opcintype::regtype, o.opcdefault, o.opckeytype::regtype)"),
  reported(
    "pg_opfamily",
    "operator family",
    "(SELECT string_agg(concat_ws(' ', m.amopstrategy, m.amopopr::regoperator), ', ' ORDER BY m.amopstrategy, m.amopopr::regoperator::text) FROM pg_amop m WHERE m.amopfamily = o.oid)"
  ),
  reported(
    "pg_ts_config",
    "text search configuration",
    "(SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = o.oid)"
  ),
  reported("pg_ts_dict", "text search dictionary", "o.dictinitoption"),
  reported("pg_ts_parser", "text search parser", "o.prsstart"),
  reported("pg_ts_template", "text search template", "o.tmpllexize"),
  reported("pg_language", "language", "concat_ws(' ', o.lanpltrusted, NULLIF(o.lanplcallfoid, 0)::regprocedure)"),
  reported("pg_transform", "transform", "concat_ws(' ', o.trffromsql, o.trftosql)"),
  reported("pg_conversion", "conversion", "concat_ws(' ', o.conproc, o.condefault)"),
  reported("pg_extension", "version of the extension", "o.extversion").replace(/ AND NOT EXISTS .*$/, "")
]

const all = [
  ...[
    columns,
    columnOptions,
    indexStatistics,
    clustered,
    relations,
    viewDefaults,
    inheritedColumns,
    statisticsObjects,
    ownDefaults,
    viewColumnGrants
  ],
  ...others
].join("\nUNION ALL\n")

/** Names are written in full, and as the server writes them for everybody. */
const inFull = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)"

/** A name of a NOT NULL constraint, which PostgreSQL keeps from 18 on. */
export interface NotNull {
  readonly schema: string
  readonly relation: string
  readonly column: string
  readonly name: string
  /** Whether it is the table's own, even if it is inherited, too. */
  readonly isLocal: boolean
  /** What one that is both is called in the table that the column is inherited from. */
  readonly inherited: string | null
}

const notNulls = `SELECT n.nspname AS schema, c.relname AS relation, a.attname AS "column", k.conname AS name,
    k.conislocal AS "isLocal",
    CASE WHEN k.conislocal AND k.coninhcount > 0 THEN (SELECT min(pk.conname) FROM pg_inherits h JOIN pg_constraint pk ON pk.conrelid = h.inhparent AND pk.contype = 'n'
     JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attnum = pk.conkey[1] WHERE h.inhrelid = c.oid AND pa.attname = a.attname) END AS inherited
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
  WHERE k.contype = 'n' AND ${user("n")} AND ${own("pg_class", "c.oid")}`

/** An index of a partition that belongs to one of the partitioned table. */
export interface Attached {
  /** Both as SQL. */
  readonly index: string
  readonly parent: string
  readonly parentSchema: string
  readonly parentName: string
  readonly schema: string
  readonly partition: string
  readonly definition: string
}

const attached = `SELECT format('%I.%I', n.nspname, c.relname) AS index, format('%I.%I', pn.nspname, pc.relname) AS parent,
    pn.nspname AS "parentSchema", pc.relname AS "parentName", tn.nspname AS schema, t.relname AS partition, pg_get_indexdef(c.oid) AS definition
  FROM pg_inherits h
  JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('i', 'I') JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class pc ON pc.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = pc.relnamespace
  JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')) AND ${user("n")}
  ORDER BY t.relkind = 'r', 1`

const casts = "SELECT concat_ws(' ', castsource::regtype, casttarget::regtype) AS pair FROM pg_cast"

export interface Details {
  readonly all: ReadonlyArray<Detail>
  /** The casts that there are, as `integer boolean`. */
  readonly casts: ReadonlySet<string>
  readonly notNulls: ReadonlyArray<NotNull>
  readonly attached: ReadonlyArray<Attached>
}

/** Reads all of them. */
export const read = (database: Database): Effect.Effect<Details, import("../../PostgresError.ts").QueryError> =>
  Effect.gen(function* () {
    // The names of the columns are those of the first part of the union, and of the interfaces above.
    const ask = <A>(text: string) =>
      Effect.map(
        database.query(`WITH path AS MATERIALIZED (${inFull}) SELECT q.* FROM path, LATERAL (${text}) q`),
        (rows) => rows as unknown as ReadonlyArray<A>
      )
    return {
      all: yield* ask<Detail>(all),
      casts: new Set((yield* ask<{ readonly pair: string }>(casts)).map(({ pair }) => pair)),
      notNulls: database.major < 18 ? [] : yield* ask<NotNull>(notNulls),
      attached: yield* ask<Attached>(attached)
    }
  })
