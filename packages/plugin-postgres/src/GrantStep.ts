import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as objects from "./internal/objectSteps.ts"
import { Name } from "./internal/tableSteps.ts"
import { schemaResource } from "./internal/whenReached.ts"
import type { Granted, ObjectState } from "./ServerObject.ts"

const inSchema = { schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))) }

const On = Schema.Union([
  Schema.Struct({ database: Name }),
  Schema.Struct({ tablesIn: Name }),
  Schema.Struct({ sequencesIn: Name }),
  Schema.Struct({ table: Name, ...inSchema }),
  Schema.Struct({ sequence: Name, ...inSchema }),
  Schema.Struct({ type: Name, ...inSchema }),
  Schema.Struct({ schema: Name })
])

const Privileges = Schema.Array(
  Schema.Literals([
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    "USAGE",
    "CREATE",
    "CONNECT",
    "TEMPORARY",
    "EXECUTE"
  ])
).check(Schema.isMinLength(1))

const grantedOf = (on: typeof On.Type): Granted => {
  if ("database" in on) return { on: "database", name: on.database }
  if ("tablesIn" in on) return { on: "tablesIn", name: on.tablesIn }
  if ("sequencesIn" in on) return { on: "sequencesIn", name: on.sequencesIn }
  if ("table" in on) return { on: "table", schema: on.schema, name: on.table }
  if ("sequence" in on) return { on: "sequence", schema: on.schema, name: on.sequence }
  if ("type" in on) return { on: "type", schema: on.schema, name: on.type }
  return { on: "schema", name: on.schema }
}

/** How messages say what is not one object. */
const kinds: Readonly<Record<string, string>> = { tablesIn: "tables of", sequencesIn: "sequences of" }

const listOf = (state: ObjectState | null, key: string): ReadonlyArray<string> => {
  const list = state?.[key]
  return Array.isArray(list) ? list : []
}

/** What is held and what is wanted, without what is held already twice; sorted, so that it can be compared. */
const union = (held: ReadonlyArray<string>, wanted: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set([...held, ...wanted])].toSorted()

const grantWanted = ({
  on,
  privileges,
  to
}: {
  readonly on: typeof On.Type
  readonly privileges: ReadonlyArray<string>
  readonly to: string
}): objects.Wanted => {
  const granted = grantedOf(on)
  return {
    object: { kind: "grant", on: granted, to },
    name: `privileges of ${to} on ${kinds[granted.on] ?? granted.on} ${granted.name}`,
    state: (now) => ({
      held: union(
        listOf(now, "held"),
        listOf(now, "objects").flatMap((object) => privileges.map((privilege) => `${object}:${privilege}`))
      )
    }),
    written: (value) => (Array.isArray(value) ? value.toSorted() : value)
  }
}

const grantStep = Step.make("postgres.grant", {
  description: "A role has these privileges",
  risk: "additive",
  input: { to: Name, privileges: Privileges, on: On },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.grant.check")((input) => objects.check(grantWanted(input))),
  apply: Effect.fn("postgres.grant.apply")((input) => objects.apply(grantWanted(input)))
})

/**
 * A role has these privileges. Those that it has besides are left to it.
 *
 * - `to`: a role, or `PUBLIC` for everybody. Privileges that it has by being a member of another role do not count.
 * - `on`: `{ database }`, `{ schema }`, `{ table, schema? }` (or a view), `{ sequence, schema? }`, `{ type, schema? }`, or all that are
 *   there in a schema: `{ tablesIn }`, `{ sequencesIn }`. For those that are still to come see {@link defaultPrivileges}.
 *
 * Undo takes back what the step has granted.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const reading = Postgres.grant("reporting", { to: "reporting", privileges: ["SELECT"], on: { tablesIn: "public" } })
 * assert.equal(reading.type, "postgres.grant")
 * ```
 *
 * @since 0.1.0
 */
export const grant = Undo.of(grantStep, objects.undo(grantWanted))

const defaultsWanted = ({
  on,
  owner,
  privileges,
  schema,
  to
}: {
  readonly owner: string
  readonly schema?: string | undefined
  readonly on: "tables" | "sequences" | "functions" | "types" | "schemas"
  readonly privileges: ReadonlyArray<string>
  readonly to: string
}): objects.Wanted => ({
  object: { kind: "defaultPrivileges", owner, schema: schema ?? null, objects: on, to },
  name: `privileges of ${to} on new ${on} of ${owner}${schema === undefined ? "" : ` in schema ${schema}`}`,
  state: (now) => ({
    held: union(
      listOf(now, "held"),
      privileges.map((privilege) => `new:${privilege}`)
    )
  }),
  written: (value) => (Array.isArray(value) ? value.toSorted() : value)
})

const defaultPrivilegesStep = Step.make("postgres.defaultPrivileges", {
  description: "What a role creates gives these privileges to another role",
  risk: "additive",
  input: {
    owner: Name,
    schema: Schema.optionalKey(Name),
    on: Schema.Literals(["tables", "sequences", "functions", "types", "schemas"]),
    privileges: Privileges,
    to: Name
  },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.defaultPrivileges.check")((input) => objects.check(defaultsWanted(input))),
  apply: Effect.fn("postgres.defaultPrivileges.apply")((input) => objects.apply(defaultsWanted(input)))
})

/**
 * What a role creates from now on gives these privileges to another role. What is there already is not changed: see
 * {@link grant}.
 *
 * - `owner`: the role that creates, as migrations are run by.
 * - `on`: `tables` (and views), `sequences`, `functions`, `types` or `schemas`; `schema`: those in one schema only.
 * - `to`: who gets the privileges, or `PUBLIC`.
 *
 * Undo takes back what the step has granted.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const later = Postgres.defaultPrivileges("reporting-later", {
 *   owner: "app", schema: "public", on: "tables", privileges: ["SELECT"], to: "reporting"
 * })
 * assert.equal(later.type, "postgres.defaultPrivileges")
 * ```
 *
 * @since 0.1.0
 */
export const defaultPrivileges = Undo.of(defaultPrivilegesStep, objects.undo(defaultsWanted))
