/** Changes the rows of a table in batches: page after page, so that each page is read once. */
import { Progress } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { QueryError } from "../PostgresError.ts"
import type { Backfill } from "../Table.ts"
import { type ConnectFailure, escapeIdentifier, type Rows, type Statement } from "./connect.ts"
import { oneOf, type Session } from "./session.ts"
import { qualified } from "./tableSql.ts"

/** The tables that hold the rows: the partitions of one that is partitioned. */
const leaves = (backfill: Backfill): Statement => ({
  text: `SELECT namespace.nspname AS schema, class.relname AS name, class.reltuples::float8 AS rows,
      (pg_relation_size(class.oid) / current_setting('block_size')::int)::int AS pages
    FROM (SELECT relid FROM pg_partition_tree($1::regclass) WHERE isleaf UNION SELECT $1::regclass) AS leaf (oid)
    JOIN pg_class class ON class.oid = leaf.oid AND class.relkind = 'r'
    JOIN pg_namespace namespace ON namespace.oid = class.relnamespace ORDER BY 1, 2`,
  values: [qualified(backfill.table)]
})

/** A page of a table of which nothing is known holds about so many rows. */
const usualRows = 60

const reportMillis = 1_000

const update = ({ set, where }: Backfill, leaf: string, from: number, to: number): Statement => ({
  text: `UPDATE ONLY ${leaf} SET ${Object.entries(set)
    .map(([column, expression]) => `${escapeIdentifier(column)} = (${expression}\n)`)
    .join(", ")} WHERE ctid >= '(${from},0)'::tid AND ctid < '(${to},0)'::tid AND (${where}\n) RETURNING 1`,
  values: []
})

const counting = (statement: Statement): Statement => ({
  text: `WITH changed AS (${statement.text}) SELECT count(*)::int AS rows FROM changed`,
  values: []
})

export const run = Effect.fnUntraced(function* (
  session: Session,
  backfill: Backfill
): Effect.fn.Return<void, ConnectFailure | QueryError> {
  const { rows } = yield* oneOf(session, leaves(backfill))
  const tables = rows.map(({ name, pages, rows: estimate, schema }) => ({
    name: qualified({ schema: String(schema), name: String(name) }),
    pages: Number(pages),
    perPage: Number(estimate) > 0 && Number(pages) > 0 ? Math.max(1, Number(estimate) / Number(pages)) : usualRows
  }))
  const pages = tables.reduce((sum, table) => sum + table.pages, 0)
  let [read, changed, reported] = [0, 0, yield* Clock.currentTimeMillis]
  for (const table of tables) {
    const step = Math.max(1, Math.round(backfill.batch / table.perPage))
    // What is written meanwhile is found behind the last page that was there.
    for (let from = 0; from < table.pages; from += step) {
      const batch: Rows = yield* session.execute(counting(update(backfill, table.name, from, from + step)))
      changed += Number(batch.rows[0]?.rows ?? 0)
      read += Math.min(step, table.pages - from)
      const now = yield* Clock.currentTimeMillis
      if (now - reported < reportMillis && read < pages) continue
      reported = now
      yield* Progress.line(
        `${backfill.table.schema}.${backfill.table.name}: ${Math.floor((100 * read) / pages)} %, ${changed.toLocaleString("en")} rows changed`
      )
    }
  }
})
