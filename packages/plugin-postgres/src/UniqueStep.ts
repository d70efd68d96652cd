import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ConstraintFacts } from "./internal/catalogTables.ts"
import { escapeIdentifier } from "./internal/connect.ts"
import { constraintBack } from "./internal/constraints.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource } from "./internal/whenReached.ts"
import { ConstraintConflict } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { Constraint, Index, TableChange, TableFacts } from "./Table.ts"

interface Input {
  readonly table: string
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyArray<string>
}

const isEqual = (a: ReadonlyArray<string | undefined>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i])

const isUsable = (index: Index, columns: ReadonlyArray<string>): boolean =>
  index.valid &&
  index.unique &&
  index.predicate === undefined &&
  isEqual(
    index.keys.map(({ column, descending }) => (descending ? undefined : column)),
    columns
  )

const lacking =
  (input: Input): tables.Lacking<ConstraintConflict> =>
  (facts) =>
    Effect.gen(function* () {
      const { columns, name } = input
      const table = tables.tableOf(input)
      const existing = facts.constraints[name]
      if (existing !== undefined) {
        return existing.kind === "unique" && isEqual(existing.columns, columns) && !existing.deferrable
          ? []
          : yield* conflict(input, existing)
      }
      const missing = columns.find((column) => facts.columns[column] === undefined)
      if (missing !== undefined) return yield* tables.columnNotYet(table, missing)
      return changes(facts, input)
    })

const changes = (facts: TableFacts, input: Input): ReadonlyArray<TableChange> => {
  const { columns, name } = input
  const [table, concurrently] = [tables.tableOf(input), !facts.partitioned]
  const constraint: Constraint = {
    kind: "unique",
    valid: true,
    columns,
    deferrable: false,
    deferred: false,
    nullsDistinct: true,
    definition: `UNIQUE (${columns.map(escapeIdentifier).join(", ")})`
  }
  // A partitioned table takes no index that is there for its constraint.
  if (facts.partitioned) return [{ _tag: "AddConstraint", table, name, constraint }]
  const left = facts.indexes[name]
  const add: TableChange = { _tag: "AddConstraint", table, name, constraint, index: name }
  if (left !== undefined && isUsable(left, columns)) return [add]
  const index: Index = {
    valid: true,
    unique: true,
    method: "btree",
    keys: columns.map((column) => ({ column, descending: false, nullsFirst: false })),
    include: [],
    nullsDistinct: true
  }
  return [
    ...(left === undefined ? [] : [{ _tag: "DropIndex", table, name, concurrently } as const]),
    { _tag: "CreateIndex", table, name, index, concurrently },
    add
  ]
}

const conflict = ({ columns, name, schema, table }: Input, existing: Constraint): ConstraintConflict =>
  new ConstraintConflict({
    constraint: name,
    existing: existing.definition,
    wanted: `UNIQUE (${columns.join(", ")})`,
    message: `constraint ${name} of ${schema}.${table} is ${existing.definition}, and should be UNIQUE (${columns.join(", ")})`,
    hint: "give the new one another name; drop the old one in a step of its own, once nothing refers to it"
  })

/**
 * A table has a unique constraint of this name over these columns, in this order.
 *
 * Its index is built while others read and write, and becomes the constraint's afterwards. A build that was interrupted is
 * found, dropped, and done anew. Rows that are equal are an error. A constraint of the name with another definition is a
 * conflict: foreign keys may refer to it.
 *
 * Undo drops it.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const emails = Postgres.unique("emails", { table: "users", name: "users_email_key", columns: ["email"] })
 * assert.equal(emails.type, "postgres.unique")
 * ```
 *
 * @since 0.1.0
 */
export const unique = Undo.of(
  Step.make("postgres.unique", {
    description: "A table has a unique constraint of this name over these columns",
    risk: "additive",
    input: { ...tables.onTable, columns: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)) },
    output: {},
    provides: () => [schemaResource],
    alters: "schema",
    check: Effect.fn("postgres.unique.check")((input) => tables.check(tables.tableOf(input), lacking(input), {})),
    apply: Effect.fn("postgres.unique.apply")((input) => tables.apply(tables.tableOf(input), lacking(input)))
  }),
  {
    captured: Schema.Struct({ constraint: Schema.NullOr(ConstraintFacts), hasIndex: Schema.Boolean }),
    capture: (input) =>
      Effect.flatMap(PostgresProbe, (probe) =>
        Effect.map(probe.table(tables.tableOf(input)), (facts) => ({
          constraint: facts?.constraints[input.name] ?? null,
          hasIndex: facts?.indexes[input.name] !== undefined
        }))
      ),
    restore: Effect.fn("postgres.unique.restore")(function* ({ constraint, hasIndex }, input) {
      const table = tables.tableOf(input)
      const probe = yield* PostgresProbe
      yield* tables.changeAll(constraintBack(yield* probe.table(table), table, input.name, constraint))
      const left = (yield* probe.table(table))?.indexes[input.name]
      if (left !== undefined && !hasIndex) {
        yield* tables.changeAll([{ _tag: "DropIndex", table, name: input.name, concurrently: true }])
      }
    })
  }
)
