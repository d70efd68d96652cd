/**
 * A world to be healthy or not in, for tests of deployments that check health.
 *
 * @since 0.1.0
 */
export * as HealthWorld from "./HealthWorld.ts"
