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
 * The schema of a database is not the expected one.
 *
 * @since 0.1.0
 */
export class SchemaDrifted extends Schema.TaggedError<SchemaDrifted>()("SchemaDrifted", {
  ...Failure.fields("postgres.schema-drifted"),
  database: Schema.String,
  /** What differs, and what can be done about it. */
  differences: Schema.Array(Schema.Struct({ difference: Schema.String, hint: Schema.String }))
}) {}

/**
 * A schema is not made into the expected one, as that would lose something, or cannot be done by statements, or is not
 * proved. Nothing was changed.
 *
 * @since 0.1.0
 */
export class SchemaChangeRefused extends Schema.TaggedError<SchemaChangeRefused>()("SchemaChangeRefused", {
  ...Failure.fields("postgres.schema-change-refused"),
  database: Schema.String,
  /** What stands in the way, by its names. */
  objects: Schema.Array(Schema.String)
}) {}

/**
 * A statement of a comparison failed. What was committed before it stays, and the next run goes on from there.
 *
 * @since 0.1.0
 */
export class SchemaChangeFailed extends Schema.TaggedError<SchemaChangeFailed>()("SchemaChangeFailed", {
  ...Failure.fields("postgres.schema-change-failed"),
  statement: Schema.String
}) {}

/**
 * The program that fills a scratch database with the expected schema failed.
 *
 * @since 0.1.0
 */
export class ExpectedSchemaFailed extends Schema.TaggedError<ExpectedSchemaFailed>()("ExpectedSchemaFailed", {
  ...Failure.fields("postgres.expected-schema-failed"),
  program: Schema.String
}) {}

/**
 * A server is needed for a scratch database, and none is named that would make one.
 *
 * @since 0.1.0
 */
export class ScratchImpossible extends Schema.TaggedError<ScratchImpossible>()("ScratchImpossible", {
  ...Failure.fields("postgres.scratch-impossible")
}) {}
