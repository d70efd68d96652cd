/**
 * Verifications: what must hold in the application. They change nothing.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { VerificationFailed } from "./DjangoError.ts"
import { DjangoProbe } from "./DjangoProbe.ts"
import { Database, Filter, On } from "./internal/fields.ts"
import { lookable } from "./internal/lookable.ts"

/** What was looked at, in words, and whether it is as expected. */
interface Finding {
  readonly holds: boolean
  readonly text: string
}

const checked = <E, R>(finding: Effect.Effect<Finding, E, R>) =>
  Effect.map(finding, ({ holds, text }) =>
    holds ? Check.satisfied({}) : Check.needed([{ summary: `verify that ${text}` }])
  )

/** Nothing this step does makes it hold: an earlier step was to do so, and the world says it did not. */
const insisted = <E, R>(finding: Effect.Effect<Finding, E, R>) =>
  Effect.flatMap(finding, ({ holds, text }) =>
    holds
      ? Effect.void
      : Effect.fail(
          new VerificationFailed({
            message: `it does not hold that ${text}`,
            hint: "find out which earlier step should have brought it about, and correct that"
          })
        )
  )

interface Permission {
  readonly username: string
  readonly permission: string
  readonly allowed: boolean
  readonly database: string
}

const lookAtPermission = Effect.fnUntraced(function* ({ allowed, database, permission, username }: Permission) {
  const has = yield* (yield* DjangoProbe).permission({ database, user: username, permission })
  return { holds: has === allowed, text: `${username} ${allowed ? "has" : "lacks"} ${permission}` }
})

/**
 * A user has a permission, by itself or by a group; with `allowed: false`, the user lacks it. A verification.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const may = Django.permission("author-edits", { username: "author01", permission: "documents.change_document" })
 * assert.equal(may.type, "django.permission")
 * ```
 *
 * @since 0.1.0
 */
export const permission = Step.make("django.permission", {
  description: "A user has a permission, or lacks it",
  risk: "additive",
  alters: "none",
  input: { username: Schema.NonEmptyString, permission: Schema.NonEmptyString, allowed: On, database: Database },
  output: {},
  observes: () => "*",
  check: (input) => checked(lookAtPermission(input)).pipe(lookable(input.database)),
  apply: (input) => insisted(lookAtPermission(input))
})

const Query = Schema.Struct({
  model: Schema.NonEmptyString,
  filter: Schema.optionalKey(Filter),
  expect: Schema.Union([
    Schema.Struct({ exists: Schema.Boolean }),
    Schema.Struct({ count: Schema.Int }),
    Schema.Struct({ atLeast: Schema.Int })
  ])
})

const Call = Schema.Struct({
  call: Schema.NonEmptyString,
  user: Schema.optionalKey(Schema.NonEmptyString),
  args: Schema.optionalKey(Schema.Array(Schema.Json)),
  equals: Schema.Json
})

const canonical = (value: Schema.Json): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  )

const rowsText = ({ expect, filter, model }: typeof Query.Type): string => {
  const which = filter === undefined ? model : `${model} with ${JSON.stringify(filter)}`
  if ("exists" in expect) return `there is ${expect.exists ? "a" : "no"} ${which}`
  return "count" in expect ? `there are ${expect.count} ${which}` : `there are at least ${expect.atLeast} ${which}`
}

const expectationText = (that: typeof Query.Type | typeof Call.Type): string => {
  if ("model" in that) return rowsText(that)
  const args = [...(that.user === undefined ? [] : [that.user]), ...(that.args ?? []).map((arg) => JSON.stringify(arg))]
  return `${that.call}(${args.join(", ")}) is ${JSON.stringify(that.equals)}`
}

const isAsExpected = (found: number, expect: (typeof Query.Type)["expect"]): boolean =>
  "exists" in expect
    ? found > 0 === expect.exists
    : "count" in expect
      ? found === expect.count
      : found >= expect.atLeast

interface Verified {
  readonly that: typeof Query.Type | typeof Call.Type
  readonly database: string
}

const lookAt = Effect.fnUntraced(function* ({ database, that }: Verified) {
  const probe = yield* DjangoProbe
  if ("model" in that) {
    const found = yield* probe.count({ database, model: that.model, filter: that.filter ?? {} })
    return { holds: isAsExpected(found, that.expect), text: `${expectationText(that)} (found ${found})` }
  }
  const { args = [], call, equals, user } = that
  const result = yield* probe.call({ database, call, user, args })
  const text = `${expectationText(that)} (it is ${JSON.stringify(result)})`
  return { holds: canonical(result) === canonical(equals), text }
})

/**
 * Something holds in the application: how many rows a query finds, or what a function returns. A verification.
 *
 * A function is called with the user, if one is named, and the arguments. It runs where the database refuses writes.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const steps = [
 *   Django.verify("roles", { that: { model: "users.Role", expect: { count: 14 } } }),
 *   Django.verify("author-writes", {
 *     that: { call: "users.permissions.has_write_permission", user: "author01", equals: true }
 *   })
 * ]
 * assert.equal(steps[0]?.type, "django.verify")
 * ```
 *
 * @since 0.1.0
 */
export const verify = Step.make("django.verify", {
  description: "Something holds in the application",
  risk: "additive",
  alters: "none",
  input: { that: Schema.Union([Query, Call]), database: Database },
  output: {},
  observes: () => "*",
  check: (input) => checked(lookAt(input)).pipe(lookable(input.database)),
  apply: (input) => insisted(lookAt(input))
})
