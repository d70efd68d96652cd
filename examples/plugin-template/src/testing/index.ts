export * as CronWorld from "./CronWorld.ts"
