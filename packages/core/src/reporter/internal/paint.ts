import { styleText } from "node:util"

/** Puts colour on text, or leaves it as it is. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const ansi =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    text === "" ? "" : styleText(format, text, { validateStream: false })

const coloured: Paint = {
  bold: ansi("bold"),
  dim: ansi("dim"),
  red: ansi("red"),
  green: ansi("green"),
  yellow: ansi("yellow"),
  cyan: ansi("cyan")
}

const same = (text: string): string => text
const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

export const paintOf = (color: boolean): Paint => (color ? coloured : plain)
