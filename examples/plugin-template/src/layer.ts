/** Probe and control for the real thing, on whatever target the deployment acts on. */
import { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CronControl } from "./CronControl.ts"
import { CronMissing } from "./CronError.ts"
import { CronProbe } from "./CronProbe.ts"

export const layer = (
  directory: string
): Layer.Layer<CronProbe | CronControl, never, Target.Target | Target.TargetProbe> =>
  Layer.mergeAll(
    Layer.effect(
      CronProbe,
      Effect.map(Target.TargetProbe, (target) => ({
        read: Effect.fnUntraced(function* (job: string) {
          const folder = yield* target.stat(directory)
          if (folder?.type !== "directory") {
            return yield* new CronMissing({
              directory,
              message: `there is no folder ${directory} on ${target.name}`,
              hint: "install cron, or give the plugin the folder it reads"
            })
          }
          const file = `${directory}/${job}`
          const found = yield* target.stat(file)
          return found === undefined ? undefined : new TextDecoder().decode(yield* target.readFile(file))
        })
      }))
    ),
    Layer.effect(
      CronControl,
      // cron ignores files that others than root may write.
      Effect.map(Target.Target, (target) => ({
        write: (job: string, text: string) => target.writeFile(`${directory}/${job}`, text, { mode: 0o644 }),
        remove: (job: string) => target.remove(`${directory}/${job}`)
      }))
    )
  )
