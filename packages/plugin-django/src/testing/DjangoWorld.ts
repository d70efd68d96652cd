/**
 * A Django application in memory: what is migrated, who its users are, what rows it has. Tests read it and damage it.
 *
 * @since 0.1.0
 */
import type { Resource } from "@shipshape/core"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { DjangoControl } from "../DjangoControl.ts"
import type { DjangoProbe, SystemMessage } from "../DjangoProbe.ts"
import type * as fakeRows from "../internal/fakeRows.ts"
import { layerOf } from "../internal/fakeWorld.ts"

/**
 * A row: its fields by name, those of related rows as objects of their own.
 *
 * @since 0.1.0
 */
export type Row = fakeRows.Row

/**
 * A user in memory.
 *
 * @since 0.1.0
 */
export interface User {
  readonly email: string
  /** An empty text stands for none that works. */
  readonly password: string
  readonly active: boolean
  readonly staff: boolean
  readonly superuser: boolean
  readonly groups: ReadonlyArray<string>
  /** As in `documents.add_document`, besides those of the groups; a superuser has them all. */
  readonly permissions: ReadonlyArray<string>
}

/**
 * What a command of `manage.py` is called with.
 *
 * @since 0.1.0
 */
export interface Called {
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
}

/**
 * What a world starts with. Migrations are pending, static files not collected, unless `applied` and `collected` name
 * them.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Names in order, by app. */
  readonly migrations?: Readonly<Record<string, ReadonlyArray<string>>>
  /** As in `documents.0001_initial`. */
  readonly applied?: ReadonlyArray<string>
  /** What a migration removes of the data that is there, by its name. */
  readonly losses?: Readonly<Record<string, ReadonlyArray<string>>>
  /** The operations of a migration that cannot be reversed, by its name. */
  readonly irreversible?: Readonly<Record<string, ReadonlyArray<string>>>
  /** What a migration adds, which is lost when it is taken back, by its name. */
  readonly additions?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Model changes without a migration, by app. */
  readonly missing?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly users?: Readonly<Record<string, Partial<User>>>
  /** Permissions by group. */
  readonly groups?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Rows by model, as in `users.Role`. A model that is not listed does not exist. */
  readonly models?: Readonly<Record<string, ReadonlyArray<Row>>>
  /** What commands do to the world. An `Error` that one returns is what it fails with. */
  readonly commands?: Readonly<Record<string, (world: DjangoWorld, called: Called) => unknown>>
  readonly functions?: Readonly<
    Record<string, (user: User | undefined, args: ReadonlyArray<Schema.Json>) => Schema.Json>
  >
  readonly staticFiles?: ReadonlyArray<string>
  readonly collected?: ReadonlyArray<string>
  readonly messages?: ReadonlyArray<SystemMessage>
  /** What must be up for the database to answer. The default is `service:db`. */
  readonly database?: Resource.Resource
  /** What the code that steps work with is in, such as `image:backend`: another one may have other migrations. */
  readonly present?: Resource.Resource
  /** What the code that serves users runs in, such as `service:backend`. */
  readonly running?: Resource.Resource
  /** The default is that it does. */
  readonly databaseUp?: DjangoWorld["databaseUp"]
}

/**
 * A Django application in memory. Its fields can be read and changed by the test at any time.
 *
 * @since 0.1.0
 */
export interface DjangoWorld {
  readonly migrations: Map<string, ReadonlyArray<string>>
  /**
   * The migrations by app of the code that is present, which is what steps work with, and of the code that runs;
   * `undefined` where none runs. Without this function both are `migrations`. It may ask another world which image is
   * present and which runs.
   */
  code: ((where: "present" | "running") => Readonly<Record<string, ReadonlyArray<string>>> | undefined) | undefined
  readonly applied: Set<string>
  readonly missing: Map<string, ReadonlyArray<string>>
  readonly users: Map<string, User>
  readonly groups: Map<string, ReadonlyArray<string>>
  readonly models: Map<string, ReadonlyArray<Row>>
  readonly staticFiles: Set<string>
  readonly collected: Set<string>
  readonly messages: Array<SystemMessage>
  /** What has been noted of commands with a fingerprint. */
  readonly marks: Map<string, string>
  /** Everything that was written, in words. */
  readonly writes: Array<string>
  /** Whether the database answers. A function asks another world: whether the database's service is up, say. */
  databaseUp: boolean | (() => boolean)
  /** The migration that fails when it is applied. */
  failing: string | undefined
  /** Why the settings do not load. */
  settingsError: string | undefined
  readonly layer: Layer.Layer<DjangoProbe | DjangoControl>
}

/**
 * Makes a user: active, and nothing else unless it is given.
 *
 * @example
 * ```ts
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 *
 * const world = DjangoWorld.make({})
 * world.users.set("admin", DjangoWorld.user({ superuser: true }))
 * assert.equal(world.users.get("admin")?.active, true)
 * ```
 *
 * @since 0.1.0
 */
export const user = (given: Partial<User>): User => ({
  email: "",
  password: "",
  active: true,
  staff: false,
  superuser: false,
  groups: [],
  permissions: [],
  ...given
})

const mapOf = <A>(record: Readonly<Record<string, A>> | undefined): Map<string, A> =>
  new Map(Object.entries(record ?? {}))

/**
 * Makes an application in memory.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Django } from "@shipshape/plugin-django"
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DjangoWorld.make({
 *   migrations: { users: ["0001_initial"] },
 *   models: { "users.Role": [] },
 *   commands: { create_default_roles: ({ models }) => void models.set("users.Role", [{ name: "author" }]) }
 * })
 * const deployment = defineDeployment("edms", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [Django.local({ directory: "/srv/edms" })]
 * }, function*() {
 *   yield* Django.migrate("migrate", {})
 *   yield* Django.command("roles", { command: "create_default_roles", done: { model: "users.Role", atLeast: 1 } })
 * })
 * const { applied } = await Effect.runPromise(
 *   Rehearsal.apply(deployment, world.layer, { environment: "staging" })
 * )
 * assert.deepEqual(applied, ["migrate", "roles"])
 * assert.deepEqual(world.writes, ["apply users.0001_initial", "run create_default_roles"])
 * ```
 *
 * @since 0.1.0
 */
export const make = (options: Options): DjangoWorld => {
  const world: Omit<DjangoWorld, "layer"> = {
    migrations: mapOf(options.migrations),
    code: undefined,
    applied: new Set(options.applied),
    missing: mapOf(options.missing),
    users: new Map(Object.entries(options.users ?? {}).map(([name, given]) => [name, user(given)])),
    groups: mapOf(options.groups),
    models: mapOf(options.models),
    staticFiles: new Set(options.staticFiles),
    collected: new Set(options.collected),
    messages: [...(options.messages ?? [])],
    marks: new Map(),
    writes: [],
    databaseUp: options.databaseUp ?? true,
    failing: undefined,
    settingsError: undefined
  }
  const whole: DjangoWorld = Object.assign(world, { layer: layerOf(options, () => whole) })
  return whole
}
