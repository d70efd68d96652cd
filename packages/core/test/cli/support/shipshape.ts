import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const fixture = (name: string): string => path(`../fixtures/${name}`)
const bin = path("../../../src/cli/bin.ts")
/** Node as it runs sources: `--` keeps it from looking for its own flags behind the program's name. */
const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", "--"]

/** What a program leaves: its exit code and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const surroundings = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LANG: "C.UTF-8",
  ...env
})

interface Start {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The program, if it is not `shipshape`. */
  readonly program?: string
}

/** Reads what a process prints until it has ended. */
const collect = (child: ChildProcess): Promise<Ended> => {
  let out = ""
  let err = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text
  })
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })))
}

const launch = (args: ReadonlyArray<string>, { cwd, env = {}, program = bin }: Start): ChildProcess => {
  const [command = "", ...options] = node
  return spawn(command, [...options, program, ...args], {
    env: surroundings(env),
    cwd,
    stdio: ["ignore", "pipe", "pipe"]
  })
}

/** Runs `shipshape` to its end, with no terminal anywhere. */
export const shipshape = (args: ReadonlyArray<string>, start: Start = {}): Promise<Ended> =>
  collect(launch(args, start))

/** Runs `shipshape`, and gives it to `meddle` while it runs. */
export const meddled = (
  args: ReadonlyArray<string>,
  start: Start,
  meddle: (child: ChildProcess, shows: Shows) => Promise<void>
): Promise<Ended> => {
  const child = launch(args, start)
  const ended = collect(child)
  return Promise.all([ended, meddle(child, watch(child.stdout))]).then(([result]) => result)
}

/** Waits until a text has come out of a stream. */
type Shows = (pattern: RegExp) => Promise<RegExpExecArray>

const watch = (stream: NodeJS.ReadableStream | null): Shows => {
  let sofar = ""
  const waiting = new Set<() => void>()
  stream?.on("data", (chunk: Buffer | string) => {
    sofar += String(chunk)
    for (const check of waiting) check()
  })
  return (pattern) =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = pattern.exec(stripVTControlCharacters(sofar).replaceAll("\r", ""))
        if (found === null) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
    })
}

export interface Terminal {
  /** Waits until a text has been shown. */
  readonly shows: Shows
  readonly types: (keys: string) => void
}

/** Runs `shipshape` on a terminal of its own, which somebody sits at. `out` is all that the terminal was sent. */
export const onTerminal = async (
  args: ReadonlyArray<string>,
  { columns = 80, rows = 24, ...start }: Start & { readonly columns?: number; readonly rows?: number },
  sit: (terminal: Terminal) => Promise<void>
): Promise<Ended> => {
  const quoted = [...node, start.program ?? bin, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")
  const child = spawn("script", ["-qec", `stty cols ${columns} rows ${rows}; exec ${quoted}`, "/dev/null"], {
    env: { ...surroundings(start.env ?? {}), TERM: start.env?.TERM ?? "xterm-256color", SHELL: "/bin/sh" },
    cwd: start.cwd,
    stdio: ["pipe", "pipe", "pipe"]
  })
  const ended = collect(child)
  const shows = watch(child.stdout)
  await Promise.race([ended, sit({ shows, types: (keys) => child.stdin?.write(keys) })])
  return ended
}
