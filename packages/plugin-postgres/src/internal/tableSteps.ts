/** What steps of tables have in common: they look at a table, and do what it lacks change by change. */
import { createHash } from "node:crypto"
import { Check } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { PostgresControl } from "../PostgresControl.ts"
import { ConstraintConflict, StatementFailed } from "../PostgresError.ts"
import { type ExpressionPair, PostgresProbe, type ProbeError, type QualifiedName } from "../PostgresProbe.ts"
import type { TableChange, TableFacts } from "../Table.ts"
import { mayCome } from "./mayCome.ts"
import { describe } from "./tableCosts.ts"
import { schemaResource, whenReached } from "./whenReached.ts"

export const Name = Schema.NonEmptyString.check(
  Schema.makeFilter((name) =>
    new TextEncoder().encode(name).length > 63 || name.includes("\0")
      ? "expected at most 63 bytes, and no NUL"
      : undefined
  )
)

/** The table that a step is about, and the name of what it makes. */
export const onTable = {
  table: Schema.NonEmptyString,
  schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
  name: Name
}

export const tableOf = ({ schema, table }: { readonly schema: string; readonly table: string }): QualifiedName => ({
  schema,
  name: table
})

/** A name for what is made beside something, until it takes its place: the same one in each run. */
export const besideName = (name: string): string =>
  `shipshape_${createHash("sha256").update(name).digest("hex").slice(0, 16)}`

const isBesideName = (name: string): boolean => /^shipshape_[0-9a-f]{16}$/.test(name)

/** A name, a table or a type that a step before may still make. */
class NotYet {
  readonly _tag = "NotYet"
  readonly what: string
  readonly error: unknown
  constructor(what: string, error?: unknown) {
    this.what = what
    this.error = error
  }
}

/** Whether expressions are the same. Where one names what is not there, a step before may still make it. */
export const sameOrNotYet = (pair: ExpressionPair): Effect.Effect<boolean, ProbeError | NotYet, PostgresProbe> =>
  Effect.flatMap(PostgresProbe, (probe) => probe.isSame(pair)).pipe(
    Effect.mapError((error) => (mayCome(error) ? new NotYet(error.message, error) : error))
  )

/** Asks the server whether it takes expressions over a table, before anything is changed. */
export const understood = (table: QualifiedName, expressions: ReadonlyArray<string | undefined>) =>
  Effect.forEach(
    expressions.flatMap((expression) => (expression === undefined ? [] : [expression])),
    (expression) =>
      Effect.flatMap(sameOrNotYet({ a: `(${expression}\n)`, b: expression, table }), (isOne) =>
        isOne ? Effect.void : Effect.fail(notOne(expression))
      ),
    { concurrency: "unbounded", discard: true }
  )

const notOne = (expression: string): StatementFailed =>
  new StatementFailed({
    sqlstate: "42601",
    message: `this is not one SQL expression: ${expression}`,
    hint: "write one expression, with its parentheses in pairs"
  })

export const tableOrNotYet = Effect.fnUntraced(function* (table: QualifiedName) {
  const facts = yield* (yield* PostgresProbe).table(table)
  return facts ?? (yield* Effect.fail(new NotYet(`table ${table.schema}.${table.name} is not there`)))
})

export const columnNotYet = ({ name, schema }: QualifiedName, column: string): Effect.Effect<never, NotYet> =>
  Effect.fail(new NotYet(`column ${schema}.${name}.${column} is not there`))

/** What a table lacks, in the order in which it is done. */
export type Lacking<E> = (
  facts: TableFacts
) => Effect.Effect<ReadonlyArray<TableChange>, E | ProbeError | NotYet, PostgresProbe>

export const check = <A, E>(
  table: QualifiedName,
  lacking: Lacking<E>,
  output: A,
  risk: "additive" | "reversible" = "additive"
) =>
  Effect.gen(function* () {
    const facts = yield* tableOrNotYet(table)
    const changes = yield* lacking(facts)
    if (changes.length === 0) return Check.satisfied(output)
    const replaces = changes.some(({ _tag }) => reversible.includes(_tag))
    return Check.needed(
      changes.map((change) => describe(change, facts)),
      { risk: replaces ? "reversible" : risk }
    )
  }).pipe(
    Effect.catchIf(isNotYet, (missing) => Effect.succeed(unavailable(missing))),
    whenReached
  )

const reversible: ReadonlyArray<TableChange["_tag"]> = ["SetType", "SwapConstraint", "SwapIndex", "Backfill"]

const isNotYet = (error: unknown): error is NotYet => error instanceof NotYet

const hint = "create it in a step before this one, or correct its name and schema"

const unavailable = ({ error, what }: NotYet): Check.Check<never> =>
  error === undefined
    ? Check.unavailable([schemaResource], what, hint)
    : Check.unavailableBecause([schemaResource], error, hint)

export const apply = <E>(table: QualifiedName, lacking: Lacking<E>) =>
  Effect.gen(function* () {
    const changes = yield* Effect.flatMap(tableOrNotYet(table), lacking)
    yield* changeAll(changes)
  }).pipe(
    Effect.catchIf(isNotYet, ({ what }) =>
      Effect.fail(
        new ConstraintConflict({
          constraint: `${table.schema}.${table.name}`,
          existing: "nothing",
          wanted: "a table",
          message: what,
          hint
        })
      )
    )
  )

export const changeAll = Effect.fnUntraced(function* (changes: ReadonlyArray<TableChange>) {
  const control = yield* PostgresControl
  for (const change of changes) {
    const leftover = leftoverOf(change)
    const work = control.changeTable(change)
    yield* leftover === undefined
      ? work
      : // Why it has failed says more than that it could not be cleared away.
        Effect.tapErrorTag(work, "RowsViolate", () => Effect.exit(control.changeTable(leftover)))
  }
})

/** What rows that do not keep it leave: an index that is of no use, or a constraint with a name of nobody's. */
const leftoverOf = (change: TableChange): TableChange | undefined => {
  switch (change._tag) {
    case "CreateIndex":
      return change.concurrently ? { ...change, _tag: "DropIndex" } : undefined
    case "ValidateConstraint":
      return isBesideName(change.name) ? { ...change, _tag: "DropConstraint" } : undefined
    default:
      return undefined
  }
}
