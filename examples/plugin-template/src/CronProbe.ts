/** What the plugin may look at. Checks require this service and nothing else. */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type { CronMissing } from "./CronError.ts"

export class CronProbe extends Access.Probe<
  CronProbe,
  {
    /** The text of a job's file; `undefined` where there is none. */
    readonly read: (job: string) => Effect.Effect<string | undefined, CronMissing | Target.FileError>
  }
>()("cron/CronProbe") {}
