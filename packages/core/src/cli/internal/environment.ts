import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Deployment } from "../../Deployment.ts"
import * as Dotenv from "../../Dotenv.ts"
import type { Source } from "../../Input.ts"
import { didYouMean, type UsageInvalid, usage } from "./usage.ts"

/** The environment that is meant: the one that is named, or the only one. */
export const environmentOf = (
  deployment: Deployment.Any,
  env: string | undefined
): Effect.Effect<string, UsageInvalid> => {
  const names = deployment.names
  if (env !== undefined && !names.includes(env)) {
    return Effect.fail(
      usage(didYouMean(`there is no environment “${env}”`, env, names), `say --env with one of: ${names.join(", ")}`)
    )
  }
  const chosen = env ?? (names.length === 1 ? names[0] : undefined)
  return chosen === undefined
    ? Effect.fail(usage("which environment is meant?", `say --env with one of: ${names.join(", ")}`))
    : Effect.succeed(chosen)
}

/** Where inputs come from: flags, then the process' environment, then input files, of which the last one wins. */
export const sourcesOf = Effect.fnUntraced(function* (options: {
  readonly deployment: Deployment.Any
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly inputFiles: ReadonlyArray<string>
  readonly inputs: ReadonlyArray<string>
}) {
  const flags: Source = { name: "--input", variables: yield* inputFlags(options.deployment, options.inputs) }
  const files = yield* Effect.forEach(options.inputFiles, (file) => inputFile(options.directory, file))
  return [flags, { name: "the environment", variables: options.env }, ...files.reverse()]
})

const inputFlags = Effect.fnUntraced(function* (deployment: Deployment.Any, texts: ReadonlyArray<string>) {
  const variables: Record<string, string> = {}
  const inputs = Object.entries(deployment.inputs)
  for (const text of texts) {
    const equals = text.indexOf("=")
    if (equals < 1) {
      // What stands there may be a secret that somebody typed: it is not repeated.
      return yield* usage("--input needs NAME=VALUE", "write the input's name, =, and its value")
    }
    const name = text.slice(0, equals)
    const found = inputs.find(([key, input]) => key === name || input.variable === name)?.[1]
    if (found === undefined) {
      const known = inputs.map(([key]) => key)
      return yield* usage(
        didYouMean(`there is no input “${name}”`, name, [...known, ...inputs.map(([, input]) => input.variable)]),
        known.length === 0 ? "the deployment has no inputs" : `give one that the deployment has: ${known.join(", ")}`
      )
    }
    if (found.secret) {
      return yield* usage(
        `${found.variable} is a secret, and arguments can be read by everyone on the machine`,
        `set ${found.variable} in the environment, or in a file for --input-file; and change it, if this was the real one`
      )
    }
    if (variables[found.variable] !== undefined) {
      return yield* usage(`--input gives ${found.variable} more than once`, "give it once")
    }
    variables[found.variable] = text.slice(equals + 1)
  }
  return variables
})

const inputFile = Effect.fnUntraced(function* (directory: string, file: string) {
  const text = yield* Effect.tryPromise({
    try: () => readFile(resolve(directory, file), "utf8"),
    catch: (cause) =>
      usage(
        `cannot read the input file ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
        "correct the path behind --input-file, or who may read it"
      )
  })
  const parsed = Dotenv.parse(text, file)
  if (Result.isFailure(parsed)) return yield* parsed.failure
  return { name: file, variables: parsed.success } satisfies Source
})
