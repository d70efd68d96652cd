/**
 * PostgreSQL as steps: waiting for it, roles and their rights, extensions, enums, tables, SQL statements and backups.
 *
 * @since 0.1.0
 */
export { backfill } from "./BackfillStep.ts"
export { backup } from "./BackupStep.ts"
export { check } from "./CheckStep.ts"
export { column } from "./ColumnStep.ts"
export { compare } from "./CompareStep.ts"
export { connectionBudget } from "./ConnectionBudgetStep.ts"
export { enumType as enum } from "./EnumStep.ts"
export { exportData } from "./ExportStep.ts"
export { extension } from "./ExtensionStep.ts"
export { foreignKey } from "./ForeignKeyStep.ts"
export { defaultPrivileges, grant } from "./GrantStep.ts"
export { importData } from "./ImportStep.ts"
export { index } from "./IndexStep.ts"
export { migrations } from "./MigrationsStep.ts"
export { inOrder } from "./Order.ts"
export { inService, type Services, server } from "./PostgresPlugin.ts"
export { store } from "./PostgresStore.ts"
export { ready } from "./ReadyStep.ts"
export { replaceEnum } from "./ReplaceEnumStep.ts"
export { role } from "./RoleStep.ts"
export { sequences } from "./SequencesStep.ts"
export { database, membership, owner, schema, setting } from "./ServerSteps.ts"
export { destructiveSql, sql } from "./SqlStep.ts"
export { unique } from "./UniqueStep.ts"
