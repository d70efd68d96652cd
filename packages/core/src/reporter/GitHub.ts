/**
 * A run in GitHub Actions: lines that fold, annotations of failures, and a summary of the job.
 *
 * @since 0.1.0
 */
import { appendFileSync } from "node:fs"
import type { Event, StepResult } from "../Event.ts"
import type { Report } from "../Failure.ts"
import type { Plan } from "../Plan.ts"
import { oneLine } from "./internal/text.ts"
import { plainLines } from "./Plain.ts"
import { changeText } from "./Plan.ts"
import type { Reporter, ReporterOptions } from "./Reporter.ts"

/**
 * What the reporter for GitHub Actions writes with.
 *
 * @since 0.1.0
 */
export interface GitHubOptions extends ReporterOptions {
  /** The file of `GITHUB_STEP_SUMMARY`; without it no summary is written. */
  readonly summaryFile?: string | undefined
}

/**
 * Writes what `plain` writes, with what commands print in groups, errors as annotations, and a summary of the job.
 *
 * @example
 * ```ts
 * import { github } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const written: Array<string> = []
 * github({ write: (text) => written.push(text) }).sink({
 *   _tag: "StepFinished", at: 0, id: "mail", type: "acme.queue", outcome: "failed", changes: [], durationMs: 0,
 *   failure: { code: "acme.queue-full", message: "queue mail is full", hint: "purge it", retryable: false, causes: [] }
 * })
 * assert.equal(written.join(""), [
 *   "  ✗ mail   queue mail is full",
 *   "::error title=mail%3A acme.queue-full::queue mail is full%0Ahint: purge it",
 *   ""
 * ].join("\n"))
 * ```
 *
 * @since 0.1.0
 */
export const github = ({ summaryFile, write, ...options }: GitHubOptions): Reporter => {
  const lines = plainLines({ ...options, verbose: false })
  const output = new Map<string, Array<string>>()
  const results: Array<StepResult> = []
  const after: Array<string> = []
  let plan: Plan | undefined
  const sink = (event: Event): void => {
    const text = lines(event)
    if (text !== "") write(`${text.split("\n").map(harmless).join("\n")}\n`)
    switch (event._tag) {
      case "Planned":
        plan = event.plan
        return
      case "StepOutput":
        output.set(event.id, [...(output.get(event.id) ?? []), oneLine(event.line)])
        return
      case "StepFinished": {
        results.push(event)
        const printed = output.get(event.id) ?? []
        if (printed.length > 0)
          write(`::group::${event.id}: output\n${printed.map(harmless).join("\n")}\n::endgroup::\n`)
        if (event.failure !== undefined) write(annotation(event.id, event.failure, event.optional === true))
        return
      }
      case "Notice":
        write(`::notice title=${property(event.code)}::${data(event.message)}\n`)
        return
      case "StepUndone":
        if (event.failure !== undefined) write(annotation(event.id, event.failure, false))
        after.push(`- \`${event.id}\`: ${event.outcome === "undone" ? "taken back" : "could not be taken back"}`)
        return
      case "ReleaseRecorded":
        after.push(`- release ${event.release}`)
        return
      case "RunFinished":
        if (event.failure !== undefined) write(annotation(undefined, event.failure, false))
        if (summaryFile !== undefined) appendFileSync(summaryFile, summary(event.outcome, plan, results, after))
        return
    }
  }
  return { sink, close: () => {} }
}

/** Lines of commands must not be taken for commands of the runner. */
const harmless = (line: string): string => (/^\s*(::|##\[)/.test(line) ? `| ${line}` : line)

const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C")

const annotation = (id: string | undefined, failure: Report, optional: boolean): string => {
  const title = id === undefined ? failure.code : `${id}: ${failure.code}`
  return `::${optional ? "warning" : "error"} title=${property(title)}::${data(`${failure.message}\nhint: ${failure.hint}`)}\n`
}

const marks = {
  satisfied: "✓ in order",
  applied: "✓ applied",
  failed: "✗ failed",
  notRun: "- not run",
  skipped: "- left out"
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;")

/** The job's summary, in Markdown. */
const summary = (
  outcome: string,
  plan: Plan | undefined,
  results: ReadonlyArray<StepResult>,
  after: ReadonlyArray<string>
): string => {
  const title = plan === undefined ? outcome : `${plan.deployment} → ${plan.environment}: ${outcome}`
  const rows = results.map((result) => {
    const what =
      result.failure?.message ??
      (result.changes.length > 0 ? result.changes.map(changeText).join(", ") : (result.reason ?? ""))
    return `| ${marks[result.outcome]} | \`${result.id}\` | ${cell(what)} |`
  })
  const hints = results.flatMap(({ failure, id }) =>
    failure === undefined ? [] : [`- **${id}**: ${cell(failure.hint)}`]
  )
  return [
    `### ${cell(title)}`,
    "",
    ...(rows.length === 0 ? [] : ["| | step | |", "| --- | --- | --- |", ...rows, ""]),
    ...(after.length === 0 ? [] : [...after, ""]),
    ...(hints.length === 0 ? [] : ["What to do next:", "", ...hints, ""]),
    ""
  ].join("\n")
}
