/** The statements that bring roles, privileges, owners and settings from one state to another. */
import type { Granted, ObjectState, Owned, ServerObject } from "../ServerObject.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { settingItems } from "./settings.ts"
import { qualified } from "./tableSql.ts"

const quoted = escapeIdentifier

const roleSql = (name: string): string => (name === "PUBLIC" ? name : quoted(name))

const plain = (text: string): Statement => ({ text, values: [] })

const attributes: Readonly<Record<string, string>> = {
  login: "LOGIN",
  superuser: "SUPERUSER",
  createDatabase: "CREATEDB",
  createRole: "CREATEROLE",
  inherit: "INHERIT",
  replication: "REPLICATION",
  bypassRowSecurity: "BYPASSRLS"
}

/** What is stated differently. */
const changed = (from: ObjectState | null, to: ObjectState): ReadonlyArray<readonly [string, ObjectState[string]]> =>
  Object.entries(to).filter(([key, value]) => from?.[key] !== value)

/** What stands behind CREATE or ALTER and the name: each by itself where it is altered. */
type Options = (from: ObjectState | null, to: ObjectState) => ReadonlyArray<string>

const roleOptions: Options = (from, to) =>
  changed(from, to).map(([key, value]) =>
    key === "connectionLimit"
      ? `CONNECTION LIMIT ${Number(value)}`
      : `${value === true ? "" : "NO"}${attributes[key] ?? ""}`
  )

const owned = (of: Owned): string =>
  `${of.of.toUpperCase()} ${"schema" in of ? qualified({ schema: of.schema, name: of.name }) : quoted(of.name)}`

/** One of the objects that privileges are on. */
const granted = (on: Granted, name: string): string => {
  switch (on.on) {
    case "database":
    case "schema":
      return `${on.on.toUpperCase()} ${quoted(name)}`
    case "tablesIn":
      return `TABLE ${qualified({ schema: on.name, name })}`
    case "sequencesIn":
      return `SEQUENCE ${qualified({ schema: on.name, name })}`
    default:
      return `${on.on.toUpperCase()} ${qualified({ schema: on.schema, name })}`
  }
}

const listOf = (state: ObjectState | null): ReadonlyArray<string> => (Array.isArray(state?.held) ? state.held : [])

/** Privileges by object of which one list has more than the other. */
const more = (a: ObjectState | null, b: ObjectState | null): ReadonlyMap<string, ReadonlyArray<string>> => {
  const found = new Map<string, ReadonlyArray<string>>()
  for (const one of listOf(a)) {
    if (listOf(b).includes(one)) continue
    const at = one.lastIndexOf(":")
    const [object, privilege] = [one.slice(0, at), one.slice(at + 1)]
    found.set(object, [...(found.get(object) ?? []), privilege])
  }
  return found
}

const privileges = (
  from: ObjectState | null,
  to: ObjectState | null,
  role: string,
  sql: (verb: string, object: string) => string
): ReadonlyArray<Statement> => [
  ...[...more(to, from)].map(([object, list]) =>
    plain(`${sql(`GRANT ${list.join(", ")}`, object)} TO ${roleSql(role)}`)
  ),
  ...[...more(from, to)].map(([object, list]) =>
    plain(`${sql(`REVOKE ${list.join(", ")}`, object)} FROM ${roleSql(role)}`)
  )
]

const settingOf = (database: string | null, role: string | null): string =>
  role === null
    ? `ALTER DATABASE ${quoted(database ?? "")}`
    : `ALTER ROLE ${quoted(role)}${database === null ? "" : ` IN DATABASE ${quoted(database)}`}`

export const statementsOf = (
  object: ServerObject,
  from: ObjectState | null,
  to: ObjectState | null
): ReadonlyArray<Statement> => {
  switch (object.kind) {
    case "role":
      return named(`ROLE ${quoted(object.name)}`, from, to, roleOptions)
    case "schema":
      return named(`SCHEMA ${quoted(object.name)}`, from, to, ownerOf)
    case "database":
      return named(`DATABASE ${quoted(object.name)}`, from, to, databaseOptions)
    case "membership": {
      const [role, member] = [quoted(object.role), quoted(object.member)]
      if (to === null) return from === null ? [] : [plain(`REVOKE ${role} FROM ${member}`)]
      if (from !== null && from.admin === true && to.admin !== true) {
        return [plain(`REVOKE ADMIN OPTION FOR ${role} FROM ${member}`)]
      }
      return [plain(`GRANT ${role} TO ${member}${to.admin === true ? " WITH ADMIN OPTION" : ""}`)]
    }
    case "owner":
      return to === null ? [] : [plain(`ALTER ${owned(object.of)} OWNER TO ${quoted(String(to.owner))}`)]
    case "setting": {
      const of = settingOf(object.database, object.role)
      const name = object.name.split(".").map(quoted).join(".")
      return [
        plain(
          to === null
            ? `${of} RESET ${name}`
            : `${of} SET ${name} TO ${settingItems(object.name, String(to.value)).map(escapeLiteral).join(", ")}`
        )
      ]
    }
    case "grant":
      return privileges(from, to, object.to, (verb, name) => `${verb} ON ${granted(object.on, name)}`)
    default: {
      const { objects, owner, schema } = object
      const where = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoted(owner)}${schema === null ? "" : ` IN SCHEMA ${quoted(schema)}`}`
      return privileges(from, to, object.to, (verb) => `${where} ${verb} ON ${objects.toUpperCase()}`)
    }
  }
}

/** What is created, altered and dropped by its name. */
const named = (
  what: string,
  from: ObjectState | null,
  to: ObjectState | null,
  options: Options
): ReadonlyArray<Statement> => {
  if (to === null) return from === null ? [] : [plain(`DROP ${what}`)]
  const written = options(from, to)
  return from === null
    ? [plain(["CREATE", what, ...written].join(" "))]
    : written.map((option) => plain(`ALTER ${what} ${option}`))
}

const ownerOf: Options = (from, to) => {
  if (to.owner === undefined || from?.owner === to.owner) return []
  return [`${from === null ? "AUTHORIZATION" : "OWNER TO"} ${quoted(String(to.owner))}`]
}

const databaseOptions: Options = (from, to) =>
  changed(from, to).map(([key, value]) => {
    switch (key) {
      case "owner":
        return `${from === null ? "OWNER" : "OWNER TO"} ${quoted(String(value))}`
      case "encoding":
        return `ENCODING ${escapeLiteral(String(value))} TEMPLATE template0`
      default:
        return `CONNECTION LIMIT ${Number(value)}`
    }
  })
