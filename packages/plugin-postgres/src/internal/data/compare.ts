/** Looks whether the rows of files are in their tables. */
import type { Readable } from "node:stream"
import type { Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { Difference, Import, NotYet } from "../../PostgresData.ts"
import { escapeIdentifier } from "../connect.ts"
import * as sql from "./content.ts"
import type { Cell } from "./copyText.ts"
import * as failing from "./failing.ts"
import * as files from "./files.ts"
import { reader, splitter } from "./lines.ts"
import { type Load, plan } from "./loads.ts"
import { nameOf } from "./relations.ts"
import { plain, type Rows, type Sessions, StreamFailed } from "./session.ts"

/** How many rows are asked for at a time. */
const batchSize = 2_000

export const comparer = (sessions: Sessions, target: Target.Operations) => (wanted: Import) =>
  Effect.gen(function* () {
    const rows = yield* sessions.reading
    const planned = yield* plan(rows, target, wanted).pipe(
      Effect.catchTag("Missing", ({ lacks, reason }) => Effect.succeed<NotYet>({ lacks, reason })),
      Effect.catchIf(
        (error) => error._tag === "DataInvalid" && error.column !== undefined,
        ({ message }) => Effect.succeed<NotYet>({ lacks: "schema", reason: message })
      )
    )
    if ("lacks" in planned) return planned
    const differences: Array<Difference> = []
    for (const { tables } of planned.groups) {
      for (const { id } of tables) {
        const load = planned.of.get(id)
        if (load !== undefined) differences.push(yield* difference(rows, target, load))
      }
    }
    return differences
  }).pipe(Effect.scoped)

const difference = (rows: Rows, target: Target.Operations, load: Load) =>
  Effect.gen(function* () {
    const { manifest, relation, shape, source, table } = load
    const name = nameOf(table)
    if (shape.columns.length === 0) return { table: name, rows: 0, missing: 0, changed: 0 } satisfies Difference
    const look = plain(`SELECT NOT EXISTS (SELECT FROM ${sql.tableOf(relation)}) AS empty`)
    if ((yield* rows.query(look)).rows[0]?.empty === true) {
      return { table: name, rows: manifest?.rows, missing: manifest?.rows, changed: 0 } satisfies Difference
    }
    if (load.content !== undefined) {
      const [found] = (yield* rows.query(sql.contentOf(relation, shape.columns))).rows
      if (found?.content === load.content && Number(found.rows) === manifest?.rows) {
        return { table: name, rows: manifest.rows, missing: 0, changed: 0 } satisfies Difference
      }
    }
    return yield* rowByRow(rows, load, yield* files.read(target, source.file))
  }).pipe(Effect.scoped)

/** Reads the whole file, a batch at a time, and asks for the rows with the same keys. */
const rowByRow = Effect.fnUntraced(function* (rows: Rows, load: Load, stream: Readable) {
  const { shape, source, table } = load
  const read = reader(shape)
  const statement = question(load)
  const counted = { rows: 0, missing: 0, changed: 0 }
  let cells: Array<Array<Cell>> = shape.columns.map(() => [])
  let waiting = 0
  const lines = splitter((line, number) => {
    for (const [i, cell] of read(line, number).entries()) cells[i]?.push(cell)
    waiting++
  })
  const take = (chunk: Uint8Array | undefined) =>
    Effect.try({
      try: () => (chunk === undefined ? lines.end() : lines.push(chunk)),
      catch: (cause) => failing.ofStream(table, source.file, new StreamFailed(cause))
    })
  const ask = Effect.gen(function* () {
    if (waiting === 0) return
    const answer = yield* rows.query({ text: statement, values: cells })
    counted.rows += waiting
    counted.missing += Number(answer.rows[0]?.missing)
    counted.changed += Number(answer.rows[0]?.changed)
    cells = shape.columns.map(() => [])
    waiting = 0
  }).pipe(Effect.mapError(failing.ofRows(table, source.file)))
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  while (true) {
    const next = yield* Effect.tryPromise({
      try: () => chunks.next(),
      catch: (cause) => failing.ofStream(table, source.file, new StreamFailed(cause))
    })
    if (next.done === true) break
    yield* take(next.value)
    if (waiting >= batchSize) yield* ask
  }
  yield* take(undefined)
  yield* ask
  return { table: nameOf(table), ...counted } satisfies Difference
})

/** Asks how many of some rows, column by column, are missing or have other values. */
const question = ({ key, relation, shape, updated }: Load): string => {
  const { columns } = shape
  const values = columns.map(({ name, type }, i) => `u.c${i}::${type} AS ${escapeIdentifier(name)}`)
  const same = key.map(({ name }) => `t.${escapeIdentifier(name)} = s.${escapeIdentifier(name)}`).join(" AND ")
  const changed = updated.length === 0 ? "false" : sql.differs(updated, "t", "s")
  return `SELECT count(*) FILTER (WHERE t.tableoid IS NULL) AS missing,
      count(*) FILTER (WHERE t.tableoid IS NOT NULL AND ${changed}) AS changed
    FROM (SELECT ${values.join(", ")} FROM unnest(${columns.map((_, i) => `$${i + 1}::text[]`).join(", ")})
      AS u (${columns.map((_, i) => `c${i}`).join(", ")})) AS s
    LEFT JOIN ${sql.tableOf(relation)} AS t ON ${same}`
}
