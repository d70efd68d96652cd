/** What the statements of a script make, drop and lock, so that rules about one statement know of the others. */
import type { ColumnDef, Constraint, IndexStmt, Node } from "libpg-query"
import * as ast from "../sql/nodes.ts"
import type { Statement, Transaction } from "./script.ts"

interface Made {
  readonly index: number
  readonly transaction: Transaction | undefined
}

export interface Table extends Made {
  readonly onlyIfMissing: boolean
}

export interface Column extends Made {
  readonly definition: ColumnDef
}

export interface Check extends Made {
  readonly isValid: boolean
  /** The column that it says is not null. */
  readonly notNull: string | undefined
}

export interface Index extends Made {
  readonly name: string | undefined
  readonly table: string
  /** In their order; where an expression stands, an empty name. */
  readonly columns: ReadonlyArray<string>
  readonly isPartial: boolean
}

export interface Label extends Made {
  readonly type: string
  readonly label: string
}

export interface Facts {
  readonly tables: Map<string, Table>
  /** By table and column. */
  readonly columns: Map<string, Column>
  /** By table and constraint. */
  readonly checks: Map<string, Check>
  readonly validations: Array<Made & { readonly table: string; readonly constraint: string }>
  readonly indexes: Array<Index>
  /** By name: where indexes are dropped. */
  readonly droppedIndexes: Map<string, Array<number>>
  /** By table and constraint. */
  readonly droppedConstraints: Map<string, Array<number>>
  /** By table and constraint: where they are added by name. */
  readonly addedConstraints: Map<string, Array<number>>
  readonly labels: Array<Label>
  readonly types: Map<string, Made>
  /** By transaction: the first change of a table that is there. */
  readonly locks: Map<number, { readonly index: number; readonly table: string; readonly statement: Statement }>
  readonly views: Array<Made & { readonly name: string }>
  /** By table and column: where defaults are set. */
  readonly defaults: Map<string, Array<number>>
  /** By table and column. */
  readonly notNulls: Map<string, Array<number>>
  /** By table and column. */
  readonly primaryKeys: Set<string>
}

export const key = (table: string, name: string): string => `${table}/${name}`

const push = <A>(map: Map<string, Array<A>>, at: string, value: A): void => {
  const list = map.get(at)
  if (list === undefined) map.set(at, [value])
  else list.push(value)
}

export const empty = (): Facts => ({
  tables: new Map(),
  columns: new Map(),
  checks: new Map(),
  validations: [],
  indexes: [],
  droppedIndexes: new Map(),
  droppedConstraints: new Map(),
  addedConstraints: new Map(),
  labels: [],
  types: new Map(),
  locks: new Map(),
  views: [],
  defaults: new Map(),
  notNulls: new Map(),
  primaryKeys: new Set()
})

/** Writes down what a statement does. */
export const learn = (facts: Facts, statement: Statement): void => {
  const { index, node, transaction } = statement
  const made: Made = { index, transaction }
  if ("CreateStmt" in node) {
    const table = ast.tableOf(node.CreateStmt.relation)
    facts.tables.set(table, { ...made, onlyIfMissing: node.CreateStmt.if_not_exists === true })
    for (const element of node.CreateStmt.tableElts ?? []) learnElement(facts, made, table, element)
  } else if ("CreateTableAsStmt" in node) {
    const onlyIfMissing = node.CreateTableAsStmt.if_not_exists === true
    facts.tables.set(ast.tableOf(node.CreateTableAsStmt.into?.rel), { ...made, onlyIfMissing })
  } else if ("SelectStmt" in node && node.SelectStmt.intoClause !== undefined) {
    facts.tables.set(ast.tableOf(node.SelectStmt.intoClause.rel), { ...made, onlyIfMissing: false })
  } else if ("IndexStmt" in node) {
    learnIndex(facts, made, node.IndexStmt)
  } else if ("DropStmt" in node) {
    const names = (node.DropStmt.objects ?? []).map((object) => ast.nameOf(ast.texts(ast.items(object))))
    if (node.DropStmt.removeType === "OBJECT_INDEX") {
      for (const name of names) push(facts.droppedIndexes, name, index)
    }
  } else if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal === undefined) {
    const type = ast.nameOf(ast.texts(node.AlterEnumStmt.typeName))
    facts.labels.push({ ...made, type, label: node.AlterEnumStmt.newVal ?? "" })
  } else if ("CreateEnumStmt" in node) {
    facts.types.set(ast.nameOf(ast.texts(node.CreateEnumStmt.typeName)), made)
  } else if ("RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_TABLE") {
    const table = facts.tables.get(ast.tableOf(node.RenameStmt.relation))
    if (table !== undefined) facts.tables.set(node.RenameStmt.newname ?? "", table)
  } else if ("ViewStmt" in node) {
    facts.views.push({ ...made, name: ast.tableOf(node.ViewStmt.view) })
  } else if ("AlterTableStmt" in node) {
    learnAlterations(facts, statement, made)
  }
}

const learnElement = (facts: Facts, made: Made, table: string, element: Node): void => {
  if ("Constraint" in element) learnConstraint(facts, made, table, element.Constraint, undefined)
  if ("ColumnDef" in element) learnColumn(facts, made, table, element.ColumnDef)
}

const learnColumn = (facts: Facts, made: Made, table: string, definition: ColumnDef): void => {
  const name = definition.colname ?? ""
  facts.columns.set(key(table, name), { ...made, definition })
  for (const constraint of ast.constraintsIn(definition.constraints)) {
    if (constraint.contype === "CONSTR_NOTNULL") push(facts.notNulls, key(table, name), made.index)
    learnConstraint(facts, made, table, constraint, name)
  }
}

const learnConstraint = (
  facts: Facts,
  made: Made,
  table: string,
  constraint: Constraint,
  column: string | undefined
): void => {
  const { conname, contype, raw_expr } = constraint
  if (conname !== undefined) push(facts.addedConstraints, key(table, conname), made.index)
  if (contype === "CONSTR_PRIMARY" || contype === "CONSTR_UNIQUE") {
    const columns = column === undefined ? ast.texts(constraint.keys) : [column]
    if (columns.length > 0) facts.indexes.push({ ...made, name: conname, table, columns, isPartial: false })
    if (contype === "CONSTR_PRIMARY") for (const one of columns) facts.primaryKeys.add(key(table, one))
  } else if (contype === "CONSTR_CHECK" || contype === "CONSTR_NOTNULL") {
    const notNull = contype === "CONSTR_CHECK" ? ast.notNullColumn(raw_expr) : (ast.texts(constraint.keys)[0] ?? column)
    const isValid = constraint.skip_validation !== true
    if (conname !== undefined) facts.checks.set(key(table, conname), { ...made, isValid, notNull })
  }
}

const learnIndex = (facts: Facts, made: Made, index: IndexStmt): void => {
  const columns = (index.indexParams ?? []).map((node) => ("IndexElem" in node ? (node.IndexElem.name ?? "") : ""))
  const table = ast.tableOf(index.relation)
  facts.indexes.push({ ...made, name: index.idxname, table, columns, isPartial: index.whereClause !== undefined })
}

const learnAlterations = (facts: Facts, statement: Statement, made: Made): void => {
  if (!("AlterTableStmt" in statement.node)) return
  const table = ast.tableOf(statement.node.AlterTableStmt.relation)
  const isNew = facts.tables.has(table)
  for (const node of statement.node.AlterTableStmt.cmds ?? []) {
    if (!("AlterTableCmd" in node)) continue
    const { def, name = "", subtype } = node.AlterTableCmd
    const at = key(table, name)
    if (subtype === "AT_AddColumn" && def !== undefined) learnElement(facts, made, table, def)
    if (subtype === "AT_AddConstraint" && def !== undefined) learnElement(facts, made, table, def)
    if (subtype === "AT_ValidateConstraint") facts.validations.push({ ...made, table, constraint: name })
    if (subtype === "AT_DropConstraint") push(facts.droppedConstraints, at, made.index)
    if (subtype === "AT_SetNotNull") push(facts.notNulls, at, made.index)
    if (subtype === "AT_ColumnDefault" && def !== undefined) push(facts.defaults, at, made.index)
    const isLight = subtype === "AT_ValidateConstraint" || subtype === "AT_SetStatistics"
    if (!isNew && !isLight && made.transaction !== undefined && !facts.locks.has(made.transaction.id)) {
      facts.locks.set(made.transaction.id, { index: made.index, table, statement })
    }
  }
}
