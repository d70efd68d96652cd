/** What is not as a step wants it, and cannot be made so. */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * The server's installation does not have the extension, or not in that version.
 *
 * @since 0.1.0
 */
export class ExtensionUnavailable extends Schema.TaggedError<ExtensionUnavailable>()("ExtensionUnavailable", {
  ...Failure.fields("postgres.extension-unavailable"),
  extension: Schema.String
}) {}

/**
 * The user may not create the extension, as the user may not create in the database.
 *
 * @since 0.1.0
 */
export class ExtensionNotAllowed extends Schema.TaggedError<ExtensionNotAllowed>()("ExtensionNotAllowed", {
  ...Failure.fields("postgres.extension-not-allowed"),
  extension: Schema.String,
  user: Schema.String
}) {}

/**
 * The extension is not trusted: only a superuser may create it.
 *
 * @since 0.1.0
 */
export class ExtensionNotTrusted extends Schema.TaggedError<ExtensionNotTrusted>()("ExtensionNotTrusted", {
  ...Failure.fields("postgres.extension-not-trusted"),
  extension: Schema.String,
  user: Schema.String
}) {}

/**
 * The extension is there in another schema, from where it cannot be moved.
 *
 * @since 0.1.0
 */
export class ExtensionConflict extends Schema.TaggedError<ExtensionConflict>()("ExtensionConflict", {
  ...Failure.fields("postgres.extension-conflict"),
  extension: Schema.String
}) {}

/**
 * The enum that is there cannot become the one that is wanted by adding labels.
 *
 * @since 0.1.0
 */
export class EnumConflict extends Schema.TaggedError<EnumConflict>()("EnumConflict", {
  ...Failure.fields("postgres.enum-conflict"),
  type: Schema.String,
  existing: Schema.Array(Schema.String),
  wanted: Schema.Array(Schema.String)
}) {}

/**
 * An enum, or a label of it, is there already (42710).
 *
 * @since 0.1.0
 */
export class LabelExists extends Schema.TaggedError<LabelExists>()("LabelExists", {
  ...Failure.fields("postgres.label-exists"),
  type: Schema.String
}) {}

/**
 * The label that another one should stand next to, or that should be renamed, is not there (22023).
 *
 * @since 0.1.0
 */
export class LabelMissing extends Schema.TaggedError<LabelMissing>()("LabelMissing", {
  ...Failure.fields("postgres.label-missing"),
  type: Schema.String
}) {}

/**
 * A label was used in the transaction that has added it (55P04).
 *
 * @since 0.1.0
 */
export class LabelNotCommitted extends Schema.TaggedError<LabelNotCommitted>()("LabelNotCommitted", {
  ...Failure.fields("postgres.label-not-committed"),
  type: Schema.String
}) {}

/**
 * The server adds no label within a transaction (25001).
 *
 * @since 0.1.0
 */
export class EnumInTransaction extends Schema.TaggedError<EnumInTransaction>()("EnumInTransaction", {
  ...Failure.fields("postgres.enum-in-transaction"),
  type: Schema.String
}) {}

/**
 * Rows hold a label that would be gone, or something depends on the enum that cannot be converted. Nothing was changed.
 *
 * @since 0.1.0
 */
export class LabelInUse extends Schema.TaggedError<LabelInUse>()("LabelInUse", {
  ...Failure.fields("postgres.label-in-use"),
  type: Schema.String
}) {}

/**
 * The column is there with another type, which is not converted.
 *
 * @since 0.1.0
 */
export class ColumnConflict extends Schema.TaggedError<ColumnConflict>()("ColumnConflict", {
  ...Failure.fields("postgres.column-conflict"),
  column: Schema.String,
  existing: Schema.String,
  wanted: Schema.String
}) {}

/**
 * A constraint or an index of the name is there with another definition, and is not replaced.
 *
 * @since 0.1.0
 */
export class ConstraintConflict extends Schema.TaggedError<ConstraintConflict>()("ConstraintConflict", {
  ...Failure.fields("postgres.constraint-conflict"),
  constraint: Schema.String,
  existing: Schema.String,
  wanted: Schema.String
}) {}

/**
 * Rows that are there do not keep a constraint (23502, 23503, 23505, 23514).
 *
 * @since 0.1.0
 */
export class RowsViolate extends Schema.TaggedError<RowsViolate>()("RowsViolate", {
  ...Failure.fields("postgres.rows-violate"),
  table: Schema.String,
  sqlstate: Schema.String
}) {}

/**
 * The application would open more connections than there are.
 *
 * @since 0.1.0
 */
export class ConnectionsExceeded extends Schema.TaggedError<ConnectionsExceeded>()("ConnectionsExceeded", {
  ...Failure.fields("postgres.connections-exceeded"),
  needed: Schema.Number,
  available: Schema.Number
}) {}

/**
 * What a step did cannot be taken back: PostgreSQL has no way back, or what was written since would be lost. Nothing was
 * changed.
 *
 * @since 0.1.0
 */
export class UndoRefused extends Schema.TaggedError<UndoRefused>()("UndoRefused", {
  ...Failure.fields("postgres.undo-refused"),
  /** What would have to be taken back: `column public.documents.status`. */
  what: Schema.String
}) {}

/**
 * The query that says whether a statement is done answered something else than one boolean.
 *
 * @since 0.1.0
 */
export class DoneNotBoolean extends Schema.TaggedError<DoneNotBoolean>()("DoneNotBoolean", {
  ...Failure.fields("postgres.done-not-boolean")
}) {}
