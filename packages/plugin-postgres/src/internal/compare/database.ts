/** A database that is compared: what is asked of it, and who says what of it. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import pg from "pg"
import type { ConnectError, QueryError } from "../../PostgresError.ts"
import { type Address, nameOf } from "../address.ts"
import { connectError, queryError, type Where } from "../sqlstate.ts"

type Row = Readonly<Record<string, unknown>>

export interface Database {
  readonly address: Address
  readonly where: Where
  readonly pool: pg.Pool
  /** The number before the first point. */
  readonly major: number
  readonly query: (text: string, values?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, QueryError>
  /** Runs in the one session that changes something. */
  readonly run: (text: string) => Effect.Effect<void, QueryError>
}

const connectTimeoutMillis = 10_000

const configOf = ({ database, host, password, port, tls, user }: Address): pg.PoolConfig => ({
  host,
  port,
  user,
  database,
  // A function keeps PGPASSWORD and .pgpass of whoever compares out of it.
  password: () => (password === undefined ? "" : Redacted.value(password)),
  ssl: tls === "disable" ? false : { rejectUnauthorized: tls === "verify-full" },
  application_name: "shipshape schema",
  connectionTimeoutMillis: connectTimeoutMillis,
  max: 1
})

const whereOf = (address: Address): Where => ({
  server: nameOf(address),
  user: address.user,
  database: address.database,
  resource: undefined
})

/** Opens a database that the scope closes. */
export const open = Effect.fnUntraced(function* (address: Address) {
  const where = whereOf(address)
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => new pg.Pool(configOf(address))),
    (pool) => Effect.promise(() => pool.end())
  )
  // A session that is ended from outside says so by its next query.
  pool.on("error", () => {})
  const query: Database["query"] = (text, values = []) =>
    Effect.map(
      Effect.tryPromise({
        try: () => pool.query<Record<string, unknown>>(text, [...values]),
        catch: (cause) => queryError(where, cause, text)
      }),
      ({ rows }) => rows
    )
  const client = yield* Effect.tryPromise({
    try: () => pool.connect(),
    catch: (cause): ConnectError => connectError(where, cause)
  })
  client.release()
  const [version] = yield* query("SELECT current_setting('server_version_num') AS number")
  const database: Database = {
    address,
    where,
    pool,
    major: Math.floor(Number(version?.number) / 10_000),
    query,
    run: (text) => Effect.asVoid(query(text))
  }
  return database
})
