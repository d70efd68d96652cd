import { stripVTControlCharacters } from "node:util"
import { displayWidth } from "effect/cli/CliOutput"

export { displayWidth }

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** What a program has printed, as one harmless line: what overwrote itself shows its last state, and nothing is obeyed. */
export const oneLine = (text: string): string => {
  const visible = stripVTControlCharacters(text).trimEnd()
  const last = visible.slice(visible.lastIndexOf("\r") + 1)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
  return last.replaceAll("\t", "  ").replace(/[\x00-\x1f\x7f-\x9f]/g, "")
}

/** At most `width` cells of uncoloured text, with an ellipsis where something is cut off. */
export const truncate = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let kept = ""
  let cells = 1
  for (const { segment } of graphemes.segment(text)) {
    cells += displayWidth(segment)
    if (cells > width) break
    kept += segment
  }
  return width <= 0 ? "" : `${kept.trimEnd()}…`
}

/** Breaks text, made harmless, at spaces into lines of at most `width` cells; a longer word stays whole, to be copied. */
export const wrap = (text: string, width: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((printed) => {
    const paragraph = oneLine(printed)
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(/(?<=\s)(?=\S)/)) {
      if (line.trim() !== "" && displayWidth(line) + displayWidth(word.trimEnd()) > width) {
        lines.push(line.trimEnd())
        line = ""
      }
      line += word
    }
    return [...lines, line.trimEnd()]
  })

/** `850 ms`, `3.2 s`, `4 min 05 s`, `1 h 02 min`. */
export const duration = (millis: number): string => {
  if (millis < 1_000) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${(millis / 1_000).toFixed(1)} s`
  const seconds = Math.round(millis / 1_000)
  const two = (n: number): string => String(n).padStart(2, "0")
  return seconds < 3_600
    ? `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
    : `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`
}

/** Joins painted parts by a dot, in lines of at most `width` cells that begin with two spaces. */
export const joinParts = (parts: ReadonlyArray<string>, width: number, separator = " · "): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const part of parts) {
    const last = lines.at(-1)
    const joined = last === undefined ? `  ${part}` : `${last}${separator}${part}`
    if (last === undefined || displayWidth(joined) <= width) lines.splice(Math.max(0, lines.length - 1), 1, joined)
    else lines.push(`  ${part}`)
  }
  return lines
}
