/** Measures what goes through a stream, and says how far it is. */
import { createHash } from "node:crypto"
import { Transform } from "node:stream"

/** How often a line of progress is said, in milliseconds. */
const intervalMillis = 2_000

/** What is known before, where it is. */
export interface Expected {
  readonly bytes?: number
  readonly rows?: number
}

/** A stream that gives what it gets, and what it has counted by then. */
export interface Meter {
  readonly stream: Transform
  readonly rows: () => number
  readonly bytes: () => number
  readonly sha256: () => string
}

/** Counts bytes and lines; `say` gets a line now and then. A last line without an end counts too. */
export const make = (what: string, expected: Expected, say: (line: string) => void): Meter => {
  const hash = createHash("sha256")
  const begun = performance.now()
  let [bytes, lines, said, last] = [0, 0, begun, 10]
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    last = chunk.at(-1) ?? last
    const now = performance.now()
    if (now - said < intervalMillis) return
    said = now
    say(`${what}: ${sayOf({ bytes, rows: lines }, expected, (now - begun) / 1000)}`)
  }
  return {
    stream: new Transform({
      transform(chunk: Buffer, _, done) {
        count(chunk)
        done(null, chunk)
      }
    }),
    rows: () => (last === 10 ? lines : lines + 1),
    bytes: () => bytes,
    sha256: () => hash.digest("hex")
  }
}

const number = (value: number): string => Math.round(value).toLocaleString("en-US")

/** `120,000 of 1,000,000 rows (12 %), 85,000 rows/s, 10 s left`. */
export const sayOf = (done: Required<Expected>, expected: Expected, seconds: number): string => {
  const share =
    expected.bytes !== undefined && expected.bytes > 0
      ? done.bytes / expected.bytes
      : expected.rows !== undefined && expected.rows > 0
        ? done.rows / expected.rows
        : undefined
  const rows =
    expected.rows === undefined ? `${number(done.rows)} rows` : `${number(done.rows)} of ${number(expected.rows)} rows`
  const rate = `${number(done.rows / seconds)} rows/s`
  if (share === undefined || share <= 0) return `${rows}, ${rate}`
  const left = Math.max(0, Math.ceil(seconds / share - seconds))
  return `${rows} (${Math.floor(share * 100)} %), ${rate}, ${left} s left`
}
