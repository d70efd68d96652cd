import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const fixture = (name: string): string => path(`../fixtures/${name}`)
export const program = path("../../../src/cli/bin.ts")
/** Node as it runs sources: `--` keeps it from looking for its own flags behind the program's name. */
export const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", "--"]

/** What `ps` knows of a process; a dead one that nobody has collected yet is dead. */
export const isAlive = (pid: string): boolean => {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

/** What a program leaves: its exit code and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export const surroundings = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LANG: "C.UTF-8",
  ...env
})

export interface Start {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The program, if it is not `shipshape`. */
  readonly program?: string
}

/** Reads what a process prints until it has ended. */
export const collect = (child: ChildProcess): Promise<Ended> => {
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

const launch = (args: ReadonlyArray<string>, { cwd, env = {}, program: own = program }: Start): ChildProcess => {
  const [command = "", ...options] = node
  return spawn(command, [...options, own, ...args], {
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
export type Shows = (pattern: RegExp) => Promise<RegExpExecArray>

export const watch = (stream: NodeJS.ReadableStream | null): Shows => {
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
  const quoted = [...node, start.program ?? program, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ")
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
