import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SchemaChangeRefused, SchemaDrifted } from "./CompareError.ts"
import { ownTables } from "./internal/compare/narrowing.ts"
import { Rename } from "./internal/compare/renames.ts"
import { changesOf, differencesOf, judged } from "./internal/compare/verdict.ts"
import { rowsResource, schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import { type Comparison, SchemaControl, SchemaProbe } from "./PostgresSchema.ts"

const Names = Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

const Source = Schema.Union([Schema.NonEmptyString, Schema.Redacted(Schema.String)])

const flag = (value: boolean) => Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(value)))

const Program = Schema.Struct({
  program: Schema.NonEmptyString,
  args: Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  directory: Schema.optionalKey(Schema.NonEmptyString),
  env: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)])).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({}))
  ),
  service: Schema.optionalKey(Schema.NonEmptyString),
  oneOff: flag(false)
})

const input = {
  expected: Schema.Union([Source, Program]),
  mode: Schema.Literals(["verify", "converge"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("verify" as const))),
  renames: Schema.Array(Rename).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  accept: Names,
  ignore: Names,
  privileges: flag(false),
  online: flag(true),
  prove: flag(true),
  scratch: Schema.optionalKey(Source)
}

type Input = Schema.Struct.Type<typeof input>

const comparisonOf = ({ accept: _, mode, ...rest }: Input): Comparison => ({
  ...rest,
  ignore: [...ownTables, ...rest.ignore],
  // A difference is told by the one statement that would undo it.
  ...(mode === "verify" ? { online: false, prove: false } : {})
})

const look = Effect.fnUntraced(function* (given: Input) {
  return judged(yield* (yield* SchemaProbe).compare(comparisonOf(given)), given.accept)
})

/** How messages name what is expected: a URL without who connects. */
const nameOf = (expected: Input["expected"]): string => {
  if (typeof expected === "object" && "program" in expected) return `what ${expected.program} makes`
  const text = Redacted.isRedacted(expected) ? Redacted.value(expected) : expected
  if (!URL.canParse(text)) return text
  const { host, pathname } = new URL(text)
  return `${host}${pathname}`
}

/** The first few of a list, and how many more there are. */
const firstOf = (list: ReadonlyArray<string>): string =>
  `${list.slice(0, 5).join("; ")}${list.length > 5 ? `; and ${list.length - 5} more` : ""}`

const refused = (database: string, { obstacles }: ReturnType<typeof judged>): SchemaChangeRefused => {
  const list = obstacles.map(({ message, object }) => `${object}: ${message}`)
  return new SchemaChangeRefused({
    database,
    objects: [...new Set(obstacles.map(({ object }) => object))],
    message: `the schema of ${database} is not changed: ${firstOf(list)}`,
    hint: "state what is renamed in `renames`, leave what somebody else keeps out by `ignore`, or name what may be lost, or stays different, in `accept`",
    tail: list
  })
}

const drifted = (database: string, given: Input, found: ReturnType<typeof judged>): SchemaDrifted => {
  const differences = differencesOf(found)
  const list = differences.map(({ difference }) => difference)
  return new SchemaDrifted({
    database,
    differences,
    message: `the schema of ${database} is not that of ${nameOf(given.expected)}: ${firstOf(list)}`,
    hint: differences[0]?.hint ?? "",
    tail: differences.map(({ difference, hint }) => `${difference} (${hint})`)
  })
}

/**
 * The schema of the database is the expected one.
 *
 * With `mode: "verify"`, the default, nothing is changed: the run fails where something differs, and says what. With
 * `mode: "converge"` it is made the expected one, by the statements that `shipshape schema diff` prints: the plan shows each
 * with its lock, whether it rewrites a table and what it loses. What would drop or lose something is refused unless `accept`
 * names it; the step is destructive then, and needs `acknowledge` where data is precious. Each unit of statements is
 * committed by itself, and a run that ends between two of them is gone on with by the next one.
 *
 * - `expected`: a URL (a text, or a secret input), a file of SQL as `pg_dump --schema-only` writes it, or a folder of such,
 *   on the machine that deploys; or a program that fills an empty database, such as `Django.models` of the Django plugin:
 *   `program`, `args`, `directory`, `env`, and `service` where it runs in a container, which with `oneOff` is made for it. It finds the database's name in
 *   `PGDATABASE`. Files are run and programs work in a scratch database, which is gone afterwards.
 * - `renames`: what has another name now, as `{ kind: "column", table: "orders", from: "total", to: "amount" }`; kinds are
 *   `column`, `table` and `enumValue`. Nothing is guessed. Those that are done already may stay.
 * - `accept`: what may be lost, or may stay different where no statement changes it, as the plan names it.
 * - `ignore`: what is not looked at: `public.audit`; `audit.*` is a whole schema. What Shipshape itself keeps never is.
 * - `privileges`: whether owners and grants are compared, too. The default is no.
 * - `online`: whether indexes and constraints are made beside who uses the tables. The default is yes.
 * - `prove`: whether the statements are run on a scratch copy of the schema first, and what comes of that held against what
 *   is expected, also by `pg_dump` where there is one. The default is yes.
 * - `scratch`: the URL of a server for scratch databases. The default is the database's own, where the user must be allowed
 *   to make some.
 *
 * @example
 * ```ts
 * import { acknowledge } from "@shipshape/core"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const drift = Postgres.compare("no-drift", { expected: "schema.sql" })
 * const schema = Postgres.compare("schema", {
 *   expected: "schema.sql", mode: "converge", accept: ["public.orders.legacy_total"]
 * })
 * const accepted = acknowledge(schema, { reason: "replaced in 2.3", approvedBy: "dba@example.org" })
 * assert.equal(drift.type, "postgres.compare")
 * assert.equal(accepted.type, "postgres.compare")
 * ```
 *
 * @since 0.1.0
 */
export const compare = Step.make("postgres.compare", {
  description: "The schema of the database is the expected one",
  // What it finds raises that: whoever only looks needs no backup.
  risk: "additive",
  input,
  output: {},
  provides: ({ mode }) => (mode === "verify" ? [] : [schemaResource]),
  observes: ({ mode }) => (mode === "verify" ? "*" : [schemaResource]),
  touches: ({ mode }) => (mode === "verify" ? [] : [rowsResource]),
  check: (given) =>
    whenReached(
      Effect.gen(function* () {
        const found = yield* look(given)
        if (found.isEqual) return Check.satisfied({}, found.note === undefined ? {} : { note: found.note })
        if (given.mode === "verify") {
          return Check.needed([
            { summary: `verify that the schema is that of ${nameOf(given.expected)}` },
            ...differencesOf(found).map(({ difference }) => ({ summary: `it is not: ${difference}` }))
          ])
        }
        if (found.obstacles.length > 0) return yield* refused((yield* (yield* PostgresProbe).server).database, found)
        return Check.needed(changesOf(found), { risk: found.loses ? "destructive" : "reversible" })
      })
    ),
  apply: Effect.fn("postgres.compare.apply")(function* (given) {
    // The check right before has proved it.
    const found = yield* look({ ...given, prove: false })
    if (found.isEqual) return
    const { database } = yield* (yield* PostgresProbe).server
    // Nothing that this step does makes it so: an earlier one was to do it.
    if (given.mode === "verify") return yield* drifted(database, given, found)
    if (found.obstacles.length > 0) return yield* refused(database, found)
    yield* (yield* SchemaControl).run(found.script.units)
  })
})
