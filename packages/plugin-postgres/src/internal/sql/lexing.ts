/**
 * Cuts a text as psql does, before any grammar: what PostgreSQL gets, lines that are for psql itself, and the data behind a
 * `COPY … FROM stdin`.
 */

/** A part of a text. Parts follow one another without a gap. */
export type Part =
  | { readonly _tag: "Sql"; readonly start: number; readonly end: number }
  | {
      readonly _tag: "Meta"
      readonly start: number
      readonly end: number
      readonly name: string
      readonly argument: string
      /** It stands behind a statement that has not ended, and sends it: `SELECT 1 \gexec`. */
      readonly sends: boolean
    }
  | { readonly _tag: "CopyData"; readonly start: number; readonly end: number }

/** A comment, with what marks it. */
export interface Comment {
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface Lexed {
  readonly parts: ReadonlyArray<Part>
  readonly comments: ReadonlyArray<Comment>
}

const dollar = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const copyFromStdin = /^\s*copy\b[\s\S]*\bfrom\s+stdin\b/i
const wordPart = /[\w$\u0080-\uffff]/

/** Where a quoted text that begins at `start` ends. A doubled quote stands for itself; in `E'…'` a backslash escapes. */
const endOfQuoted = (text: string, start: number, quote: string, escapes: boolean): number => {
  for (let i = start + 1; i < text.length; i++) {
    if (escapes && text[i] === "\\") i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  return text.length
}

/** Where a block comment ends; they nest. */
const endOfBlock = (text: string, start: number): number => {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    if (text.startsWith("/*", i)) {
      depth++
      i++
    } else if (text.startsWith("*/", i)) {
      depth--
      i++
      if (depth === 0) return i + 1
    }
  }
  return text.length
}

const endOfLine = (text: string, start: number): number => {
  const end = text.indexOf("\n", start)
  return end === -1 ? text.length : end
}

/** Where the data of a COPY ends: behind the line `\.`, or with the text. */
const endOfData = (text: string, start: number): number => {
  for (let i = start; i < text.length; i = endOfLine(text, i) + 1) {
    if (text.slice(i, endOfLine(text, i)).replace(/\r$/, "") === "\\.")
      return Math.min(endOfLine(text, i) + 1, text.length)
  }
  return text.length
}

/** Where a `$tag$ … $tag$` that begins at `start` ends; `undefined` where there is none. */
const endOfDollars = (text: string, start: number): number | undefined => {
  if (start > 0 && wordPart.test(text[start - 1] ?? "")) return undefined
  dollar.lastIndex = start
  const tag = dollar.exec(text)?.[0]
  if (tag === undefined) return undefined
  const close = text.indexOf(tag, start + tag.length)
  return close === -1 ? text.length : close + tag.length
}

const isEscapeString = (text: string, quote: number): boolean =>
  /e/i.test(text[quote - 1] ?? "") && !wordPart.test(text[quote - 2] ?? "")

/** Cuts a text. It never fails: what is not closed goes on to the end, and the grammar says so. */
export const lex = (text: string): Lexed => {
  const parts: Array<Part> = []
  const comments: Array<Comment> = []
  let from = 0
  // Of the statement under way, without comments: tells what it is, and whether there is one.
  let said = ""
  let i = 0
  const closeSql = (end: number) => {
    if (end > from) parts.push({ _tag: "Sql", start: from, end })
  }
  const comment = (end: number) => {
    comments.push({ text: text.slice(i, end), start: i, end })
    i = end
  }
  const skip = (end: number) => {
    if (said.length < 2_000) said += text.slice(i, end)
    i = end
  }
  const meta = () => {
    closeSql(i)
    const end = endOfMeta(text, i)
    const [, name = "", argument = ""] = /^\\(\\|;|[^\s\\]*)([\s\S]*)$/.exec(text.slice(i, end)) ?? []
    parts.push({ _tag: "Meta", start: i, end, name, argument: argument.trim(), sends: said.trim() !== "" })
    said = ""
    from = i = end
  }
  const semicolon = () => {
    i++
    if (copyFromStdin.test(said)) {
      // The rest of the line is not data: it still belongs to what was said.
      const data = Math.min(endOfLine(text, i) + 1, text.length)
      closeSql(data)
      from = i = endOfData(text, data)
      if (i > data) parts.push({ _tag: "CopyData", start: data, end: i })
    }
    said = ""
  }
  while (i < text.length) {
    const c = text[i]
    if (c === "-" && text[i + 1] === "-") comment(endOfLine(text, i))
    else if (c === "/" && text[i + 1] === "*") comment(endOfBlock(text, i))
    else if (c === "'") skip(endOfQuoted(text, i, "'", isEscapeString(text, i)))
    else if (c === '"') skip(endOfQuoted(text, i, '"', false))
    else if (c === "$") skip(endOfDollars(text, i) ?? i + 1)
    else if (c === "\\") meta()
    else if (c === ";") semicolon()
    else skip(i + 1)
  }
  closeSql(text.length)
  return { parts, comments }
}

/** A command of psql ends with its line; `\;` and `\\` are two characters. */
const endOfMeta = (text: string, start: number): number =>
  text[start + 1] === ";" || text[start + 1] === "\\" ? start + 2 : endOfLine(text, start)
