import type { RunOutcome } from "../../Event.ts"
import { github } from "../../reporter/GitHub.ts"
import { ndjson } from "../../reporter/Ndjson.ts"
import { plain } from "../../reporter/Plain.ts"
import type { Reporter } from "../../reporter/Reporter.ts"
import { tree } from "../../reporter/Tree.ts"
import type { ReporterName } from "./request.ts"
import type { Surface } from "./surface.ts"

/** The reporter that fits where the program is, unless a flag says it. */
export const reporterFor = (surface: Surface, flag: ReporterName | undefined): ReporterName => {
  if (flag !== undefined) return flag
  if (surface.env.GITHUB_ACTIONS === "true") return "github"
  const ci = surface.env.CI
  return surface.repaints && (ci === undefined || ci === "" || ci === "false") ? "tree" : "plain"
}

/** What goes on, as far as the program must know it. */
export interface Seen {
  /** How the run has ended. */
  outcome: RunOutcome | undefined
  /** How a line is said now that is no event; `undefined` leaves it to standard error. */
  note: ((line: string) => void) | undefined
}

/** Makes a reporter, and notes how the run ended. */
export const reporting = (surface: Surface, name: ReporterName, verbose: boolean, seen: Seen): Reporter => {
  const reporter = make(surface, name, verbose)
  return {
    ...reporter,
    sink: (event) => {
      if (event._tag === "RunFinished") seen.outcome = event.outcome
      reporter.sink(event)
    }
  }
}

const make = (surface: Surface, name: ReporterName, verbose: boolean): Reporter => {
  const options = { write: surface.out, color: surface.color.out, verbose, width: surface.width() }
  switch (name) {
    case "tree":
      return tree({
        ...options,
        size: () => ({ width: surface.width(), height: surface.height() }),
        onResize: surface.onResize
      })
    case "plain":
      return plain(options)
    case "ndjson":
      return ndjson(options)
    case "github":
      return github({ ...options, summaryFile: surface.env.GITHUB_STEP_SUMMARY })
  }
}
