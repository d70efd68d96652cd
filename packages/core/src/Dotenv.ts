/**
 * Env files: `KEY=VALUE` lines as Docker Compose reads them. What cannot be read is refused with file and line, and a
 * value never stands in a message.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Failure from "./Failure.ts"

/**
 * A line of an env file cannot be read.
 *
 * @since 0.1.0
 */
export class DotenvInvalid extends Schema.TaggedError<DotenvInvalid>()("DotenvInvalid", {
  ...Failure.fields("core.env-file-invalid"),
  file: Schema.String,
  line: Schema.Int
}) {}

const keyPattern = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=/

/**
 * Reads an env file. Single quotes keep everything as it is; double quotes know `\n`, `\t`, `\"` and `\\`; both may go
 * over several lines. Without quotes a value ends before ` #`. Variables within values are not replaced.
 *
 * @example
 * ```ts
 * import { Dotenv } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Result from "effect/Result"
 *
 * const parsed = Dotenv.parse("A=1 # one\nB='x # y'\n", ".env")
 * assert.deepEqual(Result.getOrThrow(parsed), { A: "1", B: "x # y" })
 *
 * const wrong = Result.getFailure(Dotenv.parse("A=1\nPASSWORD\n", ".env"))
 * assert.equal(wrong._tag === "Some" && wrong.value.message.startsWith(".env:2:"), true)
 * ```
 *
 * @since 0.1.0
 */
export const parse = (text: string, file: string): Result.Result<Readonly<Record<string, string>>, DotenvInvalid> => {
  const values: Record<string, string> = {}
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ""
    if (/^\s*(#|$)/.test(line)) continue
    const key = keyPattern.exec(line.trimStart())
    if (key?.[1] === undefined) {
      return Result.fail(invalid(file, i + 1, "expected KEY=VALUE", "write KEY=VALUE, or # before a comment"))
    }
    const rest = line.trimStart().slice(key[0].length).trimStart()
    const quote = rest[0]
    if (quote !== '"' && quote !== "'") {
      values[key[1]] = rest.replace(/(^|\s)#.*$/, "").trimEnd()
      continue
    }
    const first = i
    let quoted = rest.slice(1)
    let end = endOf(quoted, quote)
    while (end === -1 && i + 1 < lines.length) {
      quoted += `\n${lines[++i] ?? ""}`
      end = endOf(quoted, quote)
    }
    if (end === -1) {
      return Result.fail(invalid(file, first + 1, `${key[1]} has no closing ${quote}`, `close the quote with ${quote}`))
    }
    if (!/^\s*(#.*)?$/.test(quoted.slice(end + 1))) {
      return Result.fail(
        invalid(
          file,
          i + 1,
          `${key[1]} has text after its closing ${quote}`,
          "quote the whole value, or remove the text"
        )
      )
    }
    const value = quoted.slice(0, end)
    values[key[1]] = quote === "'" ? value : unescape(value)
  }
  return Result.succeed(values)
}

const invalid = (file: string, line: number, problem: string, hint: string): DotenvInvalid =>
  new DotenvInvalid({ file, line, message: `${file}:${line}: ${problem}`, hint })

/** Where the quoted text ends, or -1. */
const endOf = (text: string, quote: string): number => {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && quote === '"') i++
    else if (text[i] === quote) return i
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

const unescape = (text: string): string => text.replace(/\\([\s\S])/g, (_, c: string) => escapes[c] ?? c)
