import { Check, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { whenReached } from "./internal/whenReached.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { PostgresProbe, type VerifiedBackup } from "./PostgresProbe.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * There is a verified backup of the connection's database that is younger than `maxAge`. Stand it before the first step
 * that changes data.
 *
 * A backup is a dump in PostgreSQL's custom format, which `pg_restore` reads. It gets its name once it is verified: it is
 * one of this database, lists as many tables as the catalog, and can be read to its end. Its SHA-256 stands in a file
 * beside it, in the form that `sha256sum --check` reads. A backup that no longer has its checksum does not count.
 *
 * - `directory`: a folder on the deployment's target, one for each deployment; made for its owner alone when it is
 *   missing. Files are readable by their owner alone.
 * - `keep`: how many verified backups of this database stay; older ones are removed when a new one is taken. Default 14.
 * - `maxAge`: default `24 hours`.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * const backup = Postgres.backup("backup", { directory: "/srv/edms/backups", keep: 7, maxAge: "1 hour" })
 * assert.equal(backup.type, "postgres.backup")
 * ```
 *
 * @since 0.1.0
 */
export const backup = Step.make("postgres.backup", {
  description: "There is a verified backup of the database that is young enough",
  risk: "additive",
  input: {
    directory: Schema.NonEmptyString,
    keep: Count.pipe(Schema.withDecodingDefaultKey(Effect.succeed(14))),
    maxAge: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("24 hours")))
  },
  output: {
    file: Schema.String,
    bytes: Schema.Int,
    sha256: Schema.String,
    tables: Schema.Int,
    /** ISO 8601, when the dump began. */
    takenAt: Schema.String
  },
  observes: ({ directory }) => [`file:${directory}`],
  check: Effect.fn("postgres.backup.check")(function* ({ directory, maxAge }) {
    const probe = yield* PostgresProbe
    return yield* whenReached(
      Effect.flatMap(probe.newestBackup({ directory }), (newest) =>
        newest === undefined
          ? Effect.succeed(Check.needed([{ summary: `back up the database to ${directory}` }]))
          : Effect.map(isYoung(newest, maxAge), (young) =>
              young
                ? Check.satisfied({ ...newest, takenAt: isoOf(newest) })
                : Check.needed([
                    { summary: `back up the database to ${directory}`, before: `backup of ${isoOf(newest)}` }
                  ])
            )
      )
    )
  }),
  apply: Effect.fn("postgres.backup.apply")(function* ({ directory, keep, maxAge }) {
    const newest = yield* (yield* PostgresProbe).newestBackup({ directory })
    if (newest !== undefined && (yield* isYoung(newest, maxAge))) return
    yield* (yield* PostgresControl).backup({ directory, keep })
  })
})

const isYoung = ({ takenAt }: VerifiedBackup, maxAge: Duration.Duration): Effect.Effect<boolean> =>
  Effect.map(Clock.currentTimeMillis, (now) => now - takenAt < Duration.toMillis(maxAge))

const isoOf = ({ takenAt }: VerifiedBackup): string => new Date(takenAt).toISOString()
