/** The statements of changes of tables. Names are quoted; expressions are the deployment's own code. */
import type { QualifiedName } from "../PostgresProbe.ts"
import type { Index, IndexKey, TableChange } from "../Table.ts"
import { escapeIdentifier, type Statement } from "./connect.ts"

/** How the statements of a change are run. */
export interface Work {
  readonly statements: readonly [Statement, ...ReadonlyArray<Statement>]
  /** Waits for as long as it takes, as nobody waits for it. */
  readonly patiently: boolean
}

export type PlainChange = Exclude<TableChange, { readonly _tag: "Backfill" }>

const quoted = escapeIdentifier

export const qualified = ({ name, schema }: QualifiedName): string => `${quoted(schema)}.${quoted(name)}`

const plain = (text: string): Statement => ({ text, values: [] })

const once = (text: string): Work => ({ statements: [plain(text)], patiently: false })

const keySql = ({ collation, column, descending, expression, nullsFirst, operators }: IndexKey): string =>
  [
    column === undefined ? `(${expression}\n)` : quoted(column),
    collation === undefined ? "" : ` COLLATE ${quoted(collation)}`,
    operators === undefined ? "" : ` ${quoted(operators)}`,
    descending ? " DESC" : "",
    nullsFirst === descending ? "" : ` NULLS ${nullsFirst ? "FIRST" : "LAST"}`
  ].join("")

const indexSql = (table: QualifiedName, name: string, index: Index, concurrently: boolean): string =>
  [
    `CREATE ${index.unique ? "UNIQUE " : ""}INDEX ${concurrently ? "CONCURRENTLY " : ""}${quoted(name)} ON ${qualified(table)}`,
    ` USING ${quoted(index.method)} (${index.keys.map(keySql).join(", ")})`,
    index.include.length === 0 ? "" : ` INCLUDE (${index.include.map(quoted).join(", ")})`,
    index.nullsDistinct ? "" : " NULLS NOT DISTINCT",
    index.predicate === undefined ? "" : ` WHERE (${index.predicate}\n)`
  ].join("")

/** A constraint that is not checked for the rows that are there, where it can be so. */
const unchecked = (kind: string, definition: string): string =>
  (kind === "check" || kind === "foreign") && !/ NOT VALID$/.test(definition) ? `${definition} NOT VALID` : definition

export const workOf = (change: PlainChange): Work => {
  const alter = (what: string) => once(`ALTER TABLE ${qualified(change.table)} ${what}`)
  const indexName = (name: string) => qualified({ schema: change.table.schema, name })
  switch (change._tag) {
    case "SetDefault":
      return alter(
        `ALTER COLUMN ${quoted(change.column)} ${change.default === null ? "DROP DEFAULT" : `SET DEFAULT (${change.default}\n)`}`
      )
    case "SetNullable":
      return alter(`ALTER COLUMN ${quoted(change.column)} ${change.nullable ? "DROP" : "SET"} NOT NULL`)
    case "SetType":
      return alter(`ALTER COLUMN ${quoted(change.column)} TYPE ${change.type}`)
    case "AddConstraint": {
      const { constraint, index, name } = change
      return alter(
        `ADD CONSTRAINT ${quoted(name)} ${
          index === undefined
            ? constraint.valid
              ? constraint.definition
              : unchecked(constraint.kind, constraint.definition)
            : `UNIQUE USING INDEX ${quoted(index)}${constraint.deferrable ? " DEFERRABLE" : ""}${constraint.deferred ? " INITIALLY DEFERRED" : ""}`
        }`
      )
    }
    case "ValidateConstraint":
      return { ...alter(`VALIDATE CONSTRAINT ${quoted(change.name)}`), patiently: true }
    case "DropConstraint":
      return alter(`DROP CONSTRAINT IF EXISTS ${quoted(change.name)}`)
    case "SwapConstraint":
      return {
        statements: [
          ...alter(`DROP CONSTRAINT IF EXISTS ${quoted(change.name)}`).statements,
          ...alter(`RENAME CONSTRAINT ${quoted(change.by)} TO ${quoted(change.name)}`).statements
        ],
        patiently: false
      }
    case "CreateIndex":
      return {
        ...once(indexSql(change.table, change.name, change.index, change.concurrently)),
        patiently: change.concurrently
      }
    case "DropIndex":
      return {
        ...once(`DROP INDEX ${change.concurrently ? "CONCURRENTLY " : ""}IF EXISTS ${indexName(change.name)}`),
        patiently: change.concurrently
      }
    default:
      return {
        statements: [
          plain(`DROP INDEX IF EXISTS ${indexName(change.name)}`),
          plain(`ALTER INDEX ${indexName(change.by)} RENAME TO ${quoted(change.name)}`)
        ],
        patiently: false
      }
  }
}
