/**
 * The proof that a backup is one: what stands in the plan, the journal and the release instead of a green tick.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What is known of a backup that was read back.
 *
 * @example
 * ```ts
 * import { BackupProof } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const proof = Schema.decodeUnknownSync(BackupProof.BackupProof)({
 *   of: "database edms",
 *   file: "/srv/backups/edms.20260102T030405Z.dump",
 *   bytes: 81_920,
 *   sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
 *   takenAt: Date.parse("2026-01-02T03:04:05Z"),
 *   archive: { entries: 312, tables: 41 },
 *   rows: { "public.users": 12 }
 * })
 * assert.equal(proof.archive.tables, 41)
 * ```
 *
 * @since 0.1.0
 */
export const BackupProof = Schema.Struct({
  /** What it is a backup of: `database edms`. */
  of: Schema.String,
  /** Where it lies on the target. */
  file: Schema.String,
  bytes: Schema.Int,
  /** Over the whole file, in hex. */
  sha256: Schema.String,
  /** When it was begun, in milliseconds since 1970: what was written later is not in it. */
  takenAt: Schema.Number,
  /** What its own list of contents says; without an entry where it has none that anybody can read. */
  archive: Schema.Struct({ entries: Schema.Int, tables: Schema.Int }),
  /** Rows by table, counted in the snapshot that was backed up. */
  rows: Schema.Record(Schema.String, Schema.Int),
  /** It was restored into a scratch database, and what came out was compared. */
  drilled: Schema.optionalKey(Schema.Boolean)
})

/**
 * The type of {@link BackupProof:var}.
 *
 * @since 0.1.0
 */
export interface BackupProof extends Schema.Schema.Type<typeof BackupProof> {}
