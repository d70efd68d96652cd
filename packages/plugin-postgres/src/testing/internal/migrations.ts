/** Files of SQL, in memory: which were run, and no more than the statements that a test knows. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { leftOf, stateOf } from "../../internal/migrations/look.ts"
import { checksumOf, unitChecksum } from "../../internal/migrations/progress.ts"
import type { ConnectError } from "../../PostgresError.ts"
import { MigrationControl, MigrationProbe, type Migrations } from "../../PostgresMigrations.ts"
import type { Options, PostgresWorld } from "../PostgresWorld.ts"

/** The services of a world. */
export const layer = (
  world: PostgresWorld,
  statements: NonNullable<Options["statements"]>,
  reached: Effect.Effect<void, ConnectError>
): Layer.Layer<MigrationProbe | MigrationControl> => {
  const find = (wanted: Migrations) =>
    Effect.andThen(
      reached,
      Effect.suspend(() => {
        const server = { major: world.server.major, catalog: undefined }
        return leftOf(wanted, world.migrations, world.tables.size === 0, () => Effect.succeed(server))
      })
    )
  const run = (sql: string) => {
    statements[sql]?.(world, [])
    world.log.push(`run ${sql}`)
  }
  return Layer.mergeAll(
    Layer.succeed(MigrationProbe, { look: (wanted) => Effect.map(find(wanted), stateOf) }),
    Layer.succeed(MigrationControl, {
      migrate: Effect.fnUntraced(function* (wanted: Migrations) {
        const { baseline, files } = yield* find(wanted)
        for (const name of baseline) {
          const fileChecksum = checksumOf(wanted.files.find((file) => file.name === name)?.text ?? "")
          world.migrations.push({ name, unit: 0, units: 0, checksum: fileChecksum, fileChecksum, state: "baseline" })
        }
        for (const { done, name, script, text } of files) {
          const [fileChecksum, { units }] = [checksumOf(text), script]
          const all = { name, units: units.length, fileChecksum, state: "done" as const }
          if (units.length === 0) world.migrations.push({ ...all, unit: 0, checksum: fileChecksum })
          for (const [i, unit] of units.entries()) {
            if (i < done) continue
            for (const { sql } of unit.statements) run(sql)
            world.migrations.push({ ...all, unit: i + 1, checksum: unitChecksum(unit) })
          }
        }
      }),
      takeBack: Effect.fnUntraced(function* (ledger, name, down) {
        const { files } = yield* find({
          ledger,
          baseline: undefined,
          files: [{ ...down, name: `${down.name} of ${name}` }]
        })
        for (const { script } of files) for (const unit of script.units) for (const { sql } of unit.statements) run(sql)
        world.migrations.splice(0, Infinity, ...world.migrations.filter((row) => row.name !== name))
      })
    })
  )
}
