import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ConstraintFacts } from "./internal/catalogTables.ts"
import { escapeIdentifier } from "./internal/connect.ts"
import { constraintBack, lackingConstraint } from "./internal/constraints.ts"
import { qualified } from "./internal/tableSql.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource } from "./internal/whenReached.ts"
import type { ConstraintConflict } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { Constraint } from "./Table.ts"

const Columns = Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1))

const Action = Schema.Literals(["no action", "restrict", "cascade", "set null", "set default"]).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed("no action" as const))
)

const References = Schema.Struct({
  table: Schema.NonEmptyString,
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  columns: Schema.optionalKey(Columns)
})

interface Input {
  readonly table: string
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyArray<string>
  readonly references: typeof References.Type
  readonly onDelete: typeof Action.Type
  readonly onUpdate: typeof Action.Type
  readonly deferrable: boolean
  readonly deferred: boolean
}

const list = (columns: ReadonlyArray<string>): string => columns.map(escapeIdentifier).join(", ")

const wantedOf = (input: Input): Constraint => {
  const { columns, deferrable, deferred, onDelete, onUpdate, references } = input
  const to = `${qualified(tables.tableOf(references))}${references.columns === undefined ? "" : ` (${list(references.columns)})`}`
  return {
    kind: "foreign",
    valid: false,
    columns,
    references: { ...references, columns: references.columns ?? [], onDelete, onUpdate },
    deferrable,
    deferred,
    nullsDistinct: true,
    definition: [
      `FOREIGN KEY (${list(columns)}) REFERENCES ${to}`,
      onDelete === "no action" ? "" : ` ON DELETE ${onDelete.toUpperCase()}`,
      onUpdate === "no action" ? "" : ` ON UPDATE ${onUpdate.toUpperCase()}`,
      deferrable ? " DEFERRABLE" : "",
      deferred ? " INITIALLY DEFERRED" : ""
    ].join("")
  }
}

const isEqual = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i])

/** The columns that are pointed to are those that are stated, or the primary key, which the server has found. */
const isSame = (existing: Constraint, input: Input): boolean =>
  existing.references?.schema === input.references.schema &&
  existing.references.table === input.references.table &&
  isEqual(existing.columns, input.columns) &&
  (input.references.columns === undefined || isEqual(existing.references.columns, input.references.columns)) &&
  existing.references.onDelete === input.onDelete &&
  existing.references.onUpdate === input.onUpdate &&
  existing.deferrable === input.deferrable &&
  existing.deferred === input.deferred

const lacking =
  (given: Input): tables.Lacking<ConstraintConflict> =>
  (facts) => {
    const input = { ...given, deferrable: given.deferrable || given.deferred }
    return Effect.andThen(
      tables.tableOrNotYet(tables.tableOf(input.references)),
      lackingConstraint(facts, tables.tableOf(input), input.name, wantedOf(input), (existing) =>
        Effect.succeed(isSame(existing, input))
      )
    )
  }

/**
 * A table has a foreign key of this name and definition.
 *
 * It is added without looking at the rows that are there, which are looked at afterwards while others read and write both
 * tables. A foreign key of the name with another definition is replaced once the new one holds. A partitioned table is
 * looked at while it is added, as older servers cannot do otherwise.
 *
 * - `references`: `table`, `schema` (default `public`), and `columns`, by default those of its primary key.
 * - `onDelete`, `onUpdate`: `no action` (the default), `restrict`, `cascade`, `set null`, `set default`.
 * - `deferrable`, `deferred`: whether it may be, or is, checked at the end of a transaction. Default no.
 *
 * PostgreSQL makes no index for it: where rows that are pointed to are deleted or updated, add an {@link index} of its columns.
 *
 * Undo drops it, or brings back the one that it has replaced.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const key = Postgres.foreignKey("expense-country", {
 *   table: "expenses", name: "expenses_country_fk", columns: ["country"], references: { table: "countries" }
 * })
 * assert.equal(key.type, "postgres.foreignKey")
 * ```
 *
 * @since 0.1.0
 */
export const foreignKey = Undo.of(
  Step.make("postgres.foreignKey", {
    description: "A table has a foreign key of this name and definition",
    risk: "additive",
    input: {
      ...tables.onTable,
      columns: Columns,
      references: References,
      onDelete: Action,
      onUpdate: Action,
      deferrable: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
      deferred: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
    },
    output: {},
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.foreignKey.check")((input) => tables.check(tables.tableOf(input), lacking(input), {})),
    apply: Effect.fn("postgres.foreignKey.apply")((input) => tables.apply(tables.tableOf(input), lacking(input)))
  }),
  {
    captured: Schema.NullOr(ConstraintFacts),
    capture: (input) =>
      Effect.flatMap(PostgresProbe, (probe) =>
        Effect.map(probe.table(tables.tableOf(input)), (facts) => facts?.constraints[input.name] ?? null)
      ),
    restore: Effect.fn("postgres.foreignKey.restore")(function* (before, input) {
      const table = tables.tableOf(input)
      const facts = yield* (yield* PostgresProbe).table(table)
      yield* tables.changeAll(constraintBack(facts, table, input.name, before))
    })
  }
)
