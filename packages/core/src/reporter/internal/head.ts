import type { Plan } from "../../Plan.ts"
import type { View } from "../Options.ts"
import { ago } from "./figures.ts"
import { displayWidth, wrap } from "./text.ts"

/** The first line of everything that is said of a run. */
export const headLines = (
  plan: Pick<Plan, "data" | "deployment" | "environment" | "strategy" | "backTo">,
  { paint, width }: View
): ReadonlyArray<string> => {
  const { backTo, data, deployment, environment, strategy } = plan
  const name = `${deployment} → ${environment}`
  const what = backTo !== undefined ? `back to release ${backTo}` : strategy === "fresh" ? "fresh start" : "update"
  const facts = `${what}, data is ${data}`
  const painted = what === "update" ? paint.dim(facts) : paint.yellow(facts)
  return displayWidth(name) + displayWidth(facts) + 3 <= width
    ? [`${paint.bold(name)}   ${painted}`]
    : [paint.bold(name), painted]
}

/** What a person should know before it begins: what was interrupted, and what a failure will lead to. */
export const aboutLines = (plan: Plan, { now, paint, width }: View): ReadonlyArray<string> => {
  const lines = (text: string): ReadonlyArray<string> => wrap(text, width - 2).map((line) => `  ${line}`)
  const { interrupted } = plan
  const told = interrupted === undefined ? [] : lines(`${interruptedText(interrupted, now)}: apply goes on with it`)
  return [...told.map(paint.yellow), ...lines(failureText(plan)).filter((line) => line.trim() !== "")]
}

/** `run 41 of ada on ci-7 was interrupted 3 minutes ago at “migrate”`. */
export const interruptedText = (
  { at, host, run, step, torn, user }: NonNullable<Plan["interrupted"]>,
  now: number
): string =>
  [
    `run ${run} of ${user} on ${host} was interrupted ${ago(at, now)}`,
    ...(step === undefined ? [] : [` at “${step}”`]),
    ...(torn === true ? [", while it wrote its journal"] : [])
  ].join("")

/** What follows a failure, and which steps it does not reach; empty where the run just stops, or does nothing. */
const failureText = ({ onFailure, steps }: Plan): string => {
  const pending = steps.filter((step) => step.action !== "none")
  if (onFailure === undefined || pending.length === 0) return ""
  if (onFailure === "rollback") return "on failure: back to the last release"
  const staying = pending.filter((step) => step.undo !== true).map((step) => step.id)
  return staying.length === 0
    ? "on failure: taken back"
    : staying.length === pending.length
      ? "on failure: nothing can be taken back"
      : `on failure: taken back; cannot be: ${staying.join(", ")}`
}
