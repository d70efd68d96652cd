/** Rows in files, in memory: how many of them there are, and no more. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { notThere } from "../../internal/data/failing.ts"
import { DataControl, DataProbe, type Difference, type Export, type Import, type NotYet } from "../../PostgresData.ts"
import type { ConnectError } from "../../PostgresError.ts"
import type { PostgresWorld } from "../PostgresWorld.ts"

/** The services of a world. */
export const layer = (
  world: PostgresWorld,
  reached: Effect.Effect<void, ConnectError>
): Layer.Layer<DataProbe | DataControl> => {
  const keyOf = (table: { readonly schema: string; readonly name: string }) => `${table.schema}.${table.name}`
  /** Where a table has as many rows as its file, they are taken for the same. */
  const compare = ({ directory, tables }: Import): ReadonlyArray<Difference> | NotYet => {
    const files = world.exports.get(directory)?.rows
    if (files === undefined) return { lacks: "file", reason: `there is nothing in ${directory}` }
    const missing = tables.find((table) => !world.tables.has(keyOf(table)))
    if (missing !== undefined) return { lacks: "schema", reason: `there is no table ${keyOf(missing)}` }
    return tables.map((table): Difference => {
      const [rows, there] = [files[keyOf(table)] ?? 0, world.rows.get(keyOf(table)) ?? 0]
      return { table: keyOf(table), rows, missing: Math.max(0, rows - there), changed: 0 }
    })
  }
  const look = <A>(answer: () => A) => Effect.andThen(reached, Effect.sync(answer))
  return Layer.mergeAll(
    Layer.succeed(DataProbe, {
      exported: ({ directory }) => look(() => world.exports.get(directory)),
      compare: (wanted) => look(() => compare(wanted))
    }),
    Layer.succeed(DataControl, {
      exportData: Effect.fnUntraced(function* ({ directory, tables }: Export) {
        yield* reached
        const takenAt = yield* Clock.currentTimeMillis
        const rows = Object.fromEntries(tables.map((table) => [keyOf(table), world.rows.get(keyOf(table)) ?? 0]))
        world.exports.set(directory, { takenAt, rows })
        world.log.push(`export ${Object.keys(rows).join(", ")} to ${directory}`)
      }),
      importData: Effect.fnUntraced(function* (wanted: Import) {
        const found = yield* look(() => compare(wanted))
        if ("lacks" in found) return yield* notThere(wanted.directory, found.reason)
        for (const { missing = 0, table } of found) world.rows.set(table, (world.rows.get(table) ?? 0) + missing)
        world.log.push(`import ${found.map(({ table }) => table).join(", ")} from ${wanted.directory}`)
      })
    })
  )
}
