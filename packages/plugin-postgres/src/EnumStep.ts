import { Check, Step, Undo } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { additions } from "./internal/labels.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { EnumConflict, UndoRefused } from "./PostgresError.ts"
import { PostgresProbe, type QualifiedName } from "./PostgresProbe.ts"

/** PostgreSQL cuts longer names; a label is counted in bytes. */
const Label = Schema.NonEmptyString.check(
  Schema.makeFilter((label) =>
    new TextEncoder().encode(label).length > 63
      ? "expected at most 63 bytes"
      : label.includes("\0")
        ? "expected no NUL"
        : undefined
  )
)

const Labels = Schema.Array(Label).check(
  Schema.isMinLength(1),
  Schema.makeFilter((labels) => (new Set(labels).size === labels.length ? undefined : "expected each label once"))
)

/**
 * An enum type exists with exactly these labels, in this order.
 *
 * A missing type is created in `schema` (default `public`). A missing label is added where it belongs, each by itself, so
 * that the next statement may use it. Labels are never removed or reordered: an enum that has others, or these in another
 * order, is a conflict.
 *
 * Undo drops a type that the step has created, as long as nothing uses it. Labels that were added to a type cannot be
 * taken back: undo says so.
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
      name: Schema.NonEmptyString,
      schema: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("public"))),
      labels: Labels
    },
    output: { labels: Schema.Array(Schema.String) },
    provides: () => [schemaResource],
    alters: "schema",
    finishWithin: "30 seconds",
    check: Effect.fn("postgres.enum.check")(function* ({ labels, name, schema }) {
      const probe = yield* PostgresProbe
      return yield* whenReached(
        Effect.flatMap(probe.enumLabels({ schema, name }), (existing) => judge(`${schema}.${name}`, labels, existing))
      )
    }),
    apply: Effect.fn("postgres.enum.apply")(function* ({ labels, name, schema }) {
      const type = { schema, name }
      const existing = yield* (yield* PostgresProbe).enumLabels(type)
      const control = yield* PostgresControl
      if (existing === undefined) return yield* control.createEnum(type, labels)
      const missing = additions(existing, labels)
      if (missing === undefined) return yield* conflict(`${schema}.${name}`, labels, existing)
      for (const label of missing) yield* control.addLabel(type, label)
    })
  }),
  {
    captured: Schema.NullOr(Schema.Array(Schema.String)),
    capture: ({ name, schema }) => Effect.map(labelsOf({ schema, name }), (labels) => labels ?? null),
    restore: Effect.fn("postgres.enum.restore")(function* (before, { name, schema }) {
      const now = yield* labelsOf({ schema, name })
      if (before === null) {
        if (now !== undefined) yield* (yield* PostgresControl).dropEnum({ schema, name })
        return
      }
      const added = (now ?? []).filter((label) => !before.includes(label))
      if (added.length > 0) return yield* cannotRemove(`${schema}.${name}`, added)
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
  existing: ReadonlyArray<string> | undefined
): Effect.Effect<Check.Check<{ readonly labels: ReadonlyArray<string> }>, EnumConflict> => {
  if (existing === undefined) {
    return Effect.succeed(Check.needed([{ summary: `create enum ${type}`, after: labels.join(", ") }]))
  }
  const missing = additions(existing, labels)
  if (missing === undefined) return Effect.fail(conflict(type, labels, existing))
  if (missing.length === 0) return Effect.succeed(Check.satisfied({ labels }))
  return Effect.succeed(
    Check.needed(
      missing.map(({ label, neighbour, place }) => ({
        summary: `add label ${label} to enum ${type}`,
        after: `${place.toLowerCase()} ${neighbour}`
      }))
    )
  )
}

const conflict = (type: string, wanted: ReadonlyArray<string>, existing: ReadonlyArray<string>): EnumConflict => {
  const extra = existing.filter((label) => !wanted.includes(label))
  return new EnumConflict({
    type,
    wanted,
    existing,
    message:
      extra.length > 0
        ? `enum ${type} has labels that are not wanted, and PostgreSQL cannot remove a label: ${extra.join(", ")}`
        : `enum ${type} has its labels in another order: ${existing.join(", ")}`,
    hint:
      extra.length > 0
        ? "list them as well, or replace the type by a new one in a migration"
        : "list the labels in the order in which they are there; new ones may stand anywhere between them"
  })
}
