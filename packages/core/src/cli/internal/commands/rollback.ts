import * as Effect from "effect/Effect"
import type { Plan } from "../../../Plan.ts"
import type * as Proposal from "../../../Proposal.ts"
import { proofText } from "../../../reporter/internal/figures.ts"
import type { Question } from "../asking.ts"
import { change, planQuestion } from "../changing.ts"
import type { Context } from "../context.ts"
import { openRecords } from "../opening.ts"
import type { Of } from "../request.ts"
import { revisionOf, shortRevision } from "../revision.ts"
import { checkSaved, howOf } from "../saved.ts"
import { moment } from "../texts/moment.ts"
import { usage } from "../usage.ts"
import { planned } from "./plan.ts"

/** Goes back to a release: plans the way, asks, and applies it like any deployment. */
export const rollbackCommand = Effect.fnUntraced(function* (
  context: Context,
  request: Of<"rollback">,
  saved: Proposal.Proposal | undefined
) {
  const { data, out, schema, to, yes } = request
  const chosen = [
    ...(to === undefined ? [] : ["--to"]),
    ...(schema ? ["--schema"] : []),
    ...(data ? ["--data"] : []),
    ...(out === undefined ? [] : ["--out"])
  ]
  if (saved !== undefined && chosen.length > 0) {
    return yield* usage(
      `--plan and ${chosen.join(", ")} contradict each other: the plan says how to go back`,
      "leave one of them out, or make another plan"
    )
  }
  if (out !== undefined && yes) {
    return yield* usage("--out and --yes contradict each other: with --out nothing is applied", "leave one of them out")
  }
  if (saved !== undefined) {
    yield* checkSaved(context, saved, request)
    return yield* change(context, request, {
      how: howOf(context.deployment, saved),
      approved: saved,
      question: planQuestion
    })
  }
  const number = yield* releaseNumber(to)
  if (!request.json) yield* tell(context, request, number)
  const how = { rollback: { to: number, schema, data } }
  return out === undefined
    ? yield* change(context, request, { how, question: (plan) => questionOf(plan, request) })
    : yield* planned(context, { ...request, detailedExitcode: false }, how)
})

const releaseNumber = (to: string | undefined) =>
  to === undefined
    ? Effect.succeed(undefined)
    : /^[1-9]\d{0,8}$/.test(to)
      ? Effect.succeed(Number(to))
      : Effect.fail(usage(`--to cannot be “${to}”`, "give the number of a release: `history` lists them"))

/** What the plan does not say of the release: when it was, which revision, and what no rollback puts back. */
const tell = Effect.fnUntraced(function* (context: Context, request: Of<"rollback">, to: number | undefined) {
  const { home, surface } = context
  const { backup, release } = yield* Effect.scoped(
    Effect.flatMap(openRecords(context, request), (records) => records.wayBack(to))
  )
  const { at, number, revision, who } = release
  const was = revision === undefined ? "" : `, revision ${shortRevision(revision)}`
  surface.out(`release ${number} of ${moment(at, Date.now())}${was}, by ${who.user} on ${who.host}\n`)
  const here = yield* revisionOf(home, surface)
  if (revision !== undefined && here !== undefined && revision.commit !== here.commit) {
    const checkout = `git checkout ${revision.commit.slice(0, 7)}`
    surface.out(`files of the repository are not put back by a rollback: \`${checkout}\` does that\n`)
  }
  if (request.data) {
    surface.out(
      backup === undefined
        ? "there is no backup of its data\n"
        : `its data come from ${backup.file}: ${proofText(backup, Date.now())}\n`
    )
  }
  surface.out("\n")
})

/** On precious data, whoever lets schema or data go back types where. */
const questionOf = (plan: Plan, { data, schema }: Pick<Of<"rollback">, "data" | "schema">): Question => {
  const question = planQuestion(plan)
  const lost = [
    ...(schema ? ["schema changes are reversed, with what they added"] : []),
    ...(data ? ["data written since the backup is lost"] : [])
  ].join("; ")
  return plan.data === "precious" && lost !== ""
    ? { ...question, losing: lost.replace(/^./, (c) => c.toUpperCase()) }
    : question
}
