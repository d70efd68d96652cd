/** Whether statements can be one transaction. */
import type { Node } from "libpg-query"
import { aloneBecause } from "./alone.ts"
import { addedLabel, type EnumLabel, maySame, quotes, type Use, useOf } from "./labelUses.ts"
import { nameOf, partsOf, texts } from "./nodes.ts"
import type { Piece } from "./units.ts"

/** What stands in the way. */
export interface Obstacle {
  readonly object: string
  readonly message: string
  /** It may go well, by what rows and values there are. */
  readonly isSure: boolean
}

/** A label that is added, and whether it can be used within the transaction that adds it. */
interface Label extends EnumLabel {
  readonly isUsable: boolean
}

/** The labels that a statement adds, also by a block. */
export const addedLabels = ({ inner, node }: Piece): ReadonlyArray<EnumLabel> =>
  [node, ...inner].flatMap((one) => addedLabel(one) ?? [])

/** Why statements cannot be one transaction; `undefined` where they can. */
export const obstacleOf = (pieces: ReadonlyArray<Piece>, major: number | undefined): Obstacle | undefined => {
  const labels = labelsOf(major)
  for (const piece of pieces) {
    const { block, node, place } = piece
    const alone = aloneBecause(node)
    if (alone !== undefined) {
      return { object: alone, message: `${alone} in line ${place.line} must be committed by itself`, isSure: true }
    }
    if (block?.ends === true) {
      return { object: "DO", message: `the block in line ${place.line} commits by itself`, isSure: true }
    }
    const why = labels.obstacle(piece)
    if (why !== undefined) return why
  }
  return undefined
}

/** Follows the enums of one transaction. */
const labelsOf = (major: number | undefined) => {
  const types = new Set<string>()
  const labels: Array<Label> = []
  let hasMarks = false
  const isNew = (type: string) => types.has(type) && !hasMarks && major !== undefined && (major < 12 || major > 16)

  /** Types and labels by the names that they get. */
  const learn = (node: Node) => {
    if ("CreateEnumStmt" in node) types.add(nameOf(texts(node.CreateEnumStmt.typeName)))
    if ("TransactionStmt" in node) hasMarks ||= node.TransactionStmt.kind === "TRANS_STMT_SAVEPOINT"
    const moved = movedType(node)
    if (moved !== undefined) {
      if (types.has(moved.from)) types.add(moved.to)
      labels.push(...labels.filter(({ type }) => maySame(type, moved.from)).map((one) => ({ ...one, type: moved.to })))
    }
    if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal !== undefined) {
      const { newVal: label = "", oldVal, typeName } = node.AlterEnumStmt
      const type = nameOf(texts(typeName))
      const old = labels.find((one) => one.label === oldVal && maySame(one.type, type))
      if (old !== undefined) labels.push({ ...old, label })
    }
  }

  const obstacle = (piece: Piece): Obstacle | undefined => {
    const { line } = piece.place
    learn(piece.node)
    const added = addedLabels(piece)
    const refused = major !== undefined && major < 12 ? added.find(({ type }) => !types.has(type)) : undefined
    if (refused !== undefined) {
      const message = `up to version 11 a label cannot be added within a transaction (line ${line})`
      return { object: refused.type, message, isSure: true }
    }
    const mayBeAny = maySay(piece)
    for (const { isUsable, label, type } of labels) {
      const found =
        isUsable || !(mayBeAny || textOf(piece).includes(label)) ? undefined : usedBy(piece, { label, type })
      if (found === undefined) continue
      const message = `the label '${label}' ${found.isSure ? "is" : "may be"} used in line ${line}, before the transaction that adds it is committed`
      return { object: type.includes(".") ? type : `public.${type}`, message, isSure: found.isSure }
    }
    labels.push(...added.map((label): Label => ({ ...label, isUsable: isNew(label.type) })))
    return undefined
  }
  return { obstacle }
}

/** A type that is called otherwise from now on. */
const movedType = (node: Node): { readonly from: string; readonly to: string } | undefined => {
  if ("RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_TYPE" && node.RenameStmt.object !== undefined) {
    const parts = partsOf(node.RenameStmt.object)
    return { from: nameOf(parts), to: nameOf([...parts.slice(0, -1), node.RenameStmt.newname ?? ""]) }
  }
  if ("AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt.objectType === "OBJECT_TYPE") {
    const { newschema = "", object } = node.AlterObjectSchemaStmt
    const parts = object === undefined ? [] : partsOf(object)
    return { from: nameOf(parts), to: nameOf([newschema, parts.at(-1) ?? ""]) }
  }
  return undefined
}

const textOf = ({ data = "", sql }: Piece): string => sql + data

/** Whether a statement can use a label that does not stand in its text as it is. */
const maySay = ({ sql }: Piece): boolean => /enum_|::|\bcast\b|\btype\b|\\|''/i.test(sql)

/** How a statement uses a label: in itself, in a block, or in the rows of a COPY. */
const usedBy = ({ block, data, inner, node }: Piece, label: EnumLabel): Use | undefined => {
  const named = [node, ...inner, ...(block?.expressions ?? [])].flatMap((one) => useOf(one, label) ?? [])
  const may =
    block?.unknown.some((expression) => quotes(expression, label.label)) === true ||
    data?.split(/[\t\n,]/).includes(label.label) === true
  return named.find(({ isSure }) => isSure) ?? named[0] ?? (may ? { at: undefined, isSure: false } : undefined)
}
