/** What a backup says of itself, in a file beside it. */
import { BackupProof } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const { archive, bytes, drilled, file: _, of: __, rows, sha256, takenAt } = BackupProof.BackupProof.fields

/** The manifest: the proof without the place, so that a folder can be moved, and where the backup is from. */
const Manifest = Schema.Struct({
  format: Schema.Literal("shipshape-postgres-backup"),
  v: Schema.Literal(1),
  database: Schema.String,
  /** The server's version, as text. */
  server: Schema.String,
  takenAt,
  bytes,
  sha256,
  archive,
  rows,
  drilled,
  /** The files of a backup that is a folder. */
  parts: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, bytes: Schema.Int, sha256: Schema.String }))
  )
})

export interface Manifest extends Schema.Schema.Type<typeof Manifest> {}

const Text = Schema.fromJsonString(Manifest)

/** As it is written. */
export const format = (manifest: Omit<Manifest, "format" | "v">): string =>
  `${JSON.stringify(Schema.encodeSync(Manifest)({ format: "shipshape-postgres-backup", v: 1, ...manifest }), undefined, 2)}\n`

/** What a manifest's text says, or why it says nothing. */
export const parse = (text: string): Effect.Effect<Manifest, Schema.SchemaError> =>
  Schema.decodeUnknownEffect(Text)(text)

/** The proof that a manifest is of. */
export const proofOf = (
  { archive, bytes, database, drilled, rows, sha256, takenAt }: Omit<Manifest, "format" | "v" | "server">,
  file: string
): BackupProof.BackupProof => ({
  of: `database ${database}`,
  file,
  bytes,
  sha256,
  takenAt,
  archive,
  rows,
  ...(drilled === undefined ? {} : { drilled })
})
