/** What a DO block does: the statements in it, the conditions that stop it, and what it swallows. */
import * as Predicate from "effect/Predicate"
import { tokensOf } from "./tokens.ts"

/** A text within a block, and where it is in the file. */
export interface Piece {
  readonly text: string
  readonly at: number
}

/** A condition. */
export interface Condition extends Piece {
  /** What hangs on it raises an exception or goes no further. */
  readonly stops: boolean
}

export interface Body {
  /** SQL as it stands there. */
  readonly statements: ReadonlyArray<Piece>
  /** Expressions that give SQL to be executed. */
  readonly executed: ReadonlyArray<Piece>
  readonly guards: ReadonlyArray<Condition>
  /** What variables are filled with, by name: nothing where no row is found. */
  readonly filled: ReadonlyMap<string, string>
  /** Whether FOUND is asked. */
  readonly asksFound: boolean
  /** COMMIT and ROLLBACK. */
  readonly ends: ReadonlyArray<number>
  /** `WHEN OTHERS` with nothing that fails again. */
  readonly swallows: ReadonlyArray<number>
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  Predicate.isObject(value) ? Object.fromEntries(Object.entries(value)) : {}

/** Calls back for every part of a block, with its kind, in order. */
const walk = (tree: unknown, enter: (kind: string, fields: Fields) => void): void => {
  if (typeof tree !== "object" || tree === null) return
  for (const [kind, value] of Object.entries(tree)) {
    if (kind.startsWith("PLpgSQL_")) enter(kind, fieldsOf(value))
    walk(value, enter)
  }
}

const has = (tree: unknown, test: (kind: string, fields: Fields) => boolean): boolean => {
  let found = false
  walk(tree, (kind, fields) => {
    found ||= test(kind, fields)
  })
  return found
}

/** Levels of RAISE from which it is an exception. */
const error = 21

const raises = (tree: unknown): boolean =>
  has(tree, (kind, fields) => kind === "PLpgSQL_stmt_raise" && Number(fields.elog_level) >= error)

const stops = (tree: unknown): boolean => raises(tree) || has(tree, (kind) => kind === "PLpgSQL_stmt_return")

const queryOf = (value: unknown): string => String(fieldsOf(fieldsOf(value).PLpgSQL_expr).query ?? "")

/** Where the body of a DO block is in the file, and what it is. */
export const bodyOf = (text: string, start: number, end: number): Piece | undefined => {
  for (const token of tokensOf(text, start, end)) {
    const tag = /^\$[^$]*\$/.exec(token.text)?.[0]
    if (tag !== undefined) return { text: token.text.slice(tag.length, -tag.length), at: token.start + tag.length }
    if (token.text.startsWith("'")) return { text: token.text.slice(1, -1).replaceAll("''", "' "), at: token.start + 1 }
  }
  return undefined
}

/** Finds what the parser has read: it puts spaces where `INTO` stood, and keeps the length. */
const locate = (body: Piece, line: unknown, query: string): number => {
  let from = 0
  for (let n = 1; n < Number(line ?? 1); n++) from = body.text.indexOf("\n", from) + 1
  const [text, wanted] = [body.text.toLowerCase(), query.toLowerCase()]
  const first = wanted.slice(0, 8).split(/\s/)[0] ?? wanted
  for (let at = text.indexOf(first, from); at !== -1; at = text.indexOf(first, at + 1)) {
    if (matches(text, at, wanted)) return body.at + at
  }
  return body.at + from + (/^\s*/.exec(body.text.slice(from))?.[0].length ?? 0)
}

const matches = (text: string, at: number, query: string): boolean => {
  for (let i = 0; i < query.length; i++) if (query[i] !== " " && query[i] !== text[at + i]) return false
  return true
}

/** Reads the tree of a block. */
export const read = (tree: unknown, body: Piece): Body => {
  const statements: Array<Piece> = []
  const executed: Array<Piece> = []
  const guards: Array<Condition> = []
  const filled = new Map<string, string>()
  const ends: Array<number> = []
  const swallows: Array<number> = []
  const handlers = handlersOf(body)
  const piece = (line: unknown, text: string): Piece => ({ text, at: locate(body, line, text) })
  const guard = (fields: Fields, then: unknown) => {
    guards.push({ ...piece(fields.lineno, queryOf(fields.cond)), stops: stops(then) })
  }
  walk(tree, (kind, fields) => {
    const line = fields.lineno
    if (kind === "PLpgSQL_stmt_execsql") {
      const query = queryOf(fields.sqlstmt)
      statements.push(piece(line, query))
      if (fields.strict !== true) for (const name of targetsOf(fields.target)) filled.set(name, query)
    }
    if (kind === "PLpgSQL_stmt_fors") statements.push(piece(line, queryOf(fields.query)))
    if (kind === "PLpgSQL_stmt_perform") statements.push(piece(line, queryOf(fields.expr)))
    if (kind === "PLpgSQL_stmt_dynexecute") executed.push(piece(line, queryOf(fields.query)))
    if (kind === "PLpgSQL_stmt_if") guard(fields, fields.then_body)
    if (kind === "PLpgSQL_if_elsif") guard(fields, fields.stmts)
    if (kind === "PLpgSQL_stmt_commit" || kind === "PLpgSQL_stmt_rollback") {
      ends.push(locate(body, line, kind.slice("PLpgSQL_stmt_".length)))
    }
    if (kind === "PLpgSQL_exception" && isOthers(fields)) {
      const at = handlers.shift()
      if (at !== undefined && !raises(fields.action)) swallows.push(at)
    }
  })
  const asksFound = /\bfound\b/i.test(guards.map(({ text }) => text).join("\n"))
  return { statements, executed, guards, filled, asksFound, ends, swallows }
}

const targetsOf = (target: unknown): ReadonlyArray<string> => {
  const names: Array<string> = []
  walk(target, (_, fields) => {
    for (const field of Array.isArray(fields.fields) ? fields.fields : []) names.push(String(fieldsOf(field).name))
    if (typeof fields.refname === "string") names.push(fields.refname)
  })
  return names
}

/** Where each `WHEN OTHERS` is. */
const handlersOf = ({ at, text }: Piece): Array<number> => {
  const tokens = tokensOf(text)
  return tokens.flatMap(({ start, text }, i) => (text === "when" && tokens[i + 1]?.text === "others" ? at + start : []))
}

const isOthers = (fields: Fields): boolean => has(fields.conditions, (_, condition) => condition.condname === "others")
