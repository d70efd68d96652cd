/**
 * The steps of a Django deployment, and the plugins that say where the application runs.
 *
 * @since 0.1.0
 */
export { command } from "./Commands.ts"
export { migrate } from "./Migrations.ts"
export { models } from "./Models.ts"
export { inService, local } from "./Plugins.ts"
export { collectstatic } from "./StaticFiles.ts"
export { check } from "./SystemChecks.ts"
export { superuser, user } from "./Users.ts"
export { permission, verify } from "./Verifications.ts"
