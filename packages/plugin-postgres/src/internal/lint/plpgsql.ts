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

/** What a variable gets: a column of a query, which is null where no row is found. */
export interface Given {
  readonly query: string
  readonly position: number
}

export interface Body {
  /** SQL as it stands there. */
  readonly statements: ReadonlyArray<Piece>
  /** Expressions that give SQL to be executed. */
  readonly executed: ReadonlyArray<Piece>
  readonly guards: ReadonlyArray<Condition>
  /** All that variables get, by name. */
  readonly given: ReadonlyMap<string, ReadonlyArray<Given>>
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
      statements.push(piece(line, queryOf(fields.sqlstmt)))
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
  return { statements, executed, guards, given: givenBy(tree), asksFound, ends, swallows }
}

/** Something that is not looked into, and taken for a value. */
const something: Given = { query: "SELECT 1", position: 0 }

const givenBy = (tree: unknown): Body["given"] => {
  const given = new Map<string, Array<Given>>()
  const add = (name: string, one: Given) => {
    given.set(name, [...(given.get(name) ?? []), one])
  }
  const declared: Array<string> = []
  walk(tree, (kind, fields) => {
    if (kind === "PLpgSQL_var" && !declared.includes(String(fields.refname))) {
      declared.push(String(fields.refname))
      const initial = queryOf(fields.default_val)
      if (initial !== "") add(String(fields.refname), { query: `SELECT ${initial}`, position: 0 })
    }
    if (kind === "PLpgSQL_stmt_assign") {
      const [, name = "", value = ""] = /^\s*"?(\w+)"?\s*:?=([\s\S]*)$/.exec(queryOf(fields.expr)) ?? []
      add(name, { query: `SELECT ${value}`, position: 0 })
    }
    const isQuery = kind === "PLpgSQL_stmt_execsql" && fields.strict !== true
    targetsOf(fields.target ?? fields.var).forEach((name, position) => {
      add(name, isQuery ? { query: queryOf(fields.sqlstmt), position } : something)
    })
    if (kind === "PLpgSQL_stmt_getdiag") for (const name of declared) add(name, something)
  })
  // What is declared and gets nothing is null.
  for (const name of declared)
    if (name !== "found" && !given.has(name)) add(name, { query: "SELECT NULL", position: 0 })
  return given
}

/** The variables that something is put into, in order. */
const targetsOf = (target: unknown): ReadonlyArray<string> => {
  const row = fieldsOf(fieldsOf(target).PLpgSQL_row).fields
  if (Array.isArray(row)) return row.map((field) => String(fieldsOf(field).name))
  const one = fieldsOf(fieldsOf(target).PLpgSQL_var ?? fieldsOf(target).PLpgSQL_rec).refname
  return typeof one === "string" ? [one] : []
}

/** Where each `WHEN OTHERS` is. */
const handlersOf = ({ at, text }: Piece): Array<number> => {
  const tokens = tokensOf(text)
  return tokens.flatMap(({ start, text }, i) => (text === "when" && tokens[i + 1]?.text === "others" ? at + start : []))
}

const isOthers = (fields: Fields): boolean => has(fields.conditions, (_, condition) => condition.condname === "others")
