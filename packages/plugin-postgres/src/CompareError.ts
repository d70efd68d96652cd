/**
 * How comparing schemas fails.
 *
 * @since 0.1.0
 */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * A stated rename is not one of this database. The message begins with where it stands: `renames[1].to`.
 *
 * @since 0.1.0
 */
export class RenamesInvalid extends Schema.TaggedError<RenamesInvalid>()("RenamesInvalid", {
  ...Failure.fields("postgres.renames-invalid"),
  path: Schema.String
}) {}

/**
 * What a side names is neither a database, a file of SQL, nor a folder of such; or its SQL does not run.
 *
 * @since 0.1.0
 */
export class SchemaUnreadable extends Schema.TaggedError<SchemaUnreadable>()("SchemaUnreadable", {
  ...Failure.fields("postgres.schema-unreadable"),
  source: Schema.String
}) {}

/**
 * A server is needed for a scratch database, and none is named that would make one.
 *
 * @since 0.1.0
 */
export class ScratchImpossible extends Schema.TaggedError<ScratchImpossible>()("ScratchImpossible", {
  ...Failure.fields("postgres.scratch-impossible")
}) {}
