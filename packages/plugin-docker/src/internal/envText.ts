/** Changing one key of an env file and nothing else. */
import { Dotenv } from "@shipshape/core"
import * as Result from "effect/Result"

const plainValue = /^[\w./:@,+=-]*$/

/** The value as Compose and Shipshape read it back: without quotes, in single ones, or in double ones. */
const quote = (value: string): string => {
  if (plainValue.test(value)) return value
  if (!/['\r\n]/.test(value)) return `'${value}'`
  const escaped = value
    .replace(/[\\"$]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
  return `"${escaped}"`
}

/** The lines of the entry that begins at `start`: a quoted value may go over several. */
const entryAt = (lines: ReadonlyArray<string>, start: number) => {
  for (let end = start + 1; end <= lines.length; end++) {
    const parsed = Dotenv.parse(lines.slice(start, end).join("\n"), "")
    if (Result.isSuccess(parsed)) return { keys: Object.keys(parsed.success), end }
  }
  return { keys: [], end: start + 1 }
}

/** Sets a key where it stands, or at the end; comments and all other lines stay as they are. */
export const setKey = (text: string, key: string, value: string): string => {
  const lines = text.split("\n")
  let found: { readonly start: number; readonly end: number } | undefined
  for (let start = 0; start < lines.length; ) {
    const { end, keys } = entryAt(lines, start)
    if (keys.includes(key)) found = { start, end }
    start = end
  }
  const line = `${key}=${quote(value)}`
  if (found !== undefined) return lines.toSpliced(found.start, found.end - found.start, line).join("\n")
  return `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${line}\n`
}
