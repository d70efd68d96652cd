/** Makes of a file what rules look at. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlUnparsable } from "../../PostgresError.ts"
import { type Comment, lex } from "../sql/lexing.ts"
import * as ast from "../sql/nodes.ts"
import { type Node, type Parsed, type Parser, type Source, sourceOf } from "../sql/parser.ts"
import type { Catalog } from "./catalog.ts"
import * as facts from "./facts.ts"
import * as plpgsql from "./plpgsql.ts"
import { type Given, type Guard, type Script, type Statement, type Transaction, transactionOf } from "./script.ts"
import { rangesOf, tokensOf } from "./tokens.ts"

/** What is known besides the files. */
export interface Surroundings {
  readonly version: number | undefined
  readonly catalog: Catalog | undefined
  /** Whoever runs a file does so in one transaction. */
  readonly inTransaction: boolean
}

/** Parses each statement by itself where they cannot be parsed together, so that the others are looked at all the same. */
const parseAll = Effect.fnUntraced(function* (parser: Parser, source: Source) {
  const parsed: Array<Parsed> = []
  const unparsable: Array<SqlUnparsable> = []
  for (const part of source.parts) {
    if (part._tag !== "Sql") continue
    const whole = yield* Effect.result(parser.parse(source, part))
    if (Result.isSuccess(whole)) {
      parsed.push(...whole.success)
      continue
    }
    for (const [start, end] of rangesOf(source.text, part.start, part.end)) {
      const one = yield* Effect.result(parser.parse(source, { start, end }))
      if (Result.isSuccess(one)) parsed.push(...one.success)
      else unparsable.push(one.failure)
    }
  }
  return { parsed, unparsable }
})

const parseText = (parser: Parser, text: string) => parser.parse(sourceOf(text), { start: 0, end: text.length })

/** What reading is about: statements are added as they are met, those within others behind them. */
interface Context {
  readonly parser: Parser
  readonly source: Source
  readonly statements: Array<Statement>
  readonly comments: Array<Comment>
  transaction: Transaction | undefined
  transactions: number
}

const begin = (context: Context, by: Transaction["by"]): Transaction => {
  context.transactions += 1
  return { id: context.transactions, by }
}

/** Reads a file, and gives with it what the grammar does not understand. */
export const read = Effect.fnUntraced(function* (
  parser: Parser,
  text: string,
  file: string,
  { catalog, inTransaction, version }: Surroundings
) {
  const source = sourceOf(text, file)
  const { parsed, unparsable } = yield* parseAll(parser, source)
  const context: Context = {
    parser,
    source,
    statements: [],
    comments: [...source.comments.all],
    transaction: undefined,
    transactions: 0
  }
  const isAlone = source.comments.all.some(({ text }) => alone.test(text))
  const whole = inTransaction && !isAlone ? begin(context, "file") : undefined
  context.transaction = whole
  let open: Statement | undefined
  for (const one of parsed) {
    const statement = yield* add(context, one, 0, undefined)
    const kind = transactionOf(statement)
    if (kind === "begin" && context.transaction === undefined) {
      context.transaction = begin(context, "BEGIN")
      open = statement
    } else if (kind === "end") {
      context.transaction = undefined
      open = undefined
    } else if (kind === "chain") {
      context.transaction = begin(context, "BEGIN")
    }
  }
  const learned = facts.empty()
  for (const statement of context.statements) facts.learn(learned, statement)
  const outer = parsed.length
  const script: Script = {
    ...{ text, statements: context.statements, outer, comments: context.comments, facts: learned, version, catalog },
    open: open === undefined ? [] : [open]
  }
  return { script, source, unparsable }
})

/** squawk's way to say that this file is run in no transaction although the others are. */
const alone = /^(?:--+|\/\*)\s*squawk-disable-assume-in-transaction\b/

/** Adds a statement, and those in it. */
const add = (
  context: Context,
  { end, node, start }: Parsed,
  offset: number,
  within: Statement["within"]
): Effect.Effect<Statement> =>
  Effect.gen(function* () {
    const { parser, source, statements } = context
    const block = "DoStmt" in node ? plpgsql.bodyOf(source.text, offset + start, offset + end) : undefined
    const tree = block === undefined ? undefined : parser.plpgsql(`DO ${quote(block.text)}`)
    const body = block === undefined || tree === undefined ? undefined : plpgsql.read(tree, block)
    const statement: Statement = {
      index: statements.length,
      start: offset + start,
      end: offset + end,
      offset,
      node,
      tokens: tokensOf(source.text, offset + start, offset + end),
      transaction: context.transaction,
      within,
      body,
      guards: body === undefined ? [] : yield* guardsOf(parser, body),
      given: body === undefined ? new Map() : yield* givenBy(parser, body)
    }
    statements.push(statement)
    if (block !== undefined) {
      const inner = lex(block.text).comments
      context.comments.push(
        ...inner.map(({ end, start, text }) => ({ text, start: start + block.at, end: end + block.at }))
      )
    }
    if (body !== undefined) yield* addBody(context, body)
    return statement
  })

/** A text between dollars that it does not hold. */
const quote = (body: string): string => {
  let tag = "$do$"
  while (body.includes(tag)) tag = `$d${tag.slice(1)}`
  return `${tag}${body}${tag}`
}

const addBody = Effect.fnUntraced(function* (context: Context, body: plpgsql.Body) {
  const { transaction } = context
  context.transaction ??= begin(context, "DO")
  for (const piece of body.statements) yield* addPiece(context, piece, "DO")
  for (const piece of body.executed) {
    const text = yield* constantIn(context, piece)
    if (text !== undefined) yield* addPiece(context, text, "EXECUTE")
  }
  context.transaction = transaction
})

const addPiece = Effect.fnUntraced(function* (context: Context, piece: plpgsql.Piece, within: Statement["within"]) {
  const parsed = yield* Effect.result(parseText(context.parser, piece.text))
  if (Result.isFailure(parsed)) return
  for (const one of parsed.success) yield* add(context, one, piece.at, within)
})

/** Parses an expression. Its positions count from the seven characters before it. */
const expression = (parser: Parser, text: string): Effect.Effect<Node | undefined> =>
  parseText(parser, `${select}${text}`).pipe(
    Effect.map(([one]) => {
      const target = one !== undefined && "SelectStmt" in one.node ? one.node.SelectStmt.targetList?.[0] : undefined
      return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined
    }),
    Effect.orElseSucceed(() => undefined)
  )

const select = "SELECT "

const guardsOf = Effect.fnUntraced(function* (parser: Parser, body: plpgsql.Body) {
  const guards: Array<Guard> = []
  for (const { at, stops, text } of body.guards) {
    const condition = yield* expression(parser, text)
    if (condition !== undefined) guards.push({ condition, offset: at - select.length, stops })
  }
  return guards
})

const givenBy = Effect.fnUntraced(function* (parser: Parser, body: plpgsql.Body) {
  const given = new Map<string, Array<Given>>()
  for (const [name, all] of body.given) {
    const parsed: Array<Given> = []
    for (const { position, query } of all) {
      const [one] = yield* Effect.orElseSucceed(parseText(parser, query), () => [])
      parsed.push({ query: one?.node, position })
    }
    given.set(name, parsed)
  }
  return given
})

/** The text that an expression is, where it is just a text. */
const constantIn = Effect.fnUntraced(function* ({ parser }: Context, { at, text }: plpgsql.Piece) {
  const constant = ast.constantOf(yield* expression(parser, text))
  return constant === undefined ? undefined : { text: constant, at: at + (/^\$[^$]*\$/.exec(text)?.[0].length ?? 1) }
})
