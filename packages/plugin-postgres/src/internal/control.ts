/** Changes a database through a session. */
import { Progress, Secrets } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { NewColumn, PostgresControl } from "../PostgresControl.ts"
import { ServerNotReady, UndoRefused } from "../PostgresError.ts"
import type { PostgresProbe, ProbeError } from "../PostgresProbe.ts"
import * as backfill from "./backfill.ts"
import type { Backups } from "./backups.ts"
import * as columnType from "./columnType.ts"
import { escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { enumErrors } from "./enumErrors.ts"
import { replacing } from "./enumUses.ts"
import { statementsOf } from "./objectSql.ts"
import type { Restores } from "./restores.ts"
import { naming, rowErrors } from "./rowErrors.ts"
import { makeVerifier } from "./scram.ts"
import { advance } from "./sequences.ts"
import { oneOf, type Session } from "./session.ts"
import type { Where } from "./sqlstate.ts"
import * as statements from "./statements.ts"
import { type PlainChange, workOf } from "./tableSql.ts"

/** How long between two looks at a server that is not ready. */
const pollInterval = "250 millis"

/** What comes by itself: a server or a container that starts, and connections that end. */
const isPassing = (error: ProbeError): boolean =>
  error._tag === "ServerUnreachable" ||
  error._tag === "ServerNotReady" ||
  error._tag === "ConnectionLost" ||
  error._tag === "TooManyConnections" ||
  error._tag === "TargetUnavailable"

const nothing: Statement = { text: "SELECT 1", values: [] }

/** The control of a session. */
export const make = (
  session: Session,
  where: Where,
  reads: Pick<PostgresProbe["Service"], "enumLabels" | "enumUses" | "object">,
  backups: Omit<Backups, "newestBackup"> & Omit<Restores, "readBackup" | "restoredFrom">
): PostgresControl["Service"] => {
  const execute = (statement: Statement) => Effect.asVoid(session.execute(statement))
  /** A type as the server writes it. */
  const typeOf = Effect.fnUntraced(function* (type: string) {
    const identity = columnType.identityOf(yield* oneOf(session, columnType.question([type])), 0)
    // Not a type alone: nothing of it may stand in a statement that changes something.
    if (identity === undefined) return yield* Effect.die(new TypeError(`${type} is no type`))
    const { rows } = yield* oneOf(session, columnType.canonical(identity))
    return String(rows[0]?.type)
  })
  return {
    waitUntilReady: (timeout) => waitUntilReady(oneOf(session, nothing), where, timeout),
    createExtension: (extension) => execute(statements.createExtension(extension)),
    moveExtension: (name, schema) => execute(statements.moveExtension(name, schema)),
    updateExtension: (name, version) => execute(statements.updateExtension(name, version)),
    createEnum: (type, labels) => enumErrors(type)(execute(statements.createEnum(type, labels))),
    addLabel: (type, label) => enumErrors(type)(execute(statements.addLabel(type, label))),
    renameLabel: (type, from, to) => enumErrors(type)(execute(statements.renameLabel(type, from, to))),
    replaceEnum: Effect.fnUntraced(function* (type, { labels, values }) {
      const uses = yield* reads.enumUses(type, [])
      const existing = (yield* reads.enumLabels(type)) ?? []
      const removed = existing.filter((label) => !labels.includes(label))
      const replace = session.executeAll(replacing(type, uses?.columns ?? [], labels, removed, values))
      yield* enumErrors(type)(replace)
    }),
    changeTable: Effect.fnUntraced(function* (change) {
      if (change._tag === "Backfill") return yield* backfill.run(session, change.backfill)
      const { patiently, statements } = workOf(
        change._tag === "SetType" ? { ...change, type: yield* typeOf(change.type) } : change
      )
      const [first, ...more] = statements
      const work = patiently
        ? session.executePatiently(first)
        : more.length === 0
          ? session.execute(first)
          : session.executeAll(statements)
      const notNull = change._tag === "ValidateConstraint" ? change.notNull : undefined
      yield* work.pipe(rowErrors(change.table, notNull), naming(whatOf(change)))
    }),
    addColumn: Effect.fnUntraced(function* (column) {
      const what = `column ${column.schema}.${column.table}.${column.name}`
      const add = execute(statements.addColumn(column, yield* typeOf(column.type)))
      yield* naming(what)(add)
    }),
    setObject: Effect.fnUntraced(function* (object, state) {
      const statements = statementsOf(object, (yield* reads.object(object)) ?? null, state)
      // A database is made outside of transactions.
      if (object.kind !== "database")
        return yield* statements.length === 0 ? Effect.void : session.executeAll(statements)
      for (const statement of statements) yield* session.execute(statement)
    }),
    setPassword: Effect.fnUntraced(function* (role, password) {
      const verifier = makeVerifier(Redacted.value(password))
      yield* Secrets.register(Redacted.make(verifier))
      yield* execute({ text: `ALTER ROLE ${escapeIdentifier(role)} PASSWORD ${escapeLiteral(verifier)}`, values: [] })
    }),
    advanceSequence: (sequence) => execute(advance(sequence)),
    dropExtension: (name) => execute(statements.dropExtension(name)),
    dropEnum: (type) => execute(statements.dropEnum(type)),
    dropColumn: Effect.fnUntraced(function* (column) {
      const drop = execute(statements.dropColumn(column, yield* typeOf(column.type)))
      yield* Effect.catchIf(
        drop,
        (error) => error._tag === "StatementFailed" && error.sqlstate === statements.holdsValues,
        () => Effect.fail(columnHoldsValues(column))
      )
    }),
    execute,
    ...backups
  }
}

/** What a change is about: `constraint amounts of public.orders`. */
const whatOf = (change: PlainChange): string => {
  const table = `${change.table.schema}.${change.table.name}`
  if ("column" in change) return `column ${table}.${change.column}`
  return `${change._tag.endsWith("Index") ? "index" : "constraint"} ${change.name} of ${table}`
}

/** The refusal to drop a column with what was written to it. */
export const columnHoldsValues = ({ name, schema, table }: NewColumn): UndoRefused =>
  new UndoRefused({
    what: `column ${schema}.${table}.${name}`,
    message: `column ${schema}.${table}.${name} is not dropped: rows hold values in it, beside its default, that would be lost`,
    hint: "leave it, as the code before does not know it; or drop it in a migration, once nothing of it is needed"
  })

/** Asks until there is an answer. */
export const waitUntilReady = (
  ask: Effect.Effect<unknown, ProbeError>,
  where: Where,
  timeout: Duration.Duration
): Effect.Effect<void, ProbeError> =>
  Effect.suspend(() => {
    let last: ProbeError | undefined
    return ask.pipe(
      Effect.tapError((error) => {
        last = error
        return Progress.line(error.message)
      }),
      Effect.retry({ schedule: Schedule.spaced(pollInterval), while: isPassing }),
      Effect.asVoid,
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(tooLate(where, timeout, last)) })
    )
  })

const tooLate = (
  { resource, server }: Where,
  timeout: Duration.Duration,
  last: ProbeError | undefined
): ServerNotReady =>
  new ServerNotReady({
    server,
    ...(resource === undefined ? {} : { resource }),
    message: `PostgreSQL at ${server} accepted no query within ${Duration.format(timeout)}${
      last === undefined ? "" : `: ${last.message}`
    }`,
    hint: "look at the server's log, or give the step a longer timeout",
    retryable: true
  })
