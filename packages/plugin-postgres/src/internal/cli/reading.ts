/** Files of SQL, as commands are given them. */
import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import { buffer } from "node:stream/consumers"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { SqlUnreadable, UsageInvalid } from "../../PostgresError.ts"
import { addressIn } from "../address.ts"

/** Reads a file as text; `-` is standard input. What is no UTF-8 is refused: guessing would change what it says. */
export const readSql = Effect.fnUntraced(function* (directory: string, file: string) {
  const address = addressIn(file)
  if (address !== undefined) {
    return yield* new UsageInvalid({
      message: `${address} is the address of a server, and no file`,
      hint: "give a file; a server is named by a flag, as in --against postgres://user:password@host:5432/database"
    })
  }
  const bytes = yield* Effect.tryPromise({
    try: (): Promise<Uint8Array> => (file === "-" ? buffer(process.stdin) : readFile(resolve(directory, file))),
    catch: (cause) =>
      new UsageInvalid({
        message: `cannot read ${file}: ${reasonOf(cause)}`,
        hint: "correct the path, or the file's permissions",
        cause
      })
  })
  return yield* textOf(bytes, file)
})

/** The text of a file's bytes. */
export const textOf = (bytes: Uint8Array, file: string): Effect.Effect<string, SqlUnreadable> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: (cause) =>
      new SqlUnreadable({
        file,
        message: `${file} is not encoded in UTF-8`,
        hint: `save it as UTF-8: ${bytes[0] === 0xff || bytes[0] === 0xfe ? `\`iconv -f UTF-16 -t UTF-8 ${file}\`` : `\`iconv -f LATIN1 -t UTF-8 ${file}\`, if that is what it is`}`,
        cause
      })
  }).pipe(
    Effect.flatMap((text) =>
      text.includes("\0")
        ? new SqlUnreadable({
            file,
            message: `${file} holds a byte of zero`,
            hint: "give a file of SQL: `pg_restore -f -` turns a dump in another format into one"
          })
        : Effect.succeed(text)
    )
  )

const reasonOf = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  if (code === "ENOENT") return "there is no such file"
  if (code === "EISDIR") return "it is a folder"
  return code === "EACCES" ? "this user may not read it" : Predicate.isError(cause) ? cause.message : String(cause)
}
