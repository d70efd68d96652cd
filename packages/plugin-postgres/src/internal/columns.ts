/** How a column that is there becomes what is wanted, without keeping others from its table. */
import * as Effect from "effect/Effect"
import { UndoRefused } from "../PostgresError.ts"
import { type ColumnFacts, PostgresProbe } from "../PostgresProbe.ts"
import type { Constraint, TableChange, TableFacts } from "../Table.ts"
import { escapeIdentifier } from "./connect.ts"
import { besideName, changeAll, tableOf } from "./tableSteps.ts"

export interface ColumnInput {
  readonly table: string
  readonly schema: string
  readonly name: string
  readonly type: string
  readonly nullable?: boolean | undefined
  readonly default?: string | null | undefined
  readonly fill?: string | undefined
  readonly collation?: string | undefined
}

type Existing = NonNullable<ColumnFacts["existing"]>

/** What is to be changed of a column of the wanted type, or of one that has less room. */
export const lacking = Effect.fnUntraced(function* (input: ColumnInput, existing: Existing, facts: TableFacts) {
  const { default: expression, name: column, nullable, type } = input
  const table = tableOf(input)
  const widen: ReadonlyArray<TableChange> = existing.isWanted ? [] : [{ _tag: "SetType", table, column, type }]
  const isDefault =
    expression === undefined ||
    (expression === null || existing.default === undefined
      ? (expression ?? undefined) === existing.default
      : yield* (yield* PostgresProbe).isSame({ a: existing.default, b: expression, type }))
  const setDefault: ReadonlyArray<TableChange> =
    isDefault || expression === undefined ? [] : [{ _tag: "SetDefault", table, column, default: expression }]
  return [...widen, ...setDefault, ...nullability(input, existing, facts, nullable)]
})

const nullability = (
  { default: initial, fill: given, name: column, ...where }: ColumnInput,
  existing: Pick<Existing, "nullable">,
  facts: TableFacts,
  nullable: boolean | undefined
): ReadonlyArray<TableChange> => {
  const table = tableOf(where)
  const helper = besideName(`${column} is not null`)
  const left = facts.constraints[helper]
  const drop: ReadonlyArray<TableChange> = left === undefined ? [] : [{ _tag: "DropConstraint", table, name: helper }]
  if (nullable === undefined) return []
  const set: TableChange = { _tag: "SetNullable", table, column, nullable }
  if (nullable || !existing.nullable) return existing.nullable === nullable ? drop : [...drop, set]
  // Nobody is kept waiting by a table in which nothing is.
  if (facts.bytes === 0) return [...drop, set]
  const expression = given ?? initial
  const fill: ReadonlyArray<TableChange> =
    expression == null
      ? []
      : [
          {
            _tag: "Backfill",
            backfill: {
              table,
              set: { [column]: expression },
              where: `${escapeIdentifier(column)} IS NULL`,
              batch: defaultBatch
            }
          }
        ]
  const add: ReadonlyArray<TableChange> =
    left === undefined ? [{ _tag: "AddConstraint", table, name: helper, constraint: notNull(column) }] : []
  const prove: ReadonlyArray<TableChange> =
    left?.valid === true ? [] : [...fill, { _tag: "ValidateConstraint", table, name: helper, notNull: column }]
  return [...add, ...prove, set, { _tag: "DropConstraint", table, name: helper }]
}

/** About how many rows a batch has where nobody says another number. */
export const defaultBatch = 5_000

/** Once it is proven, the server takes it as the proof that the column may be NOT NULL, and does not read the table. */
const notNull = (column: string): Constraint => ({
  kind: "check",
  valid: false,
  columns: [column],
  expression: `${escapeIdentifier(column)} IS NOT NULL`,
  deferrable: false,
  deferred: false,
  nullsDistinct: true,
  definition: `CHECK (${escapeIdentifier(column)} IS NOT NULL)`
})

/** Brings back default and nullability of a column that was there. */
export const backToColumn = Effect.fnUntraced(function* (
  before: { readonly type: string; readonly nullable: boolean; readonly default: string | null },
  input: ColumnInput,
  now: Existing,
  facts: TableFacts
) {
  const { name: column } = input
  const table = tableOf(input)
  if (now.type !== before.type) return yield* staysWide(input, before.type, now.type)
  const setDefault: ReadonlyArray<TableChange> =
    (now.default ?? null) === before.default ? [] : [{ _tag: "SetDefault", table, column, default: before.default }]
  yield* changeAll([
    ...setDefault,
    ...nullability({ ...input, default: null, fill: undefined }, now, facts, before.nullable)
  ])
})

const staysWide = ({ name, schema, table }: ColumnInput, before: string, now: string): UndoRefused =>
  new UndoRefused({
    what: `column ${schema}.${table}.${name}`,
    message: `column ${schema}.${table}.${name} stays ${now}: rows may hold values by now that ${before} has no room for`,
    hint: "leave it, as the code before writes what fits; or convert it in a migration of its own"
  })
