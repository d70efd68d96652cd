import type { Step } from "@shipshape/core"

/** What each needs stands before it: types before columns, columns and their values before constraints, labels before data. */
const order: ReadonlyArray<string> = [
  "postgres.ready",
  "postgres.connectionBudget",
  "postgres.backup",
  "postgres.database",
  "postgres.role",
  "postgres.membership",
  "postgres.schema",
  "postgres.setting",
  "postgres.extension",
  "postgres.enum",
  "postgres.replaceEnum",
  "postgres.column",
  "postgres.backfill",
  "postgres.unique",
  "postgres.index",
  "postgres.check",
  "postgres.foreignKey",
  "postgres.owner",
  "postgres.grant",
  "postgres.defaultPrivileges"
]

const last = "postgres.sequences"

const rankOf = ({ type }: { readonly type: string }): number => {
  if (type === last) return order.length + 1
  const at = order.indexOf(type)
  return at < 0 ? order.length : at
}

/**
 * Steps of one database in the order in which they need each other, whatever the order in which they are written: roles and
 * schemas, extensions, enums with their labels, columns, backfills, unique constraints and indexes, checks, foreign keys, owners
 * and privileges, then everything else, such as SQL, migrations and imports, and sequences at the end. Steps of one type stay
 * as they are written. The plan shows the order.
 *
 * Without it, steps run as they are written, and one that needs what a later one makes is blocked when planning, with what
 * it lacks.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const steps = Postgres.inOrder([
 *   Postgres.check("final-has-title", { table: "documents", name: "titled", expression: "status <> 'final' OR title <> ''" }),
 *   Postgres.column("status-column", { table: "documents", name: "status", type: "status" }),
 *   Postgres.enum("status", { name: "status", labels: ["draft", "final"] })
 * ])
 * // In a deployment: yield* Postgres.inOrder([…])
 * assert.deepEqual([...steps].map((step) => step.id), ["status", "status-column", "final-has-title"])
 * ```
 *
 * @since 0.1.0
 */
export const inOrder = function* <S extends Step.Step.Any>(steps: ReadonlyArray<S>): Generator<S, void, unknown> {
  for (const step of steps.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    // A step yields itself, and says by that that it is used; its type tells of its parts only.
    yield* step as unknown as Iterable<S>
  }
}
