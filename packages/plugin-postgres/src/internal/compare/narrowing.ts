/** What of two schemas is compared: without what somebody else keeps. */
import * as Effect from "effect/Effect"
import type { QueryError } from "../../PostgresError.ts"
import { type Seen, seen } from "./comparing.ts"
import type { Database } from "./database.ts"
import type { Detail, Details } from "./details.ts"
import { engine, type Fact, type StableId } from "./engine.ts"
import { qualified } from "./names.ts"

export interface Scope {
  /** Tables and the like that are not looked at on either side: `public.audit`; `audit.*` is the whole schema. */
  readonly ignore: ReadonlyArray<string>
  /** Whether owners and grants are compared. */
  readonly privileges: boolean
}

/** What Shipshape itself keeps in a database. */
export const ownTables: ReadonlyArray<string> = ["shipshape.*", "public.shipshape_migrations"]

/** All there is beside that. */
export const everything: Scope = { ignore: ownTables, privileges: true }

/** Reads a side. */
export type See = (database: Database) => Effect.Effect<Seen, QueryError>

/** Whether something of a schema is left out; without a name, all of it. */
export type IsIgnored = (schema: string, name: string | undefined) => boolean

export const matcher = (ignore: ReadonlyArray<string>): IsIgnored => {
  const patterns = ignore.map((one) => qualified(one))
  return (schema, name) =>
    patterns.some((one) => one.schema === schema && (one.name === "*" || (name !== undefined && one.name === name)))
}

/** Reads a side, and leaves out what is not compared. */
export const seeing = (scope: Scope): See => {
  if (scope.privileges && scope.ignore.length === 0) return seen
  const isIgnored = matcher(scope.ignore)
  return Effect.fnUntraced(function* (database) {
    const tools = yield* Effect.promise(engine)
    const all = yield* seen(database)
    const { details, facts } = all
    const keeps = (fact: Fact) => scope.privileges || !isPrivilege(fact.id)
    const left = new Set(facts.base.facts().flatMap((fact) => (isOf(fact, isIgnored) ? [tools.keyOf(fact.id)] : [])))
    if (left.size === 0 && scope.privileges) return all
    const isLeft = (fact: Fact): boolean => {
      if (left.has(tools.keyOf(fact.id))) return true
      const parent = fact.parent === undefined ? undefined : facts.base.get(fact.parent)
      return parent !== undefined && isLeft(parent)
    }
    return {
      facts: tools.rebuilt(
        facts,
        (fact) => (keeps(fact) && !isLeft(fact) ? fact : undefined),
        ({ kind }) => scope.privileges || kind !== "owner"
      ),
      details: narrowed(details, scope, isIgnored)
    } satisfies Seen
  })
}

const isPrivilege = ({ kind }: StableId): boolean => kind === "acl" || kind === "defaultPrivilege"

const isOf = ({ id, payload }: Fact, isIgnored: IsIgnored): boolean => {
  if (id.kind === "schema") return isIgnored(id.name, undefined)
  if (!("schema" in id) || typeof id.schema !== "string") return false
  const owner = payload.ownedBy
  if (id.kind === "sequence" && typeof owner === "object" && owner !== null && "table" in owner) {
    if (isIgnored("schema" in owner ? String(owner.schema) : id.schema, String(owner.table))) return true
  }
  const name = "table" in id ? id.table : "name" in id ? id.name : undefined
  return isIgnored(id.schema, name === undefined ? undefined : String(name))
}

const narrowed = (details: Details, { privileges }: Scope, isIgnored: IsIgnored): Details => {
  const isPrivilegeDetail = ({ aspect }: Detail) => /^(default )?privileges of /.test(aspect)
  return {
    ...details,
    all: details.all.filter(
      (one) =>
        (privileges || !isPrivilegeDetail(one)) &&
        !(one.schema !== null && isIgnored(one.schema, one.relation ?? undefined))
    ),
    notNulls: details.notNulls.filter(({ relation, schema }) => !isIgnored(schema, relation)),
    attached: details.attached.filter(({ partition, schema }) => !isIgnored(schema, partition))
  }
}
