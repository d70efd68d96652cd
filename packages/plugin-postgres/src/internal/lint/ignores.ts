/** Findings that somebody accepts, with the reason. */
import type { Comment } from "../sql/lexing.ts"

/** `-- shipshape-ignore rule: reason`, or squawk's `-- squawk-ignore rule`. */
export interface Ignore {
  /** Where the comment is. */
  readonly start: number
  readonly end: number
  readonly rules: ReadonlyArray<string>
  readonly reason: string | undefined
  /** For the whole file, and not for what stands below it. */
  readonly isForFile: boolean
}

const pattern =
  /^(?:--+|\/\*)\s*(shipshape|squawk)-ignore(-file)?\b[ \t]*([\w-]+(?:\s*,\s*[\w-]+)*)?\s*(?::\s*([\s\S]*?))?\s*(?:\*\/)?$/

export const ignoresOf = (comments: ReadonlyArray<Comment>): ReadonlyArray<Ignore> =>
  comments.flatMap(({ end, start, text }) => {
    const match = pattern.exec(text.trimEnd())
    if (match === null) return []
    const [, whose, file, names = "", reason = ""] = match
    const rules = names.split(",").flatMap((name) => (name.trim() === "" ? [] : name.trim()))
    // squawk asks for no reason.
    const given = reason.trim() === "" ? undefined : reason.trim()
    return [
      {
        start,
        end,
        rules,
        reason: whose === "squawk" ? (given ?? "squawk-ignore") : given,
        isForFile: file !== undefined
      }
    ]
  })
