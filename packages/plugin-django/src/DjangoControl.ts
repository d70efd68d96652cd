/**
 * What can be changed in a Django application.
 *
 * @since 0.1.0
 */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ManagementCommandFailed, MigrationFailed, Refusal, SessionFailed } from "./DjangoError.ts"
import type { Lookups } from "./DjangoProbe.ts"

/**
 * How changing fails.
 *
 * @since 0.1.0
 */
export type ChangeError =
  | ManagementCommandFailed
  | MigrationFailed
  | Refusal
  | SessionFailed
  | Target.FileError
  | Target.RunError

/**
 * A user as a step wants it.
 *
 * @since 0.1.0
 */
export interface WantedUser {
  readonly database: string
  readonly username: string
  readonly email: string | undefined
  /** Without one, a new user cannot sign in by password. */
  readonly password: Redacted.Redacted<string> | undefined
  readonly staff: boolean
  readonly superuser: boolean
  /** Fields of a user model of one's own. */
  readonly fields: Lookups
  readonly groups: ReadonlyArray<string>
  /** Leaves all other groups. */
  readonly exact: boolean
  /** Sets the password of a user that exists. */
  readonly syncPassword: boolean
  /** Whether the password must please `AUTH_PASSWORD_VALIDATORS`. */
  readonly validate: boolean
}

/**
 * Changes a Django application.
 *
 * @example
 * ```ts
 * import { DjangoControl } from "@shipshape/plugin-django"
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DjangoWorld.make({ migrations: { users: ["0001_initial"] } })
 * const migrate = Effect.flatMap(DjangoControl.DjangoControl, (django) =>
 *   django.migrate({ database: "default", apps: [] }))
 * await Effect.runPromise(Effect.provide(migrate, world.layer))
 * assert.deepEqual([...world.applied], ["users.0001_initial"])
 * ```
 *
 * @since 0.1.0
 */
export class DjangoControl extends Access.Control<
  DjangoControl,
  {
    readonly migrate: (wanted: {
      readonly database: string
      /** An empty list stands for all. */
      readonly apps: ReadonlyArray<string>
    }) => Effect.Effect<void, ChangeError>
    /** Takes migrations back in the code that runs, app by app, to the named one or to nothing at all. */
    readonly unapply: (wanted: {
      readonly database: string
      readonly targets: ReadonlyArray<{ readonly app: string; readonly name: string | null }>
    }) => Effect.Effect<void, ChangeError>
    readonly collectStatic: Effect.Effect<void, ChangeError>
    readonly command: (wanted: {
      readonly command: string
      readonly args: ReadonlyArray<string>
      readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
    }) => Effect.Effect<void, ChangeError>
    /** Creates the user, or joins groups and sets the password of one that exists. Users are never deleted. */
    readonly saveUser: (wanted: WantedUser) => Effect.Effect<void, ChangeError>
    /** Notes a text under a name, where the probe finds it. */
    readonly setMark: (name: string, text: string) => Effect.Effect<void, ChangeError>
  }
>()("@shipshape/plugin-django/DjangoControl") {}
