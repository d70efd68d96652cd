import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { whenReached } from "./internal/whenReached.ts"
import { ConnectionsExceeded } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import type { ConnectionLimits } from "./ServerObject.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Pools = Schema.Record(
  Schema.String,
  Schema.Struct({ workers: Count, connections: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))) })
)

/**
 * The server has connections enough for all that the application opens: the sum of workers × connections, and what is spared.
 * Nothing is changed: too many are an error when planning.
 *
 * - `pools`: by name, how many `workers` there are, and how many `connections` each opens at most, default 1.
 * - `spare`: for migrations, backups and people, default 5.
 * - `role`: who connects, where that is not the plugin's user: a role and a database may have limits of their own.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const budget = Postgres.connectionBudget("connections", {
 *   pools: { gunicorn: { workers: 4 }, celery: { workers: 2, connections: 4 } }
 * })
 * assert.equal(budget.type, "postgres.connectionBudget")
 * ```
 *
 * @since 0.1.0
 */
export const connectionBudget = Step.make("postgres.connectionBudget", {
  description: "The server has connections enough for all that the application opens",
  risk: "additive",
  input: {
    pools: Pools,
    spare: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(5))),
    role: Schema.optionalKey(Schema.NonEmptyString)
  },
  output: { needed: Schema.Int, available: Schema.Int },
  alters: "none",
  check: Effect.fn("postgres.connectionBudget.check")(function* ({ pools, role, spare }) {
    const limits = yield* whenReached(
      Effect.flatMap(PostgresProbe, (probe) => probe.connections(role)).pipe(
        Effect.flatMap((limits) => judge(pools, spare, limits))
      )
    )
    return limits
  }),
  apply: () => Effect.void
})

const judge = (
  pools: typeof Pools.Type,
  spare: number,
  { database, reserved, role, server }: ConnectionLimits
): Effect.Effect<Check.Check<{ readonly needed: number; readonly available: number }>, ConnectionsExceeded> => {
  const parts = Object.entries(pools).map(([name, pool]) => ({ name, ...pool, all: pool.workers * pool.connections }))
  const needed = parts.reduce((sum, { all }) => sum + all, spare)
  const [least = { of: "the server", available: server - reserved }] = [
    { of: "the server", available: server - reserved },
    { of: "the database", available: database },
    { of: "the role", available: role }
  ]
    .flatMap(({ available, of }) => (available === undefined ? [] : [{ of, available }]))
    .toSorted((a, b) => a.available - b.available)
  if (needed <= least.available) return Effect.succeed(Check.satisfied({ needed, available: least.available }))
  const sum = parts.map(({ connections, name, workers }) => `${name} ${workers} × ${connections}`)
  return Effect.fail(
    new ConnectionsExceeded({
      needed,
      available: least.available,
      message: `${needed} connections are needed (${[...sum, `spare ${spare}`].join(", ")}), and ${least.of} gives ${least.available}`,
      hint: "lower the workers or their pools, put a pooler in front, or raise max_connections or the limit of database or role"
    })
  )
}
