/**
 * What a deployment is told from outside: typed values from flags, environment variables and a file, decoded
 * before anything runs, with all problems reported at once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Failure from "./Failure.ts"
import { formatIssue } from "./internal/issue.ts"

/**
 * One input: the variable it is read from, and how.
 *
 * @since 0.1.0
 */
export interface Input<out A> {
  readonly variable: string
  readonly description: string | undefined
  readonly secret: boolean
  readonly required: boolean
  /** Decodes the variable's text; `undefined` where it is not set. */
  readonly decode: (text: string | undefined) => Result.Result<A, string>
}

/**
 * A deployment's inputs by name.
 *
 * @since 0.1.0
 */
export type Fields = Readonly<Record<string, Input<unknown>>>

/**
 * The decoded values of inputs.
 *
 * @since 0.1.0
 */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Input<infer A> ? A : never }

/**
 * How an input is described, and what it is where nobody sets it.
 *
 * @since 0.1.0
 */
export interface Options<A> {
  readonly description?: string
  readonly default?: A
}

/**
 * Inputs are missing or wrong: all of them, by name. Nothing has run.
 *
 * @since 0.1.0
 */
export class InputsInvalid extends Schema.TaggedError<InputsInvalid>()("InputsInvalid", {
  ...Failure.fields("core.inputs-invalid"),
  problems: Schema.Array(Schema.Struct({ input: Schema.String, variable: Schema.String, problem: Schema.String }))
}) {}

const fromCodec = <A>(
  variable: string,
  schema: Schema.Codec<A, string>,
  options: Options<A>,
  secret: boolean
): Input<A> => {
  const decode = Schema.decodeUnknownResult(schema)
  return {
    variable,
    description: options.description,
    secret,
    required: options.default === undefined,
    decode: (text) =>
      text !== undefined
        ? Result.mapError(decode(text), (issue) =>
            secret ? (text === "" ? "is empty" : "is not valid (its value is not shown)") : formatIssue(issue)
          )
        : options.default !== undefined
          ? Result.succeed(options.default)
          : Result.fail("is not set")
  }
}

/**
 * An input of a type of your own: any schema whose encoded side is a string.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 * import * as Schema from "effect/Schema"
 *
 * const level = Input.make("LOG_LEVEL", Schema.Literals(["info", "debug"]), { default: "info" })
 * assert.deepEqual(level.decode(undefined), Result.succeed("info"))
 * ```
 *
 * @since 0.1.0
 */
export const make = <A>(variable: string, schema: Schema.Codec<A, string>, options: Options<A> = {}): Input<A> =>
  fromCodec(variable, schema, options, false)

/**
 * A secret. It has no default, its value is `Redacted`, and everything printed or stored masks it.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal(Input.secret("ADMIN_PASSWORD").secret, true)
 * ```
 *
 * @since 0.1.0
 */
export const secret = (
  variable: string,
  options: { readonly description?: string } = {}
): Input<Redacted.Redacted<string>> => fromCodec(variable, Secret, options, true)

const Secret = Schema.NonEmptyString.pipe(
  Schema.decodeTo(
    Schema.Redacted(Schema.NonEmptyString),
    SchemaTransformation.transform({ decode: (text) => Redacted.make(text), encode: Redacted.value })
  )
)

/**
 * A text that is not empty.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * assert.deepEqual(Input.string("TITLE", { default: "EDMS" }).decode(undefined), Result.succeed("EDMS"))
 * ```
 *
 * @since 0.1.0
 */
export const string = (variable: string, options: Options<string> = {}): Input<string> =>
  make(variable, Schema.NonEmptyString, options)

/**
 * A whole number.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * assert.deepEqual(Input.integer("WORKERS").decode("4"), Result.succeed(4))
 * assert.equal(Result.isFailure(Input.integer("WORKERS").decode("four")), true)
 * ```
 *
 * @since 0.1.0
 */
export const integer = (variable: string, options: Options<number> = {}): Input<number> =>
  make(variable, Schema.FiniteFromString.check(Schema.isInt()), options)

/**
 * `true` or `false`, also written `1` or `0`, `yes` or `no`, `on` or `off`.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * assert.deepEqual(Input.boolean("DEBUG").decode("off"), Result.succeed(false))
 * ```
 *
 * @since 0.1.0
 */
export const boolean = (variable: string, options: Options<boolean> = {}): Input<boolean> =>
  make(variable, BooleanText, options)

const truths = ["true", "1", "yes", "on"] as const
const BooleanText = Schema.Literals([...truths, "false", "0", "no", "off"]).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({
      decode: (text) => truths.some((truth) => truth === text),
      encode: (value) => (value ? ("true" as const) : ("false" as const))
    })
  )
)

/**
 * An absolute `http` or `https` URL, as text without a slash at its end, so that paths can be put behind it.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * assert.deepEqual(Input.url("PUBLIC_URL").decode("https://edms.example/"), Result.succeed("https://edms.example"))
 * ```
 *
 * @since 0.1.0
 */
export const url = (variable: string, options: Options<string> = {}): Input<string> => make(variable, UrlText, options)

const UrlText = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.makeFilter((text) => (isWebUrl(text) ? undefined : "expected an absolute http or https URL"))
    ),
    SchemaTransformation.transform({ decode: (text) => text.trim().replace(/\/+$/, ""), encode: (text) => text })
  )
)

const isWebUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/**
 * One of a few texts.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * const tier = Input.literals("TIER", ["small", "large"])
 * assert.deepEqual(tier.decode("small"), Result.succeed("small"))
 * ```
 *
 * @since 0.1.0
 */
export const literals = <const L extends string>(
  variable: string,
  values: ReadonlyArray<L>,
  options: Options<L> = {}
): Input<L> => make(variable, Schema.Literals(values), options)

/**
 * Where the texts of inputs come from, by variable. The first source that has a variable wins.
 *
 * @since 0.1.0
 */
export interface Source {
  /** How a message names it: `the environment`, `.env`, `--input`. */
  readonly name: string
  readonly variables: Readonly<Record<string, string | undefined>>
}

/**
 * Decodes all inputs from the sources, and reports every problem at once.
 *
 * @example
 * ```ts
 * import { Input } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const fields = { workers: Input.integer("WORKERS"), title: Input.string("TITLE") }
 * const error = Effect.runSync(Effect.flip(Input.decode(fields, [{ name: "the environment", variables: { WORKERS: "x" } }])))
 * assert.deepEqual(error.problems.map((p) => p.variable), ["WORKERS", "TITLE"])
 * ```
 *
 * @since 0.1.0
 */
export const decode = <F extends Fields>(
  fields: F,
  sources: ReadonlyArray<Source>
): Effect.Effect<Values<F>, InputsInvalid> =>
  Effect.suspend(() => {
    const values: Record<string, unknown> = {}
    const problems: Array<{ input: string; variable: string; problem: string }> = []
    let tellable = true
    for (const [name, input] of Object.entries(fields)) {
      const source = sources.find((s) => s.variables[input.variable] !== undefined)
      const decoded = input.decode(source?.variables[input.variable])
      if (Result.isSuccess(decoded)) values[name] = decoded.success
      else {
        const where = source === undefined ? "" : ` (from ${source.name})`
        problems.push({ input: name, variable: input.variable, problem: `${decoded.failure}${where}` })
        if (input.secret) tellable = false
      }
    }
    // Every name of `fields` has been decoded by its own input.
    if (problems.length === 0) return Effect.succeed(values as Values<F>)
    return Effect.fail(
      new InputsInvalid({
        message: problems.map((p) => `input “${p.input}”: ${p.variable} ${p.problem}`).join("\n"),
        // Arguments can be read by everyone: a secret is not told that way.
        hint: `set ${problems.map((p) => p.variable).join(", ")} in the environment, or with --input-file FILE${
          tellable ? ", or with --input NAME=VALUE" : ""
        }`,
        problems
      })
    )
  })
