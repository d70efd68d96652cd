import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { enumInput, Label } from "./internal/enumInput.ts"
import { additions, pendingRenames, renamed } from "./internal/labels.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { EnumConflict, UndoRefused } from "./PostgresError.ts"
import { PostgresProbe, type QualifiedName } from "./PostgresProbe.ts"

type Renames = Readonly<Record<string, string>>

/**
 * An enum type exists with exactly these labels, in this order.
 *
 * A missing type is created in `schema` (default `public`). A missing label is added where it belongs, each by itself, so
 * that the next statement may use it. Labels are never removed or reordered: an enum that has others, or these in another
 * order, is a conflict; {@link replaceEnum} makes it anew.
 *
 * - `renames`: labels that are called otherwise from now on, `{ old: "new" }`, at once for all rows that hold them. What still
 *   uses the old name fails then. Nothing is renamed that is not stated here; a rename that is done may stay.
 *
 * Undo drops a type that the step has created, as long as nothing uses it, and gives renamed labels their names back. Labels
 * that were added to a type cannot be taken back: undo says so.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const status = Postgres.enum("status", { name: "document_status", labels: ["draft", "review", "final"] })
 * assert.equal(status.type, "postgres.enum")
 * ```
 *
 * @since 0.1.0
 */
export const enumType = Undo.of(
  Step.make("postgres.enum", {
    description: "An enum type has these labels, in this order",
    risk: "additive",
    input: {
      ...enumInput,
      renames: Schema.Record(Schema.String, Label).pipe(Schema.withDecodingDefaultKey(Effect.succeed({})))
    },
    output: { labels: Schema.Array(Schema.String) },
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.enum.check")(function* ({ labels, name, renames, schema }) {
      return yield* whenReached(
        Effect.flatMap(labelsOf({ schema, name }), (existing) => judge(`${schema}.${name}`, labels, renames, existing))
      )
    }),
    apply: Effect.fn("postgres.enum.apply")(function* ({ labels, name, renames, schema }) {
      const type = { schema, name }
      const existing = yield* labelsOf(type)
      const control = yield* PostgresControl
      if (existing === undefined) return yield* control.createEnum(type, labels)
      const pending = pendingRenames(existing, renames)
      const missing = additions(renamed(existing, pending), labels)
      if (missing === undefined) return yield* conflict(`${schema}.${name}`, labels, renames, existing)
      for (const { from, to } of pending) yield* control.renameLabel(type, from, to)
      for (const label of missing) yield* control.addLabel(type, label)
    })
  }),
  {
    captured: Schema.NullOr(Schema.Array(Schema.String)),
    capture: ({ name, schema }) => Effect.map(labelsOf({ schema, name }), (labels) => labels ?? null),
    restore: Effect.fn("postgres.enum.restore")(function* (before, { name, renames, schema }) {
      const now = yield* labelsOf({ schema, name })
      if (before === null) {
        if (now !== undefined) yield* (yield* PostgresControl).dropEnum({ schema, name })
        return
      }
      const back = Object.entries(renames).filter(
        ([from, to]) =>
          before.includes(from) && !before.includes(to) && now?.includes(from) === false && now.includes(to)
      )
      const added = (now ?? []).filter((label) => !before.includes(label) && !back.some(([, to]) => to === label))
      if (added.length > 0) return yield* cannotRemove(`${schema}.${name}`, added)
      for (const [from, to] of back) yield* (yield* PostgresControl).renameLabel({ schema, name }, to, from)
    })
  }
)

const labelsOf = (type: QualifiedName) => Effect.flatMap(PostgresProbe, (probe) => probe.enumLabels(type))

const cannotRemove = (type: string, added: ReadonlyArray<string>): UndoRefused =>
  new UndoRefused({
    what: `enum ${type}`,
    message: `enum ${type} keeps the labels that were added, as PostgreSQL cannot remove one: ${added.join(", ")}`,
    hint: "leave them, as rows that do not use them are not concerned; or replace the type by a new one in a migration"
  })

const judge = (
  type: string,
  labels: ReadonlyArray<string>,
  renames: Renames,
  existing: ReadonlyArray<string> | undefined
): Effect.Effect<Check.Check<{ readonly labels: ReadonlyArray<string> }>, EnumConflict> => {
  const unclear = Object.entries(renames).find(([from, to]) => labels.includes(from) || !labels.includes(to))
  if (unclear !== undefined) return Effect.fail(unclearRename(type, labels, existing ?? [], unclear))
  if (existing === undefined) {
    return Effect.succeed(Check.needed([{ summary: `create enum ${type}`, after: labels.join(", ") }]))
  }
  const pending = pendingRenames(existing, renames)
  const missing = additions(renamed(existing, pending), labels)
  if (missing === undefined) return Effect.fail(conflict(type, labels, renames, existing))
  if (missing.length === 0 && pending.length === 0) return Effect.succeed(Check.satisfied({ labels }))
  const changes = [
    ...pending.map(({ from, to }) => ({ summary: `rename label ${from} of enum ${type}`, before: from, after: to })),
    ...missing.map(({ label, neighbour, place }) => ({
      summary: `add label ${label} to enum ${type}`,
      after: `${place.toLowerCase()} ${neighbour}`
    }))
  ]
  return Effect.succeed(Check.needed(changes, pending.length === 0 ? {} : { risk: "reversible" }))
}

const unclearRename = (
  type: string,
  wanted: ReadonlyArray<string>,
  existing: ReadonlyArray<string>,
  [from, to]: readonly [string, string]
): EnumConflict =>
  new EnumConflict({
    type,
    wanted,
    existing,
    message: `enum ${type}: label ${from} is to be renamed to ${to}, and its labels are ${wanted.join(", ")}`,
    hint: "list the new name in `labels`, and the old one no longer"
  })

const conflict = (
  type: string,
  wanted: ReadonlyArray<string>,
  renames: Renames,
  existing: ReadonlyArray<string>
): EnumConflict => {
  const said = { type, wanted, existing }
  const both = Object.entries(renames).find(([from, to]) => existing.includes(from) && existing.includes(to))
  if (both !== undefined) {
    return new EnumConflict({
      ...said,
      message: `enum ${type} has both ${both[0]} and ${both[1]}, so that the one cannot be renamed to the other`,
      hint: `move the rows with Postgres.replaceEnum, whose \`values\` say { ${JSON.stringify(both[0])}: ${JSON.stringify(both[1])} }`
    })
  }
  const extra = existing.filter((label) => !wanted.includes(label) && renames[label] === undefined)
  return extra.length > 0
    ? new EnumConflict({
        ...said,
        message: `enum ${type} has labels that are not wanted, and PostgreSQL cannot remove a label: ${extra.join(", ")}`,
        hint: "list them as well, say in `renames` what they are called now, or make the type anew with Postgres.replaceEnum"
      })
    : new EnumConflict({
        ...said,
        message: `enum ${type} has its labels in another order: ${existing.join(", ")}`,
        hint: "list the labels in the order in which they are there, new ones anywhere between them; or make the type anew with Postgres.replaceEnum"
      })
}
