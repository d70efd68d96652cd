/**
 * A port takes connections.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TcpUnhealthy } from "./HealthError.ts"
import { HealthProbe } from "./HealthProbe.ts"
import { durationOr, patience, waitUntil } from "./internal/patience.ts"
import { endOfLog } from "./internal/serviceLog.ts"

const fields = {
  host: Schema.NonEmptyString,
  port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 })),
  /** The service that listens there: the end of its log is shown with a failure. */
  service: Schema.optionalKey(Schema.NonEmptyString),
  ...patience,
  /** How long one look may take: `"5 seconds"`. */
  connectTimeout: durationOr("5 seconds")
}

type Input = Schema.Struct.Type<typeof fields>

const look = (input: Input) =>
  Effect.flatMap(HealthProbe, (probe) => probe.tcp(input.host, input.port, input.connectTimeout)).pipe(
    Effect.mapError(({ hint, message }) => ({ reason: message, hint }))
  )

/**
 * A port takes connections. The check connects once and hangs up; `apply` tries until it is taken or time is up.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 *
 * assert.equal(Health.tcp("broker", { host: "127.0.0.1", port: 5672, service: "rabbitmq" }).type, "health.tcp")
 * ```
 *
 * @since 0.1.0
 */
export const tcp = Step.make("health.tcp", {
  description: "A port takes connections",
  risk: "additive",
  alters: "none",
  input: fields,
  output: { host: Schema.String, port: Schema.Int },
  observes: () => "*",
  check: Effect.fn("health.tcp.check")((input: Input) =>
    Effect.match(look(input), {
      onSuccess: () => Check.satisfied({ host: input.host, port: input.port }),
      onFailure: ({ reason }) => Check.needed([{ summary: `${input.host}:${input.port} is not healthy: ${reason}` }])
    })
  ),
  apply: Effect.fn("health.tcp.apply")((input: Input) =>
    waitUntil(
      look(input),
      input,
      Effect.fnUntraced(function* ({ hint, reason }, waited) {
        return yield* new TcpUnhealthy({
          host: input.host,
          port: input.port,
          reason,
          message: `${input.host}:${input.port} is not healthy${waited}: ${reason}`,
          hint,
          retryable: true,
          tail: yield* endOfLog(input.service)
        })
      })
    )
  )
})
