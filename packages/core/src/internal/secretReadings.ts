/** What a text says to somebody who takes its escapes and quotes away: there a secret stands as it is. */
import { isUtf8 } from "node:buffer"

/** A text that was read out of another one. `origin` gives where each of its code units, and its end, came from. */
export interface Reading {
  readonly text: string
  readonly origin: (index: number) => number
}

/** A way of writing: what it writes for something else, and what that is. Nothing gets longer by being read. */
interface Notation {
  readonly written: RegExp
  readonly read: (written: string) => string
}

/** How often a text may have been written anew: JSON in JSON, a URL in HTML. */
const depth = 2

/** One character of UTF-8 whose bytes are written one by one, or else a byte. */
const bytesWritten = (byte: (first: string, second: string) => string): string => {
  const more = byte("[89abAB]", "[0-9a-fA-F]")
  return [
    `${byte("[cdCD]", "[0-9a-fA-F]")}${more}`,
    `${byte("[eE]", "[0-9a-fA-F]")}(?:${more}){2}`,
    `${byte("[fF]", "[0-7]")}(?:${more}){3}`,
    byte("[0-9a-fA-F]", "[0-9a-fA-F]")
  ].join("|")
}

const percent = bytesWritten((first, second) => `%${first}${second}`)
const hexadecimal = bytesWritten((first, second) => `\\\\x${first}${second}`)
const octal = [
  "\\\\3[0-3][0-7]\\\\2[0-7]{2}",
  "\\\\3[45][0-7](?:\\\\2[0-7]{2}){2}",
  "\\\\36[0-7](?:\\\\2[0-7]{2}){3}",
  "\\\\[0-3][0-7]{2}"
].join("|")

/** Bytes that are no UTF-8 are taken for Latin-1. */
const ofBytes = (bytes: Buffer): string => bytes.toString(isUtf8(bytes) ? "utf8" : "latin1")

const ofPercent = (written: string): string => ofBytes(Buffer.from(written.replaceAll("%", ""), "hex"))

const ofCodePoint = (number: number): string => (number > 0x10ffff ? "\ufffd" : String.fromCodePoint(number))

const named: ReadonlyMap<string, string> = new Map(
  Object.entries({ n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", a: "\x07", e: "\x1b", 0: "\0" })
)

const ofBackslash = (written: string): string => {
  const kind = written.charAt(1)
  if (written.length === 2) return named.get(kind) ?? kind
  if (kind === "x") return ofBytes(Buffer.from(written.replaceAll("\\x", ""), "hex"))
  if (kind === "u" || kind === "U") return ofCodePoint(Number.parseInt(written.replace(/^\\[uU]\{?/, ""), 16))
  return ofBytes(
    Buffer.from(
      written
        .split("\\")
        .slice(1)
        .map((byte) => Number.parseInt(byte, 8))
    )
  )
}

const entities: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" })
)

const ofEntity = (written: string): string => {
  const name = written.slice(1, -1)
  if (!name.startsWith("#")) return entities.get(name) ?? written
  return ofCodePoint(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10))
}

const notations: ReadonlyArray<Notation> = [
  {
    // JSON, JavaScript, Python, C, PHP, a shell's $'…', "…" and \, PostgreSQL's E'…'
    written: new RegExp(
      `\\\\u\\{[0-9a-fA-F]{1,6}\\}|\\\\u[0-9a-fA-F]{4}|\\\\U[0-9a-fA-F]{8}|${hexadecimal}|${octal}|\\\\[^]`,
      "g"
    ),
    read: ofBackslash
  },
  // URLs, and forms
  { written: new RegExp(percent, "g"), read: ofPercent },
  { written: new RegExp(`\\+|${percent}`, "g"), read: (written) => (written === "+" ? " " : ofPercent(written)) },
  // HTML and XML
  { written: /&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);/g, read: ofEntity },
  // A shell's '…', as people and as Python's shlex write it
  { written: /'\\''|'"'"'/g, read: () => "'" },
  // SQL and YAML
  { written: /''/g, read: () => "'" },
  // CSV
  { written: /""/g, read: () => '"' },
  // Colours of a terminal and what else it does not show
  {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
    written: /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x1b\x9b]\[?[0-9;:?]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g,
    read: () => ""
  }
]

const readingOf = ({ origin, text }: Reading, { read, written }: Notation): Reading | undefined => {
  let origins: Int32Array | undefined
  let result = ""
  let from = 0
  const keep = (to: number): void => {
    for (let i = from, at = result.length; i < to; i++) (origins ?? [])[at++] = origin(i)
    result += text.slice(from, to)
  }
  for (const match of text.matchAll(written)) {
    origins ??= new Int32Array(text.length + 1)
    keep(match.index)
    const meant = read(match[0])
    for (let i = 0; i < meant.length; i++) origins[result.length + i] = origin(match.index + i)
    result += meant
    from = match.index + match[0].length
  }
  if (origins === undefined) return undefined
  keep(text.length)
  origins[result.length] = origin(text.length)
  const known = origins
  return { text: result, origin: (index) => known[index] ?? 0 }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const anyNotation = /[\\%+&'"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/

const readingsOfLine = (text: string, start: number): ReadonlyArray<Reading> => {
  if (!anyNotation.test(text)) return []
  const seen = new Set([text])
  const readings: Array<Reading> = []
  let last: ReadonlyArray<Reading> = [{ text, origin: (index) => start + index }]
  for (let level = 0; level < depth; level++) {
    last = last.flatMap((reading) =>
      notations.flatMap((notation) => {
        const found = readingOf(reading, notation)
        if (found === undefined || seen.has(found.text)) return []
        seen.add(found.text)
        return [found]
      })
    )
    readings.push(...last)
  }
  return readings
}

/** All that may be read out of a text other than itself, line by line: few lines are written in more than one way. */
export function* readingsOf(text: string): Generator<Reading> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start)
    const next = end === -1 ? text.length : end + 1
    yield* readingsOfLine(text.slice(start, next), start)
    start = next
  }
}
