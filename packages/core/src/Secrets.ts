/**
 * The one masking point: every string that is printed, stored or sent passes {@link mask}.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"

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

/** The ways a program may write a value: as it is, within JSON, in a URL, in base64, in a shell's quotes. */
const formsOf = (value: string): ReadonlyArray<string> => {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const base64 = Buffer.from(value, "utf8").toString("base64")
  const encoded = toWellFormedUri(value)
  return [
    value,
    json,
    ascii,
    encoded,
    encoded.replace(/%20/g, "+"),
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(value, "utf8").toString("base64url"),
    value.replaceAll("'", `'\\''`),
    ...value.split(/\r?\n/)
  ]
}

const toWellFormedUri = (value: string): string => encodeURIComponent(value.toWellFormed())

/**
 * Makes an empty registry.
 *
 * A secret of several lines is masked line by line too, as output is read by lines.
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
  const forms = new Set<string>()
  let pattern: RegExp | undefined
  return {
    isEmpty: () => forms.size === 0,
    add: (secret) => {
      const before = forms.size
      for (const form of formsOf(Redacted.value(secret))) if (form.trim() !== "") forms.add(form)
      if (forms.size === before) return
      // The longest first, so that a secret which is the prefix of another leaves nothing of it.
      const longestFirst = [...forms].sort((a, b) => b.length - a.length)
      pattern = new RegExp(longestFirst.map(escapeRegExp).join("|"), "g")
    },
    mask: (text) => (pattern === undefined ? text : text.replace(pattern, placeholder))
  }
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

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
    else yield* within(secret)
  } else if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    for (const item of value) yield* within(item)
  } else if (Predicate.isObject(value) && Object.getPrototypeOf(value) === Object.prototype) {
    yield* within(Object.values(value))
  }
}

/** Fields that hold the program's own words, never what it was told: a secret that happens to be one is no leak. */
const ownWords: ReadonlySet<string> = new Set([
  "_tag",
  "action",
  "code",
  "data",
  "dependsOn",
  "deployment",
  "digest",
  "environment",
  "group",
  "id",
  "mode",
  "outcome",
  "phase",
  "risk",
  "strategy",
  "type"
])

/**
 * Masks every string within data that is going to be printed, stored or sent. Ids, types and literals stay as they are.
 *
 * @example
 * ```ts
 * import { Secrets } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Redacted from "effect/Redacted"
 *
 * const secrets = Secrets.make()
 * secrets.add(Redacted.make("hunter2"))
 * assert.deepEqual(Secrets.maskDeep(secrets, { lines: ["pw=hunter2"] }), { lines: ["pw=••••••"] })
 * ```
 *
 * @since 0.1.0
 */
export const maskDeep = <A>(registry: Registry, value: A): A => {
  if (registry.isEmpty()) return value
  const visit = (u: unknown): unknown => {
    if (Predicate.isString(u)) return registry.mask(u)
    if (Array.isArray(u)) return u.map(visit)
    if (Predicate.isObject(u)) {
      return Object.fromEntries(Object.entries(u).map(([key, item]) => [key, ownWords.has(key) ? item : visit(item)]))
    }
    return u
  }
  // Strings stay strings and keys stay keys: the type is the same.
  return visit(value) as A
}
