import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { backToColumn, type ColumnInput, lacking } from "./internal/columns.ts"
import { pattern } from "./internal/columnType.ts"
import { whenMade } from "./internal/mayCome.ts"
import { describe, describeColumn } from "./internal/tableCosts.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { ColumnConflict } from "./PostgresError.ts"
import { type ColumnFacts, PostgresProbe } from "./PostgresProbe.ts"
import type { TableFacts } from "./Table.ts"

const Type = Schema.NonEmptyString.check(
  Schema.isPattern(pattern, {
    expected: "the name of a type, such as varchar(200), timestamp with time zone or text[]"
  })
)

/**
 * A table has a column of this type.
 *
 * A missing column is added. One that is there with another type is a conflict, unless the wanted type is the same with more
 * room, such as `varchar(200)` for `varchar(100)`, or `text`: nothing has to be written anew then. What is not stated is left
 * as it is.
 *
 * - `table`, `schema` (default `public`): while there is no such table, the step is known after the steps before it that
 *   change the schema.
 * - `type`: as in SQL: `varchar(200)`, `numeric(10, 2)`, `timestamptz`, `text[]`, the name of an enum.
 * - `nullable`: a new column is, unless this says no. Where one that is there must be null no longer, rows without a value get
 *   the `default` in batches, and a check is added and proven while others write, before the column is made so.
 * - `default`: an SQL expression, such as `now()` or `'draft'`, or `null` for none. It is code and becomes part of the
 *   statement: write it in the deployment, and never make it of an input. One that gives each row a value of its own would
 *   have the table written anew while nobody can use it: with `nullable: false`, rows get it in batches instead.
 * - `fill`: an SQL expression over the row, such as `name`, for rows that are there, where the column is new or must be null no
 *   longer: they get it in batches. It goes with `nullable: false`; without it they get the `default`. It is code as well.
 * - `collation`: the name of one that the database has. One that is there with another collation is a conflict.
 *
 * Undo drops a column that the step has added, as long as no row has anything in it but its default; to find that out it
 * reads the table while nobody else can use it. It brings back the default, and whether it is nullable, of one that was there.
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
      ...tables.onTable,
      type: Type,
      nullable: Schema.optionalKey(Schema.Boolean),
      default: Schema.optionalKey(Schema.NullOr(Schema.NonEmptyString)),
      fill: Schema.optionalKey(Schema.NonEmptyString),
      collation: Schema.optionalKey(Schema.NonEmptyString)
    },
    output: { type: Schema.String, nullable: Schema.Boolean },
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.column.check")(function* (input) {
      return yield* whenReached(
        Effect.gen(function* () {
          const { existing, hasType, table } = yield* (yield* PostgresProbe).column(input)
          const name = `${input.schema}.${input.table}`
          if (table === undefined) {
            const hint = "create the table in a step before this one, or correct its name and schema"
            return Check.unavailable([schemaResource], `table ${name} is not there`, hint)
          }
          if (existing === undefined && !hasType) {
            const hint = "create the type in a step before this one, or correct its name"
            return Check.unavailable([schemaResource], `type ${input.type} is not there`, hint)
          }
          if (existing === undefined) return Check.needed(yield* added(table, input))
          const changes = yield* changesOf(input, existing, table)
          return changes.length === 0
            ? Check.satisfied({ type: existing.type, nullable: existing.nullable })
            : Check.needed(
                changes.map((change) => describe(change, table)),
                { risk: "reversible" }
              )
        }).pipe(whenMade())
      )
    }),
    apply: Effect.fn("postgres.column.apply")(function* (input) {
      const probe = yield* PostgresProbe
      const control = yield* PostgresControl
      const before = yield* probe.column(input)
      if (before.existing === undefined) {
        const inBatches = before.table !== undefined && (yield* fillsInBatches(before.table, input))
        yield* control.addColumn({
          ...input,
          nullable: inBatches || input.nullable !== false,
          default: inBatches ? undefined : (input.default ?? undefined)
        })
        if (!inBatches) return
      }
      const { existing, table } = yield* probe.column(input)
      if (existing !== undefined && table !== undefined) {
        yield* tables.changeAll(yield* changesOf(input, existing, table))
      }
    })
  }),
  {
    captured: Schema.NullOr(
      Schema.Struct({ type: Schema.String, nullable: Schema.Boolean, default: Schema.NullOr(Schema.String) })
    ),
    capture: (input) =>
      Effect.map(existing(input), (found) =>
        found === undefined ? null : { type: found.type, nullable: found.nullable, default: found.default ?? null }
      ),
    restore: Effect.fn("postgres.column.restore")(function* (before, input) {
      const facts = yield* Effect.flatMap(PostgresProbe, (probe) => probe.column(input))
      if (facts.existing === undefined || facts.table === undefined) return
      if (before !== null) return yield* backToColumn(before, input, facts.existing, facts.table)
      yield* (yield* PostgresControl).dropColumn({
        ...input,
        nullable: input.nullable !== false,
        default: input.default ?? undefined
      })
    })
  }
)

const existing = (input: ColumnInput) =>
  Effect.flatMap(PostgresProbe, (probe) => Effect.map(probe.column(input), (facts) => facts.existing))

/** Rows that are there would have to be written anew for a default that is another one for each. */
const fillsInBatches = ({ bytes }: TableFacts, { default: expression, fill, nullable }: ColumnInput) => {
  if (bytes === 0 || nullable !== false) return Effect.succeed(false)
  if (fill !== undefined) return Effect.succeed(true)
  return expression == null
    ? Effect.succeed(false)
    : Effect.flatMap(PostgresProbe, (probe) => probe.isVolatile(expression))
}

const added = Effect.fnUntraced(function* (table: TableFacts, input: ColumnInput) {
  const { default: expression, fill, name, type } = input
  // A default that the type does not take is found out before anything is changed.
  if (expression != null) {
    yield* (yield* PostgresProbe).isSame({ a: `(${expression}\n)`, b: expression, type })
  }
  const inBatches = yield* fillsInBatches(table, input)
  const rewrites =
    !inBatches && table.bytes > 0 && expression != null
      ? yield* Effect.flatMap(PostgresProbe, (probe) => probe.isVolatile(expression))
      : false
  const filledWith = inBatches ? (fill ?? expression ?? "") : undefined
  return describeColumn(tables.tableOf(input), { name, type, rewrites, filledWith }, table)
})

const changesOf = (input: ColumnInput, existing: NonNullable<ColumnFacts["existing"]>, table: TableFacts) => {
  const { collation, name, schema, table: inTable, type } = input
  const column = `${schema}.${inTable}.${name}`
  if (!existing.isWanted && !existing.widens) return Effect.fail(otherType(column, existing.type, type))
  if (collation !== undefined && existing.collation !== collation) {
    return Effect.fail(otherCollation(column, existing.collation ?? "the type's own", collation))
  }
  return lacking(input, existing, table)
}

const otherType = (column: string, existing: string, wanted: string): ColumnConflict =>
  new ColumnConflict({
    column,
    existing,
    wanted,
    message: `column ${column} has type ${existing}, and should have ${wanted}`,
    hint: "convert it in a migration of its own, which may rewrite the table and lose values, or correct the type here"
  })

const otherCollation = (column: string, existing: string, wanted: string): ColumnConflict =>
  new ColumnConflict({
    column,
    existing,
    wanted,
    message: `column ${column} has collation ${existing}, and should have ${wanted}`,
    hint: "convert it in a migration of its own, which builds its indexes anew, or correct the collation here"
  })
