/** What an env file holds. Its values are secrets for every reporter from then on. */
import { Dotenv, Secrets, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Keys whose value should not be seen, whoever prints it. */
const secretKey = /SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|_KEY$/i

/** A value of so few letters stands in many texts by chance. */
const shortestSecret = 6

export const registerSecrets = (values: Readonly<Record<string, string>>, generate: ReadonlyArray<string>) =>
  Secrets.register(
    Object.entries(values).flatMap(([key, value]) =>
      value.length >= shortestSecret && (secretKey.test(key) || generate.includes(key)) ? [Redacted.make(value)] : []
    )
  )

/** The text and the keys of an env file; `name` is how messages call it. */
export const read = Effect.fnUntraced(function* (path: string, name: string, generate: ReadonlyArray<string>) {
  const bytes = yield* (yield* Target.TargetProbe).readFile(path)
  const text = new TextDecoder().decode(bytes)
  const present = yield* Effect.fromResult(Dotenv.parse(text, name))
  yield* registerSecrets(present, generate)
  return { text, present }
})

/** Nothing where this user may not read the file (yet). */
export const unlessDenied = <A, E extends { readonly _tag: string }, R>(
  reading: Effect.Effect<A, E | Target.FileError, R>
) =>
  Effect.catchIf(
    reading,
    (error): error is Extract<E | Target.FileError, Target.FileFailed> =>
      error instanceof Target.FileFailed && (error.errno === "EACCES" || error.errno === "EPERM"),
    () => Effect.succeed(undefined)
  )
