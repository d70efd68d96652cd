import * as Check from "../Check.ts"
import type { Prepared, Step } from "../Step.ts"
import type { Place } from "../Store.ts"
import { keyOf, type Past } from "./past.ts"

/** What is made of a step's check by what the journal says of it. */
export type Settle = (
  step: Step.Any,
  prepared: Pick<Prepared<unknown, unknown, unknown, unknown>, "input">,
  check: Check.Check<unknown>
) => Check.Check<unknown>

/**
 * The world decides what is done. The journal decides only where it cannot: a step that runs every time runs once in a run
 * and in those that go on with it, and a fresh start is made once.
 */
export const settleWith =
  (place: Place, { unfinished }: Past, fresh: boolean): Settle =>
  (step, prepared, check) => {
    if (unfinished === undefined) return check
    const once = check._tag === "EveryRun"
    const startedAfresh = step.guard.onFresh === true && fresh && unfinished.began.strategy === "fresh"
    if (!once && !startedAfresh) return check
    const key = keyOf(place, unfinished.first, step.id, prepared.input)
    const ended = unfinished.begun.find((begun) => begun.step === step.id && begun.key === key)?.ended
    if (ended === undefined || ended === "failed" || (startedAfresh && ended !== "applied")) return check
    return Check.satisfied(once ? check.output : undefined, {
      note:
        ended === "applied"
          ? `done before run ${unfinished.interrupted.run} was interrupted`
          : `begun when run ${unfinished.interrupted.run} was interrupted; nobody can look whether it was done, and it is not done twice`
    })
  }
