/**
 * How talking to PostgreSQL fails, by SQLSTATE where the server says one.
 *
 * @since 0.1.0
 */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/** What must be up for the server to be there, where the connection says it. */
const resource = Schema.optionalKey(Schema.TemplateLiteral([Schema.String, ":", Schema.String]))

/**
 * Nothing answers where the server should be.
 *
 * @since 0.1.0
 */
export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()("ServerUnreachable", {
  ...Failure.fields("postgres.server-unreachable"),
  server: Schema.String,
  resource
}) {}

/**
 * The server is there and does not accept queries yet (57P03), or no longer.
 *
 * @since 0.1.0
 */
export class ServerNotReady extends Schema.TaggedError<ServerNotReady>()("ServerNotReady", {
  ...Failure.fields("postgres.server-not-ready"),
  server: Schema.String,
  resource
}) {}

/**
 * The server refuses the user or the password (28P01, 28000).
 *
 * @since 0.1.0
 */
export class AuthenticationFailed extends Schema.TaggedError<AuthenticationFailed>()("AuthenticationFailed", {
  ...Failure.fields("postgres.authentication-failed"),
  server: Schema.String,
  user: Schema.String
}) {}

/**
 * The server has no such database (3D000).
 *
 * @since 0.1.0
 */
export class DatabaseMissing extends Schema.TaggedError<DatabaseMissing>()("DatabaseMissing", {
  ...Failure.fields("postgres.database-missing"),
  server: Schema.String,
  database: Schema.String
}) {}

/**
 * The server has no connection left (53300).
 *
 * @since 0.1.0
 */
export class TooManyConnections extends Schema.TaggedError<TooManyConnections>()("TooManyConnections", {
  ...Failure.fields("postgres.too-many-connections"),
  server: Schema.String
}) {}

/**
 * The connection cannot be encrypted as it should be: the server's certificate is not one that is trusted, or is for
 * another host, or the server has none.
 *
 * @since 0.1.0
 */
export class TlsRefused extends Schema.TaggedError<TlsRefused>()("TlsRefused", {
  ...Failure.fields("postgres.tls-refused"),
  server: Schema.String
}) {}

/**
 * A pooler such as PgBouncer stands before the server, and lets several connections share one session. Locks, settings and
 * changes of the schema need a session of their own.
 *
 * @since 0.1.0
 */
export class PoolerInBetween extends Schema.TaggedError<PoolerInBetween>()("PoolerInBetween", {
  ...Failure.fields("postgres.pooler-in-between"),
  server: Schema.String
}) {}

/**
 * The connection ended while it was used: the server was restarted, or its container recreated.
 *
 * @since 0.1.0
 */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {
  ...Failure.fields("postgres.connection-lost"),
  server: Schema.String
}) {}

/**
 * The container of the service has no program that could carry a connection.
 *
 * @since 0.1.0
 */
export class TunnelImpossible extends Schema.TaggedError<TunnelImpossible>()("TunnelImpossible", {
  ...Failure.fields("postgres.tunnel-impossible"),
  server: Schema.String
}) {}

/**
 * The user may not do this (42501).
 *
 * @since 0.1.0
 */
export class PermissionDenied extends Schema.TaggedError<PermissionDenied>()("PermissionDenied", {
  ...Failure.fields("postgres.permission-denied"),
  user: Schema.String
}) {}

/**
 * The disk of the server, or that of a backup's folder, is full (53100).
 *
 * @since 0.1.0
 */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", {
  ...Failure.fields("postgres.disk-full")
}) {}

/**
 * Another session holds a lock for longer than the statement waits (55P03).
 *
 * @since 0.1.0
 */
export class LockTimeout extends Schema.TaggedError<LockTimeout>()("LockTimeout", {
  ...Failure.fields("postgres.lock-timeout")
}) {}

/**
 * A statement took longer than it may (57014).
 *
 * @since 0.1.0
 */
export class StatementTimeout extends Schema.TaggedError<StatementTimeout>()("StatementTimeout", {
  ...Failure.fields("postgres.statement-timeout")
}) {}

/**
 * A question would have changed something (25006). Nothing was.
 *
 * @since 0.1.0
 */
export class NotReadOnly extends Schema.TaggedError<NotReadOnly>()("NotReadOnly", {
  ...Failure.fields("postgres.not-read-only")
}) {}

/**
 * The server refuses a statement. `sqlstate` says why; `line` is where in the statement, from 1.
 *
 * @since 0.1.0
 */
export class StatementFailed extends Schema.TaggedError<StatementFailed>()("StatementFailed", {
  ...Failure.fields("postgres.statement-failed"),
  sqlstate: Schema.String,
  line: Schema.optionalKey(Schema.Number),
  column: Schema.optionalKey(Schema.Number)
}) {}

/**
 * The options of a connection contradict each other, or lack something.
 *
 * @since 0.1.0
 */
export class ConnectionOptionsInvalid extends Schema.TaggedError<ConnectionOptionsInvalid>()(
  "ConnectionOptionsInvalid",
  Failure.fields("postgres.connection-options-invalid")
) {}

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
 * The extension is there in another schema, from where it cannot be moved.
 *
 * @since 0.1.0
 */
export class ExtensionConflict extends Schema.TaggedError<ExtensionConflict>()("ExtensionConflict", {
  ...Failure.fields("postgres.extension-conflict"),
  extension: Schema.String
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

/**
 * There is no `pg_dump` that can dump this server: none at all, or only older ones.
 *
 * @since 0.1.0
 */
export class DumpToolUnfit extends Schema.TaggedError<DumpToolUnfit>()("DumpToolUnfit", {
  ...Failure.fields("postgres.dump-tool-unfit"),
  server: Schema.String,
  found: Schema.Array(Schema.String)
}) {}

/**
 * A backup is not what it should be. One that was just written is removed; one that was there before stays as it is.
 *
 * @since 0.1.0
 */
export class BackupInvalid extends Schema.TaggedError<BackupInvalid>()("BackupInvalid", {
  ...Failure.fields("postgres.backup-invalid"),
  file: Schema.String
}) {}

/**
 * The database cannot be replaced as it is. Nothing was changed.
 *
 * @since 0.1.0
 */
export class RestoreRefused extends Schema.TaggedError<RestoreRefused>()("RestoreRefused", {
  ...Failure.fields("postgres.restore-refused"),
  database: Schema.String
}) {}

/**
 * What a file holds does not go into its table. The table is as it was, with those that are filled together with it.
 *
 * @since 0.1.0
 */
export class DataInvalid extends Schema.TaggedError<DataInvalid>()("DataInvalid", {
  ...Failure.fields("postgres.data-invalid"),
  table: Schema.String,
  file: Schema.String,
  /** From 1. */
  line: Schema.optionalKey(Schema.Int),
  /** The column of the file that the table does not have. */
  column: Schema.optionalKey(Schema.String)
}) {}

/**
 * Rows cannot be carried as it was asked: tables that refer to each other, a key that is not unique, columns that look like
 * secrets. Nothing was changed.
 *
 * @since 0.1.0
 */
export class DataRefused extends Schema.TaggedError<DataRefused>()("DataRefused", {
  ...Failure.fields("postgres.data-refused"),
  tables: Schema.Array(Schema.String)
}) {}

/**
 * How opening a connection fails.
 *
 * @since 0.1.0
 */
export type ConnectError =
  | ServerUnreachable
  | ServerNotReady
  | AuthenticationFailed
  | DatabaseMissing
  | TooManyConnections
  | TlsRefused
  | PoolerInBetween
  | TunnelImpossible
  | StatementFailed

/**
 * How a statement fails.
 *
 * @since 0.1.0
 */
export type QueryError =
  | ConnectError
  | ConnectionLost
  | PermissionDenied
  | DiskFull
  | LockTimeout
  | StatementTimeout
  | NotReadOnly

/**
 * A rollback shall bring data back, and there is no backup of them. Nothing was changed.
 *
 * @since 0.1.0
 */
export class NoBackupToRestore extends Schema.TaggedError<NoBackupToRestore>()("NoBackupToRestore", {
  ...Failure.fields("postgres.no-backup-to-restore")
}) {}

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
