/**
 * Verifies a running system: HTTP, TCP, TLS, containers and logs. Every step looks only; its `apply` waits.
 *
 * @since 0.1.0
 */
export * as Health from "./Health.ts"
