/** Cuts the statements of a file into what is committed together. */
import type { Node } from "libpg-query"
import type { Hazard } from "../../Sql.ts"
import { aloneBecause, wantsFreshTransaction, worksAlone } from "./alone.ts"
import type { Block } from "./blocks.ts"
import { partsOf, qualified, relationOf, relationsIn, walk } from "./nodes.ts"
import { addedLabels, obstacleOf } from "./oneTransaction.ts"
import type { Place } from "./places.ts"

/** A statement as it is cut. */
export interface Piece {
  readonly sql: string
  readonly node: Node
  readonly place: Place
  /** What a DO block does. */
  readonly block: Block | undefined
  /** The statements that a DO block runs. */
  readonly inner: ReadonlyArray<Node>
  /** The rows of a COPY. */
  readonly data: string | undefined
}

export interface Cut {
  readonly units: ReadonlyArray<{ readonly transaction: boolean; readonly pieces: ReadonlyArray<Piece> }>
  readonly hazards: ReadonlyArray<Hazard>
}

/** A transaction that the file opens itself. */
interface Explicit {
  readonly place: Place
  readonly options: string | undefined
  readonly pieces: Array<Piece>
}

interface Unit {
  readonly transaction: boolean
  readonly pieces: Array<Piece>
}

/** What has been cut so far. */
class Cutting {
  readonly units: Array<Unit> = []
  readonly hazards: Array<Hazard> = []
  private open: Array<Piece> = []
  /** What the statements that are collected have done. */
  private done = nothingDone()
  private readonly major: number | undefined

  constructor(major: number | undefined) {
    this.major = major
  }

  tell(object: string, place: Place, message: string, severity: Hazard["severity"] = "error"): void {
    this.hazards.push({ kind: "unsupported", object, message: `line ${place.line}: ${message}`, severity })
  }

  /** What was collected is committed. */
  close(): void {
    if (this.open.length > 0) this.units.push({ transaction: true, pieces: this.open })
    this.open = []
    this.done = nothingDone()
  }

  /** What marks within a transaction leave of it. */
  private withoutMarks(pieces: ReadonlyArray<Piece>): ReadonlyArray<Piece> {
    const kept: Array<Piece> = []
    const marks = new Map<string, number>()
    for (const piece of pieces) {
      const mark = markOf(piece.node)
      if (mark === undefined) kept.push(piece)
      else if (mark.kind === "TRANS_STMT_SAVEPOINT") marks.set(mark.name, kept.length)
      else if (mark.kind === "TRANS_STMT_ROLLBACK_TO") {
        kept.length = Math.min(kept.length, marks.get(mark.name) ?? kept.length)
        this.tell(
          "ROLLBACK TO",
          piece.place,
          `what stands behind mark ${mark.name} is rolled back: it is left out`,
          "warning"
        )
      }
    }
    return kept
  }

  /** A statement outside of the file's own transactions. */
  add(piece: Piece): void {
    if (mustBeAlone(piece)) this.addAlone(piece)
    else {
      if (mustFollow(piece, this.done)) this.close()
      this.open.push(piece)
      note(piece, this.done)
    }
  }

  private addAlone(piece: Piece): void {
    this.close()
    // A block is all or nothing by itself, and may add labels from 12 on.
    const isWhole = "DoStmt" in piece.node && piece.block?.ends !== true && (this.major ?? 12) >= 12
    this.units.push({ transaction: isWhole, pieces: [piece] })
  }

  /** Commits what the file commits together, or says why it cannot be. */
  commit({ options, pieces, place }: Explicit): void {
    this.close()
    const [first] = pieces
    if (first === undefined) return
    const why = obstacleOf(pieces, this.major)
    if (pieces.length === 1 && addedLabels(first).length > 0) this.addAlone(first)
    else if (why === undefined) {
      const settings = options === undefined ? [] : [settingOf(options, first)]
      this.units.push({ transaction: true, pieces: [...settings, ...pieces] })
    } else {
      this.tell(
        why.object,
        place,
        `the transaction that begins here cannot be one: ${why.message}; it is cut in more than one, so it is not all or nothing`,
        why.isSure ? "error" : "warning"
      )
      for (const piece of this.withoutMarks(pieces)) this.add(piece)
      this.close()
    }
  }
}

/** Cuts statements. Without a server's major version, what holds for all of 12 to 18 is assumed. */
export const cut = (pieces: ReadonlyArray<Piece>, major: number | undefined): Cut => {
  const cutting = new Cutting(major)
  let explicit: Explicit | undefined
  for (const piece of pieces) {
    const control = controlOf(piece.node)
    if (control !== undefined) explicit = turn(cutting, explicit, piece, control)
    else if (explicit === undefined && markOf(piece.node) !== undefined) {
      cutting.tell(
        "SAVEPOINT",
        piece.place,
        "outside of a transaction there is nothing to mark: it is left out",
        "warning"
      )
    } else if (explicit === undefined) cutting.add(piece)
    else explicit.pieces.push(piece)
  }
  if (explicit !== undefined) {
    cutting.tell(
      "BEGIN",
      explicit.place,
      "the transaction that begins here is never committed: psql would roll it back"
    )
    cutting.commit(explicit)
  }
  cutting.close()
  return cutting
}

/** What begins and ends a transaction. Marks within one are statements as any other. */
interface Control {
  readonly word: "BEGIN" | "COMMIT" | "ROLLBACK" | "PREPARE"
  /** The next transaction begins at once. */
  readonly chains: boolean
}

const words: Readonly<Record<string, Control["word"]>> = {
  TRANS_STMT_BEGIN: "BEGIN",
  TRANS_STMT_START: "BEGIN",
  TRANS_STMT_COMMIT: "COMMIT",
  TRANS_STMT_ROLLBACK: "ROLLBACK",
  TRANS_STMT_PREPARE: "PREPARE"
}

const controlOf = (node: Node): Control | undefined => {
  if (!("TransactionStmt" in node)) return undefined
  const word = words[node.TransactionStmt.kind ?? ""]
  return word === undefined ? undefined : { word, chains: node.TransactionStmt.chain === true }
}

/** A mark within a transaction, and what goes back to it. */
const markOf = (node: Node): { readonly kind: string; readonly name: string } | undefined => {
  if (!("TransactionStmt" in node)) return undefined
  const { kind = "", savepoint_name: name = "" } = node.TransactionStmt
  return /_(SAVEPOINT|RELEASE|ROLLBACK_TO)$/.test(kind) ? { kind, name } : undefined
}

/** The file begins or ends a transaction. Gives the one that is open then. */
const turn = (
  cutting: Cutting,
  explicit: Explicit | undefined,
  { place, sql }: Piece,
  { chains, word }: Control
): Explicit | undefined => {
  const next = chains && explicit !== undefined ? { ...explicit, place, pieces: [] } : undefined
  if (word === "BEGIN") {
    if (explicit === undefined) cutting.close()
    else cutting.tell(word, place, "a transaction is open already: this BEGIN is left out", "warning")
    return explicit ?? { place, options: optionsOf(sql), pieces: [] }
  }
  if (explicit === undefined) {
    if (word === "ROLLBACK") {
      cutting.tell(word, place, "there is no transaction to roll back: it is left out", "warning")
    } else {
      cutting.close()
      cutting.tell(word, place, "there is no transaction to commit: what stands before it is committed here", "warning")
    }
    return undefined
  }
  if (word === "ROLLBACK") {
    const { line } = explicit.place
    cutting.tell(word, place, `what stands from line ${line} to here is rolled back: it is left out`, "warning")
    return next
  }
  if (word === "PREPARE") {
    cutting.tell("PREPARE TRANSACTION", place, "a transaction that is prepared stays open: it is committed instead")
  }
  cutting.commit(explicit)
  return next
}

/** What stands behind BEGIN: an isolation level and the like. */
const optionsOf = (sql: string): string | undefined => {
  const options = sql.replace(/^(begin|start)(\s+(work|transaction))?\s*/i, "").trim()
  return options === "" ? undefined : options
}

const settingOf = (options: string, like: Piece): Piece => ({
  ...like,
  data: undefined,
  sql: `SET TRANSACTION ${options}`
})

const mustBeAlone = (piece: Piece): boolean =>
  aloneBecause(piece.node) !== undefined ||
  worksAlone(piece.node) ||
  piece.block?.ends === true ||
  wantsFreshTransaction(piece.node) ||
  addedLabels(piece).length > 0

/** What later statements of a transaction may have to wait for. */
interface Done {
  /** Tables whose rows are written. */
  readonly written: Set<string>
  /** Constraints that are added NOT VALID, with their tables. */
  readonly notValid: Set<string>
}

const nothingDone = (): Done => ({ written: new Set(), notValid: new Set() })

const note = ({ inner, node }: Piece, { notValid, written }: Done): void => {
  for (const { isNotValid, name, table } of changesOf(node)) if (isNotValid) notValid.add(`${table} ${name}`)
  for (const table of [node, ...inner].flatMap(writtenBy)) written.add(table)
}

/** Whether a statement cannot stand in one transaction with those before it. */
const mustFollow = ({ node }: Piece, { notValid, written }: Done): boolean => {
  // Validating takes a weak lock, which is worth nothing while the strong one of adding is held.
  const validates = changesOf(node).some(
    ({ name, subtype, table }) => subtype === "AT_ValidateConstraint" && notValid.has(`${table} ${name}`)
  )
  // Deferred triggers of rows that were written keep a table from being altered: 55006.
  return validates || definedBy(node).some((table) => written.has(table))
}

interface Alteration {
  readonly table: string
  readonly name: string | undefined
  readonly subtype: string | undefined
  readonly isNotValid: boolean
}

const changesOf = (node: Node): ReadonlyArray<Alteration> => {
  if (!("AlterTableStmt" in node)) return []
  const table = relationOf(node.AlterTableStmt.relation)
  return (node.AlterTableStmt.cmds ?? []).flatMap((cmd) => {
    if (!("AlterTableCmd" in cmd)) return []
    const { def, name, subtype } = cmd.AlterTableCmd
    const constraint = def !== undefined && "Constraint" in def ? def.Constraint : undefined
    return [{ table, subtype, name: constraint?.conname ?? name, isNotValid: constraint?.skip_validation === true }]
  })
}

/** The tables that a statement writes rows of, also in its WITH. */
const writtenBy = (tree: Node): ReadonlyArray<string> => {
  const found: Array<string> = []
  walk(tree, (node) => {
    if ("InsertStmt" in node) found.push(relationOf(node.InsertStmt.relation))
    if ("UpdateStmt" in node) found.push(relationOf(node.UpdateStmt.relation))
    if ("DeleteStmt" in node) found.push(relationOf(node.DeleteStmt.relation))
    if ("MergeStmt" in node) found.push(relationOf(node.MergeStmt.relation))
    if ("CopyStmt" in node && node.CopyStmt.is_from === true) found.push(relationOf(node.CopyStmt.relation))
    return undefined
  })
  return found
}

/** The tables whose definition a statement changes. */
const definedBy = (node: Node): ReadonlyArray<string> => {
  if ("AlterTableStmt" in node) return [relationOf(node.AlterTableStmt.relation)]
  if ("IndexStmt" in node) return [relationOf(node.IndexStmt.relation)]
  if ("CreateTrigStmt" in node) return [relationOf(node.CreateTrigStmt.relation)]
  if ("TruncateStmt" in node) return relationsIn(node.TruncateStmt.relations)
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_TABLE") {
    return (node.DropStmt.objects ?? []).map((object) => qualified(partsOf(object)))
  }
  return []
}
