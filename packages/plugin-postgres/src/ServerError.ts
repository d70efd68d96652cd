/** How connecting to PostgreSQL fails, and how statements do. */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/** What must be up for the server to be there, where the connection says it. */
const resource = Schema.optionalKey(Schema.TemplateLiteral([Schema.String, ":", Schema.String]))

/**
 * Nothing answers where the server should be.
 *
 * @since 0.1.0
 */
export class ServerUnreachable extends Schema.TaggedError<ServerUnreachable>()("ServerUnreachable", {
  ...Failure.fields("postgres.server-unreachable"),
  server: Schema.String,
  resource
}) {}

/**
 * The server is there and does not accept queries yet (57P03), or no longer.
 *
 * @since 0.1.0
 */
export class ServerNotReady extends Schema.TaggedError<ServerNotReady>()("ServerNotReady", {
  ...Failure.fields("postgres.server-not-ready"),
  server: Schema.String,
  resource
}) {}

/**
 * The server refuses the user or the password (28P01, 28000).
 *
 * @since 0.1.0
 */
export class AuthenticationFailed extends Schema.TaggedError<AuthenticationFailed>()("AuthenticationFailed", {
  ...Failure.fields("postgres.authentication-failed"),
  server: Schema.String,
  user: Schema.String
}) {}

/**
 * The server has no such database (3D000).
 *
 * @since 0.1.0
 */
export class DatabaseMissing extends Schema.TaggedError<DatabaseMissing>()("DatabaseMissing", {
  ...Failure.fields("postgres.database-missing"),
  server: Schema.String,
  database: Schema.String
}) {}

/**
 * The server has no connection left (53300).
 *
 * @since 0.1.0
 */
export class TooManyConnections extends Schema.TaggedError<TooManyConnections>()("TooManyConnections", {
  ...Failure.fields("postgres.too-many-connections"),
  server: Schema.String
}) {}

/**
 * The connection cannot be encrypted as it should be: the server's certificate is not one that is trusted, or is for
 * another host, or the server has none.
 *
 * @since 0.1.0
 */
export class TlsRefused extends Schema.TaggedError<TlsRefused>()("TlsRefused", {
  ...Failure.fields("postgres.tls-refused"),
  server: Schema.String
}) {}

/**
 * A pooler such as PgBouncer stands before the server, and lets several connections share one session. Locks, settings and
 * changes of the schema need a session of their own.
 *
 * @since 0.1.0
 */
export class PoolerInBetween extends Schema.TaggedError<PoolerInBetween>()("PoolerInBetween", {
  ...Failure.fields("postgres.pooler-in-between"),
  server: Schema.String
}) {}

/**
 * The container of the service has no program that could carry a connection.
 *
 * @since 0.1.0
 */
export class TunnelImpossible extends Schema.TaggedError<TunnelImpossible>()("TunnelImpossible", {
  ...Failure.fields("postgres.tunnel-impossible"),
  server: Schema.String
}) {}

/**
 * The options of a connection contradict each other, or lack something.
 *
 * @since 0.1.0
 */
export class ConnectionOptionsInvalid extends Schema.TaggedError<ConnectionOptionsInvalid>()(
  "ConnectionOptionsInvalid",
  Failure.fields("postgres.connection-options-invalid")
) {}

/**
 * The connection ended while it was used: the server was restarted, or its container recreated.
 *
 * @since 0.1.0
 */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {
  ...Failure.fields("postgres.connection-lost"),
  server: Schema.String
}) {}

/**
 * The user may not do this (42501).
 *
 * @since 0.1.0
 */
export class PermissionDenied extends Schema.TaggedError<PermissionDenied>()("PermissionDenied", {
  ...Failure.fields("postgres.permission-denied"),
  user: Schema.String
}) {}

/**
 * The disk of the server, or that of a backup's folder, is full (53100).
 *
 * @since 0.1.0
 */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", {
  ...Failure.fields("postgres.disk-full")
}) {}

/**
 * Another session holds a lock for longer than the statement waits (55P03).
 *
 * @since 0.1.0
 */
export class LockTimeout extends Schema.TaggedError<LockTimeout>()("LockTimeout", {
  ...Failure.fields("postgres.lock-timeout")
}) {}

/**
 * A statement took longer than it may (57014).
 *
 * @since 0.1.0
 */
export class StatementTimeout extends Schema.TaggedError<StatementTimeout>()("StatementTimeout", {
  ...Failure.fields("postgres.statement-timeout")
}) {}

/**
 * A question would have changed something (25006). Nothing was.
 *
 * @since 0.1.0
 */
export class NotReadOnly extends Schema.TaggedError<NotReadOnly>()("NotReadOnly", {
  ...Failure.fields("postgres.not-read-only")
}) {}

/**
 * The server refuses a statement. `sqlstate` says why; `line` is where in the statement, from 1.
 *
 * @since 0.1.0
 */
export class StatementFailed extends Schema.TaggedError<StatementFailed>()("StatementFailed", {
  ...Failure.fields("postgres.statement-failed"),
  sqlstate: Schema.String,
  line: Schema.optionalKey(Schema.Number),
  column: Schema.optionalKey(Schema.Number)
}) {}

/**
 * How opening a connection fails.
 *
 * @since 0.1.0
 */
export type ConnectError =
  | ServerUnreachable
  | ServerNotReady
  | AuthenticationFailed
  | DatabaseMissing
  | TooManyConnections
  | TlsRefused
  | PoolerInBetween
  | TunnelImpossible
  | StatementFailed

/**
 * How a statement fails.
 *
 * @since 0.1.0
 */
export type QueryError =
  | ConnectError
  | ConnectionLost
  | PermissionDenied
  | DiskFull
  | LockTimeout
  | StatementTimeout
  | NotReadOnly
