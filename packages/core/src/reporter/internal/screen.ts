import { displayWidth } from "./text.ts"

interface Size {
  readonly width: number
  readonly height: number
}

/** A terminal with an area at its end that is painted over. */
export interface Screen {
  /** Writes lasting text above the area, and paints the area anew when its time has come. */
  readonly show: (lasting: string) => void
  /** Leaves the lasting text alone on the screen. */
  readonly close: () => void
}

/** At most twelve paintings a second. */
const intervalMillis = 1_000 / 12

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const toLineEnd = "\u001b[K"
const upAndErase = "\u001b[1A\u001b[2K"
const toScreenEnd = "\u001b[J"

export const makeScreen = (options: {
  readonly write: (text: string) => void
  readonly size: () => Size
  readonly onResize?: (listener: () => void) => () => void
  /** The lines of the area at a time in milliseconds since 1970. */
  readonly frame: (now: number, size: Size) => ReadonlyArray<string>
}): Screen => {
  let waiting = ""
  let painted: ReadonlyArray<string> = []
  let paintedAt = 0
  let timer: NodeJS.Timeout | undefined
  let release: (() => void) | undefined

  /** Rows that the area takes up. A terminal that became narrower has broken its lines into more. */
  const rows = (width: number): number =>
    painted.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / Math.max(1, width))), 0)

  /** To where the area begins. */
  const home = (width: number): string => (painted.length === 0 ? "" : `\u001b[${rows(width)}A\r`)

  /** Takes the area away line by line: some terminals keep in their history what is cleared as a whole. */
  const erase = (width: number): string => `${upAndErase.repeat(rows(width))}${painted.length === 0 ? "" : "\r"}`

  const paint = (): void => {
    timer = undefined
    const size = options.size()
    const now = Date.now()
    const next = options.frame(now, size)
    paintedAt = now
    if (waiting !== "" || next.length !== painted.length || next.some((line, i) => line !== painted[i])) {
      if (next.length > 0) take()
      const over = painted.length > 0 ? toScreenEnd : ""
      const lines = waiting + next.map((line) => `${line}\n`).join("")
      options.write(
        next.length === 0
          ? erase(size.width) + waiting
          : home(size.width) + lines.replaceAll("\n", `${toLineEnd}\n`) + over
      )
      waiting = ""
      painted = next
    }
    if (painted.length > 0) schedule()
  }

  const schedule = (): void => {
    if (timer !== undefined) return
    timer = setTimeout(paint, Math.max(0, paintedAt + intervalMillis - Date.now()))
    timer.unref()
  }

  /** The terminal is this screen's until it is closed, also when the process ends in between. */
  const take = (): void => {
    if (release !== undefined) return
    options.write(hideCursor)
    process.on("exit", close)
    const ignore = options.onResize?.(paintNow)
    release = () => {
      ignore?.()
      process.off("exit", close)
      options.write(showCursor)
    }
  }

  const paintNow = (): void => {
    clearTimeout(timer)
    paint()
  }

  const close = (): void => {
    clearTimeout(timer)
    timer = undefined
    const last = erase(options.size().width) + waiting
    if (last !== "") options.write(last)
    waiting = ""
    painted = []
    release?.()
    release = undefined
  }

  return {
    show: (lasting) => {
      waiting += lasting
      schedule()
    },
    close
  }
}
