import type { Event, StepResult } from "../../Event.ts"
import type { Report } from "../../Failure.ts"
import type { Plan } from "../../Plan.ts"
import { failureText } from "../Failure.ts"
import { type TextOptions, viewOf } from "../Options.ts"
import { changeText, planText, verifyText } from "../Plan.ts"
import type { Paint } from "./paint.ts"
import { displayWidth, duration, joinParts, oneLine, truncate, wrap } from "./text.ts"

type Of<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

/** What every renderer of text tells alike. */
export interface Story {
  /** The plan, unless it has been shown, and how it all ended; empty for every other event. */
  readonly tell: (event: Event) => string
  /** The line for a step that has ended; empty where the plan has said as much. */
  readonly ended: (result: StepResult) => string
  /** The id of a step behind the mark of its group, as wide as all of them. */
  readonly name: (id: string) => string
}

/** Below so many cells names are not padded to one column. */
const narrow = 60

export const story = (options: TextOptions): Story => {
  const { paint, verbose, width } = viewOf(options)
  const results: Array<StepResult> = []
  const groups = new Set<string>()
  let mode: Of<"RunStarted">["mode"] = "plan"
  let column = 0
  let plan: Plan | undefined
  const name = (id: string): string => {
    const shown = truncate(id, Math.max(column, 12))
    return `${groups.has(id) ? paint.dim("┊ ") : ""}${shown}${" ".repeat(Math.max(0, column - widthIn(id, groups, shown)))}`
  }
  const start = (event: Of<"RunStarted">): void => {
    mode = event.mode
    for (const step of event.steps) if (step.group !== undefined) groups.add(step.id)
    const widest = Math.max(0, ...event.steps.map(({ id }) => widthIn(id, groups, id)))
    column = width < narrow ? 0 : Math.min(widest, Math.floor(width / 3))
  }
  const isNews = (result: StepResult): boolean =>
    verbose ||
    result.outcome === "applied" ||
    result.outcome === "failed" ||
    (result.outcome === "satisfied" && plan?.steps.find((step) => step.id === result.id)?.action !== "none")
  return {
    name,
    tell: (event) => {
      switch (event._tag) {
        case "RunStarted":
          start(event)
          return ""
        case "Planned": {
          // Apply looks again at what a person has just approved.
          const known = plan?.digest === event.plan.digest
          plan = event.plan
          return known ? "" : mode === "verify" ? verifyText(plan, options) : planText(plan, options)
        }
        case "StepFinished":
          results.push(event)
          return ""
        case "RunFinished":
          return endText(event, results, options)
        default:
          return ""
      }
    },
    ended: (result) => {
      if (!isNews(result)) return ""
      const head = `  ${resultMark(result, paint)} ${name(result.id)}`
      const detail = resultDetail(result, Math.max(16, width - displayWidth(head) - 4))
      return detail === "" ? head.trimEnd() : `${head}   ${paint.dim(detail)}`
    }
  }
}

const widthIn = (id: string, groups: ReadonlySet<string>, shown: string): number =>
  displayWidth(shown) + (groups.has(id) ? 2 : 0)

/** How a run ended: every failure as a whole, then the figures. A refusal is told by whoever asked for the run. */
const endText = (event: Of<"RunFinished">, ended: ReadonlyArray<StepResult>, options: TextOptions): string => {
  if (event.outcome === "refused") return ""
  const { paint, width } = viewOf(options)
  const failures = failuresOf(ended).flatMap(({ failure, steps }) => [failureText(failure, { ...options, steps }), ""])
  const [broken] = ended.filter((result) => result.outcome === "failed" && result.optional !== true)
  const underWay = ended.filter((result) => result.failure?.code === "core.interrupted").map((result) => result.id)
  const notRun = ended.filter((result) => result.outcome === "notRun").map((result) => result.id)
  const lines = (text: string): ReadonlyArray<string> => wrap(text, width - 2).map((line) => `  ${line}`)
  return [
    ...failures,
    ...(event.outcome === "interrupted"
      ? [
          paint.yellow(paint.bold("interrupted")),
          ...(underWay.length > 0 ? lines(`under way: ${underWay.join(", ")}`) : []),
          ...(notRun.length > 0 ? lines(`not run: ${notRun.join(", ")}`) : []),
          ...lines("hint: run apply again: it looks at the world and goes on with what is missing"),
          ""
        ]
      : []),
    ...(event.outcome === "failed" && notRun.length > 0
      ? [...lines(`not run, because “${broken?.id}” failed: ${notRun.join(", ")}`).map(paint.yellow), ""]
      : []),
    ...countsLines(event, paint, width)
  ].join("\n")
}

/** What went wrong, once for all steps of which it is said in the same words. */
const failuresOf = (
  ended: ReadonlyArray<StepResult>
): ReadonlyArray<{ readonly failure: Report; readonly steps: ReadonlyArray<StepResult> }> => {
  const found = new Map<string, { readonly failure: Report; readonly steps: Array<StepResult> }>()
  for (const step of ended) {
    const { failure } = step
    if (failure === undefined || failure.code === "core.interrupted") continue
    const words = JSON.stringify(failure)
    const same = found.get(words)
    if (same === undefined) found.set(words, { failure, steps: [step] })
    else same.steps.push(step)
  }
  return [...found.values()]
}

const countsLines = (
  { counts, durationMs, outcome }: Of<"RunFinished">,
  paint: Paint,
  width: number
): ReadonlyArray<string> => {
  const broken = counts.failed - counts.optionalFailed
  const parts = [
    counts.applied > 0 ? paint.green(`${counts.applied} applied`) : "",
    counts.satisfied > 0 ? `${counts.satisfied} in order` : "",
    broken > 0 ? paint.red(`${broken} ${outcome === "interrupted" ? "interrupted" : "failed"}`) : "",
    counts.optionalFailed > 0 ? paint.yellow(`${counts.optionalFailed} failed, and may`) : "",
    counts.notRun > 0 ? paint.yellow(`${counts.notRun} not run`) : "",
    counts.skipped > 0 ? paint.dim(`${counts.skipped} left out`) : "",
    counts.undone > 0 ? `${counts.undone} undone` : ""
  ].filter((part) => part !== "")
  const [first = "no steps", ...others] = parts
  const head = outcome === "succeeded" && counts.applied === 0 ? `nothing to do: ${first}` : first
  const lines = joinParts([head, ...others], width).map((line) => line.trimStart())
  return joinParts([...lines, paint.dim(duration(durationMs))], width, "   ")
}

/** The mark in front of a step that has ended. */
const resultMark = (result: StepResult, paint: Paint): string => {
  switch (result.outcome) {
    case "satisfied":
      return paint.dim("✓")
    case "applied":
      return paint.green("✓")
    case "failed":
      return result.optional === true ? paint.yellow("!") : paint.red("✗")
    case "notRun":
    case "skipped":
      return paint.dim("-")
  }
}

/** What is said of a step that has ended, on one line: what was done or went wrong is cut, how long it took is not. */
const resultDetail = (result: StepResult, width: number): string => {
  const took = result.durationMs >= 100 ? duration(result.durationMs) : ""
  const parts = (text: string, more = ""): string => {
    const rest = [width < 32 ? "" : more, took].filter((part) => part !== "").join(" · ")
    const room = rest === "" ? width : width - displayWidth(rest) - 3
    return [truncate(oneLine(text.replaceAll("\n", " ")), room), rest].filter((part) => part !== "").join(" · ")
  }
  switch (result.outcome) {
    case "satisfied":
      return parts("in order")
    case "applied": {
      const [first, ...others] = result.changes
      return parts(first === undefined ? "" : changeText(first), others.length > 0 ? `${others.length} more` : "")
    }
    case "failed":
      return result.optional === true
        ? parts(result.failure?.message ?? "", "may fail")
        : parts(result.failure?.message ?? "")
    case "notRun":
    case "skipped":
      return parts(result.reason ?? "")
  }
}
