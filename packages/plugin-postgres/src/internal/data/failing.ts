/** Why rows are not carried. */
import * as path from "node:path"
import { DataInvalid, DataRefused, type QueryError } from "../../PostgresError.ts"
import type { ProbeError, QualifiedName } from "../../PostgresProbe.ts"
import { BadLine } from "./lines.ts"
import type { Cycle } from "./order.ts"
import { nameOf } from "./relations.ts"
import type { StreamFailed } from "./session.ts"

export type ServerError = ProbeError

export const noTable = (table: QualifiedName): DataRefused =>
  new DataRefused({
    tables: [nameOf(table)],
    message: `there is no table ${nameOf(table)}`,
    hint: "create it in a step before this one, or correct its name and schema"
  })

export const noColumn = (table: QualifiedName, column: string): DataRefused =>
  new DataRefused({
    tables: [nameOf(table)],
    message: `${nameOf(table)} has no column ${column}`,
    hint: "correct the column's name"
  })

export const transformOfCopy = (table: QualifiedName): DataRefused =>
  new DataRefused({
    tables: [nameOf(table)],
    message: `the rows of ${nameOf(table)} cannot be changed on their way into a file of the format copy`,
    hint: "export it with the format jsonl, or change the rows when they are imported"
  })

export const cyclic = ({ constraints, path }: Cycle): DataRefused =>
  new DataRefused({
    tables: [...new Set(path.split(" → "))],
    message: `no table can be filled before the others: ${path}, by ${constraints.join(", ")}`,
    hint: `make one of the constraints deferrable (ALTER TABLE … ALTER CONSTRAINT ${constraints[0]} DEFERRABLE), or one of its columns nullable`
  })

export const noKey = (table: QualifiedName, key: ReadonlyArray<string> | undefined): DataRefused =>
  new DataRefused({
    tables: [nameOf(table)],
    message:
      key === undefined
        ? `${nameOf(table)} has no primary key by which its rows could be known again`
        : `nothing says that ${key.join(", ")} is unique in ${nameOf(table)}`,
    hint:
      key === undefined
        ? "give `key`, with columns that a unique constraint is on"
        : "name the columns of a unique constraint or index without a condition, or add one in a step before this one"
  })

export const keyNotGiven = (table: QualifiedName, key: ReadonlyArray<string>): DataRefused =>
  new DataRefused({
    tables: [nameOf(table)],
    message: `the rows for ${nameOf(table)} do not have the key ${key.join(", ")}`,
    hint: "let the file have the columns of the key, or give as `key` those that it has"
  })

/** Refers to a row by what the file says of it. */
const at = (file: string, line: number | undefined): string =>
  `${path.posix.basename(file)}${line === undefined ? "" : `, line ${line}`}`

export const badLine = (table: QualifiedName, file: string, { line, problem }: BadLine): DataInvalid =>
  new DataInvalid({
    table: nameOf(table),
    file,
    line,
    message: `${at(file, line)}: ${problem}`,
    hint: "correct the line; of this table nothing was written"
  })

export const unknownColumn = (
  table: QualifiedName,
  file: string,
  column: string,
  columns: ReadonlyArray<string>
): DataInvalid =>
  new DataInvalid({
    table: nameOf(table),
    file,
    line: 1,
    column,
    message: `${at(file, 1)}: ${nameOf(table)} has no column ${column}; it has ${columns.join(", ")}`,
    hint: "add the column in a step before this one, correct its name, or put it into `exclude`"
  })

export const otherCount = (table: QualifiedName, file: string, expected: number, found: number): DataInvalid =>
  new DataInvalid({
    table: nameOf(table),
    file,
    message: `${at(file, undefined)} has ${found} rows instead of ${expected}; nothing was written`,
    hint: "export again; where the file was changed on purpose, remove manifest.json beside it",
    retryable: true
  })

export const otherFile = (table: QualifiedName, file: string): DataInvalid =>
  new DataInvalid({
    table: nameOf(table),
    file,
    message: `${at(file, undefined)} is not what was exported: its SHA-256 is another one; of this table nothing was written`,
    hint: "export again; where the file was changed on purpose, remove manifest.json beside it"
  })

export const rowProblem = (table: QualifiedName, file: string, problem: string, hint: string): DataInvalid =>
  new DataInvalid({ table: nameOf(table), file, message: `${at(file, undefined)}: ${problem}`, hint })

/** What broke a stream, where it was not the server. */
export const ofStream = (table: QualifiedName, file: string, { cause }: StreamFailed): DataInvalid =>
  cause instanceof BadLine
    ? badLine(table, file, cause)
    : new DataInvalid({
        table: nameOf(table),
        file,
        message: `the rows of ${nameOf(table)} broke off: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: "run again",
        retryable: true,
        cause
      })

/** What PostgreSQL says of rows that it does not take: class 22 and 23. */
export const ofRows =
  (table: QualifiedName, file: string) =>
  (error: QueryError): QueryError | DataInvalid => {
    if (error._tag !== "StatementFailed" || !/^2[23]/.test(error.sqlstate)) return error
    const line = /^COPY .*, line (\d+)/m.exec((error.tail ?? []).join("\n"))?.[1]
    const said = error.message.replace(/^PostgreSQL says: /, "").replace(/ \(SQLSTATE.*/s, "")
    const detail = error.tail?.find((one) => one.startsWith("Key ") || one.startsWith("Failing row"))
    return new DataInvalid({
      table: nameOf(table),
      file,
      ...(line === undefined ? {} : { line: Number(line) }),
      message: `${at(file, line === undefined ? undefined : Number(line))}: ${said} (SQLSTATE ${error.sqlstate})`,
      hint:
        error.sqlstate === "23503"
          ? "import the table that it refers to as well, or let its rows be there before"
          : "correct the row, or the table; of this table nothing was written",
      ...(detail === undefined || detail.startsWith("Failing row") ? {} : { tail: [detail] }),
      cause: error
    })
  }

/** What an import needs is not there. */
export const notThere = (directory: string, reason: string): DataRefused =>
  new DataRefused({
    tables: [],
    message: reason,
    hint: `export into ${directory} first, or correct the folder and the names of the tables`
  })
