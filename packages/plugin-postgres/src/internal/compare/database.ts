/** A database that is compared: what is asked of it, and who says what of it. */
import * as net from "node:net"
import { Target } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import pg from "pg"
import type { QueryError } from "../../PostgresError.ts"
import { type Address, nameOf } from "../address.ts"
import { asSocket, type ConnectFailure, configOf, type Login, type Route } from "../connect.ts"
import * as dumpTools from "../dumpTools.ts"
import { connectError, isFromServer, queryError, type Where } from "../sqlstate.ts"

type Row = Readonly<Record<string, unknown>>

/** A server, and who is connected to it. */
export interface Server {
  readonly login: Login
  readonly route: Route
  /** What programs of the target get that connect to it by themselves. */
  readonly env: dumpTools.DumpHost["env"]
  /** Where `pg_dump` runs for it. */
  readonly dumpHost: Effect.Effect<dumpTools.DumpHost>
}

export interface Database {
  readonly name: string
  readonly server: Server
  readonly where: Where
  readonly pool: pg.Pool
  /** The number before the first point. */
  readonly major: number
  readonly query: (text: string, values?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, QueryError>
  /** Runs in the one session that changes something. */
  readonly run: (text: string) => Effect.Effect<void, QueryError>
}

/** A server by an address, asked from this machine. */
export const serverAt = (address: Address): Server => {
  const server = nameOf(address)
  const { database, password, user } = address
  const env = dumpTools.environmentAt(address)
  return {
    env,
    login: {
      server,
      user,
      database,
      password,
      resource: undefined,
      statementTimeout: Duration.zero,
      lockTimeout: Duration.zero
    },
    route: { _tag: "Socket", ...address },
    dumpHost: Effect.map(Target.Target, (target) => dumpTools.onTarget(target, server, env)).pipe(
      Effect.provide(Target.local())
    )
  }
}

const applicationName = "shipshape schema"

/** Opens a database of a server, which the scope closes. */
export const open = Effect.fnUntraced(function* (
  server: Server,
  name: string = server.login.database
): Effect.fn.Return<Database, ConnectFailure | QueryError, Scope.Scope> {
  const { route } = server
  const login: Login = { ...server.login, database: name, copies: true }
  const carrier = route._tag === "Stream" ? yield* route.open : undefined
  const stream = () => (carrier === undefined ? new net.Socket() : asSocket(carrier.duplex))
  const pool = yield* Effect.acquireRelease(
    Effect.sync(
      () => new pg.Pool({ ...configOf(login, route, stream, applicationName), max: 1, idleTimeoutMillis: 0 })
    ),
    (pool) => Effect.promise(() => pool.end())
  )
  // A session that is ended from outside says so by its next query.
  pool.on("error", () => {})
  const query: Database["query"] = (text, values = []) =>
    Effect.map(
      Effect.tryPromise({
        try: () => pool.query<Record<string, unknown>>(text, [...values]),
        catch: (cause) => queryError(login, cause, text)
      }),
      ({ rows }) => rows
    )
  const client = yield* Effect.tryPromise({ try: () => pool.connect(), catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      carrier === undefined || isFromServer(cause)
        ? Effect.fail(connectError(login, cause))
        : Effect.flatMap(carrier.explain, (why) => Effect.fail(why ?? connectError(login, cause)))
    )
  )
  client.release()
  const [version] = yield* query("SELECT current_setting('server_version_num') AS number")
  return {
    name,
    server,
    where: login,
    pool,
    major: Math.floor(Number(version?.number) / 10_000),
    query,
    run: (text) => Effect.asVoid(query(text))
  }
})

/** What is reached by an address is in no container that might not be up. */
export const notTunnelled = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, Target.TargetUnavailable>, R> =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, Target.TargetUnavailable> => error instanceof Target.TargetUnavailable,
    (error) => Effect.die(error)
    // The guard has ruled it out, which TypeScript does not follow for a type parameter.
  ) as Effect.Effect<A, Exclude<E, Target.TargetUnavailable>, R>
