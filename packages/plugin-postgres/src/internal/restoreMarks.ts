/**
 * What a restore writes on a database: in its comment, below what stands there, as the owner may write that and everybody
 * can read it from any database of the server.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Connection, escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"

const Restored = Schema.Struct({
  _tag: Schema.Literal("restored"),
  /** The database whose place it takes. */
  of: Schema.String,
  sha256: Schema.String,
  at: Schema.Int,
  before: Schema.String,
  key: Schema.optionalKey(Schema.String)
})

const Replaced = Schema.Struct({ _tag: Schema.Literal("replaced"), of: Schema.String, sha256: Schema.String })

const Mark = Schema.Union([Restored, Replaced])

/** On what takes a place: from which backup, and what the database that it replaces is called. */
export interface Restored extends Schema.Schema.Type<typeof Restored> {}

export type Mark = typeof Mark.Type

/** A database as its comment tells. */
export interface Marked {
  readonly name: string
  /** What people have written. */
  readonly comment: string | undefined
  readonly mark: Mark | undefined
}

const prefix = "shipshape: "

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Mark))
const encode = Schema.encodeSync(Schema.fromJsonString(Mark))

const parse = (name: string, comment: string | undefined): Marked => {
  const lines = comment?.split("\n") ?? []
  const last = lines.at(-1) ?? ""
  const mark = last.startsWith(prefix) ? Option.getOrUndefined(decode(last.slice(prefix.length))) : undefined
  if (mark === undefined) return { name, comment, mark }
  return { name, comment: lines.length === 1 ? undefined : lines.slice(0, -1).join("\n"), mark }
}

const all: Statement = {
  text: "SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment FROM pg_database ORDER BY datname",
  values: []
}

/** The databases of the server. */
export const read = (connection: Connection) =>
  Effect.map(
    connection.query(all),
    ({ rows }): ReadonlyMap<string, Marked> =>
      new Map(
        rows.map(({ comment, name }) => [
          String(name),
          parse(String(name), typeof comment === "string" ? comment : undefined)
        ])
      )
  )

/** Writes a mark below a comment, in place of one that is there. */
export const write = (database: string, comment: string | undefined, mark: Mark | undefined): Statement => {
  const lines = [
    ...(comment === undefined ? [] : [comment]),
    ...(mark === undefined ? [] : [`${prefix}${encode(mark)}`])
  ]
  const text = lines.length === 0 ? "NULL" : escapeLiteral(lines.join("\n"))
  return { text: `COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${text}`, values: [] }
}
