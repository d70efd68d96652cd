/**
 * Shipshape steps for Docker Compose.
 *
 * @since 0.1.0
 */
export * as Compose from "./Compose.ts"
export { ComposeControl } from "./ComposeControl.ts"
export { ComposeProbe } from "./ComposeProbe.ts"
export * as DockerError from "./DockerError.ts"
export * as EnvFile from "./EnvFile.ts"
export { Done } from "./Run.ts"
export * as Storage from "./Storage.ts"
