import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Plan from "../../Plan.ts"
import type * as Run from "../../Run.ts"
import type { Context } from "./context.ts"
import { type How, openSession } from "./opening.ts"
import type { Common, Place, Showing } from "./request.ts"
import { checkReporter, shown } from "./showing.ts"

const encodePlan = Schema.encodeSync(Schema.fromJsonString(Plan.Plan))

/** Looks: with `--json` the plan is all that is printed, else events are shown as they come. */
export const looked = Effect.fnUntraced(function* <A>(
  context: Context,
  request: Common & Place & Showing,
  how: How,
  look: (session: Run.Session<unknown, unknown>) => Effect.Effect<A, unknown>,
  planOf: (found: A) => Plan.Plan
) {
  yield* checkReporter(request)
  const looking = Effect.scoped(Effect.flatMap(openSession(context, request, how, false), look))
  if (!request.json) return yield* shown(context, request, [], () => looking)
  const found = yield* looking
  context.surface.out(`${encodePlan(planOf(found))}\n`)
  return found
})
