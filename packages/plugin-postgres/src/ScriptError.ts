/** How files of SQL fail. */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * A text is no SQL that PostgreSQL's grammar understands. `tail` is the line, and what points at the place in it.
 *
 * @since 0.1.0
 */
export class SqlUnparsable extends Schema.TaggedError<SqlUnparsable>()("SqlUnparsable", {
  ...Failure.fields("postgres.sql-unparsable"),
  file: Schema.optionalKey(Schema.String),
  /** From 1. */
  line: Schema.Number,
  /** From 1, in characters. */
  column: Schema.Number,
  /** What the grammar says: `syntax error at or near "FRM"`. */
  what: Schema.String
}) {}

/**
 * A file cannot be read as SQL: it is not there, or is no text in UTF-8.
 *
 * @since 0.1.0
 */
export class SqlUnreadable extends Schema.TaggedError<SqlUnreadable>()("SqlUnreadable", {
  ...Failure.fields("postgres.sql-unreadable"),
  file: Schema.String
}) {}

/**
 * A command line asks for what does not exist, or contradicts itself. Nothing has run.
 *
 * @since 0.1.0
 */
export class UsageInvalid extends Schema.TaggedError<UsageInvalid>()("UsageInvalid", {
  ...Failure.fields("usage.postgres")
}) {}

/**
 * A file of SQL that was run has been edited since, so that the database is no longer what the files say. Nothing was
 * changed.
 *
 * @since 0.1.0
 */
export class MigrationEdited extends Schema.TaggedError<MigrationEdited>()("MigrationEdited", {
  ...Failure.fields("postgres.migration-edited"),
  file: Schema.String
}) {}

/**
 * Files of SQL cannot be run as they are. Nothing was changed.
 *
 * @since 0.1.0
 */
export class MigrationsRefused extends Schema.TaggedError<MigrationsRefused>()("MigrationsRefused", {
  ...Failure.fields("postgres.migrations-refused")
}) {}

/**
 * A statement of a file fails. What was committed before it stays, and the next run goes on behind that.
 *
 * @since 0.1.0
 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  ...Failure.fields("postgres.migration-failed"),
  file: Schema.String,
  /** The statement's first line, from 1. */
  line: Schema.Number
}) {}
