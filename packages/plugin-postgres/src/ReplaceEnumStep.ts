import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EnumColumn, EnumUses } from "./Enum.ts"
import { counted } from "./internal/counted.ts"
import { labelInUse } from "./internal/enumErrors.ts"
import { enumInput, Label } from "./internal/enumInput.ts"
import { schemaResource, whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { EnumConflict, type LabelInUse } from "./PostgresError.ts"
import { PostgresProbe } from "./PostgresProbe.ts"

/**
 * An enum type has exactly these labels, in this order, and no others: those that it has besides are removed. PostgreSQL has
 * no way to do so, and the type is made anew: each column that has it is converted, in one transaction, with its table
 * locked and written anew. Where data is precious the step needs `acknowledge`.
 *
 * Rows that hold a label that goes are counted when planning. They stand in the way unless `values` says what they hold
 * afterwards. Views, checks, functions and indexes of expressions that depend on the type cannot be converted: the plan
 * lists them.
 *
 * - `values`: what rows hold afterwards, by the label that goes: `{ legacy: "archived" }`.
 *
 * A type that is not there is created. Where only labels are missing, `Postgres.enum` does it without a lock.
 *
 * @example
 * ```ts
 * import { acknowledge } from "@shipshape/core"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const status = Postgres.replaceEnum("status", {
 *   name: "document_status", labels: ["draft", "final"], values: { legacy: "final" }
 * })
 * const accepted = acknowledge(status, { reason: "nothing makes legacy documents any more", approvedBy: "dba@example.org" })
 * assert.equal(accepted.risk, "acknowledged")
 * ```
 *
 * @since 0.1.0
 */
export const replaceEnum = Step.make("postgres.replaceEnum", {
  description: "An enum type has exactly these labels, in this order; others are removed",
  risk: "destructive",
  input: {
    ...enumInput,
    values: Schema.Record(Schema.String, Label).pipe(Schema.withDecodingDefaultKey(Effect.succeed({})))
  },
  output: { labels: Schema.Array(Schema.String) },
  provides: () => [schemaResource],
  alters: "data",
  finishWithin: "30 seconds",
  check: Effect.fn("postgres.replaceEnum.check")(function* ({ labels, name, schema, values }) {
    const type = `${schema}.${name}`
    const look = Effect.gen(function* () {
      const probe = yield* PostgresProbe
      const existing = yield* probe.enumLabels({ schema, name })
      if (existing === undefined) {
        return Check.needed([{ summary: `create enum ${type}`, after: labels.join(", ") }], { risk: "additive" })
      }
      if (isEqual(existing, labels)) return Check.satisfied({ labels })
      const about = { type, wanted: labels, existing }
      const stray = Object.values(values).find((label) => !labels.includes(label))
      if (stray !== undefined) {
        return yield* misvalued(
          about,
          `rows shall hold ${stray}, which is not one of its labels: ${labels.join(", ")}`,
          "name a label in `values` that stands in `labels`, too"
        )
      }
      const kept = Object.keys(values).find((label) => labels.includes(label))
      if (kept !== undefined) {
        return yield* misvalued(
          about,
          `\`values\` says what rows with ${kept} shall hold, and ${kept} stays a label`,
          "name in `values` only labels that go; change rows that hold another one with Postgres.backfill"
        )
      }
      const removed = existing.filter((label) => !labels.includes(label))
      const uses = yield* probe.enumUses({ schema, name }, removed)
      return yield* planned(type, existing, labels, removed, values, uses ?? { columns: [], dependents: [], held: [] })
    })
    return yield* whenReached(look)
  }),
  apply: Effect.fn("postgres.replaceEnum.apply")(function* ({ labels, name, schema, values }) {
    const control = yield* PostgresControl
    const existing = yield* (yield* PostgresProbe).enumLabels({ schema, name })
    if (existing === undefined) return yield* control.createEnum({ schema, name }, labels)
    if (!isEqual(existing, labels)) yield* control.replaceEnum({ schema, name }, { labels, values })
  })
})

const isEqual = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i])

const planned = (
  type: string,
  existing: ReadonlyArray<string>,
  labels: ReadonlyArray<string>,
  removed: ReadonlyArray<string>,
  values: Readonly<Record<string, string>>,
  { columns, dependents, held }: EnumUses
): Effect.Effect<Check.Check<never>, LabelInUse> => {
  if (dependents.length > 0) {
    return Effect.fail(labelInUse(type, `these depend on it, and have to be dropped before: ${dependents.join(", ")}`))
  }
  const lost = held.filter(({ label }) => values[label] === undefined)
  if (lost.length > 0) {
    const rows = lost.map(
      ({ column, label, rows: n }) => `${counted(n, "row")} of ${nameOf(column)} ${n === 1 ? "holds" : "hold"} ${label}`
    )
    return Effect.fail(labelInUse(type, rows.join(", ")))
  }
  const moved = held.map(({ column, label, rows }) => ({
    summary: `change ${counted(rows, "row")} of ${nameOf(column)}`,
    before: label,
    after: values[label] ?? ""
  }))
  const written = columns.map((column) => ({
    summary: `write ${nameOf(column)} anew`,
    after: `ACCESS EXCLUSIVE lock, ${column.rows < 0 ? "no estimate of its rows" : `about ${column.rows} rows`}`
  }))
  const change = {
    summary: removed.length === 0 ? `reorder enum ${type}` : `remove ${removed.join(", ")} from enum ${type}`,
    before: existing.join(", "),
    after: labels.join(", ")
  }
  return Effect.succeed(Check.needed([change, ...moved, ...written]))
}

const nameOf = ({ column, schema, table }: EnumColumn): string => `${schema}.${table}.${column}`

/** `values` says what cannot be. */
const misvalued = (
  about: Pick<EnumConflict, "type" | "wanted" | "existing">,
  message: string,
  hint: string
): EnumConflict => new EnumConflict({ ...about, message: `enum ${about.type}: ${message}`, hint })
