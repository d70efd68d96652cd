import * as Effect from "effect/Effect"
import * as ExitCode from "../../../ExitCode.ts"
import * as Plan from "../../../Plan.ts"
import type { Context } from "../context.ts"
import { looked } from "../looking.ts"
import { type How, selected } from "../opening.ts"
import { checkPlanPlace, savePlan } from "../planFile.ts"
import { refusalOf } from "../refusal.ts"
import type { Common, Of, Place, PlanFlags, Showing } from "../request.ts"

export const planCommand = Effect.fnUntraced(function* (context: Context, request: Of<"plan">) {
  return yield* planned(context, request, yield* selected(request))
})

/** Plans a run, and saves the plan where that is asked for. */
export const planned = Effect.fnUntraced(function* (
  context: Context,
  request: Common & Place & Showing & PlanFlags,
  how: How
) {
  const { deployment, surface } = context
  const { detailedExitcode, json, out } = request
  if (out !== undefined) yield* checkPlanPlace(surface.directory, out)
  const proposal = yield* looked(
    context,
    request,
    how,
    (session) => session.propose,
    (found) => found.plan
  )
  const { plan } = proposal
  const refused = refusalOf(deployment, plan)
  const bad = refused !== undefined || plan.summary.blocked > 0
  if (out !== undefined && bad) {
    surface.err(`the plan is not saved: ${refused === undefined ? "a step is blocked" : "it would be refused"}\n`)
  }
  if (refused !== undefined) return json ? ExitCode.refused : yield* refused
  if (bad) return ExitCode.failed
  if (out !== undefined) {
    yield* savePlan(surface.directory, out, proposal)
    if (!json) surface.out(`saved to ${out}\n`)
  }
  return detailedExitcode && !Plan.isEmpty(plan) ? ExitCode.changesPending : ExitCode.succeeded
})
