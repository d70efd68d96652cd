import type { Event } from "../../Event.ts"
import type { Holder } from "../../Lock.ts"
import type { View } from "../Options.ts"
import { waitingText } from "./story.ts"
import { displayWidth, duration, oneLine, truncate } from "./text.ts"

interface Running {
  readonly id: string
  /** When its first phase began, in milliseconds since 1970. */
  readonly since: number
  phase: "check" | "apply" | "verify" | "undo"
  line: string
}

/** What is under way. */
export interface Live {
  readonly running: Map<string, Running>
  /** Steps that have been checked, while nothing runs yet. */
  checked: number
  ended: number
  total: number
  since: number
  mode: "idle" | "waiting" | "looking" | "running"
  /** Who holds the lock that is waited for. */
  holder: Holder | undefined
}

export const begin = (): Live => ({
  running: new Map(),
  checked: 0,
  ended: 0,
  total: 0,
  since: 0,
  mode: "idle",
  holder: undefined
})

/** Takes in one event. */
export const reduce = (live: Live, event: Event): void => {
  switch (event._tag) {
    case "RunStarted":
      Object.assign(live, { checked: 0, ended: 0, total: event.steps.length, since: event.at, mode: "looking" })
      return
    case "LockWaiting":
      Object.assign(live, { mode: "waiting", holder: event.holder })
      return
    case "LockTaken":
      live.mode = "looking"
      return
    case "StepChecked":
      live.checked++
      return
    case "Planned":
      live.mode = "idle"
      return
    case "StepStarted": {
      live.mode = "running"
      const known = live.running.get(event.id)
      if (known === undefined) {
        live.running.set(event.id, { id: event.id, since: event.at, phase: event.phase, line: "" })
      } else known.phase = event.phase
      return
    }
    case "StepOutput": {
      const known = live.running.get(event.id)
      const line = oneLine(event.line)
      if (known !== undefined && line.trim() !== "") known.line = line.trim()
      return
    }
    case "StepRetrying": {
      const known = live.running.get(event.id)
      if (known !== undefined) known.line = `attempt ${event.attempt}: ${oneLine(event.failure.message)}`
      return
    }
    case "StepFinished":
      live.running.delete(event.id)
      live.ended++
      return
    case "StepUndone":
      live.running.delete(event.id)
      return
    case "RunFinished":
      live.running.clear()
      live.mode = "idle"
      return
  }
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
const turnMillis = 100

/** Steps under way that are shown; how many more there are is said. */
const shownAtMost = 8

interface Moment extends View {
  readonly height: number
  readonly now: number
  readonly name: (id: string) => string
}

/** What is painted now: no line is wider than the terminal, and all of them fit into it. */
export const frame = (live: Live, moment: Moment): ReadonlyArray<string> => {
  const { now, paint, width } = moment
  const turn = paint.cyan(spinner[Math.floor(now / turnMillis) % spinner.length] ?? "")
  if (live.mode === "idle") return []
  if (live.mode === "waiting") return [`  ${turn} ${truncate(waitingText(live.holder, now), width - 5)}`]
  if (live.mode === "looking") {
    const text = live.total === 0 ? "looking" : `looking   ${live.checked} of ${live.total}`
    return [`  ${turn} ${truncate(text, width - 5)}`]
  }
  const room = Math.max(1, Math.min(shownAtMost, moment.height - 4))
  const running = [...live.running.values()]
  const shown = running.length > room ? running.slice(0, Math.max(1, room - 1)) : running
  return [
    ...shown.map((step) => runningLine(step, turn, moment)),
    ...(running.length > shown.length ? [paint.dim(`    and ${running.length - shown.length} more`)] : []),
    "",
    footer(live, moment)
  ]
}

const phases = { check: "looking", apply: "", verify: "looking again", undo: "taking back" }

/** Below so many cells there is room for names only. */
const tiny = 32

const runningLine = (step: Running, turn: string, { name, now, paint, width }: Moment): string => {
  const elapsed = duration(Math.floor(Math.max(0, now - step.since) / 1_000) * 1_000)
    .replace(/^0 ms$/, "0 s")
    .replace(/\.0 s$/, " s")
  const label = truncateName(name(step.id), step.id, width - 4 - displayWidth(elapsed) - 4)
  const head = `  ${turn} ${label}${width < tiny ? "" : `   ${paint.dim(elapsed)}`}`
  const detail = step.phase === "apply" ? step.line : phases[step.phase]
  const room = width - displayWidth(head) - 4
  return room < 8 || detail === "" ? head : `${head}   ${paint.dim(truncate(detail, room))}`
}

/** The painted name where it fits, else the bare one, cut. */
const truncateName = (painted: string, id: string, room: number): string =>
  displayWidth(painted) <= room ? painted : truncate(id, Math.max(4, room))

const barCells = 24

const footer = ({ ended, since, total }: Live, { now, paint, width }: Moment): string => {
  const text = `${ended} of ${total} · ${duration(Math.max(0, now - since))}`
  if (width < displayWidth(text) + barCells + 8) return `  ${paint.dim(truncate(text, width - 3))}`
  const done = total === 0 ? 0 : Math.round((ended / total) * barCells)
  return `  ${paint.green("━".repeat(done))}${paint.dim("━".repeat(barCells - done))} ${paint.dim(text)}`
}
