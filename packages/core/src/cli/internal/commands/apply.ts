import * as Effect from "effect/Effect"
import type * as Proposal from "../../../Proposal.ts"
import { change, planQuestion } from "../changing.ts"
import type { Context } from "../context.ts"
import { selected } from "../opening.ts"
import type { Of } from "../request.ts"
import { checkSaved, howOf } from "../saved.ts"
import { usage } from "../usage.ts"

/** Applies what the world lacks; or, of a plan that was approved, exactly that. */
export const applyCommand = Effect.fnUntraced(function* (
  context: Context,
  request: Of<"apply">,
  saved: Proposal.Proposal | undefined
) {
  if (saved === undefined)
    return yield* change(context, request, { how: yield* selected(request), question: planQuestion })
  const { fresh, only, skip } = request
  const chosen = [
    ...(fresh ? ["--fresh"] : []),
    ...(only.length > 0 ? ["--only"] : []),
    ...(skip.length > 0 ? ["--skip"] : [])
  ]
  if (chosen.length > 0) {
    return yield* usage(
      `--plan and ${chosen.join(", ")} contradict each other: the plan says which steps are applied`,
      "leave one of them out, or make another plan"
    )
  }
  yield* checkSaved(context, saved, request)
  const how = howOf(context.deployment, saved)
  return yield* change(context, request, { how, approved: saved, question: planQuestion })
})
