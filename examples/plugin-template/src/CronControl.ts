/** What the plugin may change. Only `apply` can require this service. */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"

export class CronControl extends Access.Control<
  CronControl,
  {
    /** Writes a job's file as a whole. */
    readonly write: (job: string, text: string) => Effect.Effect<void, Target.FileError>
    /** Removes a job's file; does nothing where there is none. */
    readonly remove: (job: string) => Effect.Effect<void, Target.FileError>
  }
>()("cron/CronControl") {}
