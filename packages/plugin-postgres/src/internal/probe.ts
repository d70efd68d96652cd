/** Answers what checks ask from a session. */
import { Look, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { DoneNotBoolean } from "../PostgresError.ts"
import type { ColumnFacts, ExtensionFacts, PostgresProbe } from "../PostgresProbe.ts"
import * as catalog from "./catalog.ts"
import * as columnType from "./columnType.ts"
import { type Answer, make as makeAsk, type Question } from "./questions.ts"
import type { Session } from "./session.ts"

/** The probe of a session, whose server lives in `resource`. */
export const make = (
  session: Session,
  resource: Resource.Resource | undefined
): Omit<PostgresProbe["Service"], "newestBackup" | "readBackup" | "restoredFrom"> => {
  const observe = resource === undefined ? Effect.void : Look.observe(resource)
  const askNow = makeAsk(session)
  const ask = (question: Question) => Effect.andThen(observe, askNow(question))
  return {
    server: Effect.map(ask({ kind: "server" }), (answer) => catalog.serverFacts(answer.catalog)),
    extension: (name) => Effect.map(ask({ kind: "extension", name }), extensionOf),
    neededExtensions: (extension) =>
      Effect.map(ask({ kind: "needs", extension }), ({ catalog, index }) =>
        (catalog.needs[index] ?? []).map(({ installed, name }) => ({ name, installed: installed ?? undefined }))
      ),
    enumLabels: (type) =>
      Effect.map(ask({ kind: "enum", type }), ({ catalog, index }) => catalog.enums[index] ?? undefined),
    column: (column) => Effect.map(ask({ kind: "column", column }), columnOf),
    holds: Effect.fnUntraced(function* (statement) {
      const { rows = Exit.die("a query without an answer") } = yield* ask({ kind: "query", statement })
      const { fields, rows: found } = yield* rows
      const [first] = fields
      const value = first === undefined ? undefined : found[0]?.[first.name]
      return fields.length === 1 && found.length === 1 && typeof value === "boolean"
        ? value
        : yield* notBoolean(fields.length, found.length)
    })
  }
}

const notBoolean = (columns: number, rows: number): DoneNotBoolean =>
  new DoneNotBoolean({
    message: `the query of \`done\` must answer one boolean; it answered ${rows} rows of ${columns} columns`,
    hint: "write it like SELECT EXISTS (SELECT FROM … WHERE …)"
  })

const extensionOf = ({ catalog: answer, index }: Answer): ExtensionFacts => {
  const found = answer.extensions[index]
  return {
    server: catalog.serverFacts(answer),
    installed: found?.installed == null ? undefined : { version: found.installed, schema: found.schema ?? "" },
    available:
      found?.available == null
        ? undefined
        : {
            version: found.available,
            versions: found.versions ?? [],
            needsSuperuser: found.needsSuperuser ?? false
          }
  }
}

const columnOf = ({ catalog: answer, index, rows }: Answer): ColumnFacts => {
  const found = answer.columns[index]
  const wanted = rows !== undefined && Exit.isSuccess(rows) ? columnType.identityOf(rows.value) : undefined
  return {
    hasTable: found?.hasTable === true,
    existing:
      found?.type == null
        ? undefined
        : {
            type: found.type,
            nullable: found.nullable === true,
            isWanted: wanted !== undefined && wanted.id === found.typeId && wanted.modifier === found.typeModifier
          }
  }
}
