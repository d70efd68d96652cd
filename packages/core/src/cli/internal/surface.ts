/** Where the program is: its streams, its terminal, its environment. The one file that touches `process`' streams. */
import { createInterface } from "node:readline/promises"

export interface Surface {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly color: { readonly out: boolean; readonly err: boolean }
  /** Whether a person sits at both ends: questions can be asked. */
  readonly interactive: boolean
  /** Whether lines can be painted over. */
  readonly repaints: boolean
  readonly width: () => number
  readonly height: () => number
  readonly onResize: (listener: () => void) => () => void
  /** The answer of a person; `undefined` where the input has ended. */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string | undefined>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
}

/** Whether to colour a stream: the flag, then NO_COLOR, then FORCE_COLOR, then the terminal. */
export const colorOf = (
  flag: boolean | undefined,
  env: Readonly<Record<string, string | undefined>>,
  terminal: boolean
): boolean => {
  if (flag !== undefined) return flag
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false
  const force = env.FORCE_COLOR
  if (force !== undefined) return force !== "0" && force !== "false"
  return terminal && env.TERM !== "dumb"
}

/** How a stream fails whose reader has gone away (`| head`), or whose terminal was closed. */
const gone: ReadonlyArray<string | undefined> = ["EPIPE", "EIO", "ENXIO", "ECONNRESET"]

/** Output that cannot be written ends, and not the run. Where nobody wants it any more that is all; else `broken` says why. */
const writer = (
  stream: NodeJS.WriteStream
): {
  readonly write: (text: string) => void
  readonly written: () => Promise<void>
  readonly broken: () => string | undefined
} => {
  let open = true
  let broken: string | undefined
  stream.on("error", (error: NodeJS.ErrnoException) => {
    open = false
    if (!gone.includes(error.code)) broken ??= error.message
  })
  return {
    broken: () => broken,
    write: (text) => {
      if (open) stream.write(text)
    },
    written: () => new Promise((resolve) => (open ? stream.write("", () => resolve()) : resolve()))
  }
}

const ask = async (question: string, signal: AbortSignal): Promise<string | undefined> => {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  // A terminal that was closed cannot be read: nobody answers.
  process.stdin.once("error", () => lines.close())
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.on("close", () => resolve(undefined))
      // In raw mode Ctrl-C is a key: it means what it means anywhere else.
      lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"))
      lines.question(question, { signal }).then(resolve, () => resolve(undefined))
    })
  } finally {
    lines.close()
  }
}

/** The surface of this process, and whether all of its output has come out. */
export interface NodeSurface extends Surface {
  /** Waits until all output has been taken, or cannot be: the end of a process takes what waits in it along. */
  readonly written: () => Promise<void>
  readonly broken: () => string | undefined
}

export const nodeSurface = (): NodeSurface => {
  const { env, stderr, stdin, stdout } = process
  const [out, err] = [writer(stdout), writer(stderr)]
  return {
    out: out.write,
    err: err.write,
    written: async () => {
      await out.written()
      await err.written()
    },
    broken: out.broken,
    color: { out: colorOf(undefined, env, stdout.isTTY === true), err: colorOf(undefined, env, stderr.isTTY === true) },
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    repaints: stdout.isTTY === true && env.TERM !== "dumb",
    // A terminal that does not know its size says 0.
    width: () => (stdout.isTTY === true ? stdout.columns || 80 : 100),
    height: () => stdout.rows || 24,
    onResize: (listener) => {
      stdout.on("resize", listener)
      return () => stdout.off("resize", listener)
    },
    ask,
    env,
    directory: process.cwd()
  }
}
