/** Proves a backup by restoring it, beside everything that is in use. */
import { type BackupProof, Command, Progress } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { RestoreError } from "../PostgresControl.ts"
import { BackupInvalid } from "../PostgresError.ts"
import * as archives from "./backupArchive.ts"
import type { Read } from "./backupReading.ts"
import type { Contents } from "./backupRows.ts"
import type { Needs } from "./backups.ts"
import { quietly } from "./quietly.ts"
import * as schema from "./restoreSchema.ts"
import * as scratches from "./restoreScratch.ts"

/** An archive and what should be in it. */
export interface Rehearsal {
  readonly file: string
  readonly major: number
  readonly rows: Contents["rows"]
}

/** Restores an archive into a database that is gone afterwards, and compares rows and schema. */
export const rehearse = (needs: Needs, { file, major, rows }: Rehearsal) =>
  Effect.scoped(
    Effect.gen(function* () {
      const beside = yield* scratches.besidesAlone(needs)
      yield* scratches.sweep(beside, needs.database)
      const scratch = yield* scratches.forDrill(needs, beside)
      yield* Progress.line(`restore drill into ${scratch}`)
      yield* scratches.fill(needs, { file, major, scratch })
      yield* scratches.compareRows(needs, { file, scratch }, rows)
      yield* compareSchema(needs, { file, major, scratch })
    })
  )

/** What the archive would create must be what is there when it has. */
const compareSchema = Effect.fnUntraced(function* (
  { dumpHost, target }: Needs,
  { file, major, scratch }: scratches.Into
) {
  const tools = yield* dumpHost.find(major)
  const only = ["--schema-only", "--no-subscriptions"]
  const isFolder = (yield* target.stat(file))?.type === "directory"
  const archive = archives.reading(tools.restore, [...only, "--file=-"], file, isFolder)
  const database = Command.make(tools.dump, [...only, "--no-password"], {
    env: { ...dumpHost.env, PGDATABASE: scratch }
  })
  const print = (command: Command.Command) => quietly(dumpHost.operations.run(command))
  const differences = schema.compare((yield* print(archive)).stdout, (yield* print(database)).stdout)
  const [first] = differences
  if (first === undefined) return
  const words = { lost: "is not there after a restore", gained: "is there after a restore, and was not" }
  const sayOf = ({ kind, object }: schema.Difference) =>
    `${object} ${kind === "changed" ? "is another one after a restore" : words[kind]}`
  yield* new BackupInvalid({
    file,
    message: `${file} does not restore the schema: ${sayOf(first)}${
      differences.length > 1 ? `, and ${differences.length - 1} more` : ""
    }`,
    hint: "compare pg_restore --schema-only of the backup with pg_dump --schema-only of what it restores to",
    tail: differences.flatMap((one) => [sayOf(one), ...one.lines]).slice(0, 20)
  })
})

/** The drill of a backup that is there. */
export const drill =
  (needs: Needs, read: Read) =>
  (file: string): Effect.Effect<BackupProof.BackupProof, RestoreError> =>
    Effect.gen(function* () {
      const { database } = needs
      const { major } = yield* Effect.scoped(scratches.besides(needs))
      const proof = yield* read({ file, database, major })
      yield* rehearse(needs, { file, major, rows: proof.rows })
      return { ...proof, drilled: true }
    })
