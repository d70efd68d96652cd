/**
 * The PostgreSQL plugin of Shipshape.
 *
 * @since 0.1.0
 */

export * as BackupEngine from "./BackupEngine.ts"
export * as Compare from "./Compare.ts"
export * as CompareError from "./CompareError.ts"
export * as Data from "./Data.ts"
export type * as Enum from "./Enum.ts"
export * as Lint from "./Lint.ts"
export * as Postgres from "./Postgres.ts"
export * as PostgresControl from "./PostgresControl.ts"
export * as PostgresData from "./PostgresData.ts"
export * as PostgresError from "./PostgresError.ts"
export * as PostgresMigrations from "./PostgresMigrations.ts"
export * as PostgresProbe from "./PostgresProbe.ts"
export * as PostgresSchema from "./PostgresSchema.ts"
export type * as ServerObject from "./ServerObject.ts"
export type * as Sql from "./Sql.ts"
export type * as Table from "./Table.ts"
