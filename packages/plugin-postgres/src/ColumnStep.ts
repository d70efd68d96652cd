import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { pattern } from "./internal/columnType.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { ColumnConflict } from "./PostgresError.ts"
import { type ColumnQuestion, PostgresProbe } from "./PostgresProbe.ts"

const Type = Schema.NonEmptyString.check(
  Schema.isPattern(pattern, {
    expected: "the name of a type, such as varchar(200), timestamp with time zone or text[]"
  })
)

/**
 * A table has a column of this type.
 *
 * A missing column is added. One that is there with another type is a conflict, and is not converted; whether it is
 * nullable, and its default, are left as they are.
 *
 * - `table`, `schema` (default `public`): while there is no such table, the step is known after the steps before it that
 *   change the schema.
 * - `type`: as in SQL: `varchar(200)`, `numeric(10, 2)`, `timestamptz`, `text[]`, the name of an enum.
 * - `nullable`: default true. A column that is not needs a `default` where the table has rows.
 * - `default`: an SQL expression, such as `now()` or `'draft'`. It is code and becomes part of the statement: write it in
 *   the deployment, and never make it of an input.
 *
 * Undo drops a column that the step has added, as long as no row has anything in it but its default. To find that out it
 * reads the table while nobody else can use it.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const column = Postgres.column("status-column", {
 *   table: "documents", name: "status", type: "document_status", nullable: false, default: "'draft'"
 * })
 * assert.equal(column.type, "postgres.column")
 * ```
 *
 * @since 0.1.0
 */
export const column = Undo.of(
  Step.make("postgres.column", {
    description: "A table has a column of this type",
    risk: "additive",
    input: {
      table: Schema.NonEmptyString,
      schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
      name: Schema.NonEmptyString,
      type: Type,
      nullable: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
      default: Schema.optionalKey(Schema.NonEmptyString)
    },
    output: { type: Schema.String, nullable: Schema.Boolean },
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.column.check")(function* ({ name, schema, table, type }) {
      const probe = yield* PostgresProbe
      return yield* whenReached(
        Effect.flatMap(probe.column({ schema, table, name, type }), ({ existing, hasTable }) => {
          if (!hasTable) {
            return Effect.succeed(
              Check.unavailable(
                [schemaResource],
                `there is no table ${schema}.${table}`,
                "create the table in a step before this one, or correct its name and schema"
              )
            )
          }
          if (existing === undefined) {
            return Effect.succeed(Check.needed([{ summary: `add column ${schema}.${table}.${name}`, after: type }]))
          }
          return existing.isWanted
            ? Effect.succeed(Check.satisfied({ type: existing.type, nullable: existing.nullable }))
            : Effect.fail(conflict(`${schema}.${table}.${name}`, existing.type, type))
        })
      )
    }),
    apply: Effect.fn("postgres.column.apply")(function* (input) {
      yield* (yield* PostgresControl).addColumn({ ...input, default: input.default })
    })
  }),
  {
    captured: Schema.NullOr(Schema.String),
    capture: (input) => Effect.map(existing(input), (found) => found?.type ?? null),
    restore: Effect.fn("postgres.column.restore")(function* (before, input) {
      if (before !== null || (yield* existing(input)) === undefined) return
      yield* (yield* PostgresControl).dropColumn({ ...input, default: input.default })
    })
  }
)

const existing = (column: ColumnQuestion) =>
  Effect.flatMap(PostgresProbe, (probe) => Effect.map(probe.column(column), (facts) => facts.existing))

const conflict = (name: string, existing: string, wanted: string): ColumnConflict =>
  new ColumnConflict({
    column: name,
    existing,
    wanted,
    message: `column ${name} has type ${existing}, and should have ${wanted}`,
    hint: "convert it in a migration of its own, which may rewrite the table and lose values, or correct the type here"
  })
