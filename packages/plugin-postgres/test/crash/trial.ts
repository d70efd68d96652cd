/** One trial: a world, a run that is killed in it, the run after it, and the one after that. */

import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { History, Journal, type Plan } from "@shipshape/core"
import { type Version, variables } from "./deployment.ts"
import type { Ground } from "./ground.ts"
import { folderOf, type Left, left } from "./journals.ts"
import type { Answer, Job, Whom } from "./workers.ts"
import { picture, toldIn, type World } from "./world.ts"

/** How a run is killed: at one of its writes, or so many milliseconds after it has come to one; 0 is its very beginning. */
export type Kill =
  | Required<Pick<Job, "crash">>
  | { readonly after: number; readonly millis: number; readonly whom: Whom }

export interface Trial {
  readonly strategy: Plan.Strategy
  /** One for each run that is killed. */
  readonly kills: ReadonlyArray<Kill>
  /** The next run is asked for as `resume`, after a look at the plan; else as any other, and at once. */
  readonly resume: boolean
}

/** What has come of a trial. */
export interface Outcome {
  /** What should not be. */
  readonly problems: ReadonlyArray<string>
  /** How many of its kills hit a run that had a journal and had not ended. */
  readonly interrupted: number
  /** Steps that cannot be checked: what nobody was told, and no run has said so; told twice; said to be unsure. */
  readonly lost: number
  readonly double: number
  readonly unsure: number
}

/** What may be another when a run is asked for again: the deployment, and what it is given. */
export interface Variant {
  readonly deployment?: Version
  readonly greeting?: string
}

const inputs = ({ server }: Ground, { database }: World, { greeting = "hello" }: Variant = {}): Job["variables"] => ({
  [variables.port]: String(server.port),
  [variables.password]: server.password,
  [variables.database]: database,
  [variables.greeting]: greeting
})

/** Applies the deployment. */
export const jobIn = (ground: Ground, world: World, strategy: Plan.Strategy, variant: Variant = {}): Job => ({
  world,
  strategy,
  ask: "apply",
  variables: inputs(ground, world, variant),
  ...(variant.deployment === undefined ? {} : { deployment: variant.deployment })
})

/** The steps that cannot be checked. */
const uncheckable = ["told-beginning", "told-middle", "told-end"]

const applied = ({ steps }: Answer): ReadonlyArray<string> =>
  steps.filter(({ outcome }) => outcome === "applied").map(({ id }) => id)

const checked = (answer: Answer): ReadonlyArray<string> => applied(answer).filter((id) => !uncheckable.includes(id))

/** A trial that is not disturbed: what the world is like after it. */
export const undisturbed = async (ground: Ground, strategy: Plan.Strategy, variant: Variant = {}) => {
  const world = await ground.worlds.make()
  const job = jobIn(ground, world, strategy, variant)
  const answer = await ground.workers.run(job)
  if (answer?.exitCode !== 0) throw new Error(`the deployment fails undisturbed: ${JSON.stringify(answer?.failure)}`)
  const after = await picture(ground.server, world)
  const again = await ground.workers.run({ ...job, strategy: "update" })
  if (again === undefined || checked(again).length > 0) throw new Error("the deployment does not converge undisturbed")
  await ground.worlds.remove(world)
  return { answer, picture: after }
}

/** What was interrupted, as the journals have it. */
export const expectedOf = (journals: ReadonlyArray<Left>): Left | undefined => {
  const last = journals.at(-1)
  return last?.ended === undefined ? last : undefined
}

const sayingOf = ({ step, torn }: Pick<Left, "step" | "torn">): string =>
  `was interrupted${step === undefined ? "" : ` at “${step}”`}${torn ? ", while it wrote its journal" : ""}`

/** Whether the next run says which run was interrupted, and where. */
export const judgeReport = (expected: Left | undefined, { interrupted, notices }: Answer): ReadonlyArray<string> => {
  const notice = notices.find(({ code }) => code === "core.interrupted-run")?.message
  if (expected === undefined) return notice === undefined ? [] : [`nothing was interrupted, and it says: ${notice}`]
  const { run, step, torn } = expected
  const saying = sayingOf(expected)
  return [
    ...(interrupted?.run === run && interrupted.step === step && (interrupted.torn ?? false) === torn
      ? []
      : [`its plan says ${JSON.stringify(interrupted)}, and not that run ${run} ${saying}`]),
    ...(notice?.includes(`run ${run} `) === true && notice.includes(saying)
      ? []
      : [`it says ${notice}, and not: ${saying}`])
  ]
}

/** What became of the steps that cannot be checked. */
export const judgeTold = (world: World, { steps }: Answer) => {
  const lines = toldIn(world)
  const double = lines.length - new Set(lines.map(({ key, step }) => `${step} ${key}`)).size
  const unsure = uncheckable.filter((id) => steps.find((step) => step.id === id)?.reason?.includes("not done twice"))
  const lost = uncheckable.filter((id) => !unsure.includes(id) && !lines.some(({ step }) => step === id))
  return { double, lost: lost.length, unsure: unsure.length }
}

const difference = (is: ReadonlyArray<string>, should: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...is.filter((line) => !should.includes(line)).map((line) => `there is: ${line}`),
  ...should.filter((line) => !is.includes(line)).map((line) => `there is not: ${line}`),
  ...(is.length === should.length ? [] : [`there are ${is.length} facts, and not ${should.length}`])
]

/** How `history` lists the runs. */
const historyOf = (world: World): ReadonlyArray<History.RunSummary> => {
  const runs = path.join(folderOf(world), "runs")
  return fs
    .readdirSync(runs)
    .sort()
    .flatMap((name) => {
      const summary = History.summarise(Journal.decode(fs.readFileSync(path.join(runs, name), "utf8")))
      return summary === undefined ? [] : [summary]
    })
}

const judgeHistory = (world: World, killed: ReadonlyArray<Left>, first: number | undefined): ReadonlyArray<string> => {
  const summaries = historyOf(world)
  const problems = killed.flatMap(({ ended, run }) => {
    const outcome = summaries.find((summary) => summary.run === run)?.outcome
    return outcome === (ended ?? "unfinished") ? [] : [`history has run ${run} as ${outcome}`]
  })
  const last = summaries.at(-1)
  return last?.outcome === "succeeded" && last.continues === first
    ? problems
    : [...problems, `history has the next run as ${last?.outcome}, going on with ${last?.continues} and not ${first}`]
}

/** Kills runs in a world of their own, and tries what the next ones make of it. */
export const judge = async (ground: Ground, should: ReadonlyArray<string>, trial: Trial): Promise<Outcome> => {
  const { workers, worlds } = ground
  const { kills, resume, strategy } = trial
  const world = await worlds.make()
  const job = jobIn(ground, world, strategy)
  for (const kill of kills) {
    if ("crash" in kill) await workers.run({ ...job, ...kill })
    else await workers.run({ ...job, begunAt: kill.after }, () => sleep(kill.millis, kill.whom))
  }
  const killed = left(world)
  const expected = expectedOf(killed)
  const problems: Array<string> = []
  if (resume) {
    const plan = await workers.run({ ...job, ask: "plan" })
    if (plan?.interrupted?.run !== expected?.run) problems.push(`a plan says ${JSON.stringify(plan?.interrupted)}`)
  }
  const next = await workers.run({ ...job, ...(resume && expected !== undefined ? { resume: "finish" } : {}) })
  if (next === undefined) throw new Error("nobody has killed the next run, and it is gone")
  if (next.exitCode !== 0) problems.push(`the next run fails: ${JSON.stringify(next.failure)}`)
  problems.push(...judgeReport(expected, next))
  problems.push(...difference(await picture(ground.server, world), should))
  const told = judgeTold(world, next)
  if (next.exitCode === 0) problems.push(...judgeHistory(world, killed, expected?.continues ?? expected?.run))

  const third = await workers.run({ ...job, strategy: "update" })
  const again = third === undefined ? [] : checked(third)
  if (third?.exitCode !== 0) problems.push(`the third run fails: ${JSON.stringify(third?.failure)}`)
  if (again.length > 0) problems.push(`the third run applies ${again.join(", ")}`)
  problems.push(...difference(await picture(ground.server, world), should).map((line) => `after the third run ${line}`))
  if (told.lost > 0) problems.push(`${told.lost} were not told, and no run says so`)
  if (told.double > 0) problems.push(`${told.double} were told twice`)
  await worlds.remove(world)
  return { problems, interrupted: expected === undefined ? 0 : 1, ...told }
}
