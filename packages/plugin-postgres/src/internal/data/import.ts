/** Writes the rows of files into tables. */
import { Progress, type Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type { Import } from "../../PostgresData.ts"
import type { QueryError } from "../../PostgresError.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "../connect.ts"
import * as sql from "./content.ts"
import * as failing from "./failing.ts"
import * as files from "./files.ts"
import { toCopy } from "./lines.ts"
import { goesAsItIs, type Load, plan } from "./loads.ts"
import * as meters from "./meter.ts"
import type { Group } from "./order.ts"
import { nameOf } from "./relations.ts"
import { plain, type Rows, type Sessions } from "./session.ts"

interface Job {
  readonly rows: Rows
  readonly target: Target.Operations
}

export const importer = (sessions: Sessions, target: Target.Operations) => (wanted: Import) =>
  Effect.gen(function* () {
    const rows = yield* sessions.writing
    const { groups, of } = yield* plan(rows, target, wanted).pipe(
      Effect.catchTag("Missing", ({ reason }) => Effect.fail(failing.notThere(wanted.directory, reason)))
    )
    for (const group of groups) {
      const loads = group.tables.flatMap(({ id }) => of.get(id) ?? [])
      yield* together({ rows, target }, group, loads)
    }
  }).pipe(Effect.scoped)

/** Fills the tables of a group in one transaction. Where it fails, the connection is closed, and the server takes it back. */
const together = Effect.fnUntraced(function* (job: Job, group: Group, loads: ReadonlyArray<Load>) {
  const { rows } = job
  yield* rows.query(plain("BEGIN"))
  for (const { relation } of loads) yield* rows.query(oneAtATime(relation.id))
  if (group.deferred) yield* rows.query(plain("SET CONSTRAINTS ALL DEFERRED"))
  const notes: Array<string> = []
  for (const [i, load] of loads.entries()) {
    notes.push(yield* fill(job, load, staging(i), group.later.get(load.relation.id) ?? new Set()))
  }
  for (const [i, load] of loads.entries()) {
    const later = group.later.get(load.relation.id)
    if (later !== undefined) yield* rowsOf(load, rows.query(completing(load, staging(i), later)))
  }
  for (const { relation, shape } of loads) {
    for (const { name, sequence } of shape.columns) {
      if (sequence !== null) yield* rows.query(advance(sql.tableOf(relation), name, sequence))
    }
  }
  const [first] = loads
  // Constraints that are deferred speak up here.
  if (first !== undefined) yield* rowsOf(first, rows.query(plain("COMMIT")))
  for (const note of notes) yield* Progress.line(note)
})

const staging = (i: number): string => escapeIdentifier(`shipshape_rows_${i}`)

const rowsOf = <A>({ source, table }: Load, effect: Effect.Effect<A, QueryError>) =>
  Effect.mapError(effect, failing.ofRows(table, source.file))

/** Two that fill the same table take turns; the second waits for as long as the connection waits for locks. */
const oneAtATime = (table: number): Statement => ({
  text: "SELECT pg_advisory_xact_lock(hashtext('shipshape import'), $1::bigint::int)",
  values: [String(table | 0)]
})

/** Fills one table, and answers what has been done. */
const fill = Effect.fnUntraced(function* (job: Job, load: Load, stage: string, later: ReadonlySet<string>) {
  const { rows } = job
  const { relation, shape, table } = load
  const name = nameOf(table)
  if (shape.columns.length === 0) return `${name}: the file has no rows`
  if (load.content !== undefined) {
    const { rows: found } = yield* rows.query(sql.contentOf(relation, shape.columns))
    if (found[0]?.content === load.content && Number(found[0]?.rows) === load.manifest?.rows) {
      return `${name}: all rows are there`
    }
  }
  if (later.size === 0 && (yield* isEmpty(rows, load))) {
    const count = yield* stream(job, load, sql.tableOf(relation))
    return `${name}: ${count} rows`
  }
  const columns = sql.list(shape.columns)
  yield* rows.query(
    plain(`CREATE TEMP TABLE ${stage} ON COMMIT DROP AS SELECT ${columns} FROM ${sql.tableOf(relation)} WITH NO DATA`)
  )
  const count = yield* stream(job, load, stage)
  yield* rows.query(plain(`ANALYZE ${stage}`))
  yield* refuseKeys(rows, load, stage)
  const written = yield* rowsOf(load, rows.query(upsert(load, stage, later)))
  const { inserted, updated } = written.rows[0] ?? {}
  return `${name}: ${inserted} new rows and ${updated} changed ones, of ${count}`
})

/** Whether a table has no rows, and gets none from others until the transaction ends. */
const isEmpty = Effect.fnUntraced(function* (rows: Rows, { relation }: Load) {
  const look = plain(`SELECT NOT EXISTS (SELECT FROM ${sql.tableOf(relation)}) AS empty`)
  const empty = Effect.map(rows.query(look), (found) => found.rows[0]?.empty === true)
  if (!(yield* empty)) return false
  yield* rows.query(plain(`LOCK TABLE ${sql.tableOf(relation)} IN SHARE ROW EXCLUSIVE MODE`))
  return yield* empty
})

/** Sends a file to a table of the server, and compares what came with what should have come. */
const stream = ({ rows, target }: Job, load: Load, into: string) =>
  Effect.gen(function* () {
    const { manifest, shape, source, table } = load
    const { line } = yield* Progress.Current
    const expected = { bytes: source.bytes, ...(manifest === undefined ? {} : { rows: manifest.rows }) }
    const meter = meters.make(`import ${nameOf(table)}`, expected, line)
    const copy = `COPY ${into} (${sql.list(shape.columns)}) FROM STDIN`
    const bytes = yield* files.read(target, source.file)
    const received = yield* rows.into(copy, bytes, meter.stream, ...(goesAsItIs(shape) ? [] : [toCopy(shape)])).pipe(
      Effect.catchTag("StreamFailed", (failed) => Effect.fail(failing.ofStream(table, source.file, failed))),
      Effect.mapError((error) => (error._tag === "DataInvalid" ? error : failing.ofRows(table, source.file)(error)))
    )
    if (meter.bytes() !== source.bytes || received !== meter.rows()) {
      return yield* failing.otherCount(table, source.file, meter.rows(), received)
    }
    if (manifest !== undefined && manifest.sha256 !== meter.sha256()) {
      return yield* failing.otherFile(table, source.file)
    }
    if (manifest !== undefined && manifest.rows !== received) {
      return yield* failing.otherCount(table, source.file, manifest.rows, received)
    }
    return received
  }).pipe(Effect.scoped)

/** Rows that cannot be told apart, and rows that are there under another id, to which other rows refer. */
const refuseKeys = Effect.fnUntraced(function* (
  rows: Rows,
  { key, relation, shape, source, table }: Load,
  stage: string
) {
  const names = sql.list(key)
  const some = key.map(({ name }) => `${escapeIdentifier(name)} IS NULL`).join(" OR ")
  const doubled = yield* rows.query(
    plain(`SELECT concat_ws(', ', ${names}) AS key, bool_or(${some}) AS lacks FROM ${stage}
      GROUP BY ${names} HAVING count(*) > 1 OR bool_or(${some}) LIMIT 1`)
  )
  const [first] = doubled.rows
  if (first !== undefined) {
    return yield* failing.rowProblem(
      table,
      source.file,
      first.lacks === true ? `a row has no ${names}` : `more than one row has ${names} ${String(first.key)}`,
      "let each row have a key of its own; of this table nothing was written"
    )
  }
  const primary = sql.columnsOf(relation, relation.keys.find((one) => one.primary)?.columns ?? [])
  if (primary.every((column) => key.includes(column)) || !primary.every((column) => shape.columns.includes(column)))
    return
  const moved = yield* rows.query(
    plain(`SELECT concat_ws(', ', ${sql.list(key, "s.")}) AS key, concat_ws(', ', ${sql.list(primary, "t.")}) AS there,
      concat_ws(', ', ${sql.list(primary, "s.")}) AS given
      FROM ${stage} s JOIN ${sql.tableOf(relation)} t ON ${same(key)} WHERE ${sql.differs(primary, "t", "s")} LIMIT 1`)
  )
  const [other] = moved.rows
  if (other === undefined) return
  yield* failing.rowProblem(
    table,
    source.file,
    `the row with ${names} ${String(other.key)} is there with ${sql.list(primary)} ${String(other.there)}, and the file gives it ${String(other.given)}`,
    `put ${sql.list(primary)} into \`exclude\` where no other file refers to it, or give both databases the same`
  )
})

const same = (key: Load["key"]): string =>
  key.map(({ name }) => `t.${escapeIdentifier(name)} = s.${escapeIdentifier(name)}`).join(" AND ")

/** Writes what is staged: new rows, and of those that are there what is another. */
const upsert = ({ key, relation, shape, updated }: Load, stage: string, later: ReadonlySet<string>): Statement => {
  const { columns } = shape
  const set = updated.filter(({ identity, name }) => !identity && !later.has(name))
  const overriding = columns.some(({ identity }) => identity) ? "OVERRIDING SYSTEM VALUE " : ""
  const values = columns.map((column) => (later.has(column.name) ? "NULL" : sql.list([column])))
  const act =
    set.length === 0
      ? "NOTHING"
      : `UPDATE SET ${set.map((column) => `${sql.list([column])} = ${sql.list([column], "EXCLUDED.")}`).join(", ")}
        WHERE ${sql.differs(set, "t", "EXCLUDED")}`
  return plain(`WITH written AS (
      INSERT INTO ${sql.tableOf(relation)} AS t (${sql.list(columns)}) ${overriding}
      SELECT ${values.join(", ")} FROM ${stage}
      ON CONFLICT (${sql.list(key)}) DO ${act} RETURNING xmax = 0 AS new
    ) SELECT count(*) FILTER (WHERE new) AS inserted, count(*) FILTER (WHERE NOT new) AS updated FROM written`)
}

/** Fills the columns that had to wait for the other tables of a cycle. */
const completing = ({ key, relation, shape, table }: Load, stage: string, later: ReadonlySet<string>): Statement => {
  const columns = shape.columns.filter(({ name }) => later.has(name))
  const set = columns.map((column) => `${sql.list([column])} = ${sql.list([column], "s.")}`)
  const kept =
    table.existing === "keep"
      ? ` AND ${columns.map((column) => `${sql.list([column], "t.")} IS NULL`).join(" AND ")}`
      : ""
  return plain(
    `UPDATE ${sql.tableOf(relation)} AS t SET ${set.join(", ")} FROM ${stage} AS s
      WHERE ${same(key)} AND ${sql.differs(columns, "t", "s")}${kept}`
  )
}

/** The next value of a sequence is beyond all that are there; it never goes back. */
const advance = (table: string, column: string, sequence: string): Statement =>
  plain(`SELECT setval(${escapeLiteral(sequence)}::regclass, found.largest)
    FROM (SELECT max(${escapeIdentifier(column)})::bigint AS largest FROM ${table}) AS found,
      pg_sequences AS s
    WHERE format('%I.%I', s.schemaname, s.sequencename)::regclass = ${escapeLiteral(sequence)}::regclass
      AND found.largest > coalesce(s.last_value, 0) AND s.increment_by > 0`)
