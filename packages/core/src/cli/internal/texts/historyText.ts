import type { RunSummary } from "../../../History.ts"
import type { Damaged } from "../../../Records.ts"
import { shortAgo } from "../../../reporter/internal/figures.ts"
import type { Paint } from "../../../reporter/internal/paint.ts"
import { displayWidth, duration, truncate } from "../../../reporter/internal/text.ts"
import type { View } from "../../../reporter/Options.ts"
import { shortRevision } from "../revision.ts"
import { localTime } from "./moment.ts"

/** A column of the table; the one with the lowest `worth` goes first where there is no room. */
interface Column {
  readonly title: string
  readonly worth: number
  readonly right?: true
  readonly cell: (run: RunSummary, view: View) => string
}

const columns: ReadonlyArray<Column> = [
  { title: "run", worth: 9, right: true, cell: ({ run }) => String(run) },
  { title: "outcome", worth: 8, cell: (run, { paint }) => outcomeText(run, paint) },
  { title: "when", worth: 7, cell: ({ at }, { now }) => `${localTime(at)}, ${shortAgo(at, now)}` },
  { title: "who", worth: 5, cell: ({ who }) => `${who.user}@${who.host}` },
  { title: "mode", worth: 6, cell: (run) => modeText(run) },
  { title: "revision", worth: 2, cell: ({ revision }) => (revision === undefined ? "" : shortRevision(revision)) },
  { title: "plan", worth: 1, cell: ({ digest = "" }) => digest.slice(0, 6) },
  { title: "changes", worth: 4, right: true, cell: ({ applied }) => String(changesIn(applied)) },
  { title: "took", worth: 3, right: true, cell: ({ durationMs }) => duration(durationMs) },
  { title: "release", worth: 5, right: true, cell: ({ release }) => (release === undefined ? "" : String(release)) }
]

const changesIn = (applied: RunSummary["applied"]): number =>
  applied.reduce((sum, { changes }) => sum + Math.max(1, changes.length), 0)

/** What a run was for: `apply, fresh`, `rollback to 39`, `resume of 41`. */
export const modeText = ({ backTo, continues, mode, strategy }: RunSummary): string =>
  [
    backTo === undefined ? mode : `rollback to ${backTo}`,
    ...(strategy === "fresh" ? ["fresh"] : []),
    ...(continues === undefined ? [] : [`goes on with ${continues}`])
  ].join(", ")

/** How a run ended, with its mark. */
export const outcomeText = ({ outcome, step, undone }: RunSummary, paint: Paint): string => {
  const at = step === undefined ? "" : ` at “${step}”`
  const back = undone.length === 0 ? "" : `, ${undone.length} taken back`
  switch (outcome) {
    case "succeeded":
      return paint.green(`✓ succeeded${back}`)
    case "failed":
      return paint.red(`✗ failed${at}${back}`)
    case "refused":
      return paint.yellow(`- refused${at}`)
    case "interrupted":
      return paint.yellow(`! interrupted${at}${back}`)
    case "unfinished":
      return paint.yellow(`! cut off${at}${back}`)
    case "running":
      return paint.cyan(`▸ running${at}`)
  }
}

/** The runs as a table, as wide as the terminal; the first comes first. */
export const historyText = (runs: ReadonlyArray<RunSummary | Damaged>, more: boolean, view: View): string => {
  const { paint, width } = view
  const whole = runs.filter((run): run is RunSummary => "outcome" in run)
  const table = columns.map((column) => {
    const cells = new Map(whole.map((run) => [run.run, column.cell(run, view)]))
    const wide = Math.max(displayWidth(column.title), ...[...cells.values()].map(displayWidth))
    return { ...column, cells, wide }
  })
  const used = table.filter(({ cells }) => [...cells.values()].some((cell) => cell !== ""))
  const shown = fitting(used, width - 2)
  const pad = (text: string, { right, wide }: { readonly wide: number; readonly right?: true }): string => {
    const space = " ".repeat(Math.max(0, wide - displayWidth(text)))
    return right === true ? space + text : text + space
  }
  const line = (cellOf: (column: (typeof table)[number]) => string): string =>
    `  ${shown.map((column) => pad(cellOf(column), column)).join("  ")}`.trimEnd()
  return [
    ...(whole.length === 0 ? [] : [paint.dim(line(({ title }) => title))]),
    ...runs.map((run) =>
      "damaged" in run
        ? `  ${pad(String(run.run), { wide: shown[0]?.wide ?? 3, right: true })}  ${paint.red(
            truncate(`✗ ${run.damaged.message}`, Math.max(20, width - 10))
          )}`
        : line(({ cells }) => cells.get(run.run) ?? "")
    ),
    ...(more ? ["", paint.dim("  … and earlier ones, with --limit N")] : [])
  ].join("\n")
}

/** Columns that stand side by side in so many cells. */
const fitting = <C extends { readonly wide: number; readonly worth: number }>(
  all: ReadonlyArray<C>,
  width: number
): ReadonlyArray<C> => {
  const total = all.reduce((sum, { wide }) => sum + wide + 2, -2)
  if (total <= width || all.length <= 2) return all
  const least = Math.min(...all.map(({ worth }) => worth))
  const at = all.findLastIndex(({ worth }) => worth === least)
  return fitting(
    all.filter((_, i) => i !== at),
    width
  )
}
