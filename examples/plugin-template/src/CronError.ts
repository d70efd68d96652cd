/** How the plugin fails: every error says what to do next. */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/** The folder for job files is not there: cron is not installed, or looks elsewhere. */
export class CronMissing extends Schema.TaggedError<CronMissing>()("CronMissing", {
  ...Failure.fields("cron.missing"),
  directory: Schema.String
}) {}
