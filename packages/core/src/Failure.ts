/**
 * What every error of Shipshape and of its plugins carries: a stable code, whether retrying helps, and a hint that says
 * what to do next.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { nearest as nearestName } from "./internal/nearest.ts"

/**
 * The fields to spread into a `Schema.TaggedError`.
 *
 * `code` is stable and set by itself; `message` says what is wrong and names the culprit; `hint` names the next action;
 * `retryable` says whether the same attempt may go through later; `tail` holds the last lines of a log or an output.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * class QueueFull extends Schema.TaggedError<QueueFull>()("QueueFull", {
 *   ...Failure.fields("acme.queue-full"),
 *   queue: Schema.String
 * }) {}
 *
 * const error = new QueueFull({ queue: "mail", message: "queue mail is full", hint: "purge it", retryable: true })
 * assert.equal(error.code, "acme.queue-full")
 * ```
 *
 * @since 0.1.0
 */
export const fields = <const Code extends string>(code: Code) => ({
  code: Schema.tag(code),
  message: Schema.String,
  hint: Schema.String,
  retryable: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
  tail: Schema.optionalKey(Schema.Array(Schema.String)),
  cause: Schema.optionalKey(Schema.Defect())
})

/**
 * A failure as data: what is printed, stored and sent. It holds no secrets once it has passed the masking point.
 *
 * @since 0.1.0
 */
export interface Report extends Schema.Schema.Type<typeof Report> {}

/**
 * The schema of {@link Report}.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const report = Failure.report(new Error("boom"))
 * assert.deepEqual(Schema.decodeUnknownSync(Failure.Report)(report), report)
 * ```
 *
 * @since 0.1.0
 */
export const Report = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  hint: Schema.String,
  retryable: Schema.Boolean,
  tail: Schema.optionalKey(Schema.Array(Schema.String)),
  causes: Schema.Array(Schema.String)
})

const messageOf = (u: unknown): string =>
  Predicate.isError(u)
    ? u.message || u.name
    : Predicate.hasProperty(u, "message") && Predicate.isString(u.message)
      ? u.message
      : String(u)

const causesOf = (error: unknown): ReadonlyArray<string> => {
  const causes: Array<string> = []
  const own = messageOf(error)
  let current = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  while (current !== undefined && causes.length < 5) {
    const message = messageOf(current)
    if (message !== own && !causes.includes(message)) causes.push(message)
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return causes
}

/**
 * Turns any error into a {@link Report}. An error that does not carry Shipshape's fields gets the code `unexpected`.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Failure.report(new Error("boom")).code, "unexpected")
 * assert.equal(Failure.report(new Error("boom")).message, "boom")
 * ```
 *
 * @since 0.1.0
 */
export const report = (error: unknown): Report => {
  const has = <K extends string>(key: K) => (Predicate.hasProperty(error, key) ? error[key] : undefined)
  const [code, hint, retryable, tail] = [has("code"), has("hint"), has("retryable"), has("tail")]
  const service = Predicate.isError(error) ? /^Service not found: (\S+)/.exec(error.message)?.[1] : undefined
  if (service !== undefined) return serviceMissing(service)
  return {
    code: Predicate.isString(code) ? code : "unexpected",
    message: messageOf(error),
    hint: Predicate.isString(hint)
      ? hint
      : "this is not an error Shipshape or the plugin knows: run again with --verbose, and report it to the plugin's authors",
    retryable: retryable === true,
    ...(Array.isArray(tail) ? { tail: tail.map(String) } : {}),
    causes: causesOf(error)
  }
}

/** What the compiler says before anything runs, for those who have not asked it. */
const serviceMissing = (service: string): Report => ({
  code: "core.service-missing",
  message: `no plugin provides ${service}`,
  hint: "add the plugin that does to the deployment's `plugins`; `tsc` finds this before anything runs",
  retryable: false,
  causes: []
})

/**
 * Whether retrying may help: an error that says `retryable: false` is final.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Failure.isFinal({ retryable: false }), true)
 * assert.equal(Failure.isFinal(new Error("connection reset")), false)
 * ```
 *
 * @since 0.1.0
 */
export const isFinal = (error: unknown): boolean =>
  Predicate.hasProperty(error, "retryable") && error.retryable === false

/**
 * The known name that a mistyped one most likely means, for “did you mean”: at most a third of its letters differ.
 *
 * @example
 * ```ts
 * import { Failure } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Failure.nearest("backnd", ["backend", "db"]), "backend")
 * assert.equal(Failure.nearest("redis", ["backend", "db"]), undefined)
 * ```
 *
 * @since 0.1.0
 */
export const nearest: (name: string, known: ReadonlyArray<string>) => string | undefined = nearestName
