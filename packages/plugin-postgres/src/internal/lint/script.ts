/** What rules look at: the statements of one file, in which transactions they are, and what they have made so far. */
import type { Node } from "libpg-query"
import type { Comment } from "../sql/lexing.ts"
import type { Catalog } from "./catalog.ts"
import type { Facts } from "./facts.ts"
import type { Body } from "./plpgsql.ts"
import type { Token } from "./tokens.ts"

export interface Statement {
  readonly index: number
  /** Where it is in the file. */
  readonly start: number
  readonly end: number
  /** What is added to the positions in `node` for those in the file. */
  readonly offset: number
  readonly node: Node
  readonly tokens: ReadonlyArray<Token>
  /** The transaction that it is in; `undefined` in autocommit. */
  readonly transaction: Transaction | undefined
  /** What it is a part of: a DO block, or a text that is executed. */
  readonly within: "DO" | "EXECUTE" | undefined
  /** What a DO block holds, where it is one. */
  readonly body: Body | undefined
  /** Its conditions. */
  readonly guards: ReadonlyArray<Guard>
  /** All that its variables get. */
  readonly given: ReadonlyMap<string, ReadonlyArray<Given>>
}

/** What a variable gets: a column of a query; `undefined` where that is not known. */
export interface Given {
  readonly query: Node | undefined
  readonly position: number
}

export interface Guard {
  readonly condition: Node
  /** What is added to the positions in it for those in the file. */
  readonly offset: number
  /** What hangs on it raises an exception or goes no further. */
  readonly stops: boolean
}

export interface Transaction {
  readonly id: number
  /** `file`: whoever runs the file runs it in one. `DO`: of a DO block in autocommit. */
  readonly by: "BEGIN" | "file" | "DO"
}

export interface Script {
  readonly text: string
  readonly statements: ReadonlyArray<Statement>
  /** How many of them are not parts of others. */
  readonly outer: number
  /** Also those in DO blocks. */
  readonly comments: ReadonlyArray<Comment>
  readonly facts: Facts
  /** The server's major version, where it is known. */
  readonly version: number | undefined
  /** What is in the database, where one was given. */
  readonly catalog: Catalog | undefined
  /** BEGINs without an end. */
  readonly open: ReadonlyArray<Statement>
}

/** Something that a rule found. */
export interface Found {
  /** Where in the file. */
  readonly at: number
  /** Up to where; by default the end of the word that stands there. */
  readonly to?: number
  readonly message: string
  readonly hint?: string
  readonly why?: string
  readonly severity?: Severity
  /** The table that it is about. A table that the script makes itself holds up nobody, and is not reported. */
  readonly table?: string
}

export type Severity = "error" | "warning" | "notice"

export interface Rule {
  readonly name: string
  readonly severity: Severity
  /** What is looked for, in a few words. */
  readonly title: string
  readonly why: string
  /** What to write instead. */
  readonly hint: string
  readonly check: (statement: Statement, script: Script) => Iterable<Found>
}

/** What a statement does to the transaction that it is in. */
export const transactionOf = ({ node }: Statement): "begin" | "end" | "chain" | undefined => {
  if (!("TransactionStmt" in node)) return undefined
  const { chain, kind } = node.TransactionStmt
  if (kind === "TRANS_STMT_BEGIN" || kind === "TRANS_STMT_START") return "begin"
  if (kind === "TRANS_STMT_COMMIT" || kind === "TRANS_STMT_ROLLBACK") return chain === true ? "chain" : "end"
  return kind === "TRANS_STMT_PREPARE" ? "end" : undefined
}

/** Where a node is in the file. */
export const place = (statement: Statement, location: number | undefined): number =>
  location === undefined || location < 0 ? statement.start : statement.offset + location

/** The first words of a statement: `DROP TABLE`. */
export const head = (statement: Statement, words: number): Pick<Found, "at" | "to"> => {
  const last = statement.tokens[Math.min(words, statement.tokens.length) - 1]
  return { at: statement.start, ...(last === undefined ? {} : { to: last.end }) }
}

/** Whether the server is at least this version, or may be. */
export const mayBeSince = (script: Script, major: number): boolean => (script.version ?? 18) >= major
