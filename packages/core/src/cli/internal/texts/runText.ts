import type { RunSummary } from "../../../History.ts"
import type { Record, RecordOf } from "../../../Journal.ts"
import type { Told } from "../../../Records.ts"
import { failureText } from "../../../reporter/Failure.ts"
import { proofText } from "../../../reporter/internal/figures.ts"
import { duration, oneLine, wrap } from "../../../reporter/internal/text.ts"
import { type TextOptions, type View, viewOf } from "../../../reporter/Options.ts"
import { changeText } from "../../../reporter/Plan.ts"
import { shortRevision } from "../revision.ts"
import { modeText, outcomeText } from "./historyText.ts"
import { moment } from "./moment.ts"

/** One run as its journal tells it. */
export const runText = ({ records, summary }: Told, options: TextOptions): string => {
  const view = viewOf(options)
  const { paint } = view
  const ended = records.findLast((record) => record._tag === "RunEnded")
  const steps = attemptsText(records, view)
  return [
    `${paint.bold(`run ${summary.run}`)}   ${outcomeText(summary, paint)}`,
    ...headText(summary, records, view),
    ...(steps.length === 0 ? [] : ["", ...steps]),
    ...(ended?.failure === undefined ? [] : ["", failureText(ended.failure, options)])
  ].join("\n")
}

const headText = (summary: RunSummary, records: Told["records"], { now, paint, verbose, width }: View) => {
  const { at, digest, durationMs, outcome, release, revision, torn, unlocked, who } = summary
  const began = records.find((record) => record._tag === "RunBegan")
  const chosen = [
    ...(began?.only === undefined ? [] : [`only ${began.only.join(", ")}`]),
    ...(began?.skip === undefined ? [] : [`without ${began.skip.join(", ")}`])
  ]
  const long = outcome === "unfinished" || outcome === "running" ? "so far " : "took "
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ["when", `${moment(at, now)}, ${long}${duration(durationMs)}`],
    ["who", `${who.user} on ${who.host} (process ${who.pid})`],
    ["mode", [modeText(summary), ...chosen].join("; ")],
    ["revision", revision && `${shortRevision(revision)}${revision.dirty ? " (files differed from it)" : ""}`],
    ["plan", verbose ? digest : digest?.slice(0, 12)],
    ["release", release === undefined ? undefined : String(release)],
    [
      "versions",
      verbose && began
        ? Object.entries(began.versions)
            .map((each) => each.join(" "))
            .join(", ")
        : undefined
    ],
    ["journal", torn === true ? "its last record was cut off while it was written" : undefined],
    ["unlocked", unlocked]
  ]
  return facts.flatMap(([name, text]) =>
    text === undefined
      ? []
      : wrap(text, width - 13).map((line, i) => `  ${paint.dim((i === 0 ? name : "").padEnd(9))}  ${line}`)
  )
}

/** A line for each attempt, in the order in which they began, and for all that was taken back. */
const attemptsText = (records: ReadonlyArray<Record>, view: View): ReadonlyArray<string> => {
  const { now, paint, width } = view
  const begun = records.filter((record) => record._tag === "AttemptBegan" || record._tag === "UndoBegan")
  const column = Math.max(0, ...begun.map(({ step }) => step.length))
  const lines = (mark: string, step: string, text: string): ReadonlyArray<string> =>
    wrap(text, Math.max(16, width - column - 7)).map((line, i) =>
      i === 0 ? `  ${mark} ${step.padEnd(column)}   ${line}`.trimEnd() : `${" ".repeat(column + 7)}${line}`
    )
  return records.flatMap((record) => {
    switch (record._tag) {
      case "AttemptBegan": {
        const ended = records.find(
          (other) => other._tag === "AttemptEnded" && other.step === record.step && other.attempt === record.attempt
        )
        return attemptLines(record, ended?._tag === "AttemptEnded" ? ended : undefined, view, lines)
      }
      case "UndoEnded": {
        const failed = record.outcome === "failed"
        const said = failed ? `could not be taken back: ${oneLine(record.failure?.message ?? "")}` : "taken back"
        return lines(
          failed ? paint.red("✗") : paint.yellow("↶"),
          record.step,
          `${said} · ${duration(record.durationMs)}`
        )
      }
      case "RunUnlocked":
        return [
          `  ${paint.yellow("!")} unlocked by ${record.who.user} on ${record.who.host}, ${moment(record.at, now)}`
        ]
      default:
        return []
    }
  })
}

const attemptLines = (
  { attempt, changes, step }: RecordOf<"AttemptBegan">,
  ended: RecordOf<"AttemptEnded"> | undefined,
  { now, paint }: View,
  lines: (mark: string, step: string, text: string) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const what = changes.map(changeText).join(", ")
  const nth = attempt > 1 ? [`attempt ${attempt}`] : []
  if (ended === undefined) {
    return lines(
      paint.cyan("?"),
      step,
      [...nth, what, "how it ended is not recorded"].filter((part) => part !== "").join(" · ")
    )
  }
  const marks = { applied: paint.green("✓"), failed: paint.red("✗"), interrupted: paint.yellow("!") }
  const said = ended.outcome === "applied" ? what : `${ended.outcome}: ${oneLine(ended.failure?.message ?? what)}`
  const text = [...nth, said, duration(ended.durationMs)].filter((part) => part !== "").join(" · ")
  const proof = ended.proof === undefined ? [] : lines(" ", "", paint.dim(proofText(ended.proof, now)))
  return [...lines(marks[ended.outcome], step, text), ...proof]
}
