/** Processes that take the lock, as real ones do: they can be killed. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Request {
  readonly ask: "take" | "begin" | "append" | "at" | "held" | "lost" | "release"
  /** How long to wait for the lock, in milliseconds. */
  readonly wait?: number
  readonly text?: string
}

export type Answer =
  | { readonly said: "held"; readonly run: number; readonly at: number; readonly millis: number }
  | {
      readonly said: "refused"
      readonly run: number | undefined
      readonly pid: number | undefined
      readonly message: string
      readonly millis: number
    }
  | { readonly said: "waits"; readonly run: number | undefined; readonly step: string | undefined }
  | { readonly said: "failed"; readonly message: string }
  | { readonly said: "done" }
  | { readonly said: "interrupted" }

export interface Contender {
  readonly pid: number
  /** Asks, and gives the answer. `heard` is told what comes before it. */
  readonly ask: (request: Request, heard?: (answer: Answer) => void) => Promise<Answer>
  /** Sends a signal to its whole foreground group, as Ctrl-C does, and waits until it has said so. */
  readonly interrupt: () => Promise<void>
  readonly kill: () => Promise<void>
}

const program = fileURLToPath(new URL("../fixtures/contender.ts", import.meta.url))

/** Starts one, ready to be asked. */
export const contender = async (directory: string): Promise<Contender> => {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", "--", program, directory],
    { stdio: ["pipe", "pipe", "inherit"], detached: true }
  )
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const asked = new Map<number, (answer: Answer) => void>()
  const expect = (id: number, heard?: (answer: Answer) => void) =>
    new Promise<Answer>((resolve) => {
      asked.set(id, (answer) => {
        if (answer.said === "waits") return heard?.(answer)
        asked.delete(id)
        resolve(answer)
      })
    })
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, ...answer }: Answer & { readonly id: number } = JSON.parse(line)
    asked.get(id)?.(answer)
  })
  let last = 0
  await expect(0)
  const pid = pidOf(child)
  return {
    pid,
    ask: (request, heard) => {
      const id = ++last
      const answer = expect(id, heard)
      child.stdin.write(`${JSON.stringify({ id, ...request })}\n`)
      return answer
    },
    interrupt: async () => {
      const said = expect(-1)
      process.kill(-pid, "SIGINT")
      await said
    },
    kill: async () => {
      child.kill("SIGKILL")
      await ended
    }
  }
}

const pidOf = ({ pid }: ChildProcess): number => {
  if (pid === undefined) throw new Error("the process could not be started")
  return pid
}
