/** Findings for people: where, what, the line with what points at it, why it matters, and what to write instead. */
import { styleText } from "node:util"
import { counted } from "../counted.ts"
import { placesOf } from "../sql/places.ts"
import type { File, Finding } from "./run.ts"
import type { Severity } from "./script.ts"

export interface Look {
  readonly color: boolean
  /** Cells in a line. */
  readonly width: number
}

const colors = { error: "red", warning: "yellow", notice: "cyan" } as const

/** Gives all findings, and what they come to. */
export const render = (
  findings: ReadonlyArray<Finding>,
  files: ReadonlyArray<File>,
  { color, width }: Look
): string => {
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text
  const places = new Map(files.map(({ file, text }) => [file, placesOf(text)]))
  const told = new Set<string>()
  const blocks = findings.map((finding) => {
    const { column, file, hint, line, message, rule, severity, why } = finding
    const shade = colors[severity]
    const margin = " ".repeat(String(line).length)
    const bar = paint("dim", "│")
    const source = places.get(file)?.line(line) ?? ""
    const lines = [
      `${paint(["bold", shade], severity)}${paint(shade, `[${rule}]`)} ${paint("bold", message)}`,
      `${margin}${paint("dim", "╭─")} ${file}:${line}:${column}`,
      `${paint("dim", String(line))} ${bar} ${cut(source, column, width - margin.length - 3).text}`,
      `${margin} ${bar} ${paint(shade, pointer(source, finding, width - margin.length - 3))}`
    ]
    // What has been said of a rule above is not said again.
    const known = `${rule} ${hint} ${why}`
    if (!told.has(known)) {
      told.add(known)
      const indent = `${margin}   `
      lines.push(...labelled("why", why, indent, width, paint), ...labelled("instead", hint, indent, width, paint))
    }
    return `${lines.join("\n")}\n`
  })
  return [...blocks, `${total(findings, files.length)}\n`].join("\n")
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const labelled = (label: string, text: string, indent: string, width: number, paint: Paint): ReadonlyArray<string> => {
  const pad = `${label}: `
  const [first = "", ...rest] = wrap(text, Math.max(40, width - indent.length - pad.length))
  return [`${indent}${paint("bold", pad)}${first}`, ...rest.map((line) => `${indent}${" ".repeat(pad.length)}${line}`)]
}

const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? ""
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`
  }
  return lines
}

/** The part of a long line that a column is in, and how much of it is left out before that. */
const cut = (source: string, column: number, width: number): { readonly text: string; readonly skipped: number } => {
  const characters = [...source]
  if (characters.length <= width) return { text: source, skipped: 0 }
  const skipped = column <= width - 20 ? 0 : Math.max(0, column - 20)
  return { text: characters.slice(skipped, skipped + width).join(""), skipped }
}

/** Points from a finding's first character to its last, or to the end of the line. */
const pointer = (source: string, { column, endColumn, endLine, line }: Finding, width: number): string => {
  const { skipped, text } = cut(source, column, width)
  const shown = [...text]
  const from = column - 1 - skipped
  const to = endLine > line ? shown.length : Math.min(shown.length, endColumn - 1 - skipped)
  // Tabs stay what they are, so that it points there.
  const before = shown.slice(0, from).map((character) => (character === "\t" ? "\t" : " "))
  return `${before.join("")}${"^".repeat(Math.max(1, to - from))}`
}

const total = (findings: ReadonlyArray<Finding>, files: number): string => {
  const of = counted(files, "file")
  const counts = (["error", "warning", "notice"] satisfies ReadonlyArray<Severity>).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [counted(count, severity)]
  })
  return counts.length === 0 ? `nothing found in ${of}` : `${counts.join(", ")} in ${of}`
}
