/** The single commands of ALTER TABLE statements, and the constraints among them. */
import type { AlterTableCmd, ColumnDef, Constraint } from "libpg-query"
import * as ast from "../sql/nodes.ts"
import type { Found, Statement } from "./script.ts"
import type { Token } from "./tokens.ts"

/** Where something is, and up to where. */
type Range = Pick<Found, "at" | "to">

export interface Alteration {
  readonly table: string
  readonly command: AlterTableCmd
  readonly range: Range
}

export interface AddedColumn {
  readonly table: string
  readonly name: string
  readonly definition: ColumnDef
  readonly onlyIfMissing: boolean
  readonly range: Range
}

export interface AddedConstraint {
  readonly table: string
  readonly constraint: Constraint
  readonly columns: ReadonlyArray<string>
  /** The column that is added with it. */
  readonly column: ColumnDef | undefined
  readonly range: Range
}

export const alterations = (statement: Statement): ReadonlyArray<Alteration> => {
  if (!("AlterTableStmt" in statement.node)) return []
  const { cmds = [], objtype, relation } = statement.node.AlterTableStmt
  if (objtype !== "OBJECT_TABLE") return []
  const table = ast.tableOf(relation)
  const ranges = rangesOf(statement, statement.offset + (relation?.location ?? 0))
  return cmds.flatMap((node, i) =>
    "AlterTableCmd" in node
      ? [{ table, command: node.AlterTableCmd, range: ranges[i] ?? { at: statement.start, to: statement.end } }]
      : []
  )
}

/** The ranges between the commas behind the table's name. */
const rangesOf = (statement: Statement, name: number): ReadonlyArray<Range> => {
  const tokens = statement.tokens.filter(({ start }) => start >= name)
  const parts: Array<Array<Token>> = [[]]
  let depth = 0
  for (const token of tokens.slice(tokens[1]?.text === "." ? 3 : 1)) {
    if (token.text === "(" || token.text === "[") depth += 1
    if (token.text === ")" || token.text === "]") depth -= 1
    if (token.text === "," && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.map((part) => ({
    at: part[0]?.start ?? statement.start,
    to: part.at(-1)?.end ?? statement.end
  }))
}

export const addedColumns = (statement: Statement): ReadonlyArray<AddedColumn> =>
  alterations(statement).flatMap(({ command, range, table }) =>
    command.subtype === "AT_AddColumn" && command.def !== undefined && "ColumnDef" in command.def
      ? [
          {
            ...{ table, range, definition: command.def.ColumnDef, name: command.def.ColumnDef.colname ?? "" },
            onlyIfMissing: command.missing_ok === true
          }
        ]
      : []
  )

/** Constraints that come to tables that are there, by themselves or with a column. */
export const addedConstraints = (statement: Statement): ReadonlyArray<AddedConstraint> => [
  ...alterations(statement).flatMap(({ command: { def, subtype }, range, table }) => {
    if (subtype !== "AT_AddConstraint" || def === undefined || !("Constraint" in def)) return []
    const columns = ast.texts(
      def.Constraint.contype === "CONSTR_FOREIGN" ? def.Constraint.fk_attrs : def.Constraint.keys
    )
    return [{ table, constraint: def.Constraint, columns, column: undefined, range }]
  }),
  ...addedColumns(statement).flatMap(({ definition, name, range, table }) =>
    ast
      .constraintsIn(definition.constraints)
      .map((constraint) => ({ table, constraint, columns: [name], column: definition, range }))
  )
]
