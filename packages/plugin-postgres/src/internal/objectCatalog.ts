/** What is asked of roles, privileges, owners and settings. */
import * as Schema from "effect/Schema"
import type { ServerObject } from "../ServerObject.ts"
import { type Kind, kind } from "./catalog.ts"

const State = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null, Schema.Array(Schema.String)])
)

/** The state; `null` where it is not there; `gone` where what it is of is not there. */
const Answer = Schema.NullOr(Schema.Struct({ state: Schema.NullOr(State), gone: Schema.optionalKey(Schema.Boolean) }))

const stated = (name: string, sql: string) => kind(name, sql, Answer)

const it = (path: string): string => `(asked.it #>> '{${path}}')`

const present = (state: string): string => `jsonb_build_object('state', ${state})`

const role = stated(
  "role",
  `SELECT ${present(`jsonb_build_object('login', rolcanlogin, 'superuser', rolsuper, 'createDatabase', rolcreatedb,
    'createRole', rolcreaterole, 'inherit', rolinherit, 'replication', rolreplication, 'bypassRowSecurity', rolbypassrls,
    'connectionLimit', rolconnlimit)`)} FROM pg_roles WHERE rolname = ${it("name")}`
)

const membership = stated(
  "membership",
  `SELECT jsonb_build_object('gone', member.oid IS NULL OR role.oid IS NULL, 'state',
      (SELECT jsonb_build_object('admin', bool_or(m.admin_option)) FROM pg_auth_members m
        WHERE m.roleid = role.oid AND m.member = member.oid HAVING count(*) > 0))
    FROM (SELECT) AS one LEFT JOIN pg_roles role ON role.rolname = ${it("role")}
    LEFT JOIN pg_roles member ON member.rolname = ${it("member")}`
)

const schema = stated(
  "schema",
  `SELECT ${present("jsonb_build_object('owner', pg_get_userbyid(nspowner))")} FROM pg_namespace WHERE nspname = ${it("name")}`
)

const database = stated(
  "database",
  `SELECT ${present(`jsonb_build_object('owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
    'connectionLimit', datconnlimit)`)} FROM pg_database WHERE datname = ${it("name")}`
)

const owner = stated(
  "owner",
  `SELECT ${present("jsonb_build_object('owner', pg_get_userbyid(found.owner))")} FROM (
      SELECT datdba AS owner FROM pg_database WHERE ${it("of,of")} = 'database' AND datname = ${it("of,name")}
      UNION ALL SELECT nspowner FROM pg_namespace WHERE ${it("of,of")} = 'schema' AND nspname = ${it("of,name")}
      UNION ALL SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE ${it("of,of")} = 'table' AND n.nspname = ${it("of,schema")} AND c.relname = ${it("of,name")}
      UNION ALL SELECT t.typowner FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE ${it("of,of")} = 'type' AND n.nspname = ${it("of,schema")} AND t.typname = ${it("of,name")}
    ) AS found`
)

const setting = stated(
  "setting",
  `SELECT jsonb_build_object(
      'gone', (${it("database")} IS NOT NULL AND database.oid IS NULL) OR (${it("role")} IS NOT NULL AND role.oid IS NULL),
      'state', (SELECT jsonb_build_object('value', substr(config, length(${it("name")}) + 2))
        FROM pg_db_role_setting s, unnest(s.setconfig) AS config
        WHERE s.setdatabase = coalesce(database.oid, 0) AND s.setrole = coalesce(role.oid, 0)
          AND starts_with(lower(config), lower(${it("name")}) || '=')))
    FROM (SELECT) AS one LEFT JOIN pg_database database ON database.datname = ${it("database")}
    LEFT JOIN pg_roles role ON role.rolname = ${it("role")}`
)

/** Privileges of a role by object; those of `PUBLIC` are of role 0. */
const held = (objects: string): string =>
  `(SELECT coalesce(jsonb_agg(DISTINCT object.name || ':' || acl.privilege_type), '[]')
    FROM (${objects}) AS object, aclexplode(object.acl) AS acl WHERE acl.grantee = coalesce(role.oid, 0))`

const relations = (kinds: string, of: "r" | "s"): string =>
  `SELECT c.relname::text AS name, coalesce(c.relacl, acldefault('${of}', c.relowner)) AS acl FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (${kinds}) AND `

const tables = relations("'r', 'p', 'v', 'm', 'f'", "r")
const sequences = relations("'S'", "s")

const objects = `
    SELECT datname::text AS name, coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database
      WHERE ${it("on,on")} = 'database' AND datname = ${it("on,name")}
    UNION ALL SELECT nspname::text, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
      WHERE ${it("on,on")} = 'schema' AND nspname = ${it("on,name")}
    UNION ALL ${tables} ${it("on,on")} = 'table' AND n.nspname = ${it("on,schema")} AND c.relname = ${it("on,name")}
    UNION ALL ${sequences} ${it("on,on")} = 'sequence' AND n.nspname = ${it("on,schema")} AND c.relname = ${it("on,name")}
    UNION ALL ${tables} ${it("on,on")} = 'tablesIn' AND n.nspname = ${it("on,name")}
    UNION ALL ${sequences} ${it("on,on")} = 'sequencesIn' AND n.nspname = ${it("on,name")}
    UNION ALL SELECT t.typname::text, coalesce(t.typacl, acldefault('T', t.typowner)) FROM pg_type t
      JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${it("on,on")} = 'type' AND n.nspname = ${it("on,schema")} AND t.typname = ${it("on,name")}`

const isRoleGone = `(${it("to")} <> 'PUBLIC' AND role.oid IS NULL)`

const grant = stated(
  "grant",
  `SELECT jsonb_build_object(
      'gone', ${isRoleGone} OR (NOT EXISTS (${objects}) AND NOT (${it("on,on")} IN ('tablesIn', 'sequencesIn')
        AND EXISTS (SELECT FROM pg_namespace WHERE nspname = ${it("on,name")}))),
      'state', jsonb_build_object(
        'objects', (SELECT coalesce(jsonb_agg(object.name ORDER BY object.name), '[]') FROM (${objects}) AS object),
        'held', ${held(objects)}))
    FROM (SELECT) AS one LEFT JOIN pg_roles role ON role.rolname = ${it("to")}`
)

const letters = `CASE ${it("objects")} WHEN 'tables' THEN 'r' WHEN 'sequences' THEN 'S' WHEN 'functions' THEN 'f' WHEN 'types' THEN 'T' ELSE 'n' END`

const defaultPrivileges = stated(
  "defaultPrivileges",
  `SELECT jsonb_build_object(
      'gone', ${isRoleGone} OR owner.oid IS NULL OR (${it("schema")} IS NOT NULL AND space.oid IS NULL),
      'state', jsonb_build_object('held', ${held(`SELECT 'new'::text AS name, coalesce(
          (SELECT d.defaclacl FROM pg_default_acl d WHERE d.defaclrole = owner.oid
            AND d.defaclnamespace = coalesce(space.oid, 0) AND d.defaclobjtype = (${letters})::"char"),
          CASE WHEN ${it("schema")} IS NULL THEN acldefault((CASE ${it("objects")} WHEN 'sequences' THEN 's' ELSE ${letters} END)::"char", owner.oid)
            ELSE NULL::aclitem[] END) AS acl`)}))
    FROM (SELECT) AS one LEFT JOIN pg_roles role ON role.rolname = ${it("to")}
    LEFT JOIN pg_roles owner ON owner.rolname = ${it("owner")}
    LEFT JOIN pg_namespace space ON space.nspname = ${it("schema")}`
)

export const kindOf: Readonly<Record<ServerObject["kind"], Kind<typeof Answer.Type>>> = {
  role,
  membership,
  schema,
  database,
  owner,
  setting,
  grant,
  defaultPrivileges
}

/** Server, database and role may have limits; newer servers keep connections for more than superusers. */
export const connections = kind(
  "connections",
  `SELECT jsonb_build_object('server', current_setting('max_connections')::int,
      'reserved', current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0),
      'database', d.datconnlimit, 'role', r.rolconnlimit)
    FROM pg_database d, (SELECT) AS one LEFT JOIN pg_roles r ON r.rolname = ${it("role")} WHERE d.datname = current_database()`,
  Schema.Struct({
    server: Schema.Int,
    reserved: Schema.Int,
    database: Schema.Int,
    role: Schema.NullOr(Schema.Int)
  })
)

/** The sequences that belong to columns of a schema. */
export const sequencesOf = kind(
  "sequencesOf",
  `SELECT coalesce(jsonb_agg(jsonb_build_object('schema', n.nspname, 'table', t.relname, 'column', a.attname,
        'sequence', s.relname, 'sequenceSchema', sn.nspname, 'increment', q.seqincrement) ORDER BY t.relname, a.attname), '[]')
    FROM pg_namespace n JOIN pg_class t ON t.relnamespace = n.oid JOIN pg_attribute a ON a.attrelid = t.oid
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid = a.attnum
      AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
    JOIN pg_sequence q ON q.seqrelid = s.oid
    WHERE n.nspname = ${it("schema")} AND q.seqincrement > 0`,
  Schema.Array(
    Schema.Struct({
      schema: Schema.String,
      table: Schema.String,
      column: Schema.String,
      sequence: Schema.String,
      sequenceSchema: Schema.String,
      increment: Schema.Finite
    })
  )
)
