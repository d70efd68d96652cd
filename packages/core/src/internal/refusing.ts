/** What may not be done, whatever the plan said: the world may have moved since. */
import * as Effect from "effect/Effect"
import * as Policy from "../Policy.ts"
import type { Risk } from "../Risk.ts"
import { PlanStale } from "../RunError.ts"
import type { AnyStep } from "./opened.ts"
import { riskOf } from "./resolve.ts"
import type { Running } from "./running.ts"
import type { Found } from "./work.ts"

/** Refuses a step whose turn has come, and that turns out to be more than was planned. */
export const refuse = <E, CheckR, ApplyR>(
  { approved, environment, planned, state }: Running<E, CheckR, ApplyR>,
  step: AnyStep<E, CheckR, ApplyR>,
  found: Found
): Effect.Effect<void, Policy.DestructiveRefused | Policy.BackupRequired | PlanStale> => {
  const risk = riskOf(step, found._tag === "Needed" ? found : undefined)
  if (environment.data !== "precious") {
    const was = planned.get(step.id)?.risk
    return approved !== undefined && was !== undefined && risk === "destructive" && was !== risk
      ? Effect.fail(notApproved(approved, step.id, was))
      : Effect.void
  }
  if (step.traits.backup) return Effect.void
  const refused = Policy.destructive(environment.name, environment, [{ id: step.id, action: "apply", risk }])
  if (refused !== undefined) return Effect.fail(refused)
  const { alters } = step.traits
  return state.proofs.length === 0 && Policy.altersData(alters === undefined ? { risk } : { risk, alters })
    ? Effect.fail(Policy.backupRequired(environment.name, step.id))
    : Effect.void
}

/** Whoever has approved the plan has not approved of losing data, which nobody could see then. */
const notApproved = (digest: string, step: string, was: Risk): PlanStale =>
  new PlanStale({
    approved: digest,
    current: digest,
    differences: [{ about: step, path: "planned.risk", approved: was, current: "destructive" }],
    message: `“${step}” was approved as ${was}, and now that its turn has come it may destroy data`,
    hint: "plan again: what is known by now is in the new plan; look at it, and approve that"
  })
