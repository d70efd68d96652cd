import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ExitCode from "../../../ExitCode.ts"
import { Holder } from "../../../Lock.ts"
import { Plan } from "../../../Plan.ts"
import { Release } from "../../../Release.ts"
import type * as Run from "../../../Run.ts"
import { viewOf } from "../../../reporter/Options.ts"
import { isInOrder } from "../../../reporter/Plan.ts"
import type { Context } from "../context.ts"
import { openSession } from "../opening.ts"
import type { Of } from "../request.ts"
import { shown } from "../showing.ts"
import { statusText } from "../texts/statusText.ts"

const encode = Schema.encodeSync(
  Schema.fromJsonString(
    Schema.Struct({
      inOrder: Schema.Boolean,
      release: Schema.optionalKey(Release),
      differences: Schema.Array(
        Schema.Struct({
          step: Schema.String,
          path: Schema.String,
          recorded: Schema.optionalKey(Schema.String),
          now: Schema.optionalKey(Schema.String)
        })
      ),
      unknown: Schema.Array(Schema.String),
      holder: Schema.optionalKey(Holder),
      plan: Plan
    })
  )
)

/** Says which release runs, and whether the world is still as it left it. */
export const statusCommand = Effect.fnUntraced(function* (context: Context, request: Of<"status">) {
  const { surface } = context
  const { json, verbose } = request
  const looking = Effect.scoped(
    Effect.flatMap(openSession(context, { ...request, concurrency: undefined }, {}, false), (session) => session.status)
  )
  const showing = { json, verbose, reporter: undefined }
  const status = json ? yield* looking : yield* shown(context, showing, ["Planned", "Notice"], () => looking)
  const inOrder = isAsRecorded(status)
  surface.out(
    json
      ? `${jsonOf(status, inOrder)}\n`
      : `${statusText(status, viewOf({ width: surface.width(), color: surface.color.out, verbose }))}\n`
  )
  return inOrder ? ExitCode.succeeded : ExitCode.failed
})

/** Whether the world equals the release, every check is satisfied, and no run has been left unfinished. */
const isAsRecorded = ({ differences, plan }: Run.Status): boolean =>
  differences.length === 0 && plan.interrupted === undefined && plan.steps.every(isInOrder)

const jsonOf = ({ differences, holder, plan, release, unknown }: Run.Status, inOrder: boolean): string =>
  encode({
    inOrder,
    ...(release === undefined ? {} : { release }),
    differences: differences.map(({ now, path, recorded, step }) => ({
      step,
      path,
      ...(recorded === undefined ? {} : { recorded }),
      ...(now === undefined ? {} : { now })
    })),
    unknown,
    ...(holder === undefined ? {} : { holder }),
    plan
  })
