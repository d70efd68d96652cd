/**
 * A Docker Compose project: the plugin itself, and its steps.
 *
 * @since 0.1.0
 */
export { build, pull } from "./Build.ts"
export { down, removeVolumes, stop } from "./Down.ts"
export { preflight } from "./Preflight.ts"
export { project } from "./Project.ts"
export { exec, run } from "./Run.ts"
export { up } from "./Up.ts"
