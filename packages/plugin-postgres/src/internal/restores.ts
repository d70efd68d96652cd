/** The ways back from a backup: a drill, and a database that takes the place of the one that is there. */
import * as path from "node:path"
import { Attempt, Progress } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { PostgresControl, Restore, Restored, RestoreError } from "../PostgresControl.ts"
import { BackupInvalid, RestoreRefused } from "../PostgresError.ts"
import type { PostgresProbe, RecordedBackup, RestoredFrom } from "../PostgresProbe.ts"
import type { Read } from "./backupReading.ts"
import type { Needs } from "./backups.ts"
import { drill } from "./restoreDrill.ts"
import * as marks from "./restoreMarks.ts"
import * as scratches from "./restoreScratch.ts"
import * as settings from "./restoreSettings.ts"
import * as swaps from "./restoreSwap.ts"

export interface Restores
  extends Pick<PostgresProbe["Service"], "readBackup" | "restoredFrom">,
    Pick<PostgresControl["Service"], "drill" | "restore" | "discard"> {}

export const make = (needs: Needs, read: Read): Restores => ({
  drill: drill(needs, read),
  restore: restore(needs, read),
  readBackup: (backup) =>
    Effect.scoped(Effect.flatMap(scratches.besides(needs), ({ major }) => recorded(needs, read, major, backup))),
  restoredFrom: restoredFrom(needs),
  discard: discard(needs)
})

/** All that the steps of a restore need. */
interface Job {
  readonly needs: Needs
  readonly hands: swaps.Hands
  readonly beside: scratches.Beside
  readonly backup: { readonly file: string; readonly sha256: string; readonly rows: Readonly<Record<string, number>> }
  readonly scratch: string
  readonly keepAs: string | undefined
}

const restore =
  (needs: Needs, read: Read) =>
  ({ file, keepAs, sha256 }: Restore): Effect.Effect<Restored, RestoreError> =>
    Effect.scoped(
      Effect.gen(function* () {
        const beside = yield* scratches.besidesAlone(needs)
        const backup = yield* recorded(needs, read, beside.major, { file, sha256 })
        const hands = { changing: beside.connection, ending: (yield* scratches.besides(needs)).connection }
        const scratch = scratches.restoreName(backup.sha256)
        const job: Job = { needs, hands, beside, backup, scratch, keepAs }
        return (yield* goOn(job)) ?? (yield* replace(job))
      })
    )

/** A backup, if it is the one that somebody has recorded. */
const recorded = Effect.fnUntraced(function* (
  { database }: Needs,
  read: Read,
  major: number,
  { file, sha256 }: RecordedBackup
) {
  const backup = yield* read({ file, database, major })
  return sha256 === undefined || sha256 === backup.sha256 ? backup : yield* otherBackup(file, sha256, backup.sha256)
})

export const otherBackup = (file: string, wanted: string, found: string): BackupInvalid =>
  new BackupInvalid({
    file,
    message: `${path.posix.basename(file)} is another backup than the one that was recorded: its SHA-256 is ${found} instead of ${wanted}`,
    hint: "find the backup that was recorded, or restore this one by its own name if it is the one you want"
  })

const done = (job: Job, before: string, notes: ReadonlyArray<string>): Restored => ({
  database: job.needs.database,
  keptAs: before,
  rows: job.backup.rows,
  notes
})

/** Ends what an interrupted restore has begun; `undefined` where there is all to do. */
const goOn = Effect.fnUntraced(function* (job: Job) {
  const { beside, hands, needs, scratch } = job
  const databases = yield* marks.read(beside.connection)
  const live = databases.get(needs.database)
  if (live !== undefined) {
    const key = (yield* Attempt.Current)?.key
    const { mark } = live
    const isDone = mark?._tag === "restored" && key !== undefined && mark.key === key
    // The answer to the last statement was lost, and not what it did.
    return isDone ? done(job, mark.before, []) : undefined
  }
  const halves = [...databases.values()].flatMap((made) => {
    const { mark } = made
    const before = mark?._tag === "restored" && mark.of === needs.database ? databases.get(mark.before) : undefined
    return mark?._tag === "restored" && before !== undefined ? [{ name: made.name, mark, before }] : []
  })
  const own = halves.find(({ name }) => name === scratch)
  if (own !== undefined) {
    yield* Progress.line(`${needs.database} is not there: an interrupted restore goes on`)
    yield* scratches.compareRows(needs, { file: job.backup.file, scratch }, job.backup.rows)
    yield* swaps.finish(hands, own.before, own.mark, scratch)
    return done(job, own.mark.before, [])
  }
  const [other] = halves
  if (other === undefined) return yield* scratches.missing(needs.database)
  yield* Progress.line(
    `${other.before.name} is put back as ${needs.database}: the restore that renamed it was interrupted`
  )
  yield* swaps.putBack(hands, other.before, other.mark)
  yield* scratches.drop(beside, other.name)
  return undefined
})

/** Restores into a new database, and lets it take the place once all of it is known to be there. */
const replace = Effect.fnUntraced(function* (job: Job) {
  const { backup, beside, hands, needs, scratch } = job
  const { connection } = beside
  const { database } = needs
  const at = yield* Clock.currentTimeMillis
  const before = job.keepAs ?? keptName(database, at)
  yield* refuseBeforeAnything(beside, database, before)
  // What an interrupted restore has left of the same backup is made again.
  yield* scratches.drop(beside, scratch)
  const notes = yield* Effect.gen(function* () {
    yield* scratches.create(beside, scratch, database)
    yield* Progress.line(`restore ${backup.file} into ${scratch}`)
    yield* scratches.fill(needs, { file: backup.file, major: beside.major, scratch })
    yield* scratches.compareRows(needs, { file: backup.file, scratch }, backup.rows)
    yield* analyze(needs, scratch)
    const notes = yield* settings.carry(connection, database, scratch)
    const live = (yield* marks.read(connection)).get(database)
    if (live === undefined) return yield* scratches.missing(database)
    const key = (yield* Attempt.Current)?.key
    const { sha256 } = backup
    const mark: marks.Restored = {
      _tag: "restored",
      of: database,
      sha256,
      at,
      before,
      ...(key === undefined ? {} : { key })
    }
    yield* connection.query(marks.write(scratch, live.comment, mark))
    yield* swaps.swap(hands, { live, mark, scratch })
    return notes
  }).pipe(
    // Once it has taken the place it has another name.
    Effect.onError(() => Effect.ignore(scratches.drop(beside, scratch)))
  )
  yield* Effect.forEach(notes, Progress.line, { discard: true })
  yield* Progress.line(`${database} is that of ${backup.file}; the one before is kept as ${before}`)
  return done(job, before, notes)
})

/** A new database has no statistics, and would plan its first queries badly. */
const analyze = ({ open }: Needs, scratch: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* open(scratch)
      yield* connection.query({ text: "SET statement_timeout = 0", values: [] })
      yield* connection.query({ text: "ANALYZE", values: [] })
    })
  )

/** A name is at most so many bytes long, and is cut silently. */
const longestName = 63

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** `edms_before_20260102T030405Z`. */
export const keptName = (database: string, at: number): string => {
  const suffix = `_before_${new Date(at).toISOString().replace(/\.\d+|[-:]/g, "")}`
  let start = [...database]
  while (bytesOf(start.join("")) > longestName - suffix.length) start = start.slice(0, -1)
  return `${start.join("")}${suffix}`
}

const refuseBeforeAnything = Effect.fnUntraced(function* (
  { connection }: scratches.Beside,
  database: string,
  before: string
) {
  const refuse = (message: string, hint: string) => new RestoreRefused({ database, message, hint })
  if (before === "" || bytesOf(before) > longestName) {
    return yield* refuse(
      `the database that is replaced cannot be kept as ${before}: a name has 1 to ${longestName} bytes`,
      "choose a shorter name"
    )
  }
  if ((yield* marks.read(connection)).has(before)) {
    return yield* refuse(
      `the database that is replaced cannot be kept as ${before}: there is a database of this name`,
      "choose another name, or drop the other database if nobody needs it"
    )
  }
  const { rows } = yield* connection.query({
    text: "SELECT gid FROM pg_prepared_xacts WHERE database = $1",
    values: [database]
  })
  if (rows.length > 0) {
    return yield* refuse(
      `${database} has prepared transactions (${rows.map(({ gid }) => String(gid)).join(", ")}), with which it cannot be renamed`,
      "end them with COMMIT PREPARED or ROLLBACK PREPARED, then run again"
    )
  }
})

const restoredFrom = (needs: Needs): Restores["restoredFrom"] =>
  Effect.scoped(
    Effect.gen(function* () {
      const { connection } = yield* scratches.besides(needs)
      yield* connection.query({ text: "SET default_transaction_read_only = on", values: [] })
      const mark = (yield* marks.read(connection)).get(needs.database)?.mark
      if (mark?._tag !== "restored") return undefined
      const { _tag, of, ...from } = mark
      return from satisfies RestoredFrom
    })
  )

const discard =
  (needs: Needs) =>
  (keptAs: string): ReturnType<Restores["discard"]> =>
    Effect.scoped(
      Effect.gen(function* () {
        const beside = yield* scratches.besides(needs)
        const found = (yield* marks.read(beside.connection)).get(keptAs)
        if (found === undefined) return
        if (found.mark?._tag !== "replaced" || found.mark.of !== needs.database) {
          return yield* notKept(needs.database, keptAs)
        }
        yield* scratches.drop(beside, keptAs)
      })
    )

export const notKept = (database: string, keptAs: string): RestoreRefused =>
  new RestoreRefused({
    database: keptAs,
    message: `${keptAs} is no database that a restore of ${database} has kept`,
    hint: "name one that has been kept; any other database is dropped by hand"
  })
