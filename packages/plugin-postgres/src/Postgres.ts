/**
 * PostgreSQL as steps: waiting for it, extensions, enums, columns, SQL statements and backups.
 *
 * @since 0.1.0
 */
export { extension } from "./ExtensionStep.ts"
export { inService, server } from "./PostgresPlugin.ts"
export { ready } from "./ReadyStep.ts"
