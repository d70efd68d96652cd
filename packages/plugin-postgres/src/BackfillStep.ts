import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { defaultBatch } from "./internal/columns.ts"
import { whenMade } from "./internal/mayCome.ts"
import { describe } from "./internal/tableCosts.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { Backfill } from "./Table.ts"

interface Input {
  readonly table: string
  readonly schema: string
  readonly set: Readonly<Record<string, string>>
  readonly where: string
  readonly batch: number
}

const backfillOf = ({ batch, set, where, ...input }: Input): Backfill => ({
  table: tables.tableOf(input),
  set,
  where,
  batch
})

/**
 * Rows of a table have got what they lack: none is left for which `where` holds.
 *
 * They are changed in batches, each committed by itself, so that nobody waits long for a row, and a run that was killed is
 * gone on with. The table is read once, page after page.
 *
 * - `set`: SQL expressions by column.
 * - `where`: an SQL expression that holds for rows that are still to be changed, and no longer once they are. Looking for them
 *   may read the whole table where no index helps, when planning as well: 30 seconds at most.
 * - `batch`: about how many rows are changed at a time, default 5,000.
 *
 * Expressions are code: write them in the deployment, and never make them of an input.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const backfill = Postgres.backfill("currencies", {
 *   table: "expenses", set: { currency: "'EUR'" }, where: "currency IS NULL"
 * })
 * assert.equal(backfill.type, "postgres.backfill")
 * ```
 *
 * @since 0.1.0
 */
export const backfill = Step.make("postgres.backfill", {
  description: "Rows of a table have got what they lack, in batches",
  risk: "reversible",
  input: {
    table: tables.onTable.table,
    schema: tables.onTable.schema,
    set: Schema.Record(Schema.NonEmptyString, Schema.NonEmptyString),
    where: Schema.NonEmptyString,
    batch: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Schema.withDecodingDefaultKey(Effect.succeed(defaultBatch)))
  },
  output: {},
  provides: () => [schemaResource],
  alters: "data",
  check: Effect.fn("postgres.backfill.check")(function* (input) {
    const look = Effect.gen(function* () {
      const probe = yield* PostgresProbe
      const [left, facts] = yield* Effect.all([probe.isLeft(backfillOf(input)), probe.table(tables.tableOf(input))], {
        concurrency: "unbounded"
      })
      return left && facts !== undefined
        ? Check.needed([describe({ _tag: "Backfill", backfill: backfillOf(input) }, facts)])
        : Check.satisfied({})
    })
    return yield* look.pipe(whenMade(), whenReached)
  }),
  apply: Effect.fn("postgres.backfill.apply")((input) =>
    tables.changeAll([{ _tag: "Backfill", backfill: backfillOf(input) }])
  )
})
