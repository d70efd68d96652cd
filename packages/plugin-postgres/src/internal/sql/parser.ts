/** PostgreSQL's own grammar. The only file that knows libpg-query, which is loaded when it is first needed. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Node, RawStmt } from "libpg-query"
import { SqlUnparsable } from "../../PostgresError.ts"
import { type Comment, lex, type Part } from "./lexing.ts"
import { type Places, placesOf, pointedAt } from "./places.ts"

export type { Node } from "libpg-query"

/**
 * One statement as the grammar has read it. Its own positions, and those within `node` (`location` and the like), are
 * indexes into the whole text that was parsed, in UTF-16 units as `slice` counts. A node that has a location and says
 * none is at the statement's start.
 */
export interface Parsed {
  readonly node: Node
  /** From its first word, without comments before it. */
  readonly start: number
  /** To its last word, without the semicolon. */
  readonly end: number
}

/** A part of a text, as `slice` takes it. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A text that is parsed. */
export interface Source {
  readonly text: string
  /** How messages name it. */
  readonly file: string | undefined
  readonly places: Places
  readonly parts: ReadonlyArray<Part>
  readonly comments: {
    readonly all: ReadonlyArray<Comment>
    /** The ends of comments by their starts. */
    readonly from: ReadonlyMap<number, number>
    /** The starts of comments by their ends. */
    readonly to: ReadonlyMap<number, number>
  }
}

export const sourceOf = (text: string, file?: string): Source => {
  const { comments, parts } = lex(text)
  return {
    text,
    file,
    places: placesOf(text),
    parts,
    comments: {
      all: comments,
      from: new Map(comments.map(({ end, start }) => [start, end])),
      to: new Map(comments.map(({ end, start }) => [end, start]))
    }
  }
}

/** The grammar. */
export interface Parser {
  /** Parses a range of a text. */
  readonly parse: (source: Source, range: Range) => Effect.Effect<ReadonlyArray<Parsed>, SqlUnparsable>
  /** Parses a statement that creates a PL/pgSQL function, or runs a DO block; `undefined` where the body is not understood. */
  readonly plpgsql: (sql: string) => unknown
  /** Parses a text that is executed, such as that of a block; `undefined` where it is none. Positions are those of bytes. */
  readonly executed: (sql: string) => ReadonlyArray<Node> | undefined
  /** Parses one expression. */
  readonly expression: (sql: string) => Node | undefined
}

type Module = typeof import("libpg-query")

let loaded: Promise<Module> | undefined

const load = async (): Promise<Module> => {
  const module = await import("libpg-query")
  await module.loadModule()
  return module
}

/** Gives the grammar; the first time it is loaded, which takes 50 ms. */
export const parser: Effect.Effect<Parser> = Effect.map(
  Effect.promise(() => {
    loaded ??= load()
    return loaded
  }),
  (module) => ({
    parse: (source, range) =>
      Effect.suspend(() => {
        const text = source.text.slice(range.start, range.end)
        // The grammar wants at least something.
        if (text.trim() === "") return Effect.succeed([])
        try {
          const units = unitsOf(text)
          const found = module.parseSync(text).stmts ?? []
          return Effect.succeed(found.flatMap((raw) => parsedOf(raw, source, range, units)))
        } catch (cause) {
          return Effect.fail(unparsable(source, range, cause, module))
        }
      }),
    plpgsql: (sql) => understood(() => module.parsePlPgSQLSync(sql)),
    executed: (sql) => understood(() => nodesOf(module, sql)),
    expression: (sql) =>
      understood(() => {
        const [select] = nodesOf(module, `SELECT ${sql}`)
        const [target] = select !== undefined && "SelectStmt" in select ? (select.SelectStmt.targetList ?? []) : []
        return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
      })
  })
)

const nodesOf = (module: Module, sql: string): ReadonlyArray<Node> =>
  sql.trim() === "" ? [] : (module.parseSync(sql).stmts ?? []).flatMap(({ stmt }) => stmt ?? [])

/** What is not understood is the caller's to say: it is a part of a text that the grammar has understood. */
const understood = <A>(parse: () => A): A | undefined => {
  try {
    return parse()
  } catch {
    return undefined
  }
}

/** Turns an offset in UTF-8 bytes into one in UTF-16 units. */
type Units = (byte: number) => number

/** Where all is ASCII the two are the same. */
const unitsOf = (text: string): Units => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the first 128 characters are what is meant
  if (/^[\u0000-\u007f]*$/.test(text)) return (byte) => byte
  const units = new Uint32Array(Buffer.byteLength(text) + 1)
  let byte = 0
  for (let i = 0; i < text.length; ) {
    const point = text.codePointAt(i) ?? 0
    const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    units.fill(i, byte, byte + bytes)
    byte += bytes
    i += point < 0x10000 ? 1 : 2
  }
  units[byte] = text.length
  return (at) => units[at] ?? text.length
}

const parsedOf = (
  { stmt, stmt_len, stmt_location }: RawStmt,
  source: Source,
  range: Range,
  units: Units
): ReadonlyArray<Parsed> => {
  if (stmt === undefined) return []
  const from = stmt_location ?? 0
  // The last statement of a text says no length.
  const end = stmt_len === undefined || stmt_len === 0 ? range.end : range.start + units(from + stmt_len)
  shift(stmt, range.start, units)
  return [{ node: stmt, ...bare(source, { start: range.start + units(from), end }) }]
}

/** A range without white space and comments at its ends. */
const bare = ({ comments, text }: Source, { end, start }: Range): Range => {
  const space = /\s/
  let [first, last] = [start, end]
  for (;;) {
    if (first < last && space.test(text[first] ?? "")) first++
    else if (comments.from.has(first)) first = comments.from.get(first) ?? last
    else break
  }
  for (;;) {
    if (last > first && space.test(text[last - 1] ?? "")) last--
    else if (comments.to.has(last)) last = comments.to.get(last) ?? first
    else break
  }
  return { start: first, end: last }
}

const isPosition = (key: string): boolean =>
  key === "location" || key.endsWith("_location") || key.endsWith("list_start") || key.endsWith("list_end")

/** Makes the positions within a tree indexes into the whole text. A position that is not known is negative. */
const shift = (tree: object, base: number, units: Units): void => {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "number") {
      if (isPosition(key) && value >= 0) Reflect.set(tree, key, base + units(value))
    } else if (typeof value === "object" && value !== null) shift(value, base, units)
  }
}

/** What is wrong, and where. The grammar counts characters from the start of what it was given. */
const unparsable = (source: Source, range: Range, cause: unknown, module: Module): SqlUnparsable => {
  const details = module.hasSqlDetails(cause) ? cause.sqlDetails : undefined
  const said = details?.message ?? (Predicate.isError(cause) ? cause.message : String(cause))
  const text = source.text.slice(range.start, range.end)
  const before = details === undefined ? "" : [...text].slice(0, details.cursorPosition).join("")
  const index = range.start + before.length
  const place = source.places.of(index)
  const where = `${source.file === undefined ? "line " : `${source.file}:`}${place.line}:${place.column}`
  return new SqlUnparsable({
    message: `${where}: ${said}`,
    hint: hintOf(said, source.text, index),
    ...(source.file === undefined ? {} : { file: source.file }),
    ...place,
    what: said,
    tail: pointedAt(source.places, place),
    cause
  })
}

const hintOf = (said: string, text: string, index: number): string => {
  const at = text.slice(index)
  if (/^:(?:\w|['"{])/.test(at)) {
    return "variables of psql (:name) are not filled in: write the value, or keep the file for psql"
  }
  if (/^[{%]/.test(at)) return "this looks like a template: give the SQL that it makes"
  // What is wrong may be understood only some words later.
  const near = text.slice(text.lastIndexOf("\n", index - 1) + 1, index) + at.slice(0, 20)
  if (near.includes("`")) return 'PostgreSQL quotes names with "double quotes"'
  if (/constraint\s+if\s+not\s+exists/i.test(near)) {
    return "PostgreSQL has no IF NOT EXISTS for constraints: look into pg_constraint in a DO block, or drop it first"
  }
  if (/^unterminated/.test(said)) return "close what is opened here"
  if (/memory|stack/i.test(said)) return "the statement is nested too deeply: make more than one of it"
  return "correct it: this is what PostgreSQL's own grammar (version 18) says"
}
