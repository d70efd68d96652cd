/** Reads what `wal-g backup-list --detail --json` prints. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { EngineBackup } from "../../EngineServices.ts"
import { sha256Of } from "../backupArchive.ts"

const Backups = Schema.fromJsonString(
  Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        backup_name: Schema.String,
        start_time: Schema.String,
        finish_time: Schema.String,
        compressed_size: Schema.Number,
        uncompressed_size: Schema.Number
      })
    )
  )
)

export const read = (printed: string): Result.Result<ReadonlyArray<EngineBackup>, string> => {
  // Without a backup it prints nothing here.
  const text = printed.trim()
  const decoded = Schema.decodeUnknownResult(Backups)(text === "" ? "null" : text)
  if (decoded._tag === "Failure") return Result.fail(String(decoded.failure).split("\n")[0] ?? "")
  const backups = (decoded.success ?? []).map((backup) => ({
    name: backup.backup_name,
    takenAt: Date.parse(backup.start_time),
    bytes: backup.compressed_size,
    sha256: sha256Of(
      JSON.stringify([backup.backup_name, backup.start_time, backup.finish_time, backup.uncompressed_size])
    )
  }))
  const undated = backups.find(({ takenAt }) => Number.isNaN(takenAt))
  return undated === undefined ? Result.succeed(backups) : Result.fail(`${undated.name} was begun at no time`)
}
