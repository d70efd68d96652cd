/** How copies of data fail: backups, restores, exports and imports. */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

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
 * A rollback shall bring data back, and there is no backup of them. Nothing was changed.
 *
 * @since 0.1.0
 */
export class NoBackupToRestore extends Schema.TaggedError<NoBackupToRestore>()("NoBackupToRestore", {
  ...Failure.fields("postgres.no-backup-to-restore")
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
