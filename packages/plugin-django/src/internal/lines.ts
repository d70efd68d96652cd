import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"

/** What stands for the end of the input. */
export const endOfInput = Symbol("end of input")

/** Whole lines of a stream, one at a time. */
export interface Lines {
  readonly next: Effect.Effect<string | typeof endOfInput>
}

/** Reads lines from a stream from now on. */
export const linesOf = (stream: Duplex): Lines => {
  const lines: Array<string> = []
  let rest = ""
  let ended = false
  let wake: () => void = () => {}
  stream.setEncoding("utf8")
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n")
    rest = parts.pop() ?? ""
    lines.push(...parts)
    wake()
  })
  const end = () => {
    ended = true
    wake()
  }
  // A broken pipe is the end of the process at the other side, which is looked at then.
  stream.on("end", end).on("close", end).on("error", end)
  return {
    next: Effect.callback((resume) => {
      wake = () => {
        const line = lines.shift()
        if (line === undefined && !ended) return
        wake = () => {}
        resume(Effect.succeed(line ?? endOfInput))
      }
      wake()
    })
  }
}
