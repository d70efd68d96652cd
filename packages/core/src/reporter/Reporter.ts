/**
 * What shows a run: a sink of its events that writes text somewhere.
 *
 * @since 0.1.0
 */
import type { Sink } from "../Event.ts"
import type { TextOptions } from "./Options.ts"

/**
 * Shows a run while it goes on.
 *
 * @since 0.1.0
 */
export interface Reporter {
  readonly sink: Sink
  /** Says a line that is no event, where the reporter owns the screen: written past it, the line would be painted over. */
  readonly note?: (line: string) => void
  /** Leaves the terminal as it was. It may be called at any time, and more than once. */
  readonly close: () => void
}

/**
 * What a reporter writes with.
 *
 * @since 0.1.0
 */
export interface ReporterOptions extends TextOptions {
  /** Takes text with its line ends. */
  readonly write: (text: string) => void
}
