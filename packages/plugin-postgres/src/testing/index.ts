/**
 * PostgreSQL in memory, for the tests of deployments and plugins.
 *
 * @since 0.1.0
 */
export * as PostgresWorld from "./PostgresWorld.ts"
