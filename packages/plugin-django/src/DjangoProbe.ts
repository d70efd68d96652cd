/**
 * What can be asked of a Django application. Nothing that is asked changes it.
 *
 * @since 0.1.0
 */
import { Access, type Resource, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Refusal, SessionFailed } from "./DjangoError.ts"

/**
 * How asking fails.
 *
 * @since 0.1.0
 */
export type LookError = Refusal | SessionFailed | Target.RunError | Target.FileError | Target.CommandNotAllowed

/**
 * Lookups of Django's ORM, such as `{ "role__module": "O1", is_active: true }`.
 *
 * @since 0.1.0
 */
export type Lookups = Readonly<Record<string, Schema.Json>>

/**
 * One message of the system checks.
 *
 * @since 0.1.0
 */
export interface SystemMessage extends Schema.Schema.Type<typeof SystemMessage> {}

/**
 * The schema of {@link SystemMessage}. `level` is Django's: 10 debug, 20 info, 30 warning, 40 error, 50 critical.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const message = { level: 30, id: "security.W004", message: "no HSTS", hint: "", object: "" }
 * assert.equal(Schema.decodeUnknownSync(DjangoProbe.SystemMessage)(message).id, "security.W004")
 * ```
 *
 * @since 0.1.0
 */
export const SystemMessage = Schema.Struct({
  level: Schema.Number,
  id: Schema.String,
  message: Schema.String,
  hint: Schema.String,
  object: Schema.String
})

/**
 * How the database's schema and the code's migrations compare.
 *
 * @since 0.1.0
 */
export interface MigrationState extends Schema.Schema.Type<typeof MigrationState> {}

/**
 * The schema of {@link MigrationState}: the pending migrations in order, with the operations that lose data; how many
 * are applied by app; those that are applied and not in the code of their app, as a newer release leaves them; the model
 * changes without a migration by app.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const state = { pending: [], applied: { auth: 12 }, unknown: [], missing: {} }
 * assert.equal(Schema.decodeUnknownSync(DjangoProbe.MigrationState)(state).applied["auth"], 12)
 * ```
 *
 * @since 0.1.0
 */
export const MigrationState = Schema.Struct({
  pending: Schema.Array(
    Schema.Struct({ app: Schema.String, name: Schema.String, losses: Schema.Array(Schema.String) })
  ),
  applied: Schema.Record(Schema.String, Schema.Number),
  unknown: Schema.Array(Schema.String),
  missing: Schema.Record(Schema.String, Schema.Array(Schema.String))
})

/**
 * Names of applied migrations, by app, in the order in which they were applied.
 *
 * @since 0.1.0
 */
export type Applied = Readonly<Record<string, ReadonlyArray<string>>>

/**
 * What it takes to get back to the migrations of an earlier time.
 *
 * @since 0.1.0
 */
export interface Reversal extends Schema.Schema.Type<typeof Reversal> {}

/**
 * The schema of {@link Reversal}: applied migrations that are newer, and those that were applied then and are not now; of
 * the newer ones those that the code does not know, and those that cannot go alone; in the order in which they would go,
 * each with the operations that cannot be reversed and with what is lost; and what to migrate each app to, where no name
 * stands for nothing at all.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const reversal = {
 *   newer: ["core.0002_tag"],
 *   lacking: [],
 *   unknown: [],
 *   entangled: [],
 *   plan: [{ app: "core", name: "0002_tag", irreversible: [], losses: ["Create model Tag"] }],
 *   targets: [{ app: "core", name: "0001_initial" }]
 * }
 * assert.equal(Schema.decodeUnknownSync(DjangoProbe.Reversal)(reversal).targets[0]?.name, "0001_initial")
 * ```
 *
 * @since 0.1.0
 */
export const Reversal = Schema.Struct({
  newer: Schema.Array(Schema.String),
  lacking: Schema.Array(Schema.String),
  unknown: Schema.Array(Schema.String),
  entangled: Schema.Array(Schema.String),
  plan: Schema.Array(
    Schema.Struct({
      app: Schema.String,
      name: Schema.String,
      irreversible: Schema.Array(Schema.String),
      losses: Schema.Array(Schema.String)
    })
  ),
  targets: Schema.Array(Schema.Struct({ app: Schema.String, name: Schema.NullOr(Schema.String) }))
})

/**
 * What `collectstatic` would copy.
 *
 * @since 0.1.0
 */
export interface StaticState extends Schema.Schema.Type<typeof StaticState> {}

/**
 * The schema of {@link StaticState}: the files that are missing or outdated, and how many are as they should be.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const state = Schema.decodeUnknownSync(DjangoProbe.StaticState)({ missing: ["admin/css/base.css"], present: 130 })
 * assert.equal(state.missing.length, 1)
 * ```
 *
 * @since 0.1.0
 */
export const StaticState = Schema.Struct({ missing: Schema.Array(Schema.String), present: Schema.Number })

/**
 * A user as it is.
 *
 * @since 0.1.0
 */
export interface UserState extends Schema.Schema.Type<typeof UserState> {}

/**
 * The schema of {@link UserState}. `passwordMatches` answers for the password that was asked about.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const state = {
 *   id: "1", active: true, staff: true, superuser: true, groups: ["Editors"], passwordMatches: false
 * }
 * assert.equal(Schema.decodeUnknownSync(DjangoProbe.UserState)(state).superuser, true)
 * ```
 *
 * @since 0.1.0
 */
export const UserState = Schema.Struct({
  id: Schema.String,
  active: Schema.Boolean,
  staff: Schema.Boolean,
  superuser: Schema.Boolean,
  groups: Schema.Array(Schema.String),
  passwordMatches: Schema.Boolean
})

/**
 * Asks a Django application. All questions of one look go to one interpreter.
 *
 * @example
 * ```ts
 * import { DjangoProbe } from "@shipshape/plugin-django"
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DjangoWorld.make({ models: { "users.Role": [{ module: "O1" }] } })
 * const count = Effect.flatMap(DjangoProbe.DjangoProbe, (django) =>
 *   django.count({ database: "default", model: "users.Role", filter: { module: "O1" } }))
 * assert.equal(await Effect.runPromise(Effect.provide(count, world.layer)), 1)
 * ```
 *
 * @since 0.1.0
 */
export class DjangoProbe extends Access.Probe<
  DjangoProbe,
  {
    /** What must be up for the database to answer, where that is known. */
    readonly database: Resource.Resource | undefined
    readonly systemCheck: (question: {
      readonly deploy: boolean
      readonly tags: ReadonlyArray<string>
    }) => Effect.Effect<ReadonlyArray<SystemMessage>, LookError>
    readonly migrations: (question: {
      readonly database: string
      /** An empty list stands for all. */
      readonly apps: ReadonlyArray<string>
      readonly checkMissing: boolean
    }) => Effect.Effect<MigrationState, LookError>
    /** Every migration that the database says is applied, also of apps that the code does not have. */
    readonly applied: (question: {
      readonly database: string
      readonly apps: ReadonlyArray<string>
    }) => Effect.Effect<Applied, LookError>
    /**
     * Asks the code that runs, which may be newer than the image that is present: only code that has a migration knows how
     * to reverse it.
     */
    readonly reversal: (question: {
      readonly database: string
      readonly apps: ReadonlyArray<string>
      readonly recorded: Applied
    }) => Effect.Effect<Reversal, LookError>
    readonly staticFiles: Effect.Effect<StaticState, LookError>
    /** Fails where `manage.py` has no such command. */
    readonly command: (name: string) => Effect.Effect<void, LookError>
    readonly count: (question: {
      readonly database: string
      readonly model: string
      readonly filter: Lookups
    }) => Effect.Effect<number, LookError>
    /** `undefined` where there is no such user. Fails where one of the groups does not exist. */
    readonly user: (question: {
      readonly database: string
      readonly username: string
      readonly groups: ReadonlyArray<string>
      readonly password: Redacted.Redacted<string> | undefined
    }) => Effect.Effect<UserState | undefined, LookError>
    readonly permission: (question: {
      readonly database: string
      readonly user: string
      readonly permission: string
    }) => Effect.Effect<boolean, LookError>
    /** Calls a function with the user, if there is one, and the arguments. */
    readonly call: (question: {
      readonly database: string
      readonly call: string
      readonly user: string | undefined
      readonly args: ReadonlyArray<Schema.Json>
    }) => Effect.Effect<Schema.Json, LookError>
    /** What the control has noted under this name; `undefined` where nothing is. */
    readonly mark: (name: string) => Effect.Effect<string | undefined, LookError>
  }
>()("@shipshape/plugin-django/DjangoProbe") {}
