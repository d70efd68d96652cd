/** Roles, privileges, owners and settings in memory. */
import type { ColumnSequence, ConnectionLimits, ObjectState, ServerObject } from "../../ServerObject.ts"
import type { PostgresWorld } from "../PostgresWorld.ts"

const keyOf = (object: ServerObject): string => JSON.stringify(object)

const isRole = (world: PostgresWorld, name: string): boolean =>
  name === "PUBLIC" || name === world.server.user || world.objects.has(keyOf({ kind: "role", name }))

const isThere = (world: PostgresWorld, of: "database" | "schema" | "table" | "type", name: string): boolean => {
  switch (of) {
    case "database":
      return name === world.server.database || world.objects.has(keyOf({ kind: "database", name }))
    case "schema":
      return name === "public" || world.objects.has(keyOf({ kind: "schema", name }))
    case "table":
      return world.tables.has(name)
    default:
      return world.enums.has(name)
  }
}

/** The names of the objects that privileges are on; `undefined` where they are not there. */
const grantedOn = (
  world: PostgresWorld,
  on: Extract<ServerObject, { readonly kind: "grant" }>["on"]
): ReadonlyArray<string> | undefined => {
  switch (on.on) {
    case "tablesIn":
      return isThere(world, "schema", on.name)
        ? [...world.tables.keys()].flatMap((table) =>
            table.startsWith(`${on.name}.`) ? [table.slice(on.name.length + 1)] : []
          )
        : undefined
    case "sequencesIn":
      return isThere(world, "schema", on.name) ? [] : undefined
    case "table":
    case "type":
      return isThere(world, on.on, `${on.schema}.${on.name}`) ? [on.name] : undefined
    case "sequence":
      return undefined
    default:
      return isThere(world, on.on, on.name) ? [on.name] : undefined
  }
}

/** Whether all that an object is about is there. */
const isPossible = (world: PostgresWorld, object: ServerObject): boolean => {
  switch (object.kind) {
    case "membership":
      return isRole(world, object.role) && isRole(world, object.member)
    case "grant":
      return isRole(world, object.to) && grantedOn(world, object.on) !== undefined
    case "defaultPrivileges":
      return (
        isRole(world, object.to) &&
        isRole(world, object.owner) &&
        (object.schema === null || isThere(world, "schema", object.schema))
      )
    case "setting":
      return (
        (object.role === null || isRole(world, object.role)) &&
        (object.database === null || isThere(world, "database", object.database))
      )
    case "owner":
      return isThere(
        world,
        object.of.of,
        "schema" in object.of ? `${object.of.schema}.${object.of.name}` : object.of.name
      )
    default:
      return true
  }
}

export const stateOf = (world: PostgresWorld, object: ServerObject): ObjectState | null | undefined => {
  if (!isPossible(world, object)) return undefined
  const kept = world.objects.get(keyOf(object))
  if (object.kind === "owner") return kept ?? { owner: world.server.user }
  if (object.kind === "defaultPrivileges") return kept ?? { held: [] }
  if (object.kind !== "grant") return kept ?? null
  return { held: [], ...kept, objects: grantedOn(world, object.on) ?? [] }
}

/** What the server says of a role for which nothing is stated. */
const newRole: ObjectState = {
  login: false,
  superuser: false,
  createDatabase: false,
  createRole: false,
  inherit: true,
  replication: false,
  bypassRowSecurity: false,
  connectionLimit: -1
}

export const setState = (world: PostgresWorld, object: ServerObject, state: ObjectState | null): void => {
  const key = keyOf(object)
  const isUsual =
    state === null ||
    (object.kind === "owner" && state.owner === world.server.user) ||
    (Array.isArray(state.held) && state.held.length === 0)
  if (isUsual) world.objects.delete(key)
  else if (object.kind === "role") world.objects.set(key, { ...newRole, ...state })
  else if (object.kind === "schema") world.objects.set(key, { owner: world.server.user, ...state })
  else world.objects.set(key, state)
}

/** The limits of a small server. */
export const connections: ConnectionLimits = { server: 100, reserved: 3, database: undefined, role: undefined }

export const sequencesOf = (world: PostgresWorld, schema: string): ReadonlyArray<ColumnSequence> =>
  world.sequences.filter((sequence) => sequence.schema === schema)

export const advance = (world: PostgresWorld, { column, schema, table }: ColumnSequence): void => {
  const at = world.sequences.findIndex((one) => one.schema === schema && one.table === table && one.column === column)
  const found = world.sequences[at]
  if (found !== undefined) world.sequences[at] = { ...found, next: Math.max(found.next, (found.greatest ?? 0) + 1) }
}
