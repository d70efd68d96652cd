/** A fake world with a state: what a test reads, damages, and runs the laws on. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CronControl } from "../CronControl.ts"
import { CronProbe } from "../CronProbe.ts"

export interface CronWorld {
  /** The texts of job files by name. */
  readonly jobs: Map<string, string>
  readonly layer: Layer.Layer<CronProbe | CronControl>
}

export const make = (jobs: Readonly<Record<string, string>> = {}): CronWorld => {
  const files = new Map(Object.entries(jobs))
  return {
    jobs: files,
    layer: Layer.mergeAll(
      Layer.succeed(CronProbe, { read: (job) => Effect.sync(() => files.get(job)) }),
      Layer.succeed(CronControl, {
        write: (job, text) => Effect.sync(() => void files.set(job, text)),
        remove: (job) => Effect.sync(() => void files.delete(job))
      })
    )
  }
}
