/**
 * Users and their groups.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { DjangoControl, type WantedUser } from "./DjangoControl.ts"
import { PasswordMissing, UserDiffers } from "./DjangoError.ts"
import { DjangoProbe, type Lookups, type UserState } from "./DjangoProbe.ts"
import { Database, Filter, Names, Off, On, Secret } from "./internal/fields.ts"
import { lookable, rowsOf } from "./internal/lookable.ts"

const common = {
  username: Schema.NonEmptyString,
  email: Schema.optionalKey(Schema.NonEmptyString),
  fields: Filter.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  sync: Schema.Literals(["create", "password"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("create" as const))),
  validate: On,
  database: Database
}

interface Common {
  readonly username: string
  readonly email?: string
  readonly fields: Lookups
  readonly sync: "create" | "password"
  readonly validate: boolean
  readonly database: string
  readonly password?: Redacted.Redacted<string>
}

const wantedOf = (
  { database, email, fields, password, sync, username, validate }: Common,
  rest: Pick<WantedUser, "exact" | "groups" | "staff" | "superuser">
): WantedUser => ({
  database,
  username,
  email,
  password,
  fields,
  validate,
  syncPassword: sync === "password",
  ...rest
})

/** A user is not promoted behind anybody's back: who it is has to be looked at by a person. */
const differs = (user: string, lacks: string): UserDiffers =>
  new UserDiffers({
    message: `user ${user} exists and is not ${lacks}`,
    hint: `choose another name, or make ${user} ${lacks} by hand if that is the right person`
  })

const changesOf = (wanted: WantedUser, user: UserState): ReadonlyArray<Check.Change> => {
  const joins = wanted.groups.filter((group) => !user.groups.includes(group))
  const leaves = wanted.exact ? user.groups.filter((group) => !wanted.groups.includes(group)) : []
  return [
    ...joins.map((group) => ({ summary: `${wanted.username} joins group ${group}` })),
    ...leaves.map((group) => ({ summary: `${wanted.username} leaves group ${group}` })),
    ...(wanted.syncPassword && !user.passwordMatches ? [{ summary: `set the password of ${wanted.username}` }] : [])
  ]
}

const look = (wanted: WantedUser) =>
  Effect.gen(function* () {
    const { database, groups, password, superuser, syncPassword, username } = wanted
    if (syncPassword && password === undefined) {
      return yield* Effect.fail(
        new PasswordMissing({
          message: `the password of user ${username} is to be kept in step, and there is none`,
          hint: "give password, or leave out sync"
        })
      )
    }
    const probe = yield* DjangoProbe
    const user = yield* probe.user({ database, groups, username, password: syncPassword ? password : undefined })
    if (user === undefined) {
      const kind = superuser ? "superuser" : wanted.staff ? "staff user" : "user"
      const member = groups.length === 0 ? "" : ` in ${groups.join(", ")}`
      return Check.needed([{ summary: `create ${kind} ${username}${member}` }])
    }
    if (superuser && !user.superuser) return yield* Effect.fail(differs(username, "a superuser"))
    if (wanted.staff && !user.staff) return yield* Effect.fail(differs(username, "a member of the staff"))
    const changes = changesOf(wanted, user)
    return changes.length > 0 ? Check.needed(changes) : Check.satisfied({ id: user.id })
  }).pipe(lookable(wanted.database))

const save = (wanted: WantedUser) => Effect.flatMap(DjangoControl, (control) => control.saveUser(wanted))

const superuserOf = (input: Common): WantedUser =>
  wantedOf(input, { staff: true, superuser: true, groups: [], exact: false })

/**
 * A superuser exists. One that exists stays as it is, password included, unless `sync` is `"password"`; a user of this
 * name who is no superuser fails the check. Users are never deleted.
 *
 * `fields` are those that a user model of one's own requires besides name and e-mail; `validate: false` takes a password
 * that `AUTH_PASSWORD_VALIDATORS` refuse. The output is the user's primary key.
 *
 * @example
 * ```ts
 * import { defineDeployment, Input } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Django } from "@shipshape/plugin-django"
 * import { DjangoWorld } from "@shipshape/plugin-django/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = DjangoWorld.make({})
 * const deployment = defineDeployment("edms", {
 *   environments: { staging: { data: "disposable" } },
 *   inputs: { password: Input.secret("EDMS_ADMIN_PASSWORD") },
 *   plugins: () => [Django.local({ directory: "/srv/edms" })]
 * }, function*({ inputs }) {
 *   yield* Django.superuser("admin", { username: "admin", email: "admin@example.org", password: inputs.password })
 * })
 * const { applied } = await Effect.runPromise(Rehearsal.apply(deployment, world.layer, {
 *   environment: "staging",
 *   inputs: { EDMS_ADMIN_PASSWORD: "correct horse battery" }
 * }))
 * assert.deepEqual([applied, world.users.get("admin")?.superuser], [["admin"], true])
 * ```
 *
 * @since 0.1.0
 */
export const superuser = Step.make("django.superuser", {
  description: "A superuser exists",
  risk: "additive",
  alters: "data",
  input: { ...common, password: Secret },
  output: { id: Schema.String },
  provides: ({ database }) => [rowsOf(database)],
  check: (input) => look(superuserOf(input)),
  apply: (input) => save(superuserOf(input))
})

const userOf = (
  input: Common & Pick<WantedUser, "exact" | "groups"> & { readonly isStaff: boolean; readonly isSuperuser: boolean }
): WantedUser =>
  wantedOf(input, {
    staff: input.isStaff || input.isSuperuser,
    superuser: input.isSuperuser,
    groups: input.groups,
    exact: input.exact
  })

/**
 * A user exists and is in the groups; `exact` takes it out of all others. Without a password a new user cannot sign in
 * by one. One that exists keeps its password, unless `sync` is `"password"`. Users are never deleted.
 *
 * The output is the user's primary key.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const author = Django.user("author", {
 *   username: "author01", email: "author01@example.org", groups: ["Document Authors"]
 * })
 * assert.equal(author.type, "django.user")
 * ```
 *
 * @since 0.1.0
 */
export const user = Step.make("django.user", {
  description: "A user exists and is in its groups",
  risk: "additive",
  alters: "data",
  input: {
    ...common,
    password: Schema.optionalKey(Secret),
    isStaff: Off,
    isSuperuser: Off,
    groups: Names,
    exact: Off
  },
  output: { id: Schema.String },
  provides: ({ database }) => [rowsOf(database)],
  check: (input) => look(userOf(input)),
  apply: (input) => save(userOf(input))
})
