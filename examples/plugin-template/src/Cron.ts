/** The plugin's namespace: `import { Cron } from "…"`. */
export * from "./CronControl.ts"
export * from "./CronError.ts"
export * from "./CronProbe.ts"
export * from "./job.ts"
export * from "./layer.ts"
export * from "./plugin.ts"
