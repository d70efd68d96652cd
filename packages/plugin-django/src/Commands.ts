/**
 * Commands of `manage.py`.
 *
 * @since 0.1.0
 */

import { createHash } from "node:crypto"
import { Check, Command, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DjangoControl } from "./DjangoControl.ts"
import { DjangoProbe } from "./DjangoProbe.ts"
import { Database, Filter } from "./internal/fields.ts"
import { lookable, rowsOf } from "./internal/lookable.ts"

const AtLeast = Schema.Struct({
  model: Schema.NonEmptyString,
  filter: Schema.optionalKey(Filter),
  atLeast: Schema.Int.check(Schema.isGreaterThan(0))
})

const Exists = Schema.Struct({
  exists: Schema.Array(Schema.Struct({ model: Schema.NonEmptyString, filter: Filter })).check(Schema.isMinLength(1))
})

const Fingerprint = Schema.Struct({ fingerprint: Schema.Json })

const EveryRun = Schema.Literal("everyRun")

interface Input {
  readonly command: string
  readonly args?: ReadonlyArray<string>
  readonly database: string
  readonly done: typeof AtLeast.Type | typeof Exists.Type | typeof Fingerprint.Type | typeof EveryRun.Type
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** One name for each command with its arguments. */
const markName = ({ args = [], command }: Input): string => `${command}-${sha256(JSON.stringify(args)).slice(0, 12)}`

/** What shows that the command has not done its work; an empty list where it has. */
const lacking = Effect.fnUntraced(function* ({ done, ...input }: Input) {
  const probe = yield* DjangoProbe
  if (done === "everyRun") return []
  if ("fingerprint" in done) {
    const before = yield* probe.mark(markName({ done, ...input }))
    return before === sha256(JSON.stringify(done.fingerprint)) ? [] : [before === undefined ? "never run" : "outdated"]
  }
  const { database } = input
  if ("atLeast" in done) {
    const found = yield* probe.count({ database, model: done.model, filter: done.filter ?? {} })
    return found >= done.atLeast ? [] : [`${found} of ${done.atLeast} ${done.model}`]
  }
  const counts = yield* Effect.forEach(done.exists, (row) => probe.count({ database, ...row }), {
    concurrency: "unbounded"
  })
  return done.exists
    .filter((_, i) => counts[i] === 0)
    .map(({ filter, model }) => `no ${model} with ${JSON.stringify(filter)}`)
})

/**
 * A command of `manage.py` has done its work. `done` says how that is known:
 *
 * - `{ model, filter?, atLeast }`: so many rows are there;
 * - `{ exists: [{ model, filter }] }`: a row is there for each;
 * - `{ fingerprint }`: it has run with this value, of which `.shipshape/django/` on the target keeps a digest;
 * - `"everyRun"`: it cannot be known, and the command runs once in every run.
 *
 * Arguments are seen by every user of the machine: secrets go by `env`.
 *
 * @example
 * ```ts
 * import { Django } from "@shipshape/plugin-django"
 * import assert from "node:assert"
 *
 * const roles = Django.command("roles", {
 *   command: "create_default_roles",
 *   done: { model: "users.Role", atLeast: 14 }
 * })
 * assert.equal(roles.type, "django.command")
 * ```
 *
 * @since 0.1.0
 */
export const command = Step.make("django.command", {
  description: "A command of manage.py has done its work",
  risk: "additive",
  alters: "data",
  input: {
    command: Schema.NonEmptyString,
    args: Schema.optionalKey(Schema.Array(Schema.String)),
    env: Schema.optionalKey(
      Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)]))
    ),
    database: Database,
    done: Schema.Union([AtLeast, Exists, Fingerprint, EveryRun])
  },
  output: {},
  provides: ({ database }) => [rowsOf(database)],
  check: (input) =>
    Effect.gen(function* () {
      const probe = yield* DjangoProbe
      const [, lacks] = yield* Effect.all([probe.command(input.command), lacking(input)], { concurrency: "unbounded" })
      const words = Command.format(Command.make("manage.py", [input.command, ...(input.args ?? [])]))
      if (input.done === "everyRun") return Check.everyRun([{ summary: `run ${words}` }], {})
      return lacks.length === 0 ? Check.satisfied({}) : Check.needed([{ summary: `run ${words}: ${lacks.join("; ")}` }])
    }).pipe(lookable(input.database)),
  apply: Effect.fn("django.command.apply")(function* (input) {
    const control = yield* DjangoControl
    yield* control.command({ command: input.command, args: input.args ?? [], env: input.env ?? {} })
    if (typeof input.done === "object" && "fingerprint" in input.done) {
      yield* control.setMark(markName(input), sha256(JSON.stringify(input.done.fingerprint)))
    }
  })
})
