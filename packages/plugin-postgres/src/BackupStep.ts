import { BackupProof, Check, Look, Progress, Release, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { NoBackupToRestore } from "./PostgresError.ts"
import { type FoundBackups, PostgresProbe } from "./PostgresProbe.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const input = {
  directory: Schema.NonEmptyString,
  format: Schema.optionalKey(Schema.Literals(["custom", "directory"])),
  jobs: Schema.optionalKey(Count),
  drill: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  roles: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  keep: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(14))),
  maxAge: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("24 hours")))
}

type Input = Schema.Struct.Type<typeof input>

const taken = Step.make("postgres.backup", {
  description: "There is a verified backup of the database that is young enough",
  risk: "additive",
  input,
  output: BackupProof.BackupProof.fields,
  backup: (output) => output,
  observes: ({ directory }) => [`file:${directory}`],
  check: (input) => isYoung(input),
  // Also where there is a young one: what was written since is in the new one alone.
  apply: (input) => take(input)
})

const isYoung = Effect.fn("postgres.backup.check")(function* ({ directory, drill, maxAge }: Input) {
  const probe = yield* PostgresProbe
  return yield* whenReached(
    Effect.map(
      Effect.all([probe.newestBackup({ directory }), Clock.currentTimeMillis]),
      ([{ backup, refused }, now]): Check.Check<BackupProof.BackupProof> =>
        backup !== undefined && now - backup.takenAt < Duration.toMillis(maxAge) && (!drill || backup.drilled === true)
          ? Check.satisfied(backup)
          : Check.needed([
              { summary: `back up the database to ${directory}`, ...before(backup, drill) },
              ...refused.map(({ reason }) => ({ summary: `pass over a backup: ${reason}` }))
            ])
    )
  )
})

const take = Effect.fn("postgres.backup.apply")(function* ({ directory, drill, format, jobs, keep, roles }: Input) {
  yield* (yield* PostgresControl).backup({ directory, drill, format, jobs, keep, roles })
})

/**
 * There is a verified backup of the connection's database that is younger than `maxAge`. Stand it before the first step
 * that changes data. Its output is the proof: file, size, SHA-256, what the archive lists, and the rows of each table.
 *
 * A backup is a dump that `pg_restore` reads, compressed with zstd where `pg_dump` can (from 16), and else with gzip. Rows are counted in the snapshot that is
 * dumped, so that they are the dump's whatever is written meanwhile. It gets its name once it is verified and on the disk:
 * it is one of this database, lists the tables of the snapshot, and can be read to its end. What is in it stands in a
 * manifest beside it (`.dump.json`), the SHA-256 of both in a file that `sha256sum --check` reads (`.dump.sha256`). A backup
 * that is not what these say does not count, and the plan says why.
 *
 * - `directory`: a folder on the deployment's target, one for each deployment; made for its owner alone when it is
 *   missing. Files are readable by their owner alone.
 * - `format`: `custom` (the default), one file, which is read to its end while it is written; or `directory`, a folder with a
 *   file for each table, of which the manifest has the checksums. It is dumped and restored by several at once, and needs a
 *   `pg_dump` on the deployment's target: {@link server}, and not {@link inService}.
 * - `jobs`: how many tables are dumped at once into a folder, each over a connection of its own. Default 4.
 * - `drill`: restores the backup into a scratch database (`shipshape_drill_…`) beside the database, compares the rows of
 *   every table and the schema, and drops it. Recommended for precious data: it takes the time of a restore, the disk space
 *   of a second copy, and a user who may create databases. Default `false`.
 * - `roles`: writes the roles of the server beside the dump (`.dump.roles.sql`), without their passwords: what a restore on
 *   another server needs first. Default `false`.
 * - `keep`: how many verified backups of this database stay; older ones are removed when a new one is taken. Default 14.
 * - `maxAge`: default `24 hours`.
 *
 * The release of a run holds on to the backup that the run has taken, for as long as it is kept. A rollback with `--data`
 * takes a backup of what there is, and then restores the one that was taken when the release was last running: into a new
 * database that takes the place of the old one, which is kept under another name.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const backup = Postgres.backup("backup", { directory: "/srv/edms/backups", drill: true, keep: 7, maxAge: "1 hour" })
 * assert.equal(backup.type, "postgres.backup")
 * assert.equal(backup.traits.backup, true)
 * ```
 *
 * @since 0.1.0
 */
export const backup = Release.of(taken, {
  part: Schema.Struct({ file: Schema.String, sha256: Schema.String }),
  record: (_input, { file, sha256 }) => Effect.succeed({ file, sha256 }),
  keep: Effect.fn("postgres.backup.keep")(function* ({ file }, keeping) {
    yield* (yield* PostgresControl).holdBackup({ file, holder: holderOf(keeping) })
  }),
  forget: Effect.fn("postgres.backup.forget")(function* ({ file }, keeping) {
    yield* (yield* PostgresControl).letGoOfBackup({ file, holder: holderOf(keeping) })
  }),
  back: ({ allowed, backup: old, input: of, leaving, release }) => ({
    check: allowed.data ? isRestored(of, old, leaving, release) : isYoung(of),
    apply: allowed.data ? restore(of, old, release) : take(of)
  })
})

const holderOf = ({ deployment, environment, number }: Release.Keeping): string =>
  `${deployment}/${environment} release ${number}`

/** Whether the database is the one that was restored from the backup, since the release that is being left was made. */
const isRestored = Effect.fn("postgres.backup.isRestored")(function* (
  of: Input,
  old: BackupProof.BackupProof | undefined,
  leaving: Release.Release,
  release: Release.Release
) {
  const probe = yield* PostgresProbe
  const found = old ?? (yield* noBackup(release))
  return yield* whenReached(
    Effect.gen(function* () {
      const from = yield* probe.restoredFrom
      const restored = from?.sha256 === found.sha256 && from.at > leaving.at
      // Before anything that another step may change is looked at: what cannot be restored is known before any is applied.
      if (!restored) yield* probe.readBackup(found)
      const { backup: newest } = yield* probe.newestBackup({ directory: of.directory })
      // The backup that is taken before the restore is the newest.
      if (newest !== undefined && restored) return Check.satisfied(newest)
      const observed = yield* Look.Observed
      return Check.needed(
        [
          { summary: `back up the database to ${of.directory}` },
          {
            summary: "restore the data into a new database, which takes the place of this one",
            before: "what was written since is in the old one alone",
            after: `backup of ${new Date(found.takenAt).toISOString()}`
          }
        ],
        // Whatever a check has seen in the database may be another by then.
        { risk: "destructive", touches: [...(observed ?? [])] }
      )
    })
  )
})

const restore = Effect.fn("postgres.backup.restore")(function* (
  of: Input,
  old: BackupProof.BackupProof | undefined,
  release: Release.Release
) {
  const found = old ?? (yield* noBackup(release))
  yield* take(of)
  const { keptAs, notes } = yield* (yield* PostgresControl).restore(found)
  yield* Progress.line(`the database that was there is kept as ${keptAs}`)
  for (const note of notes) yield* Progress.line(note)
})

const noBackup = ({ number }: Release.Release): NoBackupToRestore =>
  new NoBackupToRestore({
    message: `there is no backup of the data as they were under release ${number}: neither its own run nor the one after it has taken one`,
    hint: "roll back without --data, or restore a backup by hand"
  })

const before = (newest: FoundBackups["backup"], drill: boolean): { readonly before?: string } => {
  if (newest === undefined) return {}
  const without = drill && newest.drilled !== true ? ", without a drill" : ""
  return { before: `backup of ${new Date(newest.takenAt).toISOString()}${without}` }
}
