export * as Cron from "./Cron.ts"
