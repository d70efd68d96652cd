/**
 * The fake world of the docker plugin.
 *
 * @since 0.1.0
 */
export * as DockerWorld from "./DockerWorld.ts"
