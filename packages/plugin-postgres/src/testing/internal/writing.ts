import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { columnHoldsValues, waitUntilReady } from "../../internal/control.ts"
import { enumErrors } from "../../internal/enumErrors.ts"
import { holdsLabels } from "../../internal/enumUses.ts"
import { rowErrors } from "../../internal/rowErrors.ts"
import { queryError, type Where } from "../../internal/sqlstate.ts"
import { describe } from "../../internal/tableCosts.ts"
import type { NewExtension, NewLabel, PostgresControl } from "../../PostgresControl.ts"
import { type ConnectError, type QueryError, StatementFailed } from "../../PostgresError.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"
import type { Options, PostgresWorld } from "../PostgresWorld.ts"
import * as backups from "./backups.ts"
import * as objects from "./objects.ts"
import * as tables from "./tables.ts"
import { canonicalType } from "./types.ts"

/** A refusal as the server words it. */
const refusal = (where: Where, code: string, message: string): QueryError =>
  queryError(where, Object.assign(new Error(message), { code, severity: "ERROR" }))

export const unknown = (text: string, where: "queries" | "statements"): StatementFailed =>
  new StatementFailed({
    sqlstate: "0A000",
    message: `the fake database does not know: ${text}`,
    hint: `answer it in the world's \`${where}\``
  })

/** The control of a database in memory. */
export const make = (
  world: PostgresWorld,
  statements: NonNullable<Options["statements"]>,
  reached: Effect.Effect<void, ConnectError>,
  where: Where
): PostgresControl["Service"] => {
  const change = (line: string, act: () => QueryError | undefined) =>
    Effect.andThen(
      reached,
      Effect.suspend(() => {
        const error = act()
        if (error !== undefined) return Effect.fail(error)
        world.log.push(line)
        return Effect.void
      })
    )
  const refuse = (code: string, message: string) => refusal(where, code, message)
  const changeEnum = (type: QualifiedName, line: string, act: () => QueryError | undefined) =>
    enumErrors(type)(change(line, act))
  return {
    waitUntilReady: (timeout) => waitUntilReady(reached, where, timeout),
    createExtension: (extension) =>
      change(`create extension ${extension.name}`, () => createExtension(world, refuse, extension)),
    dropExtension: (name) =>
      change(`drop extension ${name}`, () => {
        const dependent = [...world.extensions.keys()].find((other) => requiredBy(world, other).includes(name))
        if (dependent !== undefined) return refuse("2BP01", `extension ${dependent} depends on extension ${name}`)
        world.extensions.delete(name)
        return undefined
      }),
    moveExtension: (name, schema) =>
      change(`move extension ${name} to ${schema}`, () => {
        const installed = world.extensions.get(name)
        if (installed === undefined) return refuse("42704", `extension "${name}" does not exist`)
        world.extensions.set(name, { ...installed, schema })
        return undefined
      }),
    updateExtension: (name, version) =>
      change(`update extension ${name} to ${version}`, () => {
        const installed = world.extensions.get(name)
        if (installed === undefined) return refuse("42704", `extension "${name}" does not exist`)
        world.extensions.set(name, { ...installed, version })
        return undefined
      }),
    createEnum: (type, labels) =>
      changeEnum(type, `create enum ${type.schema}.${type.name}`, () => {
        if (world.enums.has(tables.keyOf(type))) return refuse("42710", `type "${type.name}" already exists`)
        world.enums.set(tables.keyOf(type), labels)
        return undefined
      }),
    dropEnum: ({ name, schema }) =>
      change(`drop enum ${schema}.${name}`, () => {
        const table = [...world.tables].find(([, columns]) =>
          [...columns.values()].some((column) => tables.isOf({ name, schema }, column))
        )
        if (table !== undefined) return refuse("2BP01", `a column of table ${table[0]} depends on type ${name}`)
        world.enums.delete(`${schema}.${name}`)
        return undefined
      }),
    addLabel: (type, label) =>
      changeEnum(type, `add label ${label.label} to enum ${tables.keyOf(type)}`, () =>
        addLabel(world, refuse, type, label)
      ),
    renameLabel: (type, from, to) =>
      changeEnum(type, `rename label ${from} of enum ${tables.keyOf(type)} to ${to}`, () => {
        const labels = world.enums.get(tables.keyOf(type)) ?? []
        if (!labels.includes(from)) return refuse("22023", `"${from}" is not an existing enum label`)
        if (labels.includes(to)) return refuse("42710", `enum label "${to}" already exists`)
        world.enums.set(
          tables.keyOf(type),
          labels.map((label) => (label === from ? to : label))
        )
        tables.relabel(world, type, (label) => (label === from ? to : label))
        return undefined
      }),
    replaceEnum: (type, by) =>
      changeEnum(type, `replace enum ${tables.keyOf(type)}`, () => {
        const removed = (world.enums.get(tables.keyOf(type)) ?? []).filter(
          (label) => !by.labels.includes(label) && by.values[label] === undefined
        )
        if ((tables.enumUses(world, type, removed)?.held ?? []).length > 0) {
          return refuse(holdsLabels, "rows hold a label that goes")
        }
        tables.replaceEnum(world, type, by)
        return undefined
      }),
    setObject: (object, state) =>
      change(`set ${JSON.stringify(object)}`, () => {
        objects.setState(world, object, state)
        return undefined
      }),
    setPassword: (role, password) =>
      change(`set the password of ${role}`, () => {
        world.passwords.set(role, Redacted.value(password))
        return undefined
      }),
    advanceSequence: (sequence) =>
      change(`advance the sequence of ${sequence.table}.${sequence.column}`, () => {
        objects.advance(world, sequence)
        return undefined
      }),
    changeTable: (it) =>
      rowErrors(it._tag === "Backfill" ? it.backfill.table : it.table)(
        change(
          describe(it, { partitioned: false, rows: 0, bytes: 0, columns: {}, constraints: {}, indexes: {} }).summary,
          () => tables.change(world, refuse, it)
        )
      ),
    addColumn: ({ collation, default: expression, name, nullable, schema, table, type }) =>
      change(`add column ${schema}.${table}.${name}`, () => {
        const columns = world.tables.get(`${schema}.${table}`)
        if (columns === undefined) return refuse("42P01", `relation "${schema}.${table}" does not exist`)
        if (!columns.has(name)) {
          columns.set(name, {
            type: canonicalType(type),
            nullable,
            ...(expression === undefined ? {} : { default: expression }),
            ...(collation === undefined ? {} : { collation })
          })
        }
        return undefined
      }),
    dropColumn: Effect.fnUntraced(function* (column) {
      yield* reached
      const columns = world.tables.get(`${column.schema}.${column.table}`)
      if (columns?.get(column.name)?.holdsValues === true) return yield* columnHoldsValues(column)
      columns?.delete(column.name)
      world.log.push(`drop column ${column.schema}.${column.table}.${column.name}`)
    }),
    execute: ({ text, values }) =>
      change(text, () => {
        const statement = statements[text]
        if (statement === undefined) return unknown(text, "statements")
        statement(world, values)
        return undefined
      }),
    ...backups.writing(world, reached)
  }
}

/** All that an extension needs: each stands before those that it needs itself. */
export const requiredBy = (world: PostgresWorld, name: string): ReadonlyArray<string> => {
  const depths = new Map<string, number>()
  const reach = (extension: string, depth: number): void => {
    for (const needed of world.available.get(extension)?.requires ?? []) {
      depths.set(needed, Math.max(depth, depths.get(needed) ?? 0))
      reach(needed, depth + 1)
    }
  }
  reach(name, 1)
  return [...depths].sort(([, a], [, b]) => a - b).map(([needed]) => needed)
}

const createExtension = (
  world: PostgresWorld,
  refuse: (code: string, message: string) => QueryError,
  { cascade, name, schema, version }: NewExtension
): QueryError | undefined => {
  const offered = world.available.get(name)
  if (world.extensions.has(name)) return undefined
  if (offered === undefined) return refuse("0A000", `extension "${name}" is not available`)
  const missing = requiredBy(world, name).filter((needed) => !world.extensions.has(needed))
  if (missing.length > 0 && !cascade) return refuse("42704", `required extension "${missing[0]}" is not installed`)
  for (const needed of missing) {
    world.extensions.set(needed, { version: world.available.get(needed)?.version ?? "1.0", schema: "public" })
  }
  world.extensions.set(name, { version: version ?? offered.version, schema: schema ?? "public" })
  return undefined
}

const addLabel = (
  world: PostgresWorld,
  refuse: (code: string, message: string) => QueryError,
  { name, schema }: QualifiedName,
  { label, neighbour, place }: NewLabel
): QueryError | undefined => {
  const labels = world.enums.get(`${schema}.${name}`)
  if (labels === undefined) return refuse("42704", `type "${schema}.${name}" does not exist`)
  if (labels.includes(label)) return refuse("42710", `enum label "${label}" already exists`)
  const at = labels.indexOf(neighbour)
  if (at < 0) return refuse("22023", `"${neighbour}" is not an existing enum label`)
  world.enums.set(`${schema}.${name}`, labels.toSpliced(place === "BEFORE" ? at : at + 1, 0, label))
  return undefined
}
