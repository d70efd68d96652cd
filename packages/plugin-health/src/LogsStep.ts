/**
 * The logs of services are free of what must not be in them.
 *
 * @since 0.1.0
 */
import { Check, Services, Step } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { LogPattern } from "./HealthError.ts"
import { HealthProbe } from "./HealthProbe.ts"
import { isIn } from "./internal/expectation.ts"

const fields = {
  services: Schema.NonEmptyArray(Schema.NonEmptyString),
  /** What no line may match. */
  forbid: Schema.NonEmptyArray(Schema.RegExp),
  /** What a line may match all the same. */
  allow: Schema.Array(Schema.RegExp).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /**
   * Which lines are looked at. `run` (the default): those written since the run began. A duration such as
   * `"10 minutes"`: those of the last ten minutes, though none from before the containers' present start.
   */
  since: Schema.Union([Schema.Literal("run"), Schema.DurationFromString]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("run" as const))
  )
}

type Input = Schema.Struct.Type<typeof fields>

/** Lines that are shown behind one that matches: a traceback names its error last. */
const linesAfter = 12
const maxShown = 60

/** The matching lines of a log, each with those that follow it, and how many match. */
const matching = (lines: ReadonlyArray<string>, { allow, forbid }: Input) => {
  const hits = lines.flatMap((line, i) =>
    forbid.some((pattern) => isIn(pattern, line)) && !allow.some((pattern) => isIn(pattern, line)) ? [i] : []
  )
  const shown = new Set(hits.flatMap((hit) => Array.from({ length: linesAfter + 1 }, (_, n) => hit + n)))
  return { count: hits.length, shown: lines.filter((_, i) => shown.has(i)) }
}

const startOf = Effect.fnUntraced(function* (service: string, since: Input["since"]) {
  if (since === "run") return (yield* HealthProbe).begunAt
  const containers = yield* (yield* Services.Services).containers(service)
  const starts = containers.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [startedAt]))
  const windowStart = (yield* Clock.currentTimeMillis) - Duration.toMillis(since)
  return starts.length === 0 ? windowStart : Math.max(windowStart, Math.min(...starts))
})

/**
 * The logs of services are free of what must not be in them. A forbidden line fails the check: no `apply` can repair it.
 *
 * With `since: "run"` a plan finds nothing yet; the log is read at the step's turn, when the run has applied anything
 * before it. A failed run that is repeated begins to count anew: where an error at start-up must stay red until the
 * service is started again, give a duration.
 *
 * @example
 * ```ts
 * import { Health } from "@shipshape/plugin-health"
 * import assert from "node:assert"
 *
 * const step = Health.logs("clean-logs", {
 *   services: ["backend", "worker"],
 *   forbid: [/\bERROR\b/, /^Traceback/],
 *   allow: [/DisallowedHost/],
 *   since: "10 minutes"
 * })
 * assert.equal(step.type, "health.logs")
 * ```
 *
 * @since 0.1.0
 */
export const logs = Step.make("health.logs", {
  description: "Logs are free of what must not be in them",
  risk: "additive",
  alters: "none",
  input: fields,
  output: {},
  observes: () => "*",
  check: Effect.fn("health.logs.check")(function* (input: Input) {
    const services = yield* Services.Services
    const found = yield* Effect.forEach(
      input.services,
      Effect.fnUntraced(function* (service) {
        const since = yield* startOf(service, input.since)
        return { service, ...matching(yield* services.logs(service, { since }), input) }
      }),
      { concurrency: "unbounded" }
    )
    const guilty = found.filter(({ count }) => count > 0)
    if (guilty.length === 0) return Check.satisfied({})
    return yield* new LogPattern({
      services: guilty.map(({ service }) => service),
      message: `forbidden lines: ${guilty.map(({ count, service }) => `${count} in the log of ${service}`).join(", ")}`,
      hint: "correct what the lines below say; if they are harmless, add a pattern to `allow`",
      tail: guilty.flatMap(({ service, shown }) => [`the log of ${service} says:`, ...shown.slice(0, maxShown)])
    })
  }),
  // What is written in a log stays: there is nothing to converge.
  apply: () => Effect.void
})
