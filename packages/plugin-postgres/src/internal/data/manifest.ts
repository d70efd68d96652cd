/** What an export says of itself, in a file beside the rows. */
import * as path from "node:path"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Format } from "../../Data.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"

const Exported = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  file: Schema.String,
  format: Schema.Literals(["jsonl", "copy"]),
  columns: Schema.Array(Schema.String),
  rows: Schema.Int,
  bytes: Schema.Int,
  sha256: Schema.String,
  /** What the server made of all rows; not where a transform has changed them on their way. */
  content: Schema.optionalKey(Schema.String),
  /** The version of the transform that has changed them. */
  transform: Schema.optionalKey(Schema.String)
})

/** A table's rows as they were exported. */
export interface Exported extends Schema.Schema.Type<typeof Exported> {}

const Manifest = Schema.Struct({
  format: Schema.Literal("shipshape-postgres-data"),
  v: Schema.Literal(1),
  database: Schema.String,
  server: Schema.String,
  takenAt: Schema.Int,
  tables: Schema.Array(Exported)
})

export interface Manifest extends Schema.Schema.Type<typeof Manifest> {}

const Text = Schema.fromJsonString(Manifest)

export const fileOf = (directory: string): string => path.posix.join(directory, "manifest.json")

/** As it is written. */
export const format = (manifest: Omit<Manifest, "format" | "v">): string =>
  `${JSON.stringify({ format: "shipshape-postgres-data", v: 1, ...manifest }, undefined, 2)}\n`

export const parse = (text: string): Effect.Effect<Manifest, Schema.SchemaError> =>
  Schema.decodeUnknownEffect(Text)(text)

const encode = (name: string): string => encodeURIComponent(name).replaceAll(".", "%2E")

/** The name of the file with a table's rows: `public.users.jsonl`. */
export const nameOf = ({ name, schema }: QualifiedName, format: Format): string =>
  `${encode(schema)}.${encode(name)}.${format}`
