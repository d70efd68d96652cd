import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as objects from "./internal/objectSteps.ts"
import { Name } from "./internal/tableSteps.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { ObjectState } from "./ServerObject.ts"

const flag = Schema.optionalKey(Schema.Boolean)

const attributes = {
  login: flag,
  superuser: flag,
  createDatabase: flag,
  createRole: flag,
  inherit: flag,
  replication: flag,
  bypassRowSecurity: flag,
  connectionLimit: Schema.optionalKey(Schema.Int)
}

type Attributes = Schema.Struct.Type<typeof attributes>

const stated = (given: Attributes): ObjectState =>
  Object.fromEntries(
    Object.keys(attributes).flatMap((key) => {
      const value = given[key as keyof Attributes]
      return value === undefined ? [] : [[key, value]]
    })
  )

const wantedOf = ({
  name,
  password: _,
  ...given
}: Attributes & { readonly name: string; readonly password?: unknown }): objects.Wanted => ({
  object: { kind: "role", name },
  name: `role ${name}`,
  state: () => stated(given)
})

const roleStep = Step.make("postgres.role", {
  description: "A role exists, with these attributes and this password",
  risk: "additive",
  input: { name: Name, ...attributes, password: Schema.optionalKey(Schema.Redacted(Schema.NonEmptyString)) },
  output: {},
  provides: () => [schemaResource],
  alters: "none",
  check: Effect.fn("postgres.role.check")(function* (input) {
    const look = Effect.gen(function* () {
      const changes = (yield* objects.changesOf(wantedOf(input))) ?? []
      const { name, password } = input
      const isNew = changes.some(({ summary }) => summary.startsWith("create "))
      const fits = password === undefined || isNew || (yield* (yield* PostgresProbe).passwordFits(name, password))
      const all = fits ? changes : [...changes, { summary: `role ${name}: set its password` }]
      return all.length === 0 ? Check.satisfied({}) : Check.needed(all, isNew ? {} : { risk: "reversible" })
    })
    return yield* whenReached(look)
  }),
  apply: Effect.fn("postgres.role.apply")(function* (input) {
    yield* objects.apply(wantedOf(input))
    const { name, password } = input
    if (password === undefined || (yield* (yield* PostgresProbe).passwordFits(name, password))) return
    yield* (yield* PostgresControl).setPassword(name, password)
  })
})

/**
 * A role exists, with these attributes and this password. What is not stated is left as it is, and as the server makes it
 * where the role is new.
 *
 * - `password`: a secret. It never leaves this process: the server gets a SCRAM verifier of it, and tells by one whether it
 *   is right; where the user may not read verifiers, it is tried with a connection.
 * - `login`, `superuser`, `createDatabase`, `createRole`, `inherit`, `replication`, `bypassRowSecurity`: as in
 *   `CREATE ROLE`. `connectionLimit`: -1 is none.
 *
 * Undo brings back the attributes, and drops a role that the step has created, as long as it owns nothing. A password that
 * was changed stays: the one before is not kept anywhere.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Redacted from "effect/Redacted"
 *
 * const app = Postgres.role("app-role", { name: "app", login: true, password: Redacted.make("s3cret"), connectionLimit: 40 })
 * assert.equal(app.type, "postgres.role")
 * ```
 *
 * @since 0.1.0
 */
export const role = Undo.of(roleStep, objects.undo(wantedOf))
