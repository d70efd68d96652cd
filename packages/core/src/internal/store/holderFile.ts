import * as os from "node:os"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Holder } from "../../Lock.ts"
import { isAlive } from "../isAlive.ts"

/*
 * The holder file has a line for each thing its writer has said: first a mark that is its own, then who it is, again
 * for each step, and `null` when it lets go. The last whole line counts.
 */

const json = Schema.fromJsonString(Holder)
const decode = Schema.decodeUnknownResult(json)

export const holderLine: (holder: Holder) => string = Schema.encodeSync(json)

/** What the last line says when nobody holds the lock any more. */
export const nobody = "null"

/** Which writing of the file a text is: nobody else writes that line. */
export const markOf = (text: string): string | undefined => {
  const end = text.indexOf("\n")
  return end === -1 ? undefined : text.slice(0, end)
}

export const holderIn = (text: string): Holder | undefined => {
  const [last = ""] = text.split("\n").slice(-2, -1)
  return Result.getOrUndefined(decode(last))
}

/** Whether a holder's process exists; `undefined` where that is another host's to know. */
const holderIsAlive = ({ who }: Holder): boolean | undefined =>
  who.host === os.hostname() ? isAlive(who.pid) : undefined

/** How long a text of another host must stay, in milliseconds, until it is taken for that of who holds the lock. */
const settleMillis = 200

/**
 * Reads who holds a lock that is known to be held. A holder that was killed leaves its text, and the next one takes a
 * moment to write its own over it: so a text counts only when its process lives, or when it stays.
 */
export const makeWitness = (): ((text: string, now: number) => Holder | undefined) => {
  let seen: { readonly mark: string | undefined; readonly since: number } | undefined
  return (text, now) => {
    const holder = holderIn(text)
    const alive = holder === undefined ? false : holderIsAlive(holder)
    if (alive !== undefined) return alive ? holder : undefined
    const mark = markOf(text)
    if (seen === undefined || seen.mark !== mark) seen = { mark, since: now }
    return now - seen.since >= settleMillis ? holder : undefined
  }
}
