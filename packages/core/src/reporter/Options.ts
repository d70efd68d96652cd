/**
 * What all renderers of text are told.
 *
 * @since 0.1.0
 */
import type { Paint } from "./internal/paint.ts"
import { paintOf } from "./internal/paint.ts"

/**
 * How text is laid out.
 *
 * @since 0.1.0
 */
export interface TextOptions {
  /** Cells in a line. The default is 100. */
  readonly width?: number
  /** Whether to colour. The default is not to. */
  readonly color?: boolean
  /** Shows what is folded otherwise: every step in order, every change, lines that commands print, causes. */
  readonly verbose?: boolean
  /** What ages count to, in milliseconds since 1970. The default is the present. */
  readonly now?: number
}

/** Options with their defaults. */
export interface View {
  readonly width: number
  readonly paint: Paint
  readonly verbose: boolean
  readonly now: number
}

/** The width of lines where no terminal says it. */
const defaultWidth = 100

export const viewOf = ({
  color = false,
  now = Date.now(),
  verbose = false,
  width = defaultWidth
}: TextOptions): View => ({
  width: Math.max(20, width),
  paint: paintOf(color),
  verbose,
  now
})
