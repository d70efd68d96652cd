/**
 * How health checks fail once waiting is over.
 *
 * @since 0.1.0
 */
import { Failure } from "@shipshape/core"
import * as Schema from "effect/Schema"

/**
 * A URL did not answer as it should in time. `tail` holds the last answer's first lines and the end of the service's log.
 *
 * @since 0.1.0
 */
export class HttpUnhealthy extends Schema.TaggedError<HttpUnhealthy>()("HttpUnhealthy", {
  ...Failure.fields("health.http-unhealthy"),
  url: Schema.String,
  reason: Schema.String
}) {}

/**
 * A port took no connection in time. `tail` holds the end of the service's log.
 *
 * @since 0.1.0
 */
export class TcpUnhealthy extends Schema.TaggedError<TcpUnhealthy>()("TcpUnhealthy", {
  ...Failure.fields("health.tcp-unhealthy"),
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {}

/**
 * Containers did not become healthy in time, or have been restarted too often. `tail` holds the end of their log.
 *
 * @since 0.1.0
 */
export class ContainerUnhealthy extends Schema.TaggedError<ContainerUnhealthy>()("ContainerUnhealthy", {
  ...Failure.fields("health.container-unhealthy"),
  services: Schema.Array(Schema.String),
  reason: Schema.String
}) {}

/**
 * A log has lines that it must not have: `tail` holds them, each with the lines that follow it.
 *
 * @since 0.1.0
 */
export class LogPattern extends Schema.TaggedError<LogPattern>()("LogPattern", {
  ...Failure.fields("health.log-pattern"),
  services: Schema.Array(Schema.String)
}) {}
