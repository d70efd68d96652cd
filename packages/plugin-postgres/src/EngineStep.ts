import { BackupProof, Check, Plugin, Progress, Release, type Services, Step, type Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type EngineBackup, EngineControl, EngineProbe } from "./EngineServices.ts"
import { NoBackupToRestore } from "./PostgresError.ts"

const input = {
  maxAge: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("24 hours")))
}

type Input = Schema.Struct.Type<typeof input>

const newestOf = (all: ReadonlyArray<EngineBackup>): EngineBackup | undefined =>
  all.filter(({ problem }) => problem === undefined).toSorted((a, b) => b.takenAt - a.takenAt)[0]

const isYoung = Effect.fnUntraced(function* ({ maxAge }: Input) {
  const { backups, name, of } = yield* EngineProbe
  const [all, now] = [yield* backups, yield* Clock.currentTimeMillis]
  const newest = newestOf(all)
  if (newest !== undefined && now - newest.takenAt < Duration.toMillis(maxAge)) {
    return Check.satisfied(proofOf(name, of, newest))
  }
  const before = newest === undefined ? {} : { before: `backup of ${new Date(newest.takenAt).toISOString()}` }
  const bad = all.filter(({ problem, takenAt }) => problem !== undefined && takenAt > (newest?.takenAt ?? 0))
  return Check.needed([
    { summary: `back up ${of} by ${name}`, ...before },
    ...bad.map((one) => ({ summary: `pass over the backup ${one.name}: ${one.problem}` }))
  ])
})

/** What an engine does not tell is not known: neither tables nor rows are counted. */
const proofOf = (
  engine: string,
  of: string,
  { bytes, name, sha256, takenAt }: EngineBackup
): BackupProof.BackupProof => ({
  of,
  file: `${engine}: ${name}`,
  bytes,
  sha256,
  takenAt,
  archive: { entries: 0, tables: 0 },
  rows: {}
})

const take = Effect.gen(function* () {
  yield* (yield* EngineControl).take
})

const taken = Step.make("postgres.engineBackup", {
  description: "There is a backup of an engine's own that is young enough",
  risk: "additive",
  input,
  output: BackupProof.BackupProof.fields,
  backup: (output) => output,
  check: (given) => isYoung(given),
  // Also where there is a young one: what was written since is in the new one alone.
  apply: () => take
})

/**
 * There is a backup by the deployment's engine that is younger than `maxAge` (default `24 hours`) and that the engine has
 * no complaint about. Where data is precious, the run takes one before it changes them, as with `Postgres.backup`. The proof
 * is what the engine says: name, size, moment; tables and rows are not counted.
 *
 * A rollback with `--data` takes a backup, and lets the engine restore the one that was taken when the release was last
 * running, where the engine was told how.
 *
 * @example
 * ```ts
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const backup = BackupEngine.backup("backup", { maxAge: "1 hour" })
 * assert.equal(backup.traits.backup, true)
 * ```
 *
 * @since 0.1.0
 */
export const backup = Release.of(taken, {
  part: Schema.Struct({ file: Schema.String }),
  record: (_input, { file }) => Effect.succeed({ file }),
  back: ({ allowed, backup: old, input: of, leaving, release }) => ({
    check: allowed.data ? isRestored(of, old, leaving, release) : isYoung(of),
    apply: allowed.data ? Effect.andThen(take, restore(old, release)) : take
  })
})

/** The engine's name of a backup that is still there. */
const nameOf = Effect.fnUntraced(function* (old: BackupProof.BackupProof | undefined, release: Release.Release) {
  const { backups, name: engine, of } = yield* EngineProbe
  const found = (yield* backups).find((one) => old !== undefined && proofOf(engine, of, one).file === old.file)
  if (found !== undefined) return found.name
  return yield* new NoBackupToRestore({
    message:
      old === undefined
        ? `there is no backup of the data as they were under release ${release.number}`
        : `${engine} has the backup ${old.file} no longer, which has the data of release ${release.number}`,
    hint: "roll back without --data, or restore by hand what the engine has"
  })
})

const isRestored = Effect.fnUntraced(function* (
  of: Input,
  old: BackupProof.BackupProof | undefined,
  leaving: Release.Release,
  release: Release.Release
) {
  const { restored } = yield* EngineProbe
  const [name, last] = [yield* nameOf(old, release), yield* restored]
  if (last?.name === name && last.at > leaving.at) return yield* isYoung(of)
  return Check.needed(
    [{ summary: "back up what there is" }, { summary: "restore the data", after: `backup ${name}` }],
    { risk: "destructive" }
  )
})

const restore = Effect.fnUntraced(function* (old: BackupProof.BackupProof | undefined, release: Release.Release) {
  const name = yield* nameOf(old, release)
  yield* (yield* EngineControl).restore(name)
  yield* Progress.line(`restored the backup ${name}`)
})

/**
 * Makes a plugin of an engine: list it in a deployment's `plugins`, and use {@link backup}.
 *
 * @example
 * ```ts
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const engine = BackupEngine.plugin(BackupEngine.byCommands(BackupEngine.pgBackRest({ stanza: "main" })))
 * assert.equal(engine.name, "postgres-backup-engine")
 * ```
 *
 * @since 0.1.0
 */
export const plugin = <E, R extends Plugin.Base | Target.Containers | Services.Services>(
  engine: Layer.Layer<EngineProbe | EngineControl, E, R>
): Plugin.Plugin<EngineProbe | EngineControl, E, R> =>
  Plugin.define("postgres-backup-engine", {
    version: "0.1.0",
    description: "PostgreSQL: backups that an engine of their own takes",
    steps: { engineBackup: backup },
    options: {},
    layer: () => engine
  })({})
