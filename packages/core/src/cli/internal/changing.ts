import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Event } from "../../Event.ts"
import * as ExitCode from "../../ExitCode.ts"
import type * as Failure from "../../Failure.ts"
import * as Plan from "../../Plan.ts"
import type * as Proposal from "../../Proposal.ts"
import type { ApplyOptions, Session } from "../../Run.ts"
import { approve, checkApproval, type Question } from "./asking.ts"
import type { Context } from "./context.ts"
import { type How, openSession, waitOf } from "./opening.ts"
import { refusalOf } from "./refusal.ts"
import type { Approval, Common, Place, Showing } from "./request.ts"
import { checkReporter, shown } from "./showing.ts"

/** A run that changes something, as a command asks for it. */
export interface Change {
  readonly how: How
  readonly resume?: ApplyOptions["resume"]
  /** What was approved elsewhere: nobody is asked again. */
  readonly approved?: Proposal.Proposal
  /** What a person reads before the question, in place of the plan that has been shown. */
  readonly instead?: string
  readonly question: (plan: Plan.Plan) => Question
}

/** Looks, asks, and applies. */
export const change = Effect.fnUntraced(function* (
  context: Context,
  request: Common & Place & Showing & Approval & { readonly command: string },
  { approved, how, instead, question, resume }: Change
) {
  const { deployment, environment, seen, surface } = context
  yield* checkReporter(request)
  const asks = !request.yes && approved === undefined
  if (asks) yield* checkApproval(request.command, request, surface)
  const wait = yield* waitOf(request.wait)
  return yield* shown(context, request, instead === undefined ? [] : ["Planned"], (reporter) =>
    Effect.gen(function* () {
      const session = yield* openSession(context, request, how, true)
      const proposal = approved ?? (asks ? yield* session.propose : undefined)
      if (asks && proposal !== undefined) {
        reporter.close()
        if (instead !== undefined) surface.out(instead)
        const refused = resume === "undo" ? undefined : refusalOf(deployment, proposal.plan)
        if (refused !== undefined) return yield* refused
        const blocked = resume === "undo" ? [] : blockedIn(proposal.plan)
        if (blocked.length > 0) {
          surface.out(`nothing can be applied: ${blocked.map((id) => `“${id}”`).join(", ")} cannot be looked at\n`)
          return ExitCode.failed
        }
        // Where nothing is to be done there is nothing to approve: what is left is to record that.
        const idle = resume !== "undo" && Plan.isEmpty(proposal.plan)
        if (!idle && !(yield* approve(question(proposal.plan), environment, surface))) {
          surface.out("not approved: nothing has been changed\n")
          return ExitCode.failed
        }
      }
      return yield* applied(session, { approved: proposal, resume, wait }, () => seen.outcome === "failed")
    }).pipe(Effect.scoped)
  )
})

const blockedIn = ({ steps }: Plan.Plan): ReadonlyArray<string> =>
  steps.filter((step) => step.action === "blocked" && step.optional === undefined).map((step) => step.id)

const applied = Effect.fnUntraced(function* (
  session: Session<unknown, unknown>,
  options: ApplyOptions,
  isTold: () => boolean
) {
  const exit = yield* Effect.exit(session.apply(options))
  if (Exit.isSuccess(exit)) return ExitCode.succeeded
  // A run that has failed has been told in full by its events; anything else is told like any refusal.
  return isTold() ? ExitCode.of(Cause.squash(exit.cause)) : yield* Effect.failCause(exit.cause)
})

/** The question before a plan is applied. */
export const planQuestion = (plan: Plan.Plan): Question => {
  const losing = plan.steps.filter(
    (step) => step.action !== "none" && (step.risk === "destructive" || step.risk === "acknowledged")
  )
  const { apply, deferred } = plan.summary
  return {
    what: `Apply ${counted(apply + deferred, "step")} to ${plan.environment}`,
    losing: losing.length === 0 ? undefined : `${losing.map(({ id }) => `“${id}”`).join(", ")} may destroy data`
  }
}

export const counted = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`

/** The one event of a run that has ended before it could start. */
export const endEvent = (outcome: "succeeded" | "refused", failure?: Failure.Report): Event => ({
  _tag: "RunFinished",
  at: Date.now(),
  outcome,
  counts: { satisfied: 0, applied: 0, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0 },
  durationMs: 0,
  ...(failure === undefined ? {} : { failure })
})
