import { Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { IndexFacts } from "./internal/catalogTables.ts"
import { indexBack, lackingIndex } from "./internal/constraints.ts"
import * as tables from "./internal/tableSteps.ts"
import { schemaResource } from "./internal/whenReached.ts"
import { ConstraintConflict } from "./PostgresError.ts"
import { PostgresProbe, type QualifiedName } from "./PostgresProbe.ts"
import type { Index, IndexKey } from "./Table.ts"

const order = {
  descending: Schema.optionalKey(Schema.Boolean),
  nullsFirst: Schema.optionalKey(Schema.Boolean),
  operators: Schema.optionalKey(Schema.NonEmptyString),
  collation: Schema.optionalKey(Schema.NonEmptyString)
}

const Key = Schema.Union([
  Schema.NonEmptyString,
  Schema.Struct({ column: Schema.NonEmptyString, ...order }),
  Schema.Struct({ expression: Schema.NonEmptyString, ...order })
])

interface Input {
  readonly table: string
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyArray<typeof Key.Type>
  readonly unique: boolean
  readonly method: string
  readonly where?: string | undefined
  readonly include: ReadonlyArray<string>
}

const keyOf = (given: typeof Key.Type): IndexKey => {
  const key = typeof given === "string" ? { column: given } : given
  const descending = key.descending === true
  return { ...key, descending, nullsFirst: key.nullsFirst ?? descending }
}

const wantedOf = ({ columns, include, method, unique, where }: Input): Index => ({
  valid: true,
  unique,
  method,
  keys: columns.map(keyOf),
  include,
  ...(where === undefined ? {} : { predicate: where }),
  nullsDistinct: true
})

type Same = Effect.Effect<boolean, Effect.Error<ReturnType<typeof tables.sameOrNotYet>>, PostgresProbe>

const sameExpression = (table: QualifiedName, a: string | undefined, b: string | undefined): Same =>
  a === undefined || b === undefined ? Effect.succeed(a === b) : tables.sameOrNotYet({ a, b, table })

const isSame = (table: QualifiedName, existing: Index, wanted: Index): Same => {
  const alike =
    existing.unique === wanted.unique &&
    existing.method === wanted.method &&
    existing.nullsDistinct === wanted.nullsDistinct &&
    existing.include.join("\0") === wanted.include.join("\0") &&
    existing.keys.length === wanted.keys.length &&
    existing.keys.every((key, i) => isAlike(key, wanted.keys[i] ?? key))
  if (!alike) return Effect.succeed(false)
  return Effect.map(
    Effect.all(
      [
        sameExpression(table, existing.predicate, wanted.predicate),
        ...existing.keys.map((key, i) => sameExpression(table, key.expression, wanted.keys[i]?.expression))
      ],
      { concurrency: "unbounded" }
    ),
    (all) => all.every((one) => one)
  )
}

const isAlike = (a: IndexKey, b: IndexKey): boolean =>
  a.column === b.column &&
  a.descending === b.descending &&
  a.nullsFirst === b.nullsFirst &&
  a.operators === b.operators &&
  a.collation === b.collation

const lacking =
  (input: Input): tables.Lacking<ConstraintConflict> =>
  (facts) =>
    Effect.gen(function* () {
      const [table, wanted] = [tables.tableOf(input), wantedOf(input)]
      const existing = facts.indexes[input.name]
      if (existing === undefined) {
        yield* tables.understood(table, [wanted.predicate, ...wanted.keys.map(({ expression }) => expression)])
        const missing = wanted.keys.find(({ column }) => column !== undefined && facts.columns[column] === undefined)
        if (missing?.column !== undefined) return yield* tables.columnNotYet(table, missing.column)
      } else if (existing.constraint !== undefined && !(yield* isSame(table, existing, wanted))) {
        return yield* ofConstraint(input.name, existing.constraint, existing)
      }
      return yield* lackingIndex(facts, table, input.name, wanted, (found) => isSame(table, found, wanted))
    })

const ofConstraint = (name: string, constraint: string, { keys }: Index): ConstraintConflict =>
  new ConstraintConflict({
    constraint: name,
    existing: keys.map(({ column, expression }) => column ?? expression).join(", "),
    wanted: "another index",
    message: `index ${name} belongs to constraint ${constraint}, and has another definition`,
    hint: "give the index another name, or change the constraint in a step of its own"
  })

/**
 * A table has an index of this name and definition.
 *
 * It is built while others read and write. A build that was interrupted leaves an index that costs and is of no use: it is
 * found, dropped, and built anew. An index of the name with another definition serves until the new one is there. An index of
 * a partitioned table is built while nobody writes: the plan says so.
 *
 * - `columns`: names, or `{ column | expression, descending, nullsFirst, operators, collation }`.
 * - `unique` (default false), `method` (default `btree`), `where` (an SQL expression), `include` (more columns).
 *
 * Expressions are code: write them in the deployment, and never make them of an input. How the server writes them does not
 * matter.
 *
 * Undo drops it, or brings back the one that it has replaced.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const titles = Postgres.index("titles", {
 *   table: "documents", name: "documents_title", columns: [{ expression: "lower(title)" }, "created"], where: "deleted IS NULL"
 * })
 * assert.equal(titles.type, "postgres.index")
 * ```
 *
 * @since 0.1.0
 */
export const index = Undo.of(
  Step.make("postgres.index", {
    description: "A table has an index of this name and definition",
    risk: "additive",
    input: {
      ...tables.onTable,
      columns: Schema.Array(Key).check(Schema.isMinLength(1)),
      unique: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
      method: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("btree"))),
      where: Schema.optionalKey(Schema.NonEmptyString),
      include: Schema.Array(Schema.NonEmptyString).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
    },
    output: {},
    provides: () => [schemaResource],
    alters: "schema",
    check: Effect.fn("postgres.index.check")((input) => tables.check(tables.tableOf(input), lacking(input), {})),
    apply: Effect.fn("postgres.index.apply")((input) => tables.apply(tables.tableOf(input), lacking(input)))
  }),
  {
    captured: Schema.NullOr(IndexFacts),
    capture: (input) =>
      Effect.flatMap(PostgresProbe, (probe) =>
        Effect.map(probe.table(tables.tableOf(input)), (facts) => facts?.indexes[input.name] ?? null)
      ),
    restore: Effect.fn("postgres.index.restore")(function* (before, input) {
      const table = tables.tableOf(input)
      const facts = yield* (yield* PostgresProbe).table(table)
      yield* tables.changeAll(indexBack(facts, table, input.name, before))
    })
  }
)
