/**
 * A run on a terminal: what is under way moves, what has ended stays.
 *
 * @since 0.1.0
 */
import type { Event } from "../Event.ts"
import { begin, frame, reduce } from "./internal/live.ts"
import { makeScreen } from "./internal/screen.ts"
import { story } from "./internal/story.ts"
import { oneLine } from "./internal/text.ts"
import { viewOf } from "./Options.ts"
import { retryLine } from "./Plain.ts"
import type { Reporter, ReporterOptions } from "./Reporter.ts"

/**
 * What the reporter for terminals writes with.
 *
 * @since 0.1.0
 */
export interface TreeOptions extends ReporterOptions {
  /** The terminal's size now, in cells. */
  readonly size: () => { readonly width: number; readonly height: number }
  /** Calls the listener whenever the size has changed, until the function it returns is called. */
  readonly onResize?: (listener: () => void) => () => void
}

/**
 * Writes for a terminal: steps under way with what they print last, repainted at most twelve times a second; above them,
 * for good, the plan and every step that has ended.
 *
 * @example
 * ```ts
 * import { tree } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const written: Array<string> = []
 * const reporter = tree({ write: (text) => written.push(text), size: () => ({ width: 80, height: 24 }) })
 * reporter.sink({
 *   _tag: "StepFinished", at: 0, id: "admin", type: "django.superuser", outcome: "applied", changes: [], durationMs: 1200
 * })
 * reporter.close()
 * assert.equal(written.join(""), "  ✓ admin   1.2 s\n")
 * ```
 *
 * @since 0.1.0
 */
export const tree = ({ onResize, size, write, ...options }: TreeOptions): Reporter => {
  const view = viewOf({ ...options, width: size().width })
  const { line, name, tell } = story({ ...options, width: size().width })
  const live = begin()
  const screen = makeScreen({
    write,
    size,
    ...(onResize === undefined ? {} : { onResize }),
    frame: (now, { height, width }) => frame(live, { ...view, width, height, now, name })
  })
  const lasting = (event: Event): string => {
    const told = tell(event)
    switch (event._tag) {
      case "Planned":
        return told === "" ? "" : `${told}\n\n`
      case "RunFinished":
        return told === "" ? "" : `\n${told}\n`
      case "StepRetrying":
        return view.verbose ? `${retryLine(event, view.paint)}\n` : ""
      case "StepOutput":
        return view.verbose ? `    ${view.paint.dim(`${event.id} │`)} ${oneLine(event.line)}\n` : ""
      default: {
        const text = line(event)
        return text === "" ? "" : `${text}\n`
      }
    }
  }
  return {
    sink: (event) => {
      reduce(live, event)
      screen.show(lasting(event))
    },
    note: (line) => screen.show(`${line}\n`),
    close: screen.close
  }
}
