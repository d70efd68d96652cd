/**
 * Secrets, and all ways in which programs print them, written without a look at what masks them. Each piece that is
 * printed stands between brackets that no secret holds, so that very short ones can be found too.
 *
 * A process of its own loads this file as it is: it imports nothing but Node.
 */

/** Numbers from 0 up to 1 that are the same in every run. */
const numbers = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
const odd = [
  ...[
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    "$",
    "`",
    "%",
    "&",
    "<",
    ">",
    "+",
    "/",
    "=",
    " ",
    "\t",
    "#",
    ";",
    "{",
    "}",
    "(",
    ")"
  ],
  ...[
    "!",
    "*",
    "~",
    "^",
    "|",
    "?",
    ":",
    "@",
    ",",
    ".",
    "-",
    "_",
    "é",
    "ß",
    "ñ",
    "e\u0301",
    "日",
    "本",
    "Ж",
    "😀",
    "👩‍🚀",
    "\u2028"
  ],
  ...["\u00a0", "\x7f", "\x1b", "\\n", "%41", "&amp;", "''", "$HOME", "$(id)", "\\u0041"]
]

/** Secrets of all kinds: the same for the same seed. None is white space alone, and no two are the same. */
export const secretsOf = (count: number, seed: number): ReadonlyArray<string> => {
  const random = numbers(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <A>(from: ReadonlyArray<A>): A => from[below(from.length)] as A
  const text = (from: ReadonlyArray<string>, least: number, most: number): string =>
    Array.from({ length: least + below(most - least + 1) }, () => pick(from)).join("")
  const mixed = [...letters, ...odd, ...odd]
  const made = new Set<string>()
  const known = (): string => pick([...made].slice(-50))
  while (made.size < count) {
    const kind = made.size < 8 ? 0 : below(10)
    const secret =
      kind < 2
        ? text(letters, 12, 40)
        : kind < 5
          ? text(mixed, 3, 24)
          : kind === 5
            ? text(mixed, 1, 2)
            : kind === 6
              ? `${text(letters, 4, 12)}\n${text(mixed, 1, 30)}\n${text(letters, 60, 120)}`
              : kind === 7
                ? known().slice(0, 1 + below(12)) // begins another one
                : kind === 8
                  ? known().slice(-1 - below(12)) // ends another one
                  : known().slice(-3) + text(mixed, 1, 6) + known().slice(0, 3) // overlaps two
    if (secret.trim() !== "") made.add(secret)
  }
  return [...made]
}

const escaped = (text: string, pattern: RegExp, write: (unit: string) => string): string =>
  text.replace(pattern, (found) => Array.from({ length: found.length }, (_, i) => write(found.charAt(i))).join(""))

const hexUnit = (unit: string): string => unit.charCodeAt(0).toString(16).padStart(4, "0")
const json = (text: string): string => JSON.stringify(text).slice(1, -1)
const jsonAscii = (text: string): string => escaped(json(text), /[^ -~]/g, (unit) => `\\u${hexUnit(unit)}`)
const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64")
const hex = (text: string): string => Buffer.from(text, "utf8").toString("hex")
const url = (text: string): string => encodeURIComponent(text.toWellFormed())
const strict = (text: string): string => url(text).replace(/[!'()*]/g, (c) => `%${hex(c).toUpperCase()}`)
const lowerUrl = (text: string): string => strict(text).replace(/%../g, (byte) => byte.toLowerCase())

/** As Python shows a text. */
const repr = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const short = new Map([
    ["\n", "\\n"],
    ["\r", "\\r"],
    ["\t", "\\t"],
    ["\\", "\\\\"],
    [quote, `\\${quote}`]
  ])
  return [...text]
    .map((c) => {
      const code = c.codePointAt(0) ?? 0
      const known = short.get(c)
      if (known !== undefined) return known
      if (code < 0x20 || (code >= 0x7f && code <= 0xa0)) return `\\x${code.toString(16).padStart(2, "0")}`
      return /[\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/u.test(c) ? `\\u${code.toString(16).padStart(4, "0")}` : c
    })
    .join("")
}

/** As Python shows bytes, and a shell's `set -x` a text that is not of its locale. */
const bytes = (text: string, write: (byte: number) => string): string =>
  Array.from(Buffer.from(text, "utf8"), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c ? String.fromCharCode(byte) : write(byte)
  ).join("")

/** Every way in which a whole value is written. */
export const writings: Readonly<Record<string, (value: string) => string>> = {
  "as it is": (value) => value,
  JSON: json,
  "JSON of PHP": (value) => json(value).replaceAll("/", "\\/"),
  "JSON in ASCII": jsonAscii,
  "JSON in ASCII, upper case": (value) => escaped(json(value), /[^ -~]/g, (u) => `\\u${hexUnit(u).toUpperCase()}`),
  "JSON in ASCII of PHP": (value) => jsonAscii(value).replaceAll("/", "\\/"),
  "JSON of .NET": (value) => escaped(json(value), /[^ -~]|[<>&'+`]/g, (u) => `\\u${hexUnit(u).toUpperCase()}`),
  "JSON of Go": (value) => escaped(json(value), /[<>&\u2028\u2029]/g, (unit) => `\\u${hexUnit(unit)}`),
  "JSON in JSON": (value) => json(json(value)),
  "JSON in ASCII in JSON": (value) => json(jsonAscii(value)),
  "repr of Python": repr,
  "repr of bytes": (value) => bytes(value, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`),
  "octal of a shell": (value) => bytes(value, (byte) => `\\${byte.toString(8).padStart(3, "0")}`),
  "a part of a URL": url,
  "a part of a URL, RFC 3986": strict,
  "a part of a URL, lower case": lowerUrl,
  "a URL": (value) => encodeURI(value.toWellFormed()),
  "a form": (value) => new URLSearchParams({ "": value }).toString().slice(1),
  "a URL in JSON": (value) => json(url(value)).replaceAll("/", "\\/"),
  "a URL in a URL": (value) => url(url(value)),
  HTML: (value) =>
    value.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? c),
  "HTML, by numbers": (value) => value.replace(/[^\w ]/gu, (c) => `&#x${(c.codePointAt(0) ?? 0).toString(16)};`),
  "a shell's '…'": (value) => value.replaceAll("'", `'\\''`),
  "a shell's '…' of Python": (value) => value.replaceAll("'", `'"'"'`),
  "a shell's \\": (value) => value.replace(/[^\w\r\n\u0080-\u{10ffff}]/gu, (c) => `\\${c}`),
  "SQL's '…'": (value) => value.replaceAll("'", "''"),
  'CSV\'s "…"': (value) => value.replaceAll('"', '""'),
  base64,
  "base64 without padding": (value) => base64(value).replace(/=+$/, ""),
  "base64 in a URL": (value) => Buffer.from(value, "utf8").toString("base64url"),
  "base64, escaped in a URL": (value) => encodeURIComponent(base64(value)),
  "base64 of JSON": (value) => base64(json(value)),
  "base64 of JSON in ASCII": (value) => base64(jsonAscii(value)),
  hex,
  "hex, upper case": (value) => hex(value).toUpperCase(),
  "with a colour in it": (value) =>
    /\p{Cc}/u.test(value) ? value : value.replace(/^./u, (first) => `${first}\u001b[1;31m`)
}

/** Writings of which some characters at the ends stay: they belong to the text around the value as well. */
export const looseWritings: Readonly<Record<string, (value: string) => ReadonlyArray<string>>> = {
  "base64 in lines": (value) => base64(value).match(/.{1,76}/g) ?? [],
  "base64 in short lines": (value) => base64(value).match(/.{1,64}/g) ?? [],
  "base64 of a longer text": (value) =>
    Buffer.byteLength(value) < 5
      ? []
      : ["", "x", "xy"].flatMap((before) => ["", "z"].map((after) => base64(before + value + after)))
}

const open = "⟦"
const close = "⟧"
const openLoose = "⟪"
const closeLoose = "⟫"

/** A piece of text that is all secret. */
export const marked = (piece: string): string => `${open}${piece}${close}`

/** All that a program prints of a value, piece by piece: of several lines too, each by itself. */
export const printed = (value: string): ReadonlyArray<string> => [
  ...Object.values(writings).map((write) => marked(write(value))),
  ...value
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(marked),
  ...Object.values(looseWritings).flatMap((write) => write(value).map((piece) => `${openLoose}${piece}${closeLoose}`))
]

/** How many characters of a loose writing may stay: 2 bytes before, 1 behind, and the characters at both ends. */
const loose = 8

/**
 * What is seen of secrets: pieces that hold more than the mask and white space. `pieces` is how many there were. A piece
 * ends where a terminal has cut its line off, too.
 */
export const leaksIn = (text: string): { readonly pieces: number; readonly leaks: ReadonlyArray<string> } => {
  const leaks: Array<string> = []
  let pieces = 0
  for (const [, strict, free] of text.matchAll(/⟦([^⟦⟧]*?)(?:⟧|…\n)|⟪([^⟪⟫]*?)(?:⟫|…\n)/g)) {
    pieces++
    const shown = (strict ?? free ?? "")
      .replaceAll("•", "")
      .replace(/\\(?=\s)/g, "")
      .trim()
    if (strict === undefined ? shown.length > loose : shown !== "") leaks.push(strict ?? free ?? "")
  }
  return { pieces, leaks }
}
