/** How a table gets a constraint or an index without keeping others from it. */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { ConstraintConflict } from "../PostgresError.ts"
import type { QualifiedName } from "../PostgresProbe.ts"
import type { Constraint, Index, TableChange, TableFacts } from "../Table.ts"
import { besideName } from "./tableSteps.ts"

/** Whether one that is there is what is wanted, by its definition. */
type Same<A, E, R> = (existing: A) => Effect.Effect<boolean, E, R>

/**
 * A check or a foreign key: added without looking at the rows, which are looked at afterwards, while others write. One of
 * another definition stays until the new one holds, and then gives it its name.
 */
export const lackingConstraint = Effect.fnUntraced(function* <E, R>(
  { constraints, partitioned }: TableFacts,
  table: QualifiedName,
  name: string,
  constraint: Constraint,
  same: Same<Constraint, E, R>
): Effect.fn.Return<ReadonlyArray<TableChange>, E | ConstraintConflict, R> {
  const besides = besideName(name)
  const [existing, beside] = [constraints[name], constraints[besides]]
  if (existing !== undefined && existing.kind !== constraint.kind)
    return yield* otherKind(table, name, existing, constraint)
  const drop: ReadonlyArray<TableChange> =
    beside === undefined ? [] : [{ _tag: "DropConstraint", table, name: besides }]
  const validate = (of: string): TableChange => ({ _tag: "ValidateConstraint", table, name: of })
  const add = (as: string): ReadonlyArray<TableChange> =>
    partitioned && constraint.kind === "foreign"
      ? // Older servers cannot add it without looking.
        [{ _tag: "AddConstraint", table, name: as, constraint: { ...constraint, valid: true } }]
      : [{ _tag: "AddConstraint", table, name: as, constraint }, validate(as)]
  if (existing === undefined) return [...drop, ...add(name)]
  if (yield* same(existing)) return [...drop, ...(existing.valid ? [] : [validate(name)])]
  const swap: TableChange = { _tag: "SwapConstraint", table, name, by: besides }
  return beside !== undefined && (yield* same(beside))
    ? [...(beside.valid ? [] : [validate(besides)]), swap]
    : [...drop, ...add(besides), swap]
})

const otherKind = (table: QualifiedName, name: string, existing: Constraint, wanted: Constraint): ConstraintConflict =>
  new ConstraintConflict({
    constraint: name,
    existing: existing.definition,
    wanted: wanted.definition,
    message: `constraint ${name} of ${table.schema}.${table.name} is ${existing.definition}, and should be ${wanted.definition}`,
    hint: "give the new one another name: one of another kind is not dropped for it"
  })

/** An index: built while others write. An interrupted build leaves one that is of no use, and is built anew. */
export const lackingIndex = Effect.fnUntraced(function* <E, R>(
  { indexes, partitioned }: TableFacts,
  table: QualifiedName,
  name: string,
  index: Index,
  same: Same<Index, E, R>
): Effect.fn.Return<ReadonlyArray<TableChange>, E, R> {
  const besides = besideName(name)
  const [existing, beside] = [indexes[name], indexes[besides]]
  const concurrently = !partitioned
  const drop = (of: string): TableChange => ({ _tag: "DropIndex", table, name: of, concurrently })
  const create = (as: string): TableChange => ({ _tag: "CreateIndex", table, name: as, index, concurrently })
  const dropBeside = beside === undefined ? [] : [drop(besides)]
  if (existing === undefined) return [...dropBeside, create(name)]
  if (yield* same(existing)) return [...dropBeside, ...(existing.valid ? [] : [drop(name), create(name)])]
  const swap: TableChange = { _tag: "SwapIndex", table, name, by: besides }
  return beside?.valid === true && (yield* same(beside)) ? [swap] : [...dropBeside, create(besides), swap]
})

/** The changes that bring a constraint back to what it was; those of a build that was interrupted are gone as well. */
export const constraintBack = (
  facts: TableFacts | undefined,
  table: QualifiedName,
  name: string,
  before: Constraint | null
): ReadonlyArray<TableChange> => {
  const drop = (of: string): ReadonlyArray<TableChange> =>
    facts?.constraints[of] === undefined ? [] : [{ _tag: "DropConstraint", table, name: of }]
  const now = facts?.constraints[name]
  if (before === null) return [...drop(besideName(name)), ...drop(name)]
  if (now !== undefined && Equal.equals(now, before)) return drop(besideName(name))
  return [...drop(besideName(name)), ...drop(name), { _tag: "AddConstraint", table, name, constraint: before }]
}

/** The changes that bring an index back to what it was. */
export const indexBack = (
  facts: TableFacts | undefined,
  table: QualifiedName,
  name: string,
  before: Index | null
): ReadonlyArray<TableChange> => {
  const concurrently = facts?.partitioned !== true
  const drop = (of: string): ReadonlyArray<TableChange> =>
    facts?.indexes[of] === undefined ? [] : [{ _tag: "DropIndex", table, name: of, concurrently }]
  const now = facts?.indexes[name]
  if (before === null) return [...drop(besideName(name)), ...drop(name)]
  if (now !== undefined && Equal.equals(now, before)) return drop(besideName(name))
  return [...drop(besideName(name)), ...drop(name), { _tag: "CreateIndex", table, name, index: before, concurrently }]
}
