import * as Effect from "effect/Effect"
import * as ExitCode from "../../../ExitCode.ts"
import { isInOrder } from "../../../reporter/Plan.ts"
import type { Context } from "../context.ts"
import { looked } from "../looking.ts"
import { selected } from "../opening.ts"
import type { Of } from "../request.ts"

export const verifyCommand = Effect.fnUntraced(function* (context: Context, request: Of<"verify">) {
  const how = yield* selected(request)
  const plan = yield* looked(
    context,
    request,
    how,
    (session) => session.verify,
    (found) => found
  )
  return plan.steps.every(isInOrder) ? ExitCode.succeeded : ExitCode.failed
})
