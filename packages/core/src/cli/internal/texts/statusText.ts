import type * as Schema from "effect/Schema"
import { heldBy } from "../../../Lock.ts"
import type { Status } from "../../../Run.ts"
import { proofText } from "../../../reporter/internal/figures.ts"
import { interruptedText } from "../../../reporter/internal/head.ts"
import { displayWidth, truncate, wrap } from "../../../reporter/internal/text.ts"
import type { View } from "../../../reporter/Options.ts"
import { isInOrder } from "../../../reporter/Plan.ts"
import { shortRevision } from "../revision.ts"
import { moment } from "./moment.ts"

/** Facts of one part of a release that are shown unless all are asked for. */
const factsShown = 6

/** What runs, and whether the world is still as it was left. */
export const statusText = (status: Status, view: View): string => {
  const { holder, plan, release } = status
  const { now, paint, width } = view
  const lines = (text: string): ReadonlyArray<string> => wrap(text, width - 2).map((line) => `  ${line}`)
  const what = release === undefined ? "no release yet" : releaseName(release)
  return [
    `${paint.bold(`${plan.deployment} → ${plan.environment}`)}   ${paint.dim(`${what}, data is ${plan.data}`)}`,
    ...(release === undefined ? [] : releaseLines(release, view, lines)),
    ...(holder === undefined ? [] : lines(heldBy(holder, now).message).map(paint.cyan)),
    ...(plan.interrupted === undefined ? [] : lines(interruptedText(plan.interrupted, now)).map(paint.yellow)),
    "",
    ...(release === undefined ? [] : [...partLines(release.parts, view), ...differenceLines(status, view)]),
    ...checkLines(status, view)
  ].join("\n")
}

type Release = NonNullable<Status["release"]>

const releaseName = ({ backTo, number }: Release): string =>
  `release ${number}${backTo === undefined ? "" : `, back to ${backTo}`}`

const releaseLines = (
  { at, backup, revision, who }: Release,
  { now, paint }: View,
  lines: (text: string) => ReadonlyArray<string>
): ReadonlyArray<string> => [
  ...lines(
    [
      moment(at, now),
      `${who.user} on ${who.host}`,
      ...(revision === undefined ? [] : [`revision ${shortRevision(revision)}`])
    ].join(", ")
  ),
  ...(backup === undefined ? [] : lines(`backup of ${backup.of}: ${proofText(backup, now)}`).map(paint.dim))
]

/** What the release is made of, by step: `backend.image sha256:12ab…`. */
const partLines = (parts: Release["parts"], { paint, verbose, width }: View): ReadonlyArray<string> => {
  const ids = Object.keys(parts)
  if (ids.length === 0) return []
  const column = Math.min(Math.max(...ids.map(displayWidth)), Math.floor(width / 3))
  const found = Object.entries(parts).flatMap(([id, { part }]) => {
    const facts = factsOf(part)
    const shown = verbose ? facts : facts.slice(0, factsShown)
    const texts = [
      ...shown.map(([path, value]) => (path === "" ? value : `${path} ${value}`)),
      ...(shown.length < facts.length ? [`… and ${facts.length - shown.length} more, with --verbose`] : [])
    ]
    const name = truncate(id, column)
    return texts.map((text, i) => {
      const head = i === 0 ? name + " ".repeat(column - displayWidth(name)) : " ".repeat(column)
      return `  ${head}   ${paint.dim(truncate(text, Math.max(16, width - column - 5)))}`
    })
  })
  return [...found, ""]
}

/** The leaves of some JSON, with where they stand. */
const factsOf = (json: Schema.Json, path = ""): ReadonlyArray<readonly [string, string]> => {
  if (typeof json !== "object" || json === null) return [[path, String(json)]]
  return Object.entries(json).flatMap(([key, value]) => factsOf(value, path === "" ? key : `${path}.${key}`))
}

const differenceLines = ({ differences, unknown }: Status, { paint, width }: View): ReadonlyArray<string> => {
  const lines = (text: string): ReadonlyArray<string> => wrap(text, width - 2).map((line) => `  ${line}`)
  const untold =
    unknown.length === 0 ? [] : lines(`not known, whether ${unknown.join(", ")} still is`).map(paint.yellow)
  if (differences.length === 0) {
    const far = unknown.length === 0 ? "" : ", as far as can be seen"
    return [...lines(`the world is as the release left it${far}`).map(paint.green), ...untold]
  }
  const column = Math.max(...differences.map(({ step }) => displayWidth(step)))
  return [
    `  ${paint.red("the world is no longer as the release left it:")}`,
    ...differences.flatMap(({ now, path, recorded, step }) =>
      wrap(`${path === "" ? "" : `${path}: `}${recorded ?? "nothing"} → ${now ?? "nothing"}`, width - column - 7).map(
        (line, i) =>
          i === 0
            ? `  ${paint.yellow("~")} ${step}${" ".repeat(column - displayWidth(step) + 3)}${line}`
            : `${" ".repeat(column + 7)}${line}`
      )
    ),
    ...untold
  ]
}

/** What checks say, which may ask for something else by now: how many are in order, and which are not. */
const checkLines = ({ plan, release }: Status, { paint, width }: View): ReadonlyArray<string> => {
  const checked = plan.steps.filter((step) => step.skipped !== true && step.everyRun !== true)
  const wrong = plan.steps.filter((step) => !isInOrder(step)).map((step) => step.id)
  const what = release === undefined ? "" : "what the deployment asks for now: "
  return wrong.length === 0
    ? [`  ${paint.green(`all ${checked.length} steps in order`)}`]
    : wrap(`${what}${wrong.length} of ${checked.length} steps not in order: ${wrong.join(", ")}`, width - 2).map(
        (line) => `  ${paint.red(line)}`
      )
}
