import * as Effect from "effect/Effect"
import { waitUntilReady } from "../../internal/control.ts"
import { queryError, type Where } from "../../internal/sqlstate.ts"
import type { NewLabel, PostgresControl } from "../../PostgresControl.ts"
import { type ConnectError, type QueryError, StatementFailed } from "../../PostgresError.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"
import type { Options, PostgresWorld } from "../PostgresWorld.ts"
import * as backups from "./backups.ts"
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
  return {
    waitUntilReady: (timeout) => waitUntilReady(reached, where, timeout),
    createExtension: ({ name, schema, version }) =>
      change(`create extension ${name}`, () => {
        const offered = world.available.get(name)
        if (world.extensions.has(name)) return undefined
        if (offered === undefined) return refuse("0A000", `extension "${name}" is not available`)
        world.extensions.set(name, { version: version ?? offered.version, schema: schema ?? "public" })
        return undefined
      }),
    updateExtension: (name, version) =>
      change(`update extension ${name} to ${version}`, () => {
        const installed = world.extensions.get(name)
        if (installed === undefined) return refuse("42704", `extension "${name}" does not exist`)
        world.extensions.set(name, { ...installed, version })
        return undefined
      }),
    createEnum: ({ name, schema }, labels) =>
      change(`create enum ${schema}.${name}`, () => {
        if (world.enums.has(`${schema}.${name}`)) return refuse("42710", `type "${name}" already exists`)
        world.enums.set(`${schema}.${name}`, labels)
        return undefined
      }),
    addLabel: (type, label) =>
      change(`add label ${label.label} to enum ${type.schema}.${type.name}`, () =>
        addLabel(world, refuse, type, label)
      ),
    addColumn: ({ name, nullable, schema, table, type }) =>
      change(`add column ${schema}.${table}.${name}`, () => {
        const columns = world.tables.get(`${schema}.${table}`)
        if (columns === undefined) return refuse("42P01", `relation "${schema}.${table}" does not exist`)
        if (!columns.has(name)) columns.set(name, { type: canonicalType(type), nullable })
        return undefined
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

const addLabel = (
  world: PostgresWorld,
  refuse: (code: string, message: string) => QueryError,
  { name, schema }: QualifiedName,
  { label, neighbour, place }: NewLabel
): QueryError | undefined => {
  const labels = world.enums.get(`${schema}.${name}`)
  if (labels === undefined) return refuse("42704", `type "${schema}.${name}" does not exist`)
  if (labels.includes(label)) return undefined
  const at = labels.indexOf(neighbour)
  if (at < 0) return refuse("22023", `"${neighbour}" is not an existing enum label`)
  world.enums.set(`${schema}.${name}`, labels.toSpliced(place === "BEFORE" ? at : at + 1, 0, label))
  return undefined
}
