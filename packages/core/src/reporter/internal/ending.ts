import type { Event, StepResult } from "../../Event.ts"
import type { Report } from "../../Failure.ts"
import { failureText } from "../Failure.ts"
import { type TextOptions, viewOf } from "../Options.ts"
import type { Paint } from "./paint.ts"
import { duration, joinParts, wrap } from "./text.ts"

type Of<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

/** What a run has come to, as far as its end tells it. */
export interface Ended {
  readonly results: ReadonlyArray<StepResult>
  readonly undone: ReadonlyArray<Of<"StepUndone">>
  readonly release: number | undefined
}

/** How a run ended: every failure as a whole, what has followed, the figures. A refusal is told by whoever asked for the run. */
export const endText = (event: Of<"RunFinished">, ended: Ended, options: TextOptions): string => {
  if (event.outcome === "refused") return ""
  const { paint, width } = viewOf(options)
  const { results } = ended
  const failures = failuresOf(event, ended).flatMap(({ failure, steps }) => [
    failureText(failure, { ...options, steps }),
    ""
  ])
  const [broken] = results.filter((result) => result.outcome === "failed" && result.optional !== true)
  const idsOf = (found: ReadonlyArray<{ readonly id: string }>): string => found.map(({ id }) => id).join(", ")
  const underWay = results.filter((result) => result.failure?.code === "core.interrupted")
  const notRun = results.filter((result) => result.outcome === "notRun")
  const lines = (text: string): ReadonlyArray<string> => wrap(text, width - 2).map((line) => `  ${line}`)
  return [
    ...failures,
    ...(event.outcome === "interrupted"
      ? [
          paint.yellow(paint.bold("interrupted")),
          ...(underWay.length > 0 ? lines(`under way: ${idsOf(underWay)}`) : []),
          ...(notRun.length > 0 ? lines(`not run: ${idsOf(notRun)}`) : []),
          ...lines(
            "hint: run apply again: it looks at the world and goes on with what is missing; `resume --undo` takes back what was applied"
          ),
          ""
        ]
      : []),
    ...(event.outcome === "failed" && notRun.length > 0
      ? [...lines(`not run, because “${broken?.id}” failed: ${idsOf(notRun)}`).map(paint.yellow), ""]
      : []),
    ...undoneLines(ended, lines, paint),
    ...countsLines(event, ended.release, paint, width)
  ].join("\n")
}

/** What was taken back, and what of that has failed: then all that was applied before it stays. */
const undoneLines = (
  { undone }: Ended,
  lines: (text: string) => ReadonlyArray<string>,
  paint: Paint
): ReadonlyArray<string> => {
  const idsOf = (outcome: "undone" | "failed"): string =>
    undone
      .filter((one) => one.outcome === outcome)
      .map(({ id }) => id)
      .join(", ")
  const [back, stuck] = [idsOf("undone"), idsOf("failed")]
  const told = [
    ...(back === "" ? [] : lines(`taken back: ${back}`)),
    ...(stuck === ""
      ? []
      : lines(`could not be taken back: ${stuck}; what was applied before it stays`).map(paint.yellow))
  ]
  return told.length === 0 ? [] : [...told, ""]
}

/** What went wrong, the first first, and once for all steps of which it is said in the same words. */
const failuresOf = (
  event: Of<"RunFinished">,
  { results, undone }: Ended
): ReadonlyArray<{ readonly failure: Report; readonly steps: ReadonlyArray<Pick<StepResult, "id" | "type">> }> => {
  const found = new Map<string, { readonly failure: Report; readonly steps: Array<Pick<StepResult, "id" | "type">> }>()
  for (const step of [...results, ...undone]) {
    const { failure } = step
    if (failure === undefined || failure.code === "core.interrupted") continue
    const words = JSON.stringify(failure)
    const same = found.get(words)
    if (same === undefined) found.set(words, { failure, steps: [step] })
    else same.steps.push(step)
  }
  const whole = event.failure
  if (whole !== undefined && !found.has(JSON.stringify(whole))) found.set("", { failure: whole, steps: [] })
  return [...found.values()]
}

const countsLines = (
  { counts, durationMs, outcome }: Of<"RunFinished">,
  release: number | undefined,
  paint: Paint,
  width: number
): ReadonlyArray<string> => {
  const broken = counts.failed - counts.optionalFailed
  const parts = [
    counts.applied > 0 ? paint.green(`${counts.applied} applied`) : "",
    counts.undone > 0 ? paint.yellow(`${counts.undone} taken back`) : "",
    counts.satisfied > 0 ? `${counts.satisfied} in order` : "",
    broken > 0 ? paint.red(`${broken} ${outcome === "interrupted" ? "interrupted" : "failed"}`) : "",
    counts.optionalFailed > 0 ? paint.yellow(`${counts.optionalFailed} failed, and may`) : "",
    counts.notRun > 0 ? paint.yellow(`${counts.notRun} not run`) : "",
    counts.skipped > 0 ? paint.dim(`${counts.skipped} left out`) : "",
    release === undefined ? "" : `release ${release}`
  ].filter((part) => part !== "")
  const [first = "no steps", ...others] = parts
  const idle = outcome === "succeeded" && counts.applied === 0 && counts.undone === 0
  const lines = joinParts([idle ? `nothing to do: ${first}` : first, ...others], width).map((line) => line.trimStart())
  return joinParts([...lines, paint.dim(duration(durationMs))], width, "   ")
}
