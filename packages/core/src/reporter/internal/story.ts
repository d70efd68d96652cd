import type { Event, StepResult } from "../../Event.ts"
import type { Holder } from "../../Lock.ts"
import type { Plan } from "../../Plan.ts"
import { type TextOptions, viewOf } from "../Options.ts"
import { changeText, planText, verifyText } from "../Plan.ts"
import { endText } from "./ending.ts"
import { ago } from "./figures.ts"
import type { Paint } from "./paint.ts"
import { displayWidth, duration, oneLine, truncate, wrap } from "./text.ts"

type Of<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

/** What every renderer of text tells alike. */
export interface Story {
  /** The plan, unless it has been shown, and how it all ended; empty for every other event. */
  readonly tell: (event: Event) => string
  /** The line for what has just ended, or should be known; empty where the plan has said as much, and for other events. */
  readonly line: (event: Event) => string
  /** The id of a step behind the mark of its group, as wide as all of them. */
  readonly name: (id: string) => string
}

/** Below so many cells names are not padded to one column. */
const narrow = 60

export const story = (options: TextOptions): Story => {
  const { paint, verbose, width } = viewOf(options)
  const results: Array<StepResult> = []
  const undone: Array<Of<"StepUndone">> = []
  let release: number | undefined
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
  const withDetail = (mark: string, id: string, detailOf: (room: number) => string): string => {
    const head = `  ${mark} ${name(id)}`
    const detail = detailOf(Math.max(16, width - displayWidth(head) - 4))
    return detail === "" ? head.trimEnd() : `${head}   ${paint.dim(detail)}`
  }
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
          return endText(event, { results, undone, release }, options)
        case "StepUndone":
          undone.push(event)
          return ""
        case "ReleaseRecorded":
          release = event.release
          return ""
        default:
          return ""
      }
    },
    line: (event) => {
      switch (event._tag) {
        case "StepFinished":
          return isNews(event)
            ? withDetail(resultMark(event, paint), event.id, (room) => resultDetail(event, room))
            : ""
        case "StepUndone":
          return withDetail(undoMark(event, paint), event.id, (room) => undoDetail(event, room))
        case "Notice":
          return event.code === toldByPlan ? "" : noticeText(event.message, width, paint)
        default:
          return ""
      }
    }
  }
}

/** That the run goes on with an interrupted one stands in its plan, too. */
const toldByPlan = "core.interrupted-run"

const noticeText = (message: string, width: number, paint: Paint): string =>
  wrap(message, width - 8)
    .map((line, i) => (i === 0 ? `  ${paint.yellow("note:")} ${line}` : `        ${line}`))
    .join("\n")

/** Who is waited for. */
export const waitingText = (holder: Holder | undefined, now: number): string => {
  if (holder === undefined) return "waiting for another run to end"
  const { mode, run, since, step, who } = holder
  return [
    `waiting for ${mode === "apply" ? "" : `the ${mode}, `}run ${run} of ${who.user} on ${who.host} (process ${who.pid})`,
    `begun ${ago(since, now)}`,
    ...(step === undefined ? [] : [`at “${step}”`])
  ].join(", ")
}

const widthIn = (id: string, groups: ReadonlySet<string>, shown: string): number =>
  displayWidth(shown) + (groups.has(id) ? 2 : 0)

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

const undoMark = ({ outcome }: Of<"StepUndone">, paint: Paint): string =>
  outcome === "undone" ? paint.yellow("↶") : paint.red("✗")

const undoDetail = ({ durationMs, failure, outcome }: Of<"StepUndone">, width: number): string =>
  onOneLine(
    outcome === "undone" ? "taken back" : `could not be taken back: ${failure?.message ?? ""}`,
    durationMs,
    width
  )

/** What was done or went wrong is cut, how long it took is not. */
const onOneLine = (text: string, durationMs: number, width: number, more = ""): string => {
  const took = durationMs >= 100 ? duration(durationMs) : ""
  const rest = [width < 32 ? "" : more, took].filter((part) => part !== "").join(" · ")
  const room = rest === "" ? width : width - displayWidth(rest) - 3
  return [truncate(oneLine(text.replaceAll("\n", " ")), room), rest].filter((part) => part !== "").join(" · ")
}

/** What is said of a step that has ended. */
const resultDetail = (result: StepResult, width: number): string => {
  const parts = (text: string, more = ""): string => onOneLine(text, result.durationMs, width, more)
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
