/** The only file that knows pg. */
import * as net from "node:net"
import type { Duplex } from "node:stream"
import { Attempt, type Target } from "@shipshape/core"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import pg from "pg"
import type { ConnectError, QueryError } from "../PostgresError.ts"
import type { Address } from "./address.ts"
import { connectError, isFromServer, queryError, type Where } from "./sqlstate.ts"

/** Who connects, and what the session may take. */
export interface Login extends Where {
  readonly password: Redacted.Redacted<string> | undefined
  readonly statementTimeout: Duration.Duration
  readonly lockTimeout: Duration.Duration
  /** What the server lists the session as, where that is not just `shipshape`. */
  readonly applicationName?: string
  /** Rows are streamed over it: it takes one statement after the other. The default is no. */
  readonly copies?: boolean
}

/** What carries a connection: a socket that pg opens itself, or a stream that is open. */
export type Route =
  | ({ readonly _tag: "Socket" } & Pick<Address, "host" | "port" | "tls"> & Partial<Pick<Address, "ca">>)
  | {
      readonly _tag: "Stream"
      readonly open: Effect.Effect<Carrier, ConnectFailure, Scope.Scope>
    }

/** An open stream, and why it ended where that says more than the connection itself. */
export interface Carrier {
  readonly duplex: Duplex
  readonly explain: Effect.Effect<ConnectFailure | undefined>
}

/** How opening a connection fails, also where what carries it is not up. */
export type ConnectFailure = ConnectError | Target.TargetUnavailable

/** One statement with its values. */
export interface Statement {
  readonly text: string
  readonly values: ReadonlyArray<unknown>
}

/** What a statement gave. */
export interface Rows {
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly fields: ReadonlyArray<{ readonly name: string; readonly typeId: number; readonly typeModifier: number }>
}

/** An open connection. */
export interface Connection {
  readonly isOpen: () => boolean
  /** Sends a statement at once, behind those that are under way. One statement only: the extended protocol refuses more. */
  readonly query: (statement: Statement) => Effect.Effect<Rows, QueryError>
  /** Ends the connection now, whatever is under way. */
  readonly destroy: Effect.Effect<void>
}

/** A connection whose end can be waited for. */
export interface Watched extends Connection {
  /** Ends once the connection is open no longer, with what was said of that. */
  readonly closed: Effect.Effect<unknown>
  /** The process that serves it, as the server said when it was opened. A proxy may say something else. */
  readonly backend: number | undefined
  /** Runs a stream of rows, on a connection that was opened for them. */
  readonly copy: <A extends pg.Submittable>(stream: A) => A
}

const connectTimeoutMillis = 10_000

/** How long the server may take to close a connection that says goodbye. */
const goodbyeMillis = 2_000

/** After so much silence the system asks whether the server is still there. */
const keepAliveMillis = 10_000

export const applicationName = "shipshape"

export const escapeIdentifier: (name: string) => string = pg.escapeIdentifier

export const escapeLiteral: (value: string) => string = pg.escapeLiteral

/** What pg asks of a socket beside what every duplex stream has. The stream is open: connecting it is saying so. */
export const asSocket = (duplex: Duplex): Duplex =>
  Object.assign(duplex, {
    connect: () => process.nextTick(() => duplex.emit("connect")),
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex
  })

/** A longer name is cut by the server. */
const nameLength = 63

/** What the server lists a session as: with the run that it is of, where a step is at work. */
export const sessionName = (attempt: Attempt.Attempt | undefined, own = applicationName): string =>
  attempt === undefined
    ? own
    : Buffer.from(`${own} ${attempt.deployment}/${attempt.environment} run ${attempt.run}`).toString(
        "utf8",
        0,
        nameLength
      )

export const configOf = (login: Login, route: Route, stream: () => Duplex, name: string): pg.ClientConfig => ({
  user: login.user,
  database: login.database,
  // A function keeps PGPASSWORD and .pgpass of whoever deploys out of it.
  password: () => (login.password === undefined ? "" : Redacted.value(login.password)),
  application_name: name,
  statement_timeout: Duration.toMillis(login.statementTimeout),
  lock_timeout: Duration.toMillis(login.lockTimeout),
  connectionTimeoutMillis: connectTimeoutMillis,
  client_encoding: "UTF8",
  pipeline: login.copies !== true,
  stream,
  ...(route._tag === "Socket"
    ? {
        host: route.host,
        port: route.port,
        ssl: sslOf(route),
        keepAlive: true,
        keepAliveInitialDelayMillis: keepAliveMillis
      }
    : { host: "127.0.0.1", port: 5432, ssl: false })
})

/** With certificates to check against, also a server that need not be checked is, as by libpq. */
const sslOf = ({ ca, tls }: Pick<Address, "tls"> & Partial<Pick<Address, "ca">>): pg.ClientConfig["ssl"] => {
  if (tls === "disable") return false
  if (tls === "require" && ca === undefined) return { rejectUnauthorized: false }
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca: ca.certificates }),
    ...(tls === "verify-full" ? {} : { checkServerIdentity: () => undefined })
  }
}

/** Says goodbye, and hangs up where the server does not answer. */
const end = (client: pg.Client, stream: Duplex): Effect.Effect<void> =>
  Effect.promise(async () => {
    const hangUp = setTimeout(() => stream.destroy(), goodbyeMillis)
    await client.end().catch(() => stream.destroy())
    clearTimeout(hangUp)
  })

/** Opens a connection that the scope closes. */
export const connect = Effect.fnUntraced(function* (
  login: Login,
  route: Route
): Effect.fn.Return<Watched, ConnectFailure, Scope.Scope> {
  const carrier = route._tag === "Stream" ? yield* route.open : undefined
  const stream = carrier === undefined ? new net.Socket() : asSocket(carrier.duplex)
  const client = new pg.Client(
    configOf(login, route, () => stream, sessionName(yield* Attempt.Current, login.applicationName))
  )
  let open = true
  const ended = Deferred.makeUnsafe<unknown>()
  const closed = (why: unknown) => {
    open = false
    Deferred.doneUnsafe(ended, Effect.succeed(why))
  }
  // Whoever waits for a query is told by that query.
  client.on("error", closed)
  client.on("end", () => closed("it ended"))
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Effect.sync(() => closed("it is needed no longer")),
      end(client, stream)
    )
  )
  yield* Effect.tryPromise({ try: () => client.connect(), catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      carrier === undefined || isFromServer(cause)
        ? Effect.fail(connectError(login, cause))
        : Effect.flatMap(carrier.explain, (why) => Effect.fail(why ?? connectError(login, cause)))
    ),
    Effect.onInterrupt(() => Effect.sync(() => stream.destroy()))
  )
  return {
    isOpen: () => open,
    closed: Deferred.await(ended),
    // pg keeps it for cancelling; its types leave it out.
    backend:
      Predicate.hasProperty(client, "processID") && Predicate.isNumber(client.processID) ? client.processID : undefined,
    query: (statement) =>
      Effect.callback((resume) => {
        const config: ExtendedQuery = { text: statement.text, values: [...statement.values], queryMode: "extended" }
        client.query(config, (cause: unknown, result) => {
          if (isNothing(cause)) return resume(Effect.succeed(rowsOf(result)))
          const error = queryError(login, cause, statement.text)
          if (error._tag === "ConnectionLost") closed(error)
          resume(Effect.fail(error))
        })
      }),
    copy: (stream) => client.query(stream),
    destroy: Effect.sync(() => {
      closed("it was given up")
      stream.destroy()
    })
  }
})

/** The extended protocol takes one statement and refuses a second. */
interface ExtendedQuery extends pg.QueryConfig {
  readonly queryMode: "extended"
}

const isNothing = (cause: unknown): boolean => cause === null || cause === undefined

const rowsOf = (result: pg.QueryResult<Record<string, unknown>>): Rows => ({
  rows: result.rows,
  fields: result.fields.map(({ dataTypeID, dataTypeModifier, name }) => ({
    name,
    typeId: dataTypeID,
    typeModifier: dataTypeModifier
  }))
})
