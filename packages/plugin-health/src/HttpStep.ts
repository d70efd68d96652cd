/**
 * A URL answers as it should.
 *
 * @since 0.1.0
 */
import { Check, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HttpUnhealthy } from "./HealthError.ts"
import { HealthProbe } from "./HealthProbe.ts"
import { unmet } from "./internal/expectation.ts"
import { durationOr, patience, type Unhealthy, waitUntil } from "./internal/patience.ts"
import { endOfLog } from "./internal/serviceLog.ts"

const Status = Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 }))

const HttpUrl = Schema.String.check(
  Schema.makeFilter((text) =>
    URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
      ? undefined
      : "expected an absolute http or https URL"
  )
)

const fields = {
  /** What is asked for, as an absolute `http` or `https` URL. */
  url: HttpUrl,
  /** The default is `GET`. */
  method: Schema.Literals(["GET", "HEAD"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("GET" as const))),
  /** The status it must have: one, a list, or a range. The default is 200 to 299. */
  status: Schema.Union([Status, Schema.Array(Status), Schema.Struct({ from: Status, to: Status })]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({ from: 200, to: 299 }))
  ),
  /** What the body must hold; `json` takes values by path, as in `{ "checks.database": "ok" }`. */
  body: Schema.optionalKey(
    Schema.Union([
      Schema.Struct({ contains: Schema.NonEmptyString }),
      Schema.Struct({ matches: Schema.RegExp }),
      Schema.Struct({
        json: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null]))
      })
    ])
  ),
  /** Headers that it must have, as they are or as a pattern. */
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.RegExp]))),
  /** Headers that are sent; secrets may be among them. */
  requestHeaders: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Redacted(Schema.String)])).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({}))
  ),
  /** The service behind it: the end of its log is shown with a failure. */
  service: Schema.optionalKey(Schema.NonEmptyString),
  /** Whether the answer after redirects counts. The default is the first answer. */
  followRedirects: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  /** How TLS is checked: `verify` (on by default), `ca` in PEM, and for how many days the certificate must still hold. */
  tls: Schema.Struct({
    verify: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
    ca: Schema.optionalKey(Schema.NonEmptyString),
    minDaysLeft: Schema.optionalKey(Schema.Int)
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  ...patience,
  /** How long one look may take: `"5 seconds"`. */
  requestTimeout: durationOr("5 seconds")
}

type Input = Schema.Struct.Type<typeof fields>

/** The URL without what may be secret in it. */
const shown = (url: string): string => {
  const { origin, pathname, search } = new URL(url)
  return `${origin}${pathname}${search === "" ? "" : "?…"}`
}

const look = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<number, Unhealthy, HealthProbe> {
  const probe = yield* HealthProbe
  const response = yield* probe
    .http({
      url: input.url,
      method: input.method,
      headers: input.requestHeaders,
      followRedirects: input.followRedirects,
      verify: input.tls.verify,
      ca: input.tls.ca,
      timeout: input.requestTimeout
    })
    .pipe(Effect.mapError(({ hint, message }): Unhealthy => ({ reason: message, hint })))
  const { minDaysLeft } = input.tls
  const expected = { ...input, ...(minDaysLeft === undefined ? {} : { minDaysLeft }) }
  const wrong = unmet(response, expected, yield* Clock.currentTimeMillis)
  return wrong === undefined ? response.status : yield* Effect.fail(wrong)
})

/**
 * A URL answers as it should. The check asks once, with GET or HEAD; `apply` asks until the answer is right or time is up.
 * In a run that has applied anything before it, it is asked again, whatever the plan has seen.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 *
 * const step = Health.http("backend-health", {
 *   url: "https://edms.example/health/",
 *   body: { json: { "checks.database": "ok" } },
 *   tls: { minDaysLeft: 14 },
 *   service: "backend",
 *   timeout: "2 minutes"
 * })
 * assert.equal(step.type, "health.http")
 * ```
 *
 * @since 0.1.0
 */
export const http = Step.make("health.http", {
  description: "A URL answers as it should",
  risk: "additive",
  alters: "none",
  input: fields,
  output: { url: Schema.String, status: Schema.Int },
  observes: () => "*",
  check: Effect.fn("health.http.check")((input: Input) =>
    Effect.match(look(input), {
      onSuccess: (status) => Check.satisfied({ url: input.url, status }),
      onFailure: ({ reason }) => Check.needed([{ summary: `${shown(input.url)} is not healthy: ${reason}` }])
    })
  ),
  apply: Effect.fn("health.http.apply")((input: Input) =>
    waitUntil(
      look(input),
      input,
      Effect.fnUntraced(function* ({ hint, lines = [], reason }, waited) {
        const url = shown(input.url)
        return yield* new HttpUnhealthy({
          url,
          reason,
          message: `${url} is not healthy${waited}: ${reason}`,
          hint,
          retryable: true,
          tail: [...lines, ...(yield* endOfLog(input.service))]
        })
      })
    )
  )
})
