import * as Effect from "effect/Effect"
import * as ExitCode from "../../../ExitCode.ts"
import { heldBy } from "../../../Lock.ts"
import type { Plan } from "../../../Plan.ts"
import type { Interruption } from "../../../Records.ts"
import { checkApproval, type Question } from "../asking.ts"
import { type Change, change, counted, endEvent, planQuestion } from "../changing.ts"
import type { Context } from "../context.ts"
import { type How, openRecords } from "../opening.ts"
import type { Of } from "../request.ts"
import { known } from "../saved.ts"
import { undoText } from "../texts/undoText.ts"

/** Goes on with an interrupted run as it was begun, or takes back what it has applied. */
export const resumeCommand = Effect.fnUntraced(function* (context: Context, request: Of<"resume">) {
  const { surface } = context
  yield* checkApproval(request.command, request, surface)
  const { holder, interruption } = yield* Effect.scoped(
    Effect.gen(function* () {
      const records = yield* openRecords(context, request)
      const found = yield* records.interruption
      return { interruption: found, holder: found === undefined ? yield* records.holder : undefined }
    })
  )
  if (interruption === undefined) {
    const going = holder === undefined ? "" : `; ${heldBy(holder, Date.now()).message}`
    tellNothing(context, request, `no run was interrupted: there is nothing to resume${going}`)
    return ExitCode.succeeded
  }
  const how = howOf(context, interruption)
  // A run that was taking back goes on with that.
  const undo = request.undo || interruption.began.mode === "undo"
  return yield* change(
    context,
    request,
    undo ? undoing(context, request, interruption, how) : finishing(interruption, how)
  )
})

const tellNothing = ({ surface }: Context, { json }: Of<"resume">, message: string): void => {
  const notice = { _tag: "Notice", at: Date.now(), code: "core.nothing-to-resume", message }
  surface.out(json ? `${JSON.stringify(notice)}\n${JSON.stringify(endEvent("succeeded"))}\n` : `${message}\n`)
}

/** The run as its journal says that it was begun. */
const howOf = ({ deployment, environment }: Context, { began }: Interruption): How => ({
  strategy: began.strategy,
  ...known(deployment, environment, began),
  ...(began.backTo === undefined ? {} : { rollback: { to: began.backTo, ...began.allowed } })
})

const finishing = ({ interrupted }: Interruption, how: How): Change => ({
  how,
  resume: "finish",
  question: (plan) => {
    const { losing, what } = planQuestion(plan)
    return { losing, what: `Go on with run ${interrupted.run}: ${what.slice(0, 1).toLowerCase()}${what.slice(1)}` }
  }
})

const undoing = (context: Context, { verbose }: Of<"resume">, interruption: Interruption, how: How): Change => {
  const { deployment, environment, surface } = context
  const data = deployment.environments[environment]?.data ?? "precious"
  const about = { deployment: deployment.name, environment, data }
  const view = { width: surface.width(), color: surface.color.out, verbose }
  return {
    how,
    resume: "undo",
    instead: `${undoText(about, interruption, view)}\n\n`,
    question: (plan) => undoQuestion(plan, interruption)
  }
}

const undoQuestion = ({ data, environment }: Plan, { begun, interrupted }: Interruption): Question => {
  const back = begun.filter(({ undo }) => undo).length
  const what =
    back === 0
      ? `End run ${interrupted.run} in ${environment} and take nothing back`
      : `Take back ${counted(back, "step")} of run ${interrupted.run} in ${environment}`
  return { what, losing: data === "precious" && back > 0 ? `${what}: its data is precious` : undefined }
}
