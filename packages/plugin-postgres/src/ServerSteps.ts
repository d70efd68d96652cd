import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as objects from "./internal/objectSteps.ts"
import { settingText } from "./internal/settings.ts"
import { Name } from "./internal/tableSteps.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { StatementFailed } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { Owned } from "./ServerObject.ts"

const isAdmin = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))

const membershipWanted = ({
  admin,
  member,
  role
}: {
  readonly role: string
  readonly member: string
  readonly admin: boolean
}): objects.Wanted => ({
  object: { kind: "membership", role, member },
  name: `membership of ${member} in ${role}`,
  state: () => ({ admin })
})

const membershipStep = Step.make("postgres.membership", {
  description: "A role is a member of another one",
  risk: "additive",
  input: { role: Name, member: Name, admin: isAdmin },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.membership.check")((input) => objects.check(membershipWanted(input))),
  apply: Effect.fn("postgres.membership.apply")((input) => objects.apply(membershipWanted(input)))
})

/**
 * A role is a member of another one. `admin`: whether it may make others members, default no.
 *
 * Undo ends the membership, or gives it the option that it had.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.membership("app-reads", { role: "readers", member: "app" }).type, "postgres.membership")
 * ```
 *
 * @since 0.1.0
 */
export const membership = Undo.of(membershipStep, objects.undo(membershipWanted))

const schemaWanted = ({
  name,
  owner
}: {
  readonly name: string
  readonly owner?: string | undefined
}): objects.Wanted => ({
  object: { kind: "schema", name },
  name: `schema ${name}`,
  state: () => (owner === undefined ? {} : { owner })
})

const schemaStep = Step.make("postgres.schema", {
  description: "A schema exists",
  risk: "additive",
  input: { name: Name, owner: Schema.optionalKey(Name) },
  output: {},
  provides: () => [schemaResource],
  alters: "schema",
  check: Effect.fn("postgres.schema.check")((input) => objects.check(schemaWanted(input))),
  apply: Effect.fn("postgres.schema.apply")((input) => objects.apply(schemaWanted(input)))
})

/**
 * A schema exists, and belongs to `owner` where one is stated.
 *
 * Undo drops a schema that the step has created, as long as nothing is in it, or gives it back to its owner.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.schema("audit", { name: "audit", owner: "app" }).type, "postgres.schema")
 * ```
 *
 * @since 0.1.0
 */
export const schema = Undo.of(schemaStep, objects.undo(schemaWanted))

const databaseWanted = ({
  name,
  ...stated
}: {
  readonly name: string
  readonly owner?: string
  readonly encoding?: string
  readonly connectionLimit?: number
}): objects.Wanted => ({
  object: { kind: "database", name },
  name: `database ${name}`,
  state: () => stated
})

const otherEncoding = (name: string, existing: string, wanted: string): StatementFailed =>
  new StatementFailed({
    sqlstate: "22023",
    message: `database ${name} has the encoding ${existing}, and should have ${wanted}`,
    hint: "the encoding of a database cannot be changed: correct it here, or make another database and restore a dump into it"
  })

/**
 * A database exists on the server of the connection, which is made to another database of it, such as `postgres`.
 *
 * - `owner`, `encoding` (such as `UTF8`, of a new one), `connectionLimit` (-1 is none).
 *
 * There is no undo: a database is not dropped by itself.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.database("reports", { name: "reports", owner: "app" }).type, "postgres.database")
 * ```
 *
 * @since 0.1.0
 */
export const database = Step.make("postgres.database", {
  description: "A database exists",
  risk: "additive",
  input: {
    name: Name,
    owner: Schema.optionalKey(Name),
    encoding: Schema.optionalKey(Schema.NonEmptyString),
    connectionLimit: Schema.optionalKey(Schema.Int)
  },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.database.check")(function* (input) {
    const { encoding, name } = input
    const look = Effect.flatMap(PostgresProbe, (probe) => probe.object({ kind: "database", name }))
    return yield* whenReached(
      Effect.flatMap(look, (now) =>
        encoding === undefined || now == null || now.encoding === encoding
          ? objects.check(databaseWanted(input))
          : Effect.fail(otherEncoding(name, String(now.encoding), encoding))
      )
    )
  }),
  apply: Effect.fn("postgres.database.apply")((input) => objects.apply(databaseWanted(input)))
})

const Of = Schema.Union([
  Schema.Struct({ database: Name }),
  Schema.Struct({
    table: Name,
    schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public")))
  }),
  Schema.Struct({
    type: Name,
    schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public")))
  }),
  Schema.Struct({ schema: Name })
])

const ownedOf = (of: typeof Of.Type): Owned => {
  if ("database" in of) return { of: "database", name: of.database }
  if ("table" in of) return { of: "table", schema: of.schema, name: of.table }
  if ("type" in of) return { of: "type", schema: of.schema, name: of.type }
  return { of: "schema", name: of.schema }
}

const ownerWanted = ({ of, owner }: { readonly of: typeof Of.Type; readonly owner: string }): objects.Wanted => {
  const owned = ownedOf(of)
  return { object: { kind: "owner", of: owned }, name: `${owned.of} ${owned.name}`, state: () => ({ owner }) }
}

const ownerStep = Step.make("postgres.owner", {
  description: "Something belongs to a role",
  risk: "reversible",
  input: { of: Of, owner: Name },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.owner.check")((input) => objects.check(ownerWanted(input))),
  apply: Effect.fn("postgres.owner.apply")((input) => objects.apply(ownerWanted(input)))
})

/**
 * A table, view, sequence, type, schema or database belongs to a role: `of` is `{ table, schema? }` (views and sequences, too),
 * `{ type, schema? }`, `{ schema }` or `{ database }`.
 *
 * Undo gives it back.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.owner("documents-owner", { of: { table: "documents" }, owner: "app" }).type, "postgres.owner")
 * ```
 *
 * @since 0.1.0
 */
export const owner = Undo.of(ownerStep, objects.undo(ownerWanted))

const settingWanted = ({
  database: inDatabase,
  name,
  role,
  value
}: {
  readonly name: string
  readonly value: string
  readonly database?: string | undefined
  readonly role?: string | undefined
}): objects.Wanted => ({
  object: { kind: "setting", name, database: inDatabase ?? null, role: role ?? null },
  name: `setting ${name} of ${[inDatabase, role].filter((one) => one !== undefined).join(" for ")}`,
  state: () => ({ value: settingText(name, value) }),
  written: (text) => (typeof text === "string" ? settingText(name, text) : text)
})

const ofNobody = (name: string): StatementFailed =>
  new StatementFailed({
    sqlstate: "42601",
    message: `it is not said whose setting ${name} is`,
    hint: "give `role`, `database`, or both"
  })

const settingStep = Step.make("postgres.setting", {
  description: "Sessions of a role or in a database begin with a setting",
  risk: "reversible",
  input: {
    name: Schema.NonEmptyString,
    value: Schema.String,
    database: Schema.optionalKey(Name),
    role: Schema.optionalKey(Name)
  },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.setting.check")(function* (input) {
    if (input.role === undefined && input.database === undefined) return yield* ofNobody(input.name)
    return yield* objects.check(settingWanted(input))
  }),
  apply: Effect.fn("postgres.setting.apply")((input) => objects.apply(settingWanted(input)))
})

/**
 * Sessions of a role, in a database, or both, begin with a setting. Sessions that are open keep theirs.
 *
 * - `name`, `value`: as in `SET`: `statement_timeout`, `"30s"`; a list such as `search_path` as `"app, public"`.
 * - `database`, `role`: one of them, or both.
 *
 * Undo sets what was set before, or resets it.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const path = Postgres.setting("app-path", { role: "app", name: "search_path", value: "app, public" })
 * assert.equal(path.type, "postgres.setting")
 * ```
 *
 * @since 0.1.0
 */
export const setting = Undo.of(settingStep, objects.undo(settingWanted))
