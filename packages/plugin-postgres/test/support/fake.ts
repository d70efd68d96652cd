/** The database in memory as the ground of the laws. */
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import { type Ground, insert, inserted } from "./laws.ts"

export const ground = (): Ground => {
  const settings = new Set<unknown>()
  const world = PostgresWorld.make({
    available: {
      pg_trgm: { version: "1.6", versions: ["1.5", "1.6"] },
      cube: "1.5",
      earthdistance: { version: "1.2", requires: ["cube"] }
    },
    statements: { [insert]: (_, [name]) => void settings.add(name) },
    queries: { [inserted]: (_, [name]) => settings.has(name) }
  })
  return {
    layer: world.layer,
    see: Effect.sync(() => [
      [...world.extensions],
      [...world.enums],
      [...world.tables].map(([name, columns]) => [name, ...columns]),
      [...world.constraints].map(([table, them]) => [table, ...them]).filter((them) => them.length > 1),
      [...world.indexes].map(([table, them]) => [table, ...them]).filter((them) => them.length > 1),
      [...settings]
    ]),
    createExtension: (name, version) =>
      Effect.sync(
        () =>
          void world.extensions.set(name, {
            version: version ?? world.available.get(name)?.version ?? "1.0",
            schema: "public"
          })
      ),
    dropExtension: (name) => Effect.sync(() => void world.extensions.delete(name)),
    createEnum: (name, labels) => Effect.sync(() => void world.enums.set(`public.${name}`, labels)),
    dropEnum: (name) => Effect.sync(() => void world.enums.delete(`public.${name}`)),
    labels: (name) => Effect.sync(() => world.enums.get(`public.${name}`)),
    createTable: (name) =>
      Effect.sync(
        () => void world.tables.set(`public.${name}`, new Map([["name", { type: "text", nullable: false }]]))
      ),
    insertRow: (table, column) =>
      Effect.sync(() => {
        world.rows.set(`public.${table}`, (world.rows.get(`public.${table}`) ?? 0) + 1)
        const columns = world.tables.get(`public.${table}`)
        const found = column === undefined ? undefined : columns?.get(column)
        if (column !== undefined && found !== undefined) columns?.set(column, { ...found, holdsValues: true })
      }),
    dropColumn: (table, column) => Effect.sync(() => void world.tables.get(`public.${table}`)?.delete(column)),
    dropConstraint: (table, name) =>
      Effect.sync(() => {
        world.constraints.get(`public.${table}`)?.delete(name)
        world.indexes.get(`public.${table}`)?.delete(name)
      }),
    dropIndex: (table, name) => Effect.sync(() => void world.indexes.get(`public.${table}`)?.delete(name)),
    spoilIndex: (table, name) =>
      Effect.sync(() => {
        const indexes = world.indexes.get(`public.${table}`)
        const found = indexes?.get(name)
        if (found !== undefined) indexes?.set(name, { ...found, valid: false })
      }),
    emptyTable: () => Effect.sync(() => settings.clear())
  }
}
