/** The statements of a file: with their places, their comments and their data, and what psql alone would understand. */
import * as Effect from "effect/Effect"
import type { SqlUnparsable } from "../../PostgresError.ts"
import type { Comment, Part } from "./lexing.ts"
import { type Parsed, type Parser, parser, type Range, type Source, sourceOf } from "./parser.ts"
import type { Place } from "./places.ts"

/** A statement where it stands. */
export interface SqlStatement extends Parsed {
  /** The statement itself, without the semicolon, and without comments before and behind it. */
  readonly sql: string
  /** Where its first word is. */
  readonly place: Place
  /** Comments above it, within it, and behind it on its last line. */
  readonly comments: ReadonlyArray<Comment>
  /** The lines behind a `COPY … FROM stdin`, with the `\.` that ends them: a range of the source's text. */
  readonly data?: Range
}

/** A line that is for psql and not for the server. */
export interface MetaLine extends Range {
  /** Without the backslash. */
  readonly name: string
  readonly argument: string
  readonly place: Place
  /** What the file does is the same without it. */
  readonly harmless: boolean
}

/** A file's statements in their order. */
export interface SqlFile {
  readonly source: Source
  readonly statements: ReadonlyArray<SqlStatement>
  readonly metaLines: ReadonlyArray<MetaLine>
}

/** Reads a text's statements. `file` is how messages name it. */
export const statementsOf = (text: string, file?: string): Effect.Effect<SqlFile, SqlUnparsable> =>
  Effect.flatMap(parser, (grammar) => split(grammar, sourceOf(text, file)))

const split = Effect.fnUntraced(function* (grammar: Parser, source: Source) {
  const found: Array<Parsed & { readonly data?: Range }> = []
  const metaLines: Array<MetaLine> = []
  for (const part of source.parts) {
    switch (part._tag) {
      case "Sql":
        found.push(...(yield* grammar.parse(source, part)))
        break
      case "Meta":
        metaLines.push(metaLineOf(part, source))
        break
      case "CopyData": {
        const copy = found.pop()
        if (copy !== undefined) found.push({ ...copy, data: { start: part.start, end: part.end } })
        break
      }
    }
  }
  const comments = commentsOf(found, source)
  const statements = found.map(
    (one, i): SqlStatement => ({
      ...one,
      sql: source.text.slice(one.start, one.end),
      place: source.places.of(one.start),
      comments: comments[i] ?? []
    })
  )
  return { source, statements, metaLines }
})

/** The comments of each statement. One that stands alone below the last belongs to none. */
const commentsOf = (statements: ReadonlyArray<Parsed>, { comments, text }: Source): Array<Array<Comment>> => {
  const owned: Array<Array<Comment>> = statements.map(() => [])
  let i = 0
  for (const comment of comments.all) {
    while (i < statements.length && (statements[i]?.end ?? 0) <= comment.start) i++
    const before = statements[i - 1]
    const isBehind = before !== undefined && !text.slice(before.end, comment.start).includes("\n")
    owned[isBehind ? i - 1 : i]?.push(comment)
  }
  return owned
}

/** What only shows something, or is how statements are run anyway. */
const harmless: ReadonlySet<string> = new Set([
  ...["echo", "qecho", "warn", "restrict", "unrestrict", "timing", "pset", "x", "t", "a", "f", "H", "C", "T"],
  ...["conninfo", "errverbose", "p", "print", "s", "l", "z", "sf", "sv", "h", "help", "?", "copyright"]
])

const isHarmless = (name: string, argument: string): boolean => {
  if (name === "g") return argument === ""
  if (harmless.has(name) || /^d[A-Za-z]*\+?$/.test(name) || name === "\\") return true
  if (name === "encoding") return /^'?utf-?8'?$/i.test(argument)
  // Statements stop at the first error, and are committed as the plan says.
  return (
    name === "set" &&
    /^(ON_ERROR_STOP\s+'?(on|1|true)'?|(QUIET|ECHO|ECHO_HIDDEN|VERBOSITY|SHOW_CONTEXT|HISTFILE)\b.*)$/i.test(argument)
  )
}

const metaLineOf = (part: Extract<Part, { _tag: "Meta" }>, source: Source): MetaLine => ({
  name: part.name,
  argument: part.argument,
  start: part.start,
  end: part.end,
  place: source.places.of(part.start),
  harmless: isHarmless(part.name, part.argument)
})
