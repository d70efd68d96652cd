/** What the statements of a file do, in which order they are committed, and what should be known before. */
import * as Effect from "effect/Effect"
import type { Node } from "libpg-query"
import type { Hazard, Script, Statement } from "../../Sql.ts"
import { aloneBecause } from "./alone.ts"
import { reachesBeyond } from "./beyond.ts"
import { blockOf } from "./blocks.ts"
import type { Catalog } from "./catalog.ts"
import { type Circumstances, type Effect as Cost, hazard, together } from "./effect.ts"
import { effectOf } from "./effects.ts"
import { addedLabel, useOf } from "./labelUses.ts"
import { movedRelation, partsOf, qualified, relationOf, takenIn, texts } from "./nodes.ts"
import { type Parser, parser } from "./parser.ts"
import type { MetaLine, SqlFile, SqlStatement } from "./split.ts"
import { cut, type Piece } from "./units.ts"

export interface Server {
  /** Its major version; `undefined` assumes what holds for 12 to 18. */
  readonly major: number | undefined
  readonly catalog: Catalog | undefined
}

export interface PlannedUnit {
  readonly transaction: boolean
  readonly statements: ReadonlyArray<PlannedStatement>
}

export interface PlannedStatement extends Statement {
  readonly line: number
  readonly node: Node
  /** What a DO block runs. */
  readonly blockNodes: ReadonlyArray<Node>
  /** The rows of a COPY. */
  readonly data?: string
}

export interface PlannedScript extends Script {
  readonly units: ReadonlyArray<PlannedUnit>
}

/** Everything that statements name, for the question to a server: also what DO blocks run. */
export const nodesOf = (file: SqlFile): Effect.Effect<ReadonlyArray<Node>> =>
  Effect.map(parser, (grammar) => file.statements.flatMap((one) => [one.node, ...pieceOf(grammar, file, one).inner]))

/** The first statement that reaches beyond the database that it is run in, be it in a DO block. */
export const reachingBeyond = (file: SqlFile): Effect.Effect<SqlStatement | undefined> =>
  Effect.map(parser, (grammar) =>
    file.statements.find((one) => [one.node, ...pieceOf(grammar, file, one).inner].some(reachesBeyond))
  )

/** Plans a file. */
export const planOf = (file: SqlFile, server: Server): Effect.Effect<PlannedScript> =>
  Effect.map(parser, (grammar) => {
    const pieces = file.statements.map((statement) => pieceOf(grammar, file, statement))
    const { hazards, units } = cut(pieces, server.major)
    const made = new Set<string>()
    const found: Array<Hazard> = [...file.metaLines.flatMap(ofMetaLine), ...hazards]
    const planned = units.map(
      ({ pieces, transaction }): PlannedUnit => ({
        transaction,
        statements: pieces.map((piece) => {
          const here: Circumstances = { ...server, made }
          const cost = together([
            effectOf(piece.node, here),
            ...piece.inner.map((node) => effectOf(node, here)),
            ofBlock(piece)
          ])
          found.push(
            ...(cost.hazards ?? []).map((one) => ({ ...one, message: `line ${piece.place.line}: ${one.message}` }))
          )
          for (const node of [piece.node, ...piece.inner]) learn(made, node, server.catalog)
          return statementOf(piece, cost)
        })
      })
    )
    return { units: planned, hazards: found }
  })

const pieceOf = (grammar: Parser, { source }: SqlFile, { data, node, place, sql }: SqlStatement): Piece => {
  const block = blockOf(grammar, node, sql)
  const parsed = (block?.statements ?? []).map((text) => grammar.executed(text))
  return {
    sql,
    node,
    place,
    block,
    inner: parsed.flatMap((nodes) => nodes ?? []),
    data: data === undefined ? undefined : source.text.slice(data.start, data.end)
  }
}

const statementOf = (
  { data, inner, node, place, sql }: Piece,
  { dataLoss, lock, rewrite }: Cost
): PlannedStatement => ({
  sql,
  ...(lock === undefined ? {} : { lock }),
  ...(rewrite === true ? { rewrite } : {}),
  ...(dataLoss === true ? { dataLoss } : {}),
  line: place.line,
  node,
  blockNodes: inner,
  ...(data === undefined ? {} : { data })
})

/** What only psql does cannot be done here. */
const ofMetaLine = ({ argument, harmless, name, place }: MetaLine): ReadonlyArray<Hazard> =>
  harmless
    ? []
    : [
        hazard(
          "unsupported",
          `\\${name}`,
          `line ${place.line}: \\${name}${argument === "" ? "" : ` ${argument}`} is a command of psql, and is left out: what it does must be in the file itself, or in another one`,
          "error"
        )
      ]

/** What a block does that cannot be known, or cannot be done in a block. */
const ofBlock = ({ block, inner }: Piece): Cost => ({
  hazards: [
    ...(block?.unknown ?? []).map((expression) =>
      hazard(
        "unproven",
        "DO",
        `the block runs SQL that is put together only then: ${expression.slice(0, 80)}`,
        "warning"
      )
    ),
    ...inner.flatMap((node) => {
      const why = aloneBecause(node)
      return why === undefined
        ? []
        : [hazard("unsupported", "DO", `${why} cannot run within a block: it must stand by itself`, "error")]
    }),
    ...usedWithin(inner)
  ]
})

/** Labels that a block uses after adding them, where it cannot have made their type. */
const usedWithin = (inner: ReadonlyArray<Node>): ReadonlyArray<Hazard> => {
  if (inner.some((node) => "CreateEnumStmt" in node)) return []
  return inner.flatMap((node, i) => {
    const added = addedLabel(node)
    if (added === undefined || !inner.slice(i + 1).some((later) => useOf(later, added)?.isSure === true)) return []
    const message = `the block uses the label '${added.label}', which it adds itself: it is not committed by then`
    return [hazard("unsupported", "DO", `${message}; add it in a statement before the block`, "error")]
  })
}

/** Writes down what others cannot know yet. What is made only if it is missing may have been there. */
const learn = (made: Set<string>, node: Node, catalog: Catalog | undefined): void => {
  const table = (name: string, ifMissing: boolean | undefined) => {
    if (ifMissing !== true || (catalog !== undefined && !catalog.tables.has(name))) made.add(name)
  }
  if ("CreateStmt" in node) table(relationOf(node.CreateStmt.relation), node.CreateStmt.if_not_exists)
  if ("CreateTableAsStmt" in node)
    table(relationOf(node.CreateTableAsStmt.into?.rel), node.CreateTableAsStmt.if_not_exists)
  if ("SelectStmt" in node && node.SelectStmt.intoClause !== undefined)
    table(relationOf(node.SelectStmt.intoClause.rel), false)
  for (const { from, to } of takenIn(node)) if (!made.has(from)) made.delete(to)
  if ("CreateEnumStmt" in node) made.add(qualified(texts(node.CreateEnumStmt.typeName)))
  if ("CompositeTypeStmt" in node) made.add(relationOf(node.CompositeTypeStmt.typevar))
  if ("CreateDomainStmt" in node) made.add(qualified(texts(node.CreateDomainStmt.domainname)))
  if ("CreateSchemaStmt" in node && node.CreateSchemaStmt.if_not_exists !== true)
    made.add(node.CreateSchemaStmt.schemaname ?? "")
  if ("ViewStmt" in node && node.ViewStmt.replace !== true) made.add(relationOf(node.ViewStmt.view))
  if ("IndexStmt" in node && made.has(relationOf(node.IndexStmt.relation))) {
    made.add(`${node.IndexStmt.relation?.schemaname ?? "public"}.${node.IndexStmt.idxname ?? ""}`)
  }
  const moved = movedRelation(node)
  if (moved !== undefined) {
    // The name is that of what has it now.
    if (made.delete(moved.from)) made.add(moved.to)
    else made.delete(moved.to)
  }
  if ("DropStmt" in node) for (const object of node.DropStmt.objects ?? []) made.delete(qualified(partsOf(object)))
}
