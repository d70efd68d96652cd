/**
 * A plan as text: what is in order, what will be done, what can only be known later, and what stands in the way.
 *
 * @since 0.1.0
 */
import type { Change } from "../Check.ts"
import type { Plan, PlannedStep } from "../Plan.ts"
import { proofText } from "./internal/figures.ts"
import { aboutLines, headLines } from "./internal/head.ts"
import type { Paint } from "./internal/paint.ts"
import { displayWidth, joinParts, oneLine, truncate, wrap } from "./internal/text.ts"
import { type TextOptions, type View, viewOf } from "./Options.ts"

/** Steps in order that follow one another are folded from so many on, in plans of more steps than a screen shows. */
const foldFrom = 4
const longPlan = 24

/** Changes of one step that are shown unless all are asked for. */
const changesShown = 6

/** Below so many cells, what a step does stands under its id instead of beside it. */
const narrow = 60

/**
 * Renders a plan.
 *
 * @example
 * ```ts
 * import { Plan } from "@shipshape/core"
 * import { planText } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const plan: Plan.Plan = {
 *   deployment: "edms", environment: "staging", data: "disposable", strategy: "update", digest: "7f3a91c2",
 *   steps: [{
 *     id: "env-file", type: "docker.env-file", action: "apply", risk: "reversible", dependsOn: [],
 *     changes: [{ summary: "mode", before: "600", after: "640" }]
 *   }],
 *   summary: { none: 0, apply: 1, deferred: 0, blocked: 0 }
 * }
 * assert.equal(planText(plan), [
 *   "edms → staging   update, data is disposable",
 *   "",
 *   "  ~ env-file   mode 600 → 640",
 *   "",
 *   "  1 to apply   plan 7f3a91"
 * ].join("\n"))
 * ```
 *
 * @since 0.1.0
 */
export const planText = (plan: Plan, options: TextOptions = {}): string => {
  const view = viewOf(options)
  const items = folded(plan.steps, view)
  const told = new Set<string>()
  const column = columnOf(
    items.flatMap((item) => (Array.isArray(item) ? [] : [item])),
    view
  )
  return [
    ...headLines(plan, view),
    ...aboutLines(plan, view),
    "",
    ...items.flatMap((item) => (Array.isArray(item) ? foldLines(item, view) : stepLines(item, column, view, told))),
    "",
    ...summaryLines(plan, view)
  ].join("\n")
}

/** How wide ids are. */
const columnOf = (steps: ReadonlyArray<PlannedStep>, { width }: View): number =>
  Math.min(Math.max(0, ...steps.map((step) => displayWidth(step.id))), Math.floor(width / 3))

const isQuiet = (step: PlannedStep): boolean => step.action === "none"

/** Steps, and in long plans runs of steps that need nothing. */
const folded = (
  steps: ReadonlyArray<PlannedStep>,
  { verbose }: View
): ReadonlyArray<PlannedStep | Array<PlannedStep>> => {
  if (verbose || steps.length <= longPlan) return steps
  const items: Array<PlannedStep | Array<PlannedStep>> = []
  let run: Array<PlannedStep> = []
  const close = (): void => {
    items.push(...(run.length >= foldFrom ? [run] : run))
    run = []
  }
  for (const step of steps) {
    const folds = isQuiet(step) && step.proof === undefined
    if (folds && run.every((other) => other.skipped === step.skipped)) run.push(step)
    else {
      close()
      if (folds) run.push(step)
      else items.push(step)
    }
  }
  close()
  return items
}

const foldLines = (steps: ReadonlyArray<PlannedStep>, { paint, width }: View): ReadonlyArray<string> => {
  const skipped = steps[0]?.skipped === true
  const label = `${steps.length} ${skipped ? "left out" : "in order"}: `
  const names = truncate(steps.map((step) => step.id).join(", "), width - displayWidth(label) - 4)
  return [`  ${skipped ? paint.dim("-") : paint.green("✓")} ${paint.dim(label + names)}`]
}

/** The mark in front of a step of a plan. */
export const markOf = (step: PlannedStep, paint: Paint): string => {
  if (step.skipped === true) return paint.dim("-")
  switch (step.action) {
    case "none":
      return paint.green("✓")
    case "apply":
      return paint.yellow("~")
    case "deferred":
      return paint.cyan("?")
    case "blocked":
      return paint.red("✗")
  }
}

/** `told` are the hints that stand above already. */
const stepLines = (step: PlannedStep, column: number, view: View, told: Set<string>): ReadonlyArray<string> => {
  const { paint, width } = view
  const beside = width >= narrow
  const indent = beside ? column + 7 : 6
  const hint = step.failure?.hint ?? ""
  const details = detailsOf(step, width - indent, view, told.has(hint) ? "" : hint)
  told.add(hint)
  const name = truncate(step.id, beside ? column : width - 4)
  const head = `  ${markOf(step, paint)} ${isQuiet(step) ? paint.dim(name) : name}`
  if (details.length === 0) return [head]
  if (!beside) return [head, ...details.map((line) => " ".repeat(indent) + line)]
  const [first, ...rest] = details
  return [head + " ".repeat(column - displayWidth(name) + 3) + first, ...rest.map((line) => " ".repeat(indent) + line)]
}

/** What stands beside a step, in lines of at most `width` cells. */
const detailsOf = (
  step: PlannedStep,
  width: number,
  { now, paint, verbose }: View,
  hint: string
): ReadonlyArray<string> => {
  const lines = (text: string, put: (line: string) => string = (line) => line): ReadonlyArray<string> =>
    wrap(text, Math.max(16, width)).map(put)
  const marks = [
    ...(step.risk === "destructive" && !isQuiet(step) ? lines("destroys data", paint.red) : []),
    ...(step.risk === "acknowledged" && !isQuiet(step)
      ? lines(
          step.acknowledged === undefined
            ? "destroys data: accepted"
            : `destroys data: ${step.acknowledged.reason} (approved by ${step.acknowledged.approvedBy})`,
          paint.yellow
        )
      : []),
    ...(step.optional === undefined || isQuiet(step) ? [] : lines(`may fail: ${step.optional}`, paint.dim))
  ]
  if (step.action === "blocked") {
    return [
      ...lines(step.reason ?? step.failure?.message ?? "", paint.red),
      ...(hint === "" ? [] : lines(`hint: ${hint}`, paint.dim)),
      ...marks
    ]
  }
  const changes = changeLines(step.changes, Math.max(16, width), verbose)
  return [
    ...changes,
    ...(step.reason === undefined ? [] : lines(step.reason, paint.dim)),
    ...(step.proof === undefined ? [] : lines(proofText(step.proof, now), paint.dim)),
    ...marks
  ]
}

/** Changes on one line where they fit, else one a line. */
const changeLines = (changes: ReadonlyArray<Change>, width: number, verbose: boolean): ReadonlyArray<string> => {
  const texts = changes.map(changeText)
  const joined = texts.join(", ")
  if (displayWidth(joined) <= width) return joined === "" ? [] : [joined]
  const shown = verbose ? texts : texts.slice(0, changesShown)
  return [
    ...shown.flatMap((text) => wrap(text, width)),
    ...(shown.length < texts.length ? [`… and ${texts.length - shown.length} more, with --verbose`] : [])
  ]
}

/** One change on one line: `mode 600 → 640`. */
export const changeText = ({ after, before, summary }: Change): string => {
  const text =
    before !== undefined && after !== undefined
      ? `${summary} ${before} → ${after}`
      : after !== undefined
        ? `${summary} → ${after}`
        : before !== undefined
          ? `${summary} (was ${before})`
          : summary
  return oneLine(text.replaceAll("\n", " "))
}

const summaryLines = (plan: Plan, { paint, width }: View): ReadonlyArray<string> => {
  const skipped = plan.steps.filter((step) => step.skipped === true).length
  const { apply, blocked, deferred, none } = plan.summary
  const parts = [
    none - skipped > 0 || plan.steps.length === 0 ? paint.green(`${none - skipped} in order`) : "",
    apply > 0 ? paint.yellow(`${apply} to apply`) : "",
    deferred > 0 ? paint.cyan(`${deferred} known later`) : "",
    blocked > 0 ? paint.red(`${blocked} blocked`) : "",
    skipped > 0 ? paint.dim(`${skipped} left out`) : ""
  ].filter((part) => part !== "")
  return joinParts(
    [...joinParts(parts, width).map((line) => line.trimStart()), paint.dim(`plan ${plan.digest.slice(0, 6)}`)],
    width,
    "   "
  )
}

/** Whether `verify` has nothing against a step: one that runs every time is never in order, nor wrong. */
export const isInOrder = (step: PlannedStep): boolean => step.action === "none" || step.everyRun === true

/** What `verify` says: only what is not in order. */
export const verifyText = (plan: Plan, options: TextOptions = {}): string => {
  const view = viewOf(options)
  const wrong = plan.steps.filter((step) => !isInOrder(step))
  const told = new Set<string>()
  const checked = plan.steps.filter((step) => step.skipped !== true && step.everyRun !== true).length
  const column = columnOf(view.verbose ? plan.steps : wrong, view)
  return [
    ...headLines(plan, view),
    "",
    ...(view.verbose ? plan.steps : wrong).flatMap((step) => stepLines(step, column, view, told)),
    ...(wrong.length > 0 || view.verbose ? [""] : []),
    wrong.length === 0
      ? `  ${view.paint.green(`all ${checked} in order`)}`
      : `  ${view.paint.red(`${wrong.length} of ${checked} not in order`)}`
  ].join("\n")
}
