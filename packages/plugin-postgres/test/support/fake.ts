/** The database in memory as the ground of the laws. */
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import { type Ground, insert, inserted } from "./laws.ts"

export const ground = (): Ground => {
  const settings = new Set<unknown>()
  const world = PostgresWorld.make({
    available: { pg_trgm: "1.6" },
    statements: { [insert]: (_, [name]) => void settings.add(name) },
    queries: { [inserted]: (_, [name]) => settings.has(name) }
  })
  return {
    layer: world.layer,
    see: Effect.sync(() => [
      [...world.extensions],
      [...world.enums],
      [...world.tables].map(([name, columns]) => [name, ...columns]),
      [...settings]
    ]),
    dropExtension: (name) => Effect.sync(() => void world.extensions.delete(name)),
    createEnum: (name, labels) => Effect.sync(() => void world.enums.set(`public.${name}`, labels)),
    dropEnum: (name) => Effect.sync(() => void world.enums.delete(`public.${name}`)),
    labels: (name) => Effect.sync(() => world.enums.get(`public.${name}`)),
    createTable: (name) => Effect.sync(() => void world.tables.set(`public.${name}`, new Map())),
    dropColumn: (table, column) => Effect.sync(() => void world.tables.get(`public.${table}`)?.delete(column)),
    emptyTable: () => Effect.sync(() => settings.clear())
  }
}
