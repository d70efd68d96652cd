/** Where sequences stand, and how they go on. */
import type { ColumnSequence } from "../ServerObject.ts"
import { escapeIdentifier, type Statement } from "./connect.ts"
import { qualified } from "./tableSql.ts"

interface Found {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly sequence: string
  readonly sequenceSchema: string
  readonly increment: number
}

/** The next value of each sequence, and the greatest of its column. */
export const positions = (all: ReadonlyArray<Found>): Statement => ({
  text: all
    .map(({ column, increment, schema, sequence, sequenceSchema, table }, i) => {
      const from = qualified({ schema: sequenceSchema, name: sequence })
      return `SELECT ${i} AS place, (SELECT max(${escapeIdentifier(column)}) FROM ${qualified({ schema, name: table })})::text AS greatest,
        (SELECT CASE WHEN is_called THEN last_value + ${increment} ELSE last_value END FROM ${from})::text AS next`
    })
    .join(" UNION ALL "),
  values: []
})

/** It is never set back: what others have taken meanwhile stays taken. */
export const advance = ({ column, schema, table }: ColumnSequence): Statement => {
  const of = qualified({ schema, name: table })
  return {
    text: `SELECT setval(pg_get_serial_sequence($1, $2), greatest(max(${escapeIdentifier(column)}), nextval(pg_get_serial_sequence($1, $2)))) FROM ${of}`,
    values: [of, column]
  }
}
