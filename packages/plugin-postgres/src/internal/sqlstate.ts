/** What the server's and the network's errors mean. */
import type { Resource } from "@shipshape/core"
import * as Predicate from "effect/Predicate"
import {
  AuthenticationFailed,
  type ConnectError,
  ConnectionLost,
  DatabaseMissing,
  DiskFull,
  LockTimeout,
  NotReadOnly,
  PermissionDenied,
  PoolerInBetween,
  type QueryError,
  ServerNotReady,
  ServerUnreachable,
  StatementFailed,
  StatementTimeout,
  TlsRefused,
  TooManyConnections
} from "../PostgresError.ts"

/** Who talks to what, for messages. */
export interface Where {
  /** `127.0.0.1:5432`, `service db`. */
  readonly server: string
  readonly user: string
  readonly database: string
  /** What must be up for the server to be there. */
  readonly resource: Resource.Resource | undefined
}

/** What an error says of where the server should be. */
const place = ({ resource, server }: Where) => ({ server, ...(resource === undefined ? {} : { resource }) })

const textOf = (cause: unknown, key: string): string | undefined =>
  Predicate.hasProperty(cause, key) && Predicate.isString(cause[key]) ? cause[key] : undefined

const messageOf = (cause: unknown): string => textOf(cause, "message") || String(cause)

/** Five characters from the server; the operating system's names are longer or have no digit. */
const sqlstateOf = (cause: unknown): string | undefined => {
  const code = textOf(cause, "code")
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && textOf(cause, "severity") !== undefined ? code : undefined
}

/** Whether the server itself said it, and not what carries the connection. */
export const isFromServer = (cause: unknown): boolean => sqlstateOf(cause) !== undefined || isPasswordMissing(cause)

/** The server asks for a password, and none was given: pg refuses an empty one by itself. */
const isPasswordMissing = (cause: unknown): boolean => messageOf(cause).startsWith("SASL:")

const authenticationFailed = ({ server, user }: Where, cause: unknown): AuthenticationFailed =>
  new AuthenticationFailed({
    server,
    user,
    message: `PostgreSQL at ${server} refuses user ${user}: ${
      isPasswordMissing(cause) ? "a password is needed, or the one that was given is not right" : messageOf(cause)
    }`,
    hint: messageOf(cause).includes("not permitted to log in")
      ? "give the role the right to log in (login: true of Postgres.role), or connect as another one"
      : "correct user and password; an existing volume keeps the password with which it was first started",
    cause
  })

/** Nothing is there, or nothing answers. */
const unreachable: ReadonlyArray<string> = [
  "ECONNREFUSED",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT"
]

/** The SQLSTATEs of a server that starts or stops. */
const notReady: ReadonlyArray<string> = ["57P03", "57P01", "57P02"]

export const serverNotReady = (where: Where, cause: unknown): ServerNotReady =>
  new ServerNotReady({
    ...place(where),
    message: `PostgreSQL at ${where.server} does not accept queries yet: ${messageOf(cause)}`,
    hint: "wait for it with Postgres.ready, or look at the server's log if it does not come up",
    retryable: true,
    cause
  })

/** What Node says of certificates, and pg of servers that have none. */
const tlsProblem = (code: string, message: string): string | undefined =>
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET))/.test(code) ||
  message === "The server does not support SSL connections"
    ? message
    : undefined

const tlsRefused = ({ server }: Where, said: string, cause: unknown): TlsRefused =>
  new TlsRefused({
    server,
    message: `the connection to PostgreSQL at ${server} is not encrypted as it should be: ${said}`,
    hint: said.includes("does not support SSL")
      ? 'let the server encrypt (ssl = on, with a certificate), or give tls: "disable" where nobody can listen'
      : "give in `ca` the file with the certificates that have signed the server's, or correct the host; `tls` says how much is checked",
    cause
  })

/** A pooler that shares sessions stands before the server. */
export const pooled = ({ server }: Where, cause?: unknown): PoolerInBetween =>
  new PoolerInBetween({
    server,
    message: `at ${server} a pooler stands before PostgreSQL, which lets several connections share one session`,
    hint: "give the server's own address: locks, settings and changes of the schema need a session of their own",
    ...(cause === undefined ? {} : { cause })
  })

/** Why a connection could not be opened. */
export const connectError = (where: Where, cause: unknown): ConnectError => {
  const { database, server, user } = where
  if (isPasswordMissing(cause)) return authenticationFailed(where, cause)
  const sqlstate = sqlstateOf(cause)
  if (sqlstate === undefined) {
    const errno = textOf(cause, "code") ?? ""
    const tls = tlsProblem(errno, messageOf(cause))
    if (tls !== undefined) return tlsRefused(where, tls, cause)
    // A port that is published by Docker accepts and closes at once while nothing listens behind it.
    if (!unreachable.includes(errno) && messageOf(cause) !== "timeout expired") return serverNotReady(where, cause)
    return new ServerUnreachable({
      ...place(where),
      message: `no PostgreSQL answers at ${server}: ${errno || messageOf(cause)}`,
      hint: "start the server, or correct host and port of the connection",
      retryable: true,
      cause
    })
  }
  if (notReady.includes(sqlstate)) return serverNotReady(where, cause)
  switch (sqlstate) {
    case "28P01":
    case "28000":
      return authenticationFailed(where, cause)
    case "3D000":
      return new DatabaseMissing({
        server,
        database,
        message: `PostgreSQL at ${server} has no database ${database}`,
        hint: `correct the database's name, or create it: createdb ${database}`,
        cause
      })
    case "53300":
      return new TooManyConnections({
        server,
        message: `PostgreSQL at ${server} has no connection left for user ${user}`,
        hint: "end idle sessions (see pg_stat_activity), or raise max_connections or the limit of the role or the database",
        retryable: true,
        cause
      })
    default:
      // PgBouncer refuses settings that it does not know, before it asks for a password.
      return messageOf(cause).includes("unsupported startup parameter")
        ? pooled(where, cause)
        : statementFailed(cause, sqlstate, undefined)
  }
}

const hints: Readonly<Record<string, string>> = {
  "42601": "correct the statement's syntax; a step takes one single statement",
  "42P01": "create the table first, or correct its name and schema",
  "42703": "correct the column's name",
  "42704": "create first what is missing, or correct its name and schema",
  "42710": "something of this name is there already: give it another name, or look at what made the other",
  "42P07": "a table, an index or a view has this name already: give it another name, or look at what made the other",
  "3F000": "create the schema first, with Postgres.schema, or correct its name",
  "42939": "give it another name: those that begin with pg_ are PostgreSQL's own",
  "55P02": "set it for the whole server, in postgresql.conf or with ALTER SYSTEM, and restart the server",
  "0LP01": "correct the roles or the privileges: PostgreSQL does not take these together",
  "42809": "correct the name: something of another kind has it",
  "42804": "make the types fit: convert the expression with ::, or correct the column",
  "42830":
    "give the columns that are pointed to a unique constraint first, with Postgres.unique, or point to the primary key",
  "42P17": "use functions that always give the same for the same values: they are declared IMMUTABLE",
  "0A000": "write it in another way: PostgreSQL, or this version of it, cannot do that here",
  "22P02": "correct the value: it is none of the type's; a label of an enum must have been added before",
  "23502": "the table has rows: give the column a default, or make it nullable",
  "22023":
    "correct the value, or the label that is named: one that a new label stands next to must be there, and committed",
  "23503": "the rows it points to are missing: add them first, or correct the reference",
  "23505": "there is such a row already: change the values, or update the row instead",
  "23514": "the row does not keep the check: correct its values, or the check",
  "25001":
    "run it alone: PostgreSQL takes it in no transaction, and several statements that are sent as one are a transaction",
  "55P04":
    "a label cannot be used in the transaction that adds it: add it with Postgres.enum in a step before this one, which commits it",
  "2BP01": "other objects depend on it: change or drop them first"
}

/** Where in a statement the server's position is: line and column, both from 1. */
const placeOf = (cause: unknown, text: string | undefined): { line: number; column: number } | undefined => {
  const position = Number(textOf(cause, "position"))
  if (text === undefined || !Number.isInteger(position) || position < 1) return undefined
  // The server counts characters, not UTF-16 units.
  const before = [...text].slice(0, position - 1).join("")
  const lines = before.split("\n")
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 }
}

/** A value is missing, a check or that of a view does not hold: the detail is the failing row. */
const showsRow: ReadonlyArray<string> = ["23502", "23514", "44000"]

const statementFailed = (cause: unknown, sqlstate: string, text: string | undefined): StatementFailed => {
  const at = placeOf(cause, text)
  const source = at === undefined ? undefined : text?.split("\n")[at.line - 1]
  // The whole row, with whatever it holds, belongs into no journal.
  const detail = showsRow.includes(sqlstate) ? undefined : textOf(cause, "detail")
  const notes = [detail, textOf(cause, "hint"), textOf(cause, "where")].filter(Predicate.isNotUndefined)
  const tail = [
    ...(at === undefined || source === undefined ? [] : [source, `${" ".repeat(at.column - 1)}^`]),
    ...notes
  ]
  return new StatementFailed({
    sqlstate,
    message: `PostgreSQL says: ${messageOf(cause)} (SQLSTATE ${sqlstate}${
      at === undefined ? "" : `, line ${at.line}, column ${at.column}`
    })`,
    hint:
      hints[sqlstate] ?? "correct the statement, or what it works on; the SQLSTATE is explained in PostgreSQL's manual",
    // A serialisation failure, a deadlock, or a resource that ran out for a moment.
    retryable: /^(40|53)/.test(sqlstate),
    ...(tail.length === 0 ? {} : { tail }),
    ...at,
    cause
  })
}

/** Why a statement failed. `text` is the statement where its position may be shown. */
export const queryError = (where: Where, cause: unknown, text?: string): QueryError => {
  const { server, user } = where
  const message = messageOf(cause)
  const sqlstate = sqlstateOf(cause)
  if (sqlstate === undefined || sqlstate.startsWith("08") || notReady.includes(sqlstate)) {
    return new ConnectionLost({
      server,
      message: `the connection to PostgreSQL at ${server} was lost: ${message}`,
      hint: "run again; if it happens again look at the server's log",
      retryable: true,
      cause
    })
  }
  switch (sqlstate) {
    case "42501":
      return new PermissionDenied({
        user,
        message: `user ${user} may not do this: ${message}`,
        hint: `grant user ${user} the privilege, or connect as the owner`,
        cause
      })
    case "53100":
      return new DiskFull({
        message: `the disk of PostgreSQL at ${server} is full: ${message}`,
        hint: "free space on the server's disk, then run again",
        retryable: true,
        cause
      })
    case "55P03":
      return new LockTimeout({
        message: `another session holds a lock: ${message}`,
        hint: "run again when less goes on; `SELECT * FROM pg_locks WHERE NOT granted` shows who waits for whom",
        retryable: true,
        cause
      })
    case "57014":
      return new StatementTimeout({
        message: `a statement did not end in time: ${message}`,
        hint: "find out what it waits for, or raise statementTimeout in the plugin's options",
        retryable: true,
        cause
      })
    case "25006":
      return new NotReadOnly({
        message: `a check may not change anything: ${message}`,
        hint: "write `done` as a SELECT that changes nothing",
        cause
      })
    default:
      return statementFailed(cause, sqlstate, text)
  }
}
