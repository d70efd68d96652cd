import type { Event, StepResult } from "../../Event.ts"
import { failureText } from "../Failure.ts"
import { type TextOptions, viewOf } from "../Options.ts"
import { changeText, planText, verifyText } from "../Plan.ts"
import type { Paint } from "./paint.ts"
import { duration, truncate, wrap } from "./text.ts"

type Of<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

/** What every renderer of text tells alike: the plan, unless it has been shown, and how it all ended. */
export const story = (options: TextOptions): ((event: Event) => string) => {
  let mode: Of<"RunStarted">["mode"] = "plan"
  let shown: string | undefined
  const ended: Array<StepResult> = []
  return (event) => {
    switch (event._tag) {
      case "RunStarted":
        mode = event.mode
        return ""
      case "Planned":
        // Apply looks again at what a person has just approved.
        if (event.plan.digest === shown) return ""
        shown = event.plan.digest
        return mode === "verify" ? verifyText(event.plan, options) : planText(event.plan, options)
      case "StepFinished":
        ended.push(event)
        return ""
      case "RunFinished":
        return endText(event, ended, options)
      default:
        return ""
    }
  }
}

/** How a run ended: every failure as a whole, then the figures. A refusal is told by whoever asked for the run. */
const endText = (event: Of<"RunFinished">, ended: ReadonlyArray<StepResult>, options: TextOptions): string => {
  if (event.outcome === "refused") return ""
  const { paint, width } = viewOf(options)
  const failures = ended.flatMap(({ failure, id, type }) =>
    failure === undefined || failure.code === "core.interrupted"
      ? []
      : [failureText(failure, { ...options, step: { id, type } }), ""]
  )
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
    countsLine(event, paint)
  ].join("\n")
}

const countsLine = ({ counts, durationMs, outcome }: Of<"RunFinished">, paint: Paint): string => {
  const broken = counts.failed - counts.optionalFailed
  const parts = [
    counts.applied > 0 ? paint.green(`${counts.applied} applied`) : "",
    counts.satisfied > 0 ? `${counts.satisfied} in order` : "",
    broken > 0 ? paint.red(`${broken} ${outcome === "interrupted" ? "interrupted or failed" : "failed"}`) : "",
    counts.optionalFailed > 0 ? paint.yellow(`${counts.optionalFailed} failed, and may`) : "",
    counts.notRun > 0 ? paint.yellow(`${counts.notRun} not run`) : "",
    counts.skipped > 0 ? paint.dim(`${counts.skipped} left out`) : "",
    counts.undone > 0 ? `${counts.undone} undone` : ""
  ].filter((part) => part !== "")
  const nothing = outcome === "succeeded" && counts.applied === 0 ? "nothing to do: " : ""
  return `  ${nothing}${parts.length === 0 ? "no steps" : parts.join(" · ")}   ${paint.dim(duration(durationMs))}`
}

/** The mark in front of a step that has ended. */
export const resultMark = (result: StepResult, paint: Paint): string => {
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

/** What is said of a step that has ended, on one line. */
export const resultDetail = (result: StepResult): string => {
  const took = result.durationMs >= 1 ? duration(result.durationMs) : ""
  switch (result.outcome) {
    case "satisfied":
      return ["in order", took].filter((part) => part !== "").join(" · ")
    case "applied": {
      const [first, ...more] = result.changes
      const what = first === undefined ? "" : truncate(changeText(first), 72)
      return [what, more.length > 0 ? `${more.length} more` : "", took].filter((part) => part !== "").join(" · ")
    }
    case "failed": {
      const message = truncate((result.failure?.message ?? "failed").replaceAll("\n", " "), 72)
      return [message, result.optional === true ? `may fail: ${result.reason ?? ""}` : "", took]
        .filter((part) => part !== "")
        .join(" · ")
    }
    case "notRun":
    case "skipped":
      return result.reason ?? ""
  }
}
