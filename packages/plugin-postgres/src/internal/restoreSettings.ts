/** What belongs to a database and not to what is in it: no dump of the database has it. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Connection, escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { settingItems } from "./settings.ts"

const Settings = Schema.Struct({
  connectionLimit: Schema.Int,
  isTemplate: Schema.Boolean,
  grants: Schema.Array(
    Schema.Struct({
      role: Schema.NullOr(Schema.String),
      privilege: Schema.Literals(["CREATE", "TEMPORARY", "CONNECT"]),
      grantable: Schema.Boolean
    })
  ),
  settings: Schema.Array(
    Schema.Struct({ role: Schema.NullOr(Schema.String), name: Schema.String, value: Schema.String })
  ),
  stays: Schema.Array(Schema.String)
})

type Settings = typeof Settings.Type

const question = (database: string): Statement => ({
  text: `SELECT d.datconnlimit AS "connectionLimit", d.datistemplate AS "isTemplate",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('role', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,
        'privilege', a.privilege_type, 'grantable', a.is_grantable)), '[]')
      FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a) AS grants,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,
        'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1))), '[]')
      FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid) AS settings,
    (SELECT coalesce(jsonb_agg(what), '[]') FROM (
        SELECT 'replication slot ' || slot_name FROM pg_replication_slots WHERE database = d.datname
        UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE subdbid = d.oid) AS of (what)) AS stays
    FROM pg_database d WHERE d.datname = $1`,
  values: [database]
})

const read = (connection: Connection, database: string) =>
  Effect.flatMap(connection.query(question(database)), ({ rows }) =>
    // The server answers in the form that the statement asks for.
    Effect.orDie(Schema.decodeUnknownEffect(Settings)(rows[0]))
  )

/** Each name of a list by itself: quoting the list would make one name of it. */
const valueOf = (name: string, value: string): string => settingItems(name, value).map(escapeLiteral).join(", ")

/** The statements that give a database the settings of another, from those of one that was just made. */
export const statements = (
  scratch: string,
  { connectionLimit, grants, isTemplate, settings }: Omit<Settings, "stays">,
  owners: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const name = escapeIdentifier(scratch)
  return [
    `ALTER DATABASE ${name} WITH CONNECTION LIMIT ${connectionLimit}${isTemplate ? " IS_TEMPLATE true" : ""}`,
    ...settings.map(({ name: setting, role, value }) => {
      const whose =
        role === null ? `ALTER DATABASE ${name}` : `ALTER ROLE ${escapeIdentifier(role)} IN DATABASE ${name}`
      return `${whose} SET ${escapeIdentifier(setting)} = ${valueOf(setting, value)}`
    }),
    // What it got when it was made goes first; what is granted is all that there is then.
    ...owners.map((role) => `REVOKE ALL ON DATABASE ${name} FROM ${escapeIdentifier(role)}`),
    ...grants.map(
      ({ grantable, privilege, role }) =>
        `GRANT ${privilege} ON DATABASE ${name} TO ${role === null ? "PUBLIC" : escapeIdentifier(role)}${
          grantable ? " WITH GRANT OPTION" : ""
        }`
    )
  ]
}

/** What a person would call each of them. */
const described = ({ connectionLimit, grants, isTemplate, settings }: Settings): ReadonlyArray<string> => [
  `connection limit ${connectionLimit}`,
  ...(isTemplate ? ["being a template"] : []),
  ...settings.map(({ name, role, value }) => `setting ${name} = ${value}${role === null ? "" : ` of role ${role}`}`),
  ...grants.map(
    ({ grantable, privilege, role }) =>
      `grant of ${privilege} to ${role ?? "PUBLIC"}${grantable ? " with grant option" : ""}`
  )
]

/** Gives a database what another has, and says what it could not. */
export const carry = Effect.fnUntraced(function* (connection: Connection, from: string, scratch: string) {
  const wanted = yield* read(connection, from)
  const made = yield* read(connection, scratch)
  const owners = made.grants.flatMap(({ role }) => (role === null ? [] : [role]))
  const refused: Array<string> = []
  for (const text of statements(scratch, wanted, [...new Set(owners)])) {
    yield* Effect.catchTags(connection.query({ text, values: [] }), {
      PermissionDenied: ({ message }) => Effect.sync(() => refused.push(message)),
      StatementFailed: ({ message }) => Effect.sync(() => refused.push(message))
    })
  }
  const [was, is] = [described(wanted), described(yield* read(connection, scratch))]
  return [
    ...was.filter((one) => !is.includes(one)).map((one) => `${one} was not carried over`),
    ...is.filter((one) => !was.includes(one)).map((one) => `${one} came with the new database`),
    ...refused,
    ...wanted.stays.map((one) => `${one} stays with the database that was replaced`)
  ]
})
