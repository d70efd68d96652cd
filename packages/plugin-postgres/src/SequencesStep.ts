import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { ColumnSequence } from "./ServerObject.ts"

const isBehind = ({ greatest, next }: ColumnSequence): boolean => greatest !== undefined && next <= greatest

/**
 * No sequence of a schema gives a value that its column has already, as it does after rows were imported with their ids. A
 * sequence that is ahead stays so.
 *
 * - `schema`: default `public`. Sequences of serial and identity columns count.
 *
 * There is no undo, as the values before could not be used.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.sequences("sequences", {}).type, "postgres.sequences")
 * ```
 *
 * @since 0.1.0
 */
export const sequences = Step.make("postgres.sequences", {
  description: "No sequence gives a value that its column has already",
  risk: "additive",
  input: { schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))) },
  output: {},
  alters: "data",
  check: Effect.fn("postgres.sequences.check")(function* ({ schema }) {
    const look = Effect.flatMap(PostgresProbe, (probe) => probe.sequences(schema))
    return yield* whenReached(
      Effect.map(look, (all) => {
        const behind = all.filter(isBehind)
        return behind.length === 0
          ? Check.satisfied({})
          : Check.needed(
              behind.map(({ column, greatest, next, table }) => ({
                summary: `next value of ${schema}.${table}.${column}`,
                before: String(next),
                after: `after ${greatest}`
              }))
            )
      })
    )
  }),
  apply: Effect.fn("postgres.sequences.apply")(function* ({ schema }) {
    const control = yield* PostgresControl
    const all = yield* (yield* PostgresProbe).sequences(schema)
    for (const sequence of all.filter(isBehind)) yield* control.advanceSequence(sequence)
  })
})
