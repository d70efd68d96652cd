import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ConstraintFacts } from "./internal/catalogTables.ts"
import { constraintBack, lackingConstraint } from "./internal/constraints.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource } from "./internal/whenReached.ts"
import type { ConstraintConflict } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { Constraint } from "./Table.ts"

interface Input {
  readonly table: string
  readonly schema: string
  readonly name: string
  readonly expression: string
}

const lacking =
  (input: Input): tables.Lacking<ConstraintConflict> =>
  (facts) => {
    const [table, { expression, name }] = [tables.tableOf(input), input]
    const wanted: Constraint = {
      kind: "check",
      valid: false,
      columns: [],
      expression,
      deferrable: false,
      deferred: false,
      nullsDistinct: true,
      definition: `CHECK (${expression}${expression.includes("--") ? "\n" : ""})`
    }
    const isSame = (existing: string) => tables.sameOrNotYet({ a: existing, b: expression, table })
    return Effect.andThen(
      facts.constraints[name] === undefined ? tables.understood(table, [expression]) : Effect.void,
      lackingConstraint(facts, table, name, wanted, (existing) => isSame(existing.expression ?? "true"))
    )
  }

/**
 * A table has a check constraint of this name and meaning.
 *
 * It is added without looking at the rows that are there, which are looked at afterwards while others read and write; rows
 * that do not keep it are an error, and the constraint stays, so that there will be no more of them. A constraint of the name
 * with another meaning is replaced once the new one holds. How the server writes the expression does not matter.
 *
 * - `expression`: an SQL expression over the table's columns. It is code: write it in the deployment, and never make it of
 *   an input.
 *
 * Undo drops it, or brings back the one that it has replaced.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const positive = Postgres.check("amounts", { table: "expenses", name: "amount_positive", expression: "amount > 0" })
 * assert.equal(positive.type, "postgres.check")
 * ```
 *
 * @since 0.1.0
 */
export const check = Undo.of(
  Step.make("postgres.check", {
    description: "A table has a check constraint of this name and meaning",
    risk: "additive",
    input: { ...tables.onTable, expression: Schema.NonEmptyString },
    output: {},
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.check.check")((input) => tables.check(tables.tableOf(input), lacking(input), {})),
    apply: Effect.fn("postgres.check.apply")((input) => tables.apply(tables.tableOf(input), lacking(input)))
  }),
  {
    captured: Schema.NullOr(ConstraintFacts),
    capture: (input) =>
      Effect.flatMap(PostgresProbe, (probe) =>
        Effect.map(probe.table(tables.tableOf(input)), (facts) => facts?.constraints[input.name] ?? null)
      ),
    restore: Effect.fn("postgres.check.restore")(function* (before, input) {
      const table = tables.tableOf(input)
      const facts = yield* (yield* PostgresProbe).table(table)
      yield* tables.changeAll(constraintBack(facts, table, input.name, before))
    })
  }
)
