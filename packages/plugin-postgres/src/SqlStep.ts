import { Check, Look, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { whenMade } from "./internal/mayCome.ts"
import { rowsResource, schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { PostgresProbe, type Statement } from "./PostgresProbe.ts"

const Parameters = Schema.Array(
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null, Schema.Redacted(Schema.String)])
).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

const input = {
  apply: Schema.NonEmptyString,
  params: Parameters,
  done: Schema.NonEmptyString,
  doneParams: Parameters
}

interface Input {
  readonly apply: string
  readonly params: typeof Parameters.Type
  readonly done: string
  readonly doneParams: typeof Parameters.Type
}

const statement = (text: string, params: typeof Parameters.Type): Statement => ({
  text,
  values: params.map((value) => (Redacted.isRedacted(value) ? Redacted.value(value) : value))
})

/** The statement's first line, for a plan. Values of parameters are not shown. */
const summary = (text: string): string => {
  const [first = "", ...more] = text.trim().split("\n")
  return more.length === 0 && first.length <= 80 ? first : `${first.slice(0, 80)} …`
}

const check = Effect.fn("postgres.sql.check")(function* (
  { apply, done, doneParams }: Input,
  risk?: "additive" | "reversible"
) {
  const probe = yield* PostgresProbe
  return yield* probe.holds(statement(done, doneParams)).pipe(
    Effect.tap((holds) => (holds ? Look.observe(rowsResource) : Effect.void)),
    Effect.map((holds) =>
      holds ? Check.satisfied({}) : Check.needed([{ summary: summary(apply) }], risk === undefined ? {} : { risk })
    ),
    whenMade(
      "let a step before this one create it; where `apply` itself creates it, ask in `done` with to_regclass('name') IS NOT NULL"
    ),
    whenReached
  )
})

const apply = Effect.fn("postgres.sql.apply")(function* ({ apply, params }: Input) {
  yield* (yield* PostgresControl).execute(statement(apply, params))
})

/**
 * One SQL statement has done its work.
 *
 * - `apply`: one statement, committed by itself; more than one is refused. Values go into `params`, for `$1`, `$2`, …: a
 *   statement is code, and never made of an input.
 * - `done`: a query that answers one boolean, whether the work is done. It runs in a read-only transaction, when
 *   planning as well. Its values go into `doneParams`.
 * - `risk`: `reversible` (the default) or `additive`. What may lose data is a {@link destructiveSql}.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const tenant = Postgres.sql("first-tenant", {
 *   apply: "INSERT INTO tenants (slug) VALUES ($1) ON CONFLICT DO NOTHING",
 *   params: ["main"],
 *   done: "SELECT EXISTS (SELECT FROM tenants WHERE slug = $1)",
 *   doneParams: ["main"],
 *   risk: "additive"
 * })
 * assert.equal(tenant.type, "postgres.sql")
 * ```
 *
 * @since 0.1.0
 */
export const sql = Step.make("postgres.sql", {
  description: "One SQL statement has done its work",
  risk: "additive",
  input: {
    ...input,
    risk: Schema.Literals(["additive", "reversible"]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("reversible" as const))
    )
  },
  output: {},
  provides: () => [schemaResource],
  touches: () => [rowsResource],
  alters: "data",
  check: ({ risk, ...given }) => check(given, risk),
  apply
})

/**
 * One SQL statement that may lose data has done its work. The rest is as with {@link sql}. Where data is precious it
 * needs `acknowledge`.
 *
 * @example
 * ```ts
 * import { acknowledge } from "@shipshape/core"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const drop = Postgres.destructiveSql("drop-legacy", {
 *   apply: "ALTER TABLE documents DROP COLUMN legacy_path",
 *   done: "SELECT NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'documents' AND column_name = 'legacy_path')"
 * })
 * const accepted = acknowledge(drop, { reason: "moved to storage_path in 2.3", approvedBy: "dba@example.org" })
 * assert.equal(accepted.risk, "acknowledged")
 * ```
 *
 * @since 0.1.0
 */
export const destructiveSql = Step.make("postgres.destructiveSql", {
  description: "One SQL statement that may lose data has done its work",
  risk: "destructive",
  input,
  output: {},
  provides: () => [schemaResource],
  touches: () => [rowsResource],
  alters: "data",
  check: (given) => check(given),
  apply
})
