/**
 * A failure as a good compiler would print it: code, what is wrong, where, the log's tail, causes, what to do next.
 *
 * @since 0.1.0
 */
import type { Report } from "../Failure.ts"
import { oneLine, wrap } from "./internal/text.ts"
import { type TextOptions, viewOf } from "./Options.ts"

/**
 * What a failure is printed with.
 *
 * @since 0.1.0
 */
export interface FailureOptions extends TextOptions {
  /** The steps that failed of it. */
  readonly steps?: ReadonlyArray<{ readonly id: string; readonly type: string }>
}

/** Lines of a log that are shown unless all are asked for. */
const tailLines = 12

/**
 * Renders a failure.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import { failureText } from "@shipshape/core/reporter"
 * import assert from "node:assert"
 *
 * const text = failureText(
 *   { ...Failure.report(new Error("queue mail is full")), code: "acme.queue-full", hint: "purge it" },
 *   { steps: [{ id: "mail", type: "acme.queue" }] }
 * )
 * assert.equal(text, [
 *   "error[acme.queue-full]: queue mail is full",
 *   "  step: mail (acme.queue)",
 *   "  hint: purge it"
 * ].join("\n"))
 * ```
 *
 * @since 0.1.0
 */
export const failureText = (failure: Report, options: FailureOptions = {}): string => {
  const { paint, verbose, width } = viewOf(options)
  const head = `error[${failure.code}]:`
  const [first = "", ...more] = wrap(`${head} ${failure.message}`, width)
  const labelled = (label: string, text: string): ReadonlyArray<string> =>
    wrap(text, width - label.length - 4).map((line, i) =>
      i === 0 ? `  ${paint.bold(`${label}:`)} ${line}` : `${" ".repeat(label.length + 4)}${line}`
    )
  const steps = options.steps ?? []
  const tail = failure.tail ?? []
  const shown = verbose ? tail : tail.slice(-tailLines)
  const hidden = tail.length - shown.length
  return [
    first.startsWith(head) ? paint.bold(paint.red(head)) + paint.bold(first.slice(head.length)) : paint.bold(first),
    ...more.map((line) => `  ${paint.bold(line.trimStart())}`),
    ...(steps.length === 0
      ? []
      : labelled(steps.length === 1 ? "step" : "steps", steps.map(({ id, type }) => `${id} (${type})`).join(", "))),
    ...(hidden > 0 ? [paint.dim(`  │ … ${hidden} lines before these, with --verbose`)] : []),
    ...shown.map((line) => `${paint.dim("  │")} ${oneLine(line)}`),
    ...failure.causes.filter((cause) => !failure.message.includes(cause)).flatMap((cause) => labelled("cause", cause)),
    ...labelled("hint", failure.hint)
  ].join("\n")
}
