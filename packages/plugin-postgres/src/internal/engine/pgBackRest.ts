/** Reads what `pgbackrest info --output=json` prints. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { EngineBackup } from "../../EngineServices.ts"
import { sha256Of } from "../backupArchive.ts"

const Status = Schema.Struct({ code: Schema.Int, message: Schema.String })

const Backup = Schema.Struct({
  label: Schema.String,
  /** A page did not have its checksum. Versions before 2.41 do not say. */
  error: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  info: Schema.Struct({
    size: Schema.Number,
    repository: Schema.Struct({ size: Schema.optionalKey(Schema.Number), delta: Schema.Number })
  }),
  /** Seconds since 1970. */
  timestamp: Schema.Struct({ start: Schema.Number, stop: Schema.Number }),
  lsn: Schema.optionalKey(Schema.Struct({ start: Schema.String, stop: Schema.String }))
})

const Stanzas = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ name: Schema.String, backup: Schema.Array(Backup), status: Status }))
)

/** The stanza is not there, and what else keeps backups from being seen: no backup at all (2) is no failure. */
const isReadable = ({ code }: typeof Status.Type): boolean => code === 0 || code === 2

export const read =
  (stanza: string) =>
  (printed: string): Result.Result<ReadonlyArray<EngineBackup>, string> => {
    const decoded = Schema.decodeUnknownResult(Stanzas)(printed)
    if (decoded._tag === "Failure") return Result.fail(String(decoded.failure).split("\n")[0] ?? "")
    const found = decoded.success.find(({ name }) => name === stanza)
    if (found === undefined) return Result.fail(`it knows no stanza ${stanza}`)
    if (!isReadable(found.status)) return Result.fail(`stanza ${stanza}: ${found.status.message}`)
    return Result.succeed(found.backup.map(backupOf))
  }

const backupOf = (backup: typeof Backup.Type): EngineBackup => ({
  name: backup.label,
  takenAt: backup.timestamp.start * 1_000,
  bytes: backup.info.repository.size ?? backup.info.repository.delta,
  sha256: sha256Of(JSON.stringify([backup.label, backup.timestamp, backup.lsn ?? null, backup.info.size])),
  ...(backup.error === true ? { problem: "pgBackRest has found pages in it whose checksum is wrong" } : {})
})
