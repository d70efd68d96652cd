/**
 * The one masking point: every string that is printed, stored or sent passes {@link mask}.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { maskData } from "./internal/maskData.ts"
import { ownNames } from "./internal/ownNames.ts"
import { formsOf } from "./internal/secretForms.ts"
import { type Matcher, make as makeMatcher } from "./internal/secretMatcher.ts"
import { readingsOf } from "./internal/secretReadings.ts"

/**
 * The secrets known to a run, in every form in which a child process may print them.
 *
 * @since 0.1.0
 */
export interface Registry {
  readonly isEmpty: () => boolean
  readonly add: (secret: Redacted.Redacted<string>) => void
  readonly mask: (text: string) => string
}

const placeholder = "••••••"

/**
 * Makes an empty registry.
 *
 * Every occurrence of every secret is masked, where they overlap or touch as one. A secret is found
 *
 * - as it is, however short, unless it is nothing but white space; and without the white space around it;
 * - line by line if it has several, as output is read by lines;
 * - escaped or quoted: as JSON, JavaScript, Python, C, SQL, CSV, YAML or a shell do it, in URLs, forms, HTML and XML;
 *   twice over too (JSON in JSON), and with colours of a terminal in it;
 * - in hex and in base64, also URL-safe or broken into lines;
 * - within the base64 of a longer text, if it has 5 bytes or more: at each end up to 4 bits of it stay in a character
 *   that the text around it decides too.
 *
 * What an ellipsis has cut off is found from 6 characters on.
 *
 * It is not found compressed, encrypted, hashed, in another case, cut into pieces otherwise, or in base64 of a longer text that is
 * broken into lines.
 *
 * @example
 * ```ts
 * import { Secrets } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Redacted from "effect/Redacted"
 *
 * const secrets = Secrets.make()
 * secrets.add(Redacted.make("p@ss word"))
 * assert.equal(secrets.mask("url: postgres://u:p%40ss%20word@db"), "url: postgres://u:••••••@db")
 * ```
 *
 * @since 0.1.0
 */
export const make = (): Registry => {
  const secrets = new Set<string>()
  const matcher = makeMatcher()
  let added: Array<string> = []
  return {
    isEmpty: () => secrets.size === 0,
    add: (redacted) => {
      const secret = Redacted.value(redacted)
      if (secret.trim() === "" || secrets.has(secret)) return
      secrets.add(secret)
      added.push(secret)
    },
    mask: (text) => {
      if (secrets.size === 0) return text
      matcher.add(added.flatMap(formsOf))
      added = []
      return masked(text, matcher)
    }
  }
}

/** The text with all that is found in what can be read out of it replaced. */
const masked = (text: string, matcher: Matcher): string => {
  // At each place, how many more of what was found begin there than end there.
  let depths: Int32Array | undefined
  const mark = (from: number, to: number): void => {
    depths ??= new Int32Array(text.length + 1)
    depths[from] = (depths[from] ?? 0) + 1
    depths[to] = (depths[to] ?? 0) - 1
  }
  matcher.find(text, mark)
  for (const { origin, text: read } of readingsOf(text)) {
    matcher.find(read, (start, end) => mark(origin(start), origin(end)))
  }
  if (depths === undefined) return text
  let result = ""
  let shown = 0
  let depth = 0
  depths.forEach((change, at) => {
    if (depth === 0 && change > 0) result += text.slice(shown, at) + placeholder
    depth += change
    if (depth === 0 && change < 0) shown = at
  })
  return result + text.slice(shown)
}

/**
 * The registry of the run that is going on.
 *
 * @example
 * ```ts
 * import { Secrets } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const secrets = Secrets.make()
 * assert.equal(Effect.runSync(Secrets.Current.pipe(Effect.provideService(Secrets.Current, secrets))), secrets)
 * ```
 *
 * @since 0.1.0
 */
export const Current: Context.Reference<Registry> = Context.Reference<Registry>("shipshape/Secrets", {
  defaultValue: make
})

/**
 * Adds every secret within a value to the run's registry: call it with a secret that a step made or read itself.
 *
 * @example
 * ```ts
 * import { Secrets } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const masked = Effect.gen(function*() {
 *   yield* Secrets.register({ token: Redacted.make("t0ken") })
 *   return (yield* Secrets.Current).mask("Authorization: t0ken")
 * }).pipe(Effect.provideService(Secrets.Current, Secrets.make()))
 * assert.equal(Effect.runSync(masked), "Authorization: ••••••")
 * ```
 *
 * @since 0.1.0
 */
export const register = (value: unknown): Effect.Effect<void> =>
  Effect.map(Current, (registry) => {
    for (const secret of within(value)) registry.add(secret)
  })

const within = function* (value: unknown): Generator<Redacted.Redacted<string>> {
  if (Redacted.isRedacted(value)) {
    const secret = Redacted.value(value)
    if (Predicate.isString(secret)) yield Redacted.make(secret)
    else if (Predicate.isNumber(secret) || Predicate.isBigInt(secret)) yield Redacted.make(String(secret))
    else yield* within(secret)
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) yield* within(item)
  } else if (value instanceof Map) {
    yield* within([...value.keys(), ...value.values()])
  } else if (Predicate.isObject(value) && Object.getPrototypeOf(value) === Object.prototype) {
    yield* within(Object.values(value))
  }
}

/**
 * Masks every string within data that the program prints, stores or sends: events, plans, journals, releases.
 *
 * Ids, types and literals of its own fields stay as they are. Keys are masked where they are data: all but the names of
 * fields that events, journals and releases have, and the names that the deployment's own file gives to steps and inputs.
 * What a value shows as JSON is masked in place of it; bytes and regular expressions stay as they are.
 *
 * @example
 * ```ts
 * import { Secrets } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Redacted from "effect/Redacted"
 *
 * const secrets = Secrets.make()
 * secrets.add(Redacted.make("hunter2"))
 * assert.deepEqual(Secrets.maskDeep(secrets, { message: "pw=hunter2", rows: { hunter2: 3 } }), {
 *   message: "pw=••••••",
 *   rows: { "••••••": 3 }
 * })
 * ```
 *
 * @since 0.1.0
 */
export const maskDeep = <A>(registry: Registry, value: A): A =>
  // Strings stay strings and the program's own keys stay: the type is the same.
  registry.isEmpty() ? value : (maskData(registry, value, ownNames()) as A)
