/**
 * The rows of tables, as files: what is carried from one database into another.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * How rows lie in a file: `jsonl`, a JSON object on each line; or `copy`, PostgreSQL's own text format, which is faster and
 * says nothing by itself of its columns.
 *
 * @since 0.1.0
 */
export type Format = "jsonl" | "copy"

/**
 * A row by its columns. A number that JavaScript cannot hold exactly, such as 9007199254740993 or 1.50, is a string.
 *
 * @since 0.1.0
 */
export interface Row {
  readonly [column: string]: Schema.Json
}

/**
 * Changes each row of a table on its way. It has a version, as nobody can see by its code whether it is still the same.
 *
 * @since 0.1.0
 */
export interface Transform {
  readonly version: string
  readonly row: (row: Row) => Row
}

class Versioned implements Transform {
  readonly version: string
  readonly row: (row: Row) => Row

  constructor(version: string, row: (row: Row) => Row) {
    this.version = version
    this.row = row
  }

  /** What stands for it in a plan's digest. */
  toJSON(): string {
    return `transform ${this.version}`
  }
}

/**
 * A function that changes each row of a table on its way. All rows that it gives must have the same columns, and the same
 * row must always give the same: the step looks afterwards whether what is in the table is what the function gives.
 *
 * - `version`: say another one when the function becomes another. A plan that was approved with the old one is not applied
 *   then.
 *
 * @example
 * ```ts
 * import { Data, Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const anonymous = Data.transform("1", (row) => ({ ...row, email: `user-${row["id"]}@example.org` }))
 * assert.deepEqual(anonymous.row({ id: 7, email: "ada@example.com" }), { id: 7, email: "user-7@example.org" })
 *
 * const step = Postgres.exportData("users", {
 *   directory: "/srv/exports",
 *   tables: [{ table: "users", transform: anonymous, exclude: ["password"] }]
 * })
 * assert.equal(step.type, "postgres.exportData")
 * ```
 *
 * @since 0.1.0
 */
export const transform = (version: string, row: (row: Row) => Row): Transform => new Versioned(version, row)

/**
 * A {@link transform} as a field of a step's input.
 *
 * @example
 * ```ts
 * import { Data } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * assert.equal(Schema.is(Data.Transform)(Data.transform("1", (row) => row)), true)
 * assert.equal(Schema.is(Data.Transform)("1"), false)
 * ```
 *
 * @since 0.1.0
 */
export const Transform: Schema.declare<Transform> = Schema.declare<Transform>(
  (u): u is Transform => Predicate.hasProperty(u, "version") && u instanceof Versioned,
  { expected: "what Data.transform gives" }
)
