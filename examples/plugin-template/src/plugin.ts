/** What a deployment lists in its `plugins`. */
import { Plugin } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { job } from "./job.ts"
import { layer } from "./layer.ts"

export const plugin = Plugin.define("cron", {
  version: "0.0.0",
  description: "Scheduled jobs as files in cron.d",
  steps: { job },
  options: {
    directory: Schema.NonEmptyString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("/etc/cron.d")))
  },
  layer: ({ directory }) => layer(directory)
})
