import { BackupProof, Check, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { type FoundBackups, PostgresProbe } from "./PostgresProbe.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * There is a verified backup of the connection's database that is younger than `maxAge`. Stand it before the first step
 * that changes data. Its output is the proof: file, size, SHA-256, what the archive lists, and the rows of each table.
 *
 * A backup is a dump in PostgreSQL's custom format, which `pg_restore` reads. Rows are counted in the snapshot that is
 * dumped, so that they are the dump's whatever is written meanwhile. It gets its name once it is verified and on the disk:
 * it is one of this database, lists the tables of the snapshot, and can be read to its end. What is in it stands in a
 * manifest beside it (`.dump.json`), the SHA-256 of both in a file that `sha256sum --check` reads (`.dump.sha256`). A backup
 * that is not what these say does not count, and the plan says why.
 *
 * - `directory`: a folder on the deployment's target, one for each deployment; made for its owner alone when it is
 *   missing. Files are readable by their owner alone.
 * - `drill`: restores the backup into a scratch database (`shipshape_drill_…`) beside the database, compares the rows of
 *   every table and the schema, and drops it. Recommended for precious data: it takes the time of a restore, the disk space
 *   of a second copy, and a user who may create databases. Default `false`.
 * - `keep`: how many verified backups of this database stay; older ones are removed when a new one is taken. Default 14.
 * - `maxAge`: default `24 hours`.
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
export const backup = Step.make("postgres.backup", {
  description: "There is a verified backup of the database that is young enough",
  risk: "additive",
  input: {
    directory: Schema.NonEmptyString,
    drill: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
    keep: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(14))),
    maxAge: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("24 hours")))
  },
  output: BackupProof.BackupProof.fields,
  backup: (output) => output,
  observes: ({ directory }) => [`file:${directory}`],
  check: Effect.fn("postgres.backup.check")(function* ({ directory, drill, maxAge }) {
    const probe = yield* PostgresProbe
    return yield* whenReached(
      Effect.map(
        Effect.all([probe.newestBackup({ directory }), Clock.currentTimeMillis]),
        ([{ backup, refused }, now]): Check.Check<BackupProof.BackupProof> =>
          backup !== undefined &&
          now - backup.takenAt < Duration.toMillis(maxAge) &&
          (!drill || backup.drilled === true)
            ? Check.satisfied(backup)
            : Check.needed([
                { summary: `back up the database to ${directory}`, ...before(backup, drill) },
                ...refused.map(({ reason }) => ({ summary: `pass over a backup: ${reason}` }))
              ])
      )
    )
  }),
  // Also where there is a young one: what was written since is in the new one alone.
  apply: Effect.fn("postgres.backup.apply")(function* ({ directory, drill, keep }) {
    yield* (yield* PostgresControl).backup({ directory, drill, keep })
  })
})

const before = (newest: FoundBackups["backup"], drill: boolean): { readonly before?: string } => {
  if (newest === undefined) return {}
  const without = drill && newest.drilled !== true ? ", without a drill" : ""
  return { before: `backup of ${new Date(newest.takenAt).toISOString()}${without}` }
}
