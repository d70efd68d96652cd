/**
 * How looking at a Django application, and changing it, fails.
 *
 * @since 0.1.0
 */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * Django cannot be started: it is not installed, or its settings do not load. The message names the setting.
 *
 * @since 0.1.0
 */
export class SettingsInvalid extends Schema.TaggedError<SettingsInvalid>()(
  "SettingsInvalid",
  Failure.fields("django.settings-invalid")
) {}

/**
 * The interpreter ended while it was asked something; the tail holds what it said.
 *
 * @since 0.1.0
 */
export class SessionFailed extends Schema.TaggedError<SessionFailed>()(
  "SessionFailed",
  Failure.fields("django.session-failed")
) {}

/**
 * The database does not answer the application. A check of which the plugin knows the database's resource becomes
 * unavailable instead.
 *
 * @since 0.1.0
 */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()(
  "DatabaseUnavailable",
  Failure.fields("django.database-unavailable")
) {}

/**
 * A table or a column is not there: migrations are pending.
 *
 * @since 0.1.0
 */
export class SchemaIncomplete extends Schema.TaggedError<SchemaIncomplete>()(
  "SchemaIncomplete",
  Failure.fields("django.schema-incomplete")
) {}

/**
 * There is no such model; the message names the nearest.
 *
 * @since 0.1.0
 */
export class UnknownModel extends Schema.TaggedError<UnknownModel>()(
  "UnknownModel",
  Failure.fields("django.unknown-model")
) {}

/**
 * What a step asks does not fit the application: a field, a database, an app, a tag, a permission or a function. The
 * message names its path.
 *
 * @since 0.1.0
 */
export class QueryInvalid extends Schema.TaggedError<QueryInvalid>()(
  "QueryInvalid",
  Failure.fields("django.query-invalid")
) {}

/**
 * There is no such group; the message names the nearest.
 *
 * @since 0.1.0
 */
export class UnknownGroup extends Schema.TaggedError<UnknownGroup>()(
  "UnknownGroup",
  Failure.fields("django.unknown-group")
) {}

/**
 * There is no such user.
 *
 * @since 0.1.0
 */
export class UnknownUser extends Schema.TaggedError<UnknownUser>()(
  "UnknownUser",
  Failure.fields("django.unknown-user")
) {}

/**
 * A user cannot be saved as the step gives it; the message names the fields.
 *
 * @since 0.1.0
 */
export class UserInvalid extends Schema.TaggedError<UserInvalid>()(
  "UserInvalid",
  Failure.fields("django.user-invalid")
) {}

/**
 * A step is to keep a password in step and has none.
 *
 * @since 0.1.0
 */
export class PasswordMissing extends Schema.TaggedError<PasswordMissing>()(
  "PasswordMissing",
  Failure.fields("django.password-missing")
) {}

/**
 * A user of this name exists and is not what the step asks for. Users that exist are not promoted.
 *
 * @since 0.1.0
 */
export class UserDiffers extends Schema.TaggedError<UserDiffers>()(
  "UserDiffers",
  Failure.fields("django.user-differs")
) {}

/**
 * Code of the application that a check called tried to write. The database has refused it.
 *
 * @since 0.1.0
 */
export class CheckWrote extends Schema.TaggedError<CheckWrote>()("CheckWrote", Failure.fields("django.check-wrote")) {}

/**
 * Code of the application raised an error; the tail holds the traceback.
 *
 * @since 0.1.0
 */
export class ApplicationFailed extends Schema.TaggedError<ApplicationFailed>()(
  "ApplicationFailed",
  Failure.fields("django.application-failed")
) {}

/**
 * System checks found something; the tail holds each message with its id and hint.
 *
 * @since 0.1.0
 */
export class ChecksFailed extends Schema.TaggedError<ChecksFailed>()("ChecksFailed", {
  ...Failure.fields("django.check-failed"),
  /** Ids of the messages, such as `security.W004`. */
  ids: Schema.Array(Schema.String)
}) {}

/**
 * Models have changed and no migration says how.
 *
 * @since 0.1.0
 */
export class MigrationsMissing extends Schema.TaggedError<MigrationsMissing>()("MigrationsMissing", {
  ...Failure.fields("django.migrations-missing"),
  apps: Schema.Array(Schema.String)
}) {}

/**
 * The database's migrations were applied in an order that contradicts the code.
 *
 * @since 0.1.0
 */
export class HistoryInconsistent extends Schema.TaggedError<HistoryInconsistent>()(
  "HistoryInconsistent",
  Failure.fields("django.migration-history-inconsistent")
) {}

/**
 * Several migrations are the last of their app.
 *
 * @since 0.1.0
 */
export class MigrationsConflict extends Schema.TaggedError<MigrationsConflict>()(
  "MigrationsConflict",
  Failure.fields("django.migrations-conflict")
) {}

/**
 * A migration failed. Those before it are applied; its own changes are undone where the database can.
 *
 * @since 0.1.0
 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  ...Failure.fields("django.migration-failed"),
  /** As in `documents.0003_document_versions`; an empty text where it failed before the first one. */
  migration: Schema.String
}) {}

/**
 * A migration that is newer than the release to go back to cannot be reversed. Nothing has changed.
 *
 * @since 0.1.0
 */
export class MigrationIrreversible extends Schema.TaggedError<MigrationIrreversible>()("MigrationIrreversible", {
  ...Failure.fields("django.migration-irreversible"),
  /** As in `documents.0003_document_versions`. */
  migrations: Schema.Array(Schema.String)
}) {}

/**
 * Migrations that are newer than the release to go back to cannot be taken back: the code that has them does not run, or
 * they cannot go without others. Nothing has changed.
 *
 * @since 0.1.0
 */
export class ReversalUnavailable extends Schema.TaggedError<ReversalUnavailable>()("ReversalUnavailable", {
  ...Failure.fields("django.reversal-unavailable"),
  migrations: Schema.Array(Schema.String)
}) {}

/**
 * `manage.py` has no such command; the message names the nearest.
 *
 * @since 0.1.0
 */
export class UnknownCommand extends Schema.TaggedError<UnknownCommand>()(
  "UnknownCommand",
  Failure.fields("django.unknown-command")
) {}

/**
 * A command of `manage.py` failed; the tail holds what it said.
 *
 * @since 0.1.0
 */
export class ManagementCommandFailed extends Schema.TaggedError<ManagementCommandFailed>()("ManagementCommandFailed", {
  ...Failure.fields("django.command-failed"),
  exitCode: Schema.Number
}) {}

/**
 * What a verification expects does not hold.
 *
 * @since 0.1.0
 */
export class VerificationFailed extends Schema.TaggedError<VerificationFailed>()(
  "VerificationFailed",
  Failure.fields("django.verification-failed")
) {}

/**
 * What the application itself refuses, or is refused.
 *
 * @since 0.1.0
 */
export type Refusal =
  | ApplicationFailed
  | CheckWrote
  | DatabaseUnavailable
  | HistoryInconsistent
  | MigrationsConflict
  | QueryInvalid
  | SchemaIncomplete
  | SettingsInvalid
  | UnknownCommand
  | UnknownGroup
  | UnknownModel
  | UnknownUser
  | UserInvalid
