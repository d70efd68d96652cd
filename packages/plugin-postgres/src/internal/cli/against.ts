/** The server that a command looks at: by its URL, read-only. */
import { Secrets } from "@shipshape/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type QueryError, UsageInvalid } from "../../PostgresError.ts"
import * as address from "../address.ts"
import { type ConnectFailure, connect, type Rows, type Statement } from "../connect.ts"

/** How long a question may take. */
const questionTimeout = Duration.seconds(30)

const plain = (text: string): Statement => ({ text, values: [] })

/** The server that `--against` names. */
export const serverAt = (url: string): Effect.Effect<address.Address, UsageInvalid> =>
  Effect.mapError(
    address.resolve({ url: Redacted.make(url) }),
    ({ hint, message }) => new UsageInvalid({ message, hint })
  )

/** Opens a session that can only read, until the scope closes it. */
export const openReading = Effect.fnUntraced(function* (
  url: string
): Effect.fn.Return<
  (statement: Statement) => Effect.Effect<Rows, QueryError>,
  ConnectFailure | UsageInvalid | QueryError,
  Scope.Scope
> {
  const server = yield* serverAt(url)
  const { ca, database, host, password, port, tls, user } = server
  yield* Secrets.register(password)
  const login = {
    server: address.nameOf(server),
    user,
    password,
    database,
    resource: undefined,
    statementTimeout: questionTimeout,
    lockTimeout: questionTimeout
  }
  const connection = yield* connect(login, { _tag: "Socket", host, port, tls, ca })
  yield* connection.query(plain("SET default_transaction_read_only = on"))
  return connection.query
})
