/** Runs what is left of files of SQL, unit by unit. */
import { Readable } from "node:stream"
import { Progress } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { MigrationFailed, type QueryError } from "../../PostgresError.ts"
import type { LedgerLine, MigrationControl, MigrationProbeError, Migrations } from "../../PostgresMigrations.ts"
import type { ProbeError, QualifiedName } from "../../PostgresProbe.ts"
import { connect, type Login, type Route, type Statement } from "../connect.ts"
import * as data from "../data/session.ts"
import { openDirectly } from "../direct.ts"
import { type Patience, withPatience } from "../lockWaiting.ts"
import { endWithClient, writerName } from "../orphans.ts"
import type { PlannedStatement, PlannedUnit } from "../sql/plan.ts"
import { remedyOf } from "./interrupted.ts"
import * as ledgers from "./ledger.ts"
import { type Ask, find, type LeftFile } from "./look.ts"
import { checksumOf, refused, unitChecksum } from "./progress.ts"
import { settingsOf } from "./sessions.ts"

type RunError = MigrationProbeError | MigrationFailed

const plain = (text: string): Statement => ({ text, values: [] })

const [begin, commit, rollback] = [plain("BEGIN"), plain("COMMIT"), plain("ROLLBACK")]

/** What blocks nobody while it waits and works may take as long as it needs. */
const noLimits = plain("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)")
const ownLimits = plain(
  "SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout')"
)

/** Where a file is run, and who does. */
interface Place {
  readonly rows: data.Rows
  readonly ask: Ask
  readonly patience: Patience
  readonly ledger: QualifiedName
  readonly run: string
}

/** Opens a connection; what a file sets in it ends with it. */
const opening = (login: Login & Patience, route: Route, named: Partial<Login>) => {
  const own = { ...login, copies: true, ...named }
  return openDirectly(login, Effect.tap(connect(own, route), endWithClient)).pipe(
    Effect.map((connection) => data.rowsOf(login, connection))
  )
}

/** The control of a session. */
export const make = (login: Login & Patience, route: Route, ask: Ask): MigrationControl["Service"] => {
  const writing = Effect.suspend(() => opening(login, route, { applicationName: writerName() }))
  // It changes no more than the ledger, and nobody has to wait for it.
  const holding = opening(login, route, {})
  const patience: Patience = login
  return {
    migrate: (wanted, run) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { ledger } = wanted
          const holder = yield* holding
          yield* holder.query(ledgers.create(ledger))
          yield* takeTurn(holder, ledger)
          const found = yield* find(ask, wanted)
          for (const name of found.baseline) yield* holder.query(ledgers.write(ledger, taken(name, wanted), run))
          for (const file of found.files) {
            yield* Effect.scoped(Effect.flatMap(writing, (rows) => runFile({ rows, ask, patience, ledger, run }, file)))
          }
        })
      ).pipe(notThere),
    takeBack: (ledger, name, down) =>
      Effect.scoped(
        Effect.gen(function* () {
          const holder = yield* holding
          yield* takeTurn(holder, ledger)
          const nowhere = { ledger, baseline: undefined, files: [{ ...down, name: `${down.name} of ${name}` }] }
          const { files } = yield* find(ask, nowhere)
          const rows = yield* writing
          for (const file of files) yield* runDown({ rows, ask, patience, ledger, run: "" }, name, file)
        })
      ).pipe(notThere)
  }
}

/** What a stream meets beside the server is a defect here: the rows come out of memory. */
const notThere = <E, R>(effect: Effect.Effect<void, E, R>): Effect.Effect<void, Exclude<E, data.StreamFailed>, R> =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, data.StreamFailed> => error instanceof data.StreamFailed,
    (error) => Effect.die(error)
    // The guard has ruled it out, which TypeScript does not follow for a type parameter.
  ) as Effect.Effect<void, Exclude<E, data.StreamFailed>, R>

const takeTurn = Effect.fnUntraced(function* (holder: data.Rows, ledger: QualifiedName) {
  const { rows } = yield* holder.query(ledgers.lock(ledger))
  if (rows[0]?.got === true) return
  return yield* refused(
    "another run is at these files already",
    "run again when it has ended; `shipshape status` says who it is"
  )
})

const taken = (name: string, { files }: Migrations): LedgerLine => {
  const checksum = checksumOf(files.find((file) => file.name === name)?.text ?? "")
  return { name, unit: 0, units: 0, checksum, fileChecksum: checksum, state: "baseline" }
}

const rowOf = ({ name, script, text }: LeftFile, unit: number, state: LedgerLine["state"]): LedgerLine => {
  const planned = script.units[unit - 1]
  const checksum = checksumOf(text)
  return {
    name,
    unit,
    units: script.units.length,
    checksum: planned === undefined ? checksum : unitChecksum(planned),
    fileChecksum: checksum,
    state
  }
}

const runFile = Effect.fnUntraced(function* (place: Place, file: LeftFile) {
  const { ledger, rows, run } = place
  const { units } = file.script
  if (file.done > 0) yield* Progress.line(`${file.name}: going on with unit ${file.done + 1} of ${units.length}`)
  if (units.length === 0) yield* rows.query(ledgers.write(ledger, rowOf(file, 0, "done"), run))
  for (const statement of settingsOf(units.slice(0, file.done))) {
    yield* failing({ ...place, file }, statement, send(place, statement))
  }
  for (const [i, unit] of units.entries()) {
    if (i < file.done) continue
    yield* Progress.line(`${file.name}: unit ${i + 1} of ${units.length}`)
    const own = { ...place, file }
    if (unit.transaction) yield* runTogether(own, unit, [ledgers.write(ledger, rowOf(file, i + 1, "done"), run)])
    else yield* runAlone(own, unit, i + 1, file.isStarted && i === file.done)
  }
  yield* rows.query(ledgers.complete(ledger, file.name, units.length, checksumOf(file.text)))
})

const runDown = Effect.fnUntraced(function* (place: Place, name: string, file: LeftFile) {
  const own = { ...place, file }
  const forget = ledgers.forget(place.ledger, name)
  const { units } = file.script
  for (const [i, unit] of units.entries()) {
    if (unit.transaction) yield* runTogether(own, unit, i === units.length - 1 ? [forget] : [])
    else for (const statement of unit.statements) yield* failing(own, statement, send(own, statement))
  }
  yield* place.rows.query(forget)
})

interface OfFile extends Place {
  readonly file: LeftFile
}

/** A transaction, and with it what the ledger says of it. */
const runTogether = (
  own: OfFile,
  unit: PlannedUnit,
  also: ReadonlyArray<Statement>
): Effect.Effect<void, RunError | data.StreamFailed> => {
  const { ask, patience, rows } = own
  let at = unit.statements[0]
  const once = Effect.gen(function* () {
    yield* rows.query(begin)
    for (const statement of unit.statements) {
      at = statement
      yield* send(own, statement)
    }
    for (const statement of also) yield* rows.query(statement)
    return yield* rows.query(commit)
  }).pipe(Effect.tapError(() => Effect.exit(rows.query(rollback))))
  return Effect.suspend(() => {
    const patient = withPatience(
      Effect.catchIf(once, isOfStream, (error) => Effect.die(error)),
      rows.backend,
      ask,
      patience
    )
    return Effect.asVoid(Effect.mapError(patient, (error) => (at === undefined ? error : failed(own, at, error))))
  })
}

const isOfStream = (error: unknown): error is data.StreamFailed => error instanceof data.StreamFailed

/** A statement that is committed by itself: the ledger says before that it is begun, and after that it is done. */
const runAlone = Effect.fnUntraced(function* (
  own: OfFile,
  unit: PlannedUnit,
  number: number,
  isStarted: boolean
): Effect.fn.Return<void, RunError | data.StreamFailed> {
  const { ask, file, ledger, patience, rows, run } = own
  const [statement] = unit.statements
  if (statement === undefined) return
  const remedy = remedyOf(statement.node)
  const done = ledgers.write(ledger, rowOf(file, number, "done"), run)
  if (isStarted && remedy._tag === "Uncertain") {
    return yield* refused(
      `${file.name}:${statement.line}: an earlier run was interrupted in this statement, and nobody can know whether it was run`,
      `look whether it was; then say so: UPDATE ${ledgers.nameOf(ledger)} SET state = 'done' WHERE name = '${file.name}' AND unit = ${number}; or, for it to be run, DELETE that line`
    )
  }
  if (remedy._tag === "Ask") {
    const answer = isStarted ? yield* rows.query(remedy.done) : undefined
    if (answer?.rows[0]?.done === true) return void (yield* rows.query(done))
    if (isStarted) yield* rows.query(remedy.clear)
  }
  yield* rows.query(ledgers.write(ledger, rowOf(file, number, "started"), run))
  const doneIf = isStarted && remedy._tag === "Again" ? remedy.doneIf : []
  const isQuick = "AlterEnumStmt" in statement.node
  const patient = withPatience(rows.query(plain(statement.sql)), rows.backend, ask, patience)
  const work = isQuick
    ? patient
    : Effect.andThen(rows.query(noLimits), patient).pipe(Effect.ensuring(Effect.exit(rows.query(ownLimits))))
  yield* work.pipe(
    Effect.catchIf(
      (error) => error._tag === "StatementFailed" && doneIf.includes(error.sqlstate),
      () => Effect.void
    ),
    // The server has said no, so it is known that nothing was done; what CONCURRENTLY leaves is looked for anyway.
    Effect.tapError((error) =>
      error._tag === "ConnectionLost" || remedy._tag === "Ask"
        ? Effect.void
        : Effect.exit(rows.query(forgetUnit(own, number)))
    ),
    Effect.mapError((error) => failed(own, statement, error))
  )
  yield* rows.query(done)
})

const forgetUnit = ({ file, ledger }: OfFile, unit: number): Statement => ({
  text: `DELETE FROM ${ledgers.nameOf(ledger)} WHERE name = $1 AND unit = $2 AND state = 'started'`,
  values: [file.name, unit]
})

/** Sends a statement, with its rows where it has some. */
const send = ({ rows }: Place, { data: lines, sql }: PlannedStatement) =>
  lines === undefined
    ? Effect.asVoid(rows.query(plain(sql)))
    : Effect.asVoid(rows.into(sql, Readable.from([lines.replace(/\\\.\r?\n?$/, "")])))

const failing = <A>(own: OfFile, statement: PlannedStatement, work: Effect.Effect<A, QueryError | data.StreamFailed>) =>
  Effect.mapError(work, (error) => (isOfStream(error) ? error : failed(own, statement, error)))

/** A failure with the file and the line; that the connection is gone says enough itself. */
const failed = ({ file }: OfFile, statement: PlannedStatement, error: QueryError): ProbeError | MigrationFailed => {
  if (error._tag === "ConnectionLost") return error
  const within = error._tag === "StatementFailed" && error.line !== undefined ? error.line - 1 : 0
  const line = statement.line + within
  return new MigrationFailed({
    file: file.name,
    line,
    message: `${file.name}:${line}: ${error.message}`,
    hint: `${error.hint}; what was committed before stays, and the next run goes on with this`,
    retryable: error.retryable,
    ...(error.tail === undefined ? {} : { tail: error.tail }),
    cause: error
  })
}
