/** A connection that rows are streamed over, and what its text looks like. */

import type { Readable, Transform, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { QueryError } from "../../PostgresError.ts"
import { type ConnectFailure, connect, type Login, type Route, type Statement, type Watched } from "../connect.ts"
import { openDirectly } from "../direct.ts"
import { endWithClient, writerName } from "../orphans.ts"
import { queryError } from "../sqlstate.ts"

export const plain = (text: string): Statement => ({ text, values: [] })

/** However the server is set up, a value is always the same text; and rows take the time that they take. */
const settings = plain(`SELECT set_config(wanted.name, wanted.value, false)
  FROM (VALUES ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'), ('bytea_output', 'hex'),
    ('extra_float_digits', '1'), ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
    ('transaction_timeout', '0'), ('row_security', 'off')) AS wanted (name, value)
  WHERE EXISTS (SELECT FROM pg_settings s WHERE s.name = wanted.name)`)

/** A connection that takes and gives rows. */
export interface Rows extends Watched {
  /** Gives the rows of a query to streams. */
  readonly out: (text: string, ...streams: Streams) => Effect.Effect<void, QueryError | StreamFailed>
  /** Takes rows from streams; answers how many the server has got. */
  readonly into: (
    text: string,
    source: Readable,
    ...streams: ReadonlyArray<Transform>
  ) => Effect.Effect<number, QueryError | StreamFailed>
}

type Streams = readonly [...ReadonlyArray<Transform>, Writable]

/** Something beside the server broke a stream: what was read, or what was written to. */
export class StreamFailed {
  readonly _tag = "StreamFailed"
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** Opens connections of one login. */
export interface Sessions {
  readonly reading: Effect.Effect<Rows, ConnectFailure | QueryError, Scope.Scope>
  readonly writing: Effect.Effect<Rows, ConnectFailure | QueryError, Scope.Scope>
}

export const make = (login: Login, route: Route): Sessions => {
  const open = (given: Partial<Login>) =>
    openDirectly(login, connect({ ...login, ...given, copies: true }, route)).pipe(
      Effect.tap((connection) => connection.query(settings)),
      Effect.map((connection) => rowsOf(login, connection))
    )
  return {
    reading: Effect.tap(open({}), (rows) =>
      rows.query(plain("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    ),
    writing: Effect.suspend(() => Effect.tap(open({ applicationName: writerName() }), endWithClient))
  }
}

/** Lets rows go over a connection. */
export const rowsOf = (login: Login, connection: Watched): Rows => {
  const run = <A>(text: string, flow: (signal: AbortSignal) => Promise<A>) =>
    Effect.tryPromise({ try: flow, catch: (cause) => cause }).pipe(
      Effect.mapError((cause) =>
        cause instanceof ServerBroke ? queryError(login, cause.cause, text) : new StreamFailed(cause)
      ),
      // What is under way cannot be told from what comes after it.
      Effect.onInterrupt(() => connection.destroy)
    )
  return {
    ...connection,
    out: (text, ...streams) =>
      run(text, async (signal) => {
        const { to } = await copying()
        await flowing(connection.copy(to(text)), streams, (copy) => pipeline([copy, ...streams], { signal }))
      }),
    into: (text, source, ...streams) =>
      run(text, async (signal) => {
        const { from } = await copying()
        const copy = connection.copy(from(text))
        await flowing(copy, [source, ...streams], () => pipeline([source, ...streams, copy], { signal }))
        return copy.rowCount
      })
  }
}

/** The server, or the way to it, broke a stream. */
class ServerBroke {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** Fails with what broke first: all the others hear of it, and what they say then is not why. */
const flowing = async <S extends NodeJS.EventEmitter>(
  copy: S,
  others: ReadonlyArray<NodeJS.EventEmitter>,
  flow: (copy: S) => Promise<unknown>
): Promise<void> => {
  let first: { readonly cause: unknown } | undefined
  copy.once("error", (cause: unknown) => {
    first ??= { cause: new ServerBroke(cause) }
  })
  for (const other of others) {
    other.once("error", (cause: unknown) => {
      first ??= { cause }
    })
  }
  await flow(copy).catch((cause: unknown) => Promise.reject(first === undefined ? cause : first.cause))
}

/** Loaded when rows are carried, not with the plugin. */
const copying = () => import("pg-copy-streams").then((module) => module.default)
