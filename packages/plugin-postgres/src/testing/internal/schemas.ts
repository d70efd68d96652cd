/** Whole schemas, in memory: tables with the types of their columns, and enums. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SchemaUnreadable } from "../../CompareError.ts"
import { named, type Qualified, qualified } from "../../internal/compare/names.ts"
import { matcher } from "../../internal/compare/narrowing.ts"
import { isProgram } from "../../internal/compare/services.ts"
import type { ConnectError } from "../../PostgresError.ts"
import { type Comparison, SchemaControl, SchemaProbe } from "../../PostgresSchema.ts"
import type { Hazard, Script, Statement, Unit } from "../../Sql.ts"
import type { Column, PostgresWorld, Schema } from "../PostgresWorld.ts"
import { canonicalType } from "./types.ts"

type Change = (world: PostgresWorld) => void

/** A statement, and what it does here. */
interface Step extends Statement {
  readonly change: Change
  readonly alone?: boolean
  readonly hazard?: Hazard
}

/** The services of a world. */
export const layer = (
  world: PostgresWorld,
  schemas: Readonly<Record<string, Schema>>,
  reached: Effect.Effect<void, ConnectError>
): Layer.Layer<SchemaProbe | SchemaControl> => {
  const known = new Map<string, Change>()
  return Layer.mergeAll(
    Layer.succeed(SchemaProbe, {
      compare: Effect.fnUntraced(function* (comparison) {
        yield* reached
        const name = nameOf(comparison.expected)
        const expected = schemas[name]
        if (expected === undefined) {
          return yield* new SchemaUnreadable({
            source: name,
            message: `${name}: the database in memory has no such schema`,
            hint: "name it in `schemas` of PostgresWorld.make"
          })
        }
        const steps = stepsOf(world, expected, comparison)
        for (const { change, sql } of steps) known.set(sql, change)
        return scriptOf(steps)
      })
    }),
    Layer.succeed(SchemaControl, {
      run: Effect.fnUntraced(function* (units: ReadonlyArray<Unit>) {
        yield* reached
        for (const { sql } of units.flatMap(({ statements }) => statements)) {
          known.get(sql)?.(world)
          world.log.push(sql)
        }
      })
    })
  )
}

const nameOf = (expected: Comparison["expected"]): string =>
  isProgram(expected)
    ? [expected.program, ...expected.args].join(" ")
    : Redacted.isRedacted(expected)
      ? Redacted.value(expected)
      : expected

const scriptOf = (steps: ReadonlyArray<Step>): Script => {
  const statementOf = ({ alone: _, change: __, hazard: ___, ...statement }: Step): Statement => statement
  const together = steps.filter(({ alone }) => alone !== true).map(statementOf)
  const units: ReadonlyArray<Unit> = [
    ...steps.filter(({ alone }) => alone).map((step) => ({ transaction: false, statements: [statementOf(step)] })),
    ...(together.length === 0 ? [] : [{ transaction: true, statements: together }])
  ]
  return { units, hazards: steps.flatMap(({ hazard }) => hazard ?? []) }
}

const stepsOf = (world: PostgresWorld, expected: Schema, { ignore, renames }: Comparison): ReadonlyArray<Step> => {
  const isIgnored = matcher(ignore)
  const keyOf = ({ name, schema }: Qualified) => `${schema}.${name}`
  const isCompared = (key: string) => !isIgnored(key.slice(0, key.indexOf(".")), key.slice(key.indexOf(".") + 1))
  const inFull = <A>(given: Readonly<Record<string, A>> = {}) =>
    new Map(Object.entries(given).map(([name, one]) => [keyOf(qualified(name)), one] as const))
  const renamed = renames.flatMap((rename): ReadonlyArray<Step> => {
    const at = rename.kind === "column" ? keyOf(qualified(rename.table)) : undefined
    const columns = at === undefined ? undefined : world.tables.get(at)
    return at === undefined || rename.kind !== "column" || columns?.has(rename.from) !== true
      ? []
      : [renameColumn(at, rename.from, rename.to)]
  })
  // Compared is what the renames leave.
  const tables = new Map([...world.tables].map(([key, columns]) => [key, afterRenames(key, columns, renames)] as const))
  return [
    ...renamed,
    ...enumSteps(world.enums, inFull(expected.enums), isCompared),
    ...tableSteps(tables, inFull(expected.tables), isCompared)
  ]
}

const afterRenames = (
  key: string,
  columns: ReadonlyMap<string, Column>,
  renames: Comparison["renames"]
): ReadonlyMap<string, Column> =>
  new Map(
    [...columns].map(([name, column]) => {
      const rename = renames.find((one) => {
        if (one.kind !== "column" || one.from !== name) return false
        const table = qualified(one.table)
        return `${table.schema}.${table.name}` === key
      })
      return [rename?.to ?? name, column]
    })
  )

const renameColumn = (table: string, from: string, to: string): Step => ({
  sql: `ALTER TABLE ${table} RENAME COLUMN ${named(from)} TO ${named(to)}`,
  lock: "ACCESS EXCLUSIVE",
  change: ({ tables }) => {
    const columns = tables.get(table) ?? new Map<string, Column>()
    tables.set(table, new Map([...columns].map(([name, column]) => [name === from ? to : name, column])))
  }
})

const enumSteps = (
  had: ReadonlyMap<string, ReadonlyArray<string>>,
  wanted: ReadonlyMap<string, ReadonlyArray<string>>,
  isCompared: (key: string) => boolean
): ReadonlyArray<Step> => {
  const list = (labels: ReadonlyArray<string>) => labels.map((label) => `'${label.replaceAll("'", "''")}'`).join(", ")
  const set =
    (key: string, labels: ReadonlyArray<string>): Change =>
    ({ enums }) =>
      void enums.set(key, labels)
  return [
    ...[...wanted].flatMap(([key, labels]): ReadonlyArray<Step> => {
      const before = had.get(key)
      const sql = `CREATE TYPE ${key} AS ENUM (${list(labels)})`
      if (before === undefined) return [{ sql, change: set(key, labels) }]
      if (before.length === labels.length && before.every((label, i) => label === labels[i])) return []
      const gone = before.filter((label) => !labels.includes(label))
      const kept = labels.filter((label) => before.includes(label))
      if (gone.length === 0 && kept.every((label, i) => label === before[i])) {
        return labels
          .filter((label) => !before.includes(label))
          .map((label) => ({
            sql: `ALTER TYPE ${key} ADD VALUE ${list([label])}`,
            alone: true,
            change: ({ enums }) =>
              void enums.set(
                key,
                labels.filter((one) => one === label || enums.get(key)?.includes(one))
              )
          }))
      }
      const message = gone.length === 0 ? "the order of the labels changes" : `the labels ${list(gone)} will be gone`
      const hazard: Hazard =
        gone.length === 0
          ? { kind: "rewrite", object: key, message, severity: "warning" }
          : { kind: "data-loss", object: key, message, severity: "error" }
      return [{ sql: `${sql} -- anew`, rewrite: true, dataLoss: gone.length > 0, change: set(key, labels), hazard }]
    }),
    ...[...had.keys()]
      .filter((key) => isCompared(key) && !wanted.has(key))
      .map((key) => dropped("type", key, `DROP TYPE ${key}`, ({ enums }) => void enums.delete(key)))
  ]
}

const dropped = (kind: "type" | "table" | "column", object: string, sql: string, change: Change): Step => ({
  sql,
  change,
  lock: "ACCESS EXCLUSIVE",
  ...(kind === "type" ? {} : { dataLoss: true }),
  hazard: {
    kind: kind === "type" ? "drop" : "data-loss",
    object,
    message: kind === "type" ? "the type is dropped" : `the ${kind} is dropped, with all that it holds`,
    severity: "error"
  }
})

const tableSteps = (
  had: ReadonlyMap<string, ReadonlyMap<string, Column>>,
  wanted: ReadonlyMap<string, Readonly<Record<string, string>>>,
  isCompared: (key: string) => boolean
): ReadonlyArray<Step> => [
  ...[...wanted].flatMap(([key, given]) => {
    const columns = Object.entries(given).map(([name, type]) => [name, canonicalType(type)] as const)
    const before = had.get(key)
    if (before !== undefined) return columnSteps(key, before, new Map(columns))
    const list = columns.map(([name, type]) => `${named(name)} ${type}`).join(", ")
    const made = columns.map(([name, type]) => [name, { type, nullable: true }] as const)
    return [
      {
        sql: `CREATE TABLE ${key} (${list})`,
        change: ({ tables }: PostgresWorld) => void tables.set(key, new Map(made))
      }
    ]
  }),
  ...[...had.keys()]
    .filter((key) => isCompared(key) && !wanted.has(key))
    .map((key) => dropped("table", key, `DROP TABLE ${key}`, ({ tables }) => void tables.delete(key)))
]

const columnSteps = (
  table: string,
  had: ReadonlyMap<string, Column>,
  wanted: ReadonlyMap<string, string>
): ReadonlyArray<Step> => [
  ...[...had.keys()]
    .filter((name) => !wanted.has(name))
    .map((name) =>
      dropped(
        "column",
        `${table}.${named(name)}`,
        `ALTER TABLE ${table} DROP COLUMN ${named(name)}`,
        ({ tables }) => void tables.get(table)?.delete(name)
      )
    ),
  ...[...wanted].flatMap(([name, type]): ReadonlyArray<Step> => {
    const before = had.get(name)
    if (before?.type === type) return []
    const change: Change = ({ tables }) => void tables.get(table)?.set(name, { nullable: true, ...before, type })
    const about = { change, lock: "ACCESS EXCLUSIVE" } as const
    if (before === undefined) return [{ ...about, sql: `ALTER TABLE ${table} ADD COLUMN ${named(name)} ${type}` }]
    const message = `from ${before.type} to ${type}: the whole table is written anew`
    return [
      {
        ...about,
        sql: `ALTER TABLE ${table} ALTER COLUMN ${named(name)} TYPE ${type}`,
        rewrite: true,
        hazard: { kind: "rewrite", object: `${table}.${named(name)}`, message, severity: "warning" }
      }
    ]
  })
]
