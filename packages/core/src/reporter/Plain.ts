/**
 * A run as lines, for logs and pipes: nothing is painted over.
 *
 * @since 0.1.0
 */
import type { Event } from "../Event.ts"
import type { Paint } from "./internal/paint.ts"
import { story, waitingText } from "./internal/story.ts"
import { oneLine } from "./internal/text.ts"
import { viewOf } from "./Options.ts"
import type { Reporter, ReporterOptions } from "./Reporter.ts"

/**
 * Writes the plan, a line for each step that ends, and how it all ended.
 *
 * @example
 * ```ts
 * import { plain } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const written: Array<string> = []
 * plain({ write: (text) => written.push(text) }).sink({
 *   _tag: "StepFinished", at: 0, id: "admin", type: "django.superuser", outcome: "applied", changes: [], durationMs: 1200
 * })
 * assert.equal(written.join(""), "  ✓ admin   1.2 s\n")
 * ```
 *
 * @since 0.1.0
 */
export const plain = ({ write, ...options }: ReporterOptions): Reporter => {
  const render = plainLines(options)
  return {
    sink: (event) => {
      const text = render(event)
      if (text !== "") write(`${text}\n`)
    },
    close: () => {}
  }
}

/** Each event's text, without the line's end; empty where it has nothing to say. */
export const plainLines = (options: Omit<ReporterOptions, "write">): ((event: Event) => string) => {
  const { paint, verbose } = viewOf(options)
  const { line, name, tell } = story(options)
  let waited = ""
  return (event) => {
    const told = tell(event)
    switch (event._tag) {
      case "Planned":
        return told === "" ? "" : `${told}\n`
      case "RunFinished":
        return told === "" ? "" : `\n${told}`
      case "StepStarted":
        return event.phase === "undo"
          ? `  ${paint.cyan("▸")} ${name(event.id)}   ${paint.dim("taking back")}`
          : event.phase === "apply"
            ? `  ${paint.cyan("▸")} ${name(event.id).trimEnd()}${event.attempt > 1 ? paint.dim(`   attempt ${event.attempt}`) : ""}`
            : ""
      case "StepOutput":
        return verbose ? `    ${paint.dim(`${event.id} │`)} ${oneLine(event.line)}` : ""
      case "StepRetrying":
        return retryLine(event, paint)
      case "LockWaiting": {
        // How long ago it began is no news.
        const news = JSON.stringify(event.holder ?? "")
        if (news === waited) return ""
        waited = news
        return `  ${paint.yellow("…")} ${waitingText(event.holder, event.at)}`
      }
      default:
        return line(event)
    }
  }
}

/** Why another attempt follows. */
export const retryLine = (
  { attempt, failure, id }: Extract<Event, { readonly _tag: "StepRetrying" }>,
  paint: Paint
): string =>
  `  ${paint.yellow("↻")} ${id}   ${paint.dim(`attempt ${attempt}: ${oneLine(failure.message.replaceAll("\n", " "))}`)}`
