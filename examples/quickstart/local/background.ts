/** Processes that outlive the one that starts them. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdir, open, readFile, stat } from "node:fs/promises"
import * as net from "node:net"
import { uptime } from "node:os"
import { dirname } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"

/** Who runs a process, where that is not whoever asks. */
export interface User {
  readonly uid: number
  readonly gid: number
}

const ask = promisify(execFile)

/** A user of the system, if there is one of that name. */
export const userCalled = async (name: string): Promise<User | undefined> => {
  try {
    const [uid, gid] = await Promise.all([ask("id", ["-u", name]), ask("id", ["-g", name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    // `id` fails for a name that nobody has.
    return undefined
  }
}

/** Whether another user may run a program. */
export const canRun = (program: string, user: User): Promise<boolean> =>
  run(program, ["--version"], user).then(
    () => true,
    () => false
  )

/** Runs a program to its end; a failure carries what it printed. */
export const run = async (program: string, args: ReadonlyArray<string>, user: User | undefined): Promise<void> => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], cwd: "/", ...user })
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text
    })
  }
  const code = await ended(child)
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${printed.trim()}`)
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })

/** Starts a Node program in a session of its own, with a new file for what it prints, and gives its process id. */
export const start = async (file: string, env: Record<string, string>, logFile: string): Promise<number> => {
  await mkdir(dirname(logFile), { recursive: true })
  const log = await open(logFile, "w")
  const child = spawn(process.execPath, [file], {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: process.env.PATH, ...env }
  })
  child.unref()
  await log.close()
  if (child.pid === undefined) throw new Error(`${file} cannot be started`)
  return child.pid
}

/** The process that the first line of a file names, if it is alive, and the file younger than the last boot. */
export const processOf = async (pidFile: string): Promise<number | undefined> => {
  const facts = await stat(pidFile).catch(ifMissing)
  if (facts === undefined || facts.mtimeMs < Date.now() - uptime() * 1000) return undefined
  const pid = Number.parseInt(await readFile(pidFile, "utf8"), 10)
  return pid > 1 && (await isAlive(pid)) ? pid : undefined
}

const isAlive = async (pid: number): Promise<boolean> => {
  if (process.platform === "linux") {
    // A process that has ended and that nobody has waited for still takes signals: only its state tells.
    const facts = await readFile(`/proc/${pid}/stat`, "utf8").catch(ifMissing)
    return facts !== undefined && !/^ [ZX]/.test(facts.slice(facts.lastIndexOf(")") + 1))
  }
  return send(pid, 0)
}

/** Sends a signal; `false` where there is no such process. */
const send = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false
    throw error
  }
}

/** Asks the process of a pid file to end, and ends it for good where it does not. */
export const stop = async (pidFile: string, signal: "SIGINT" | "SIGTERM"): Promise<void> => {
  const pid = await processOf(pidFile)
  if (pid === undefined) return
  send(pid, signal)
  if (await isGone(pid, 10_000)) return
  send(pid, "SIGKILL")
  if (!(await isGone(pid, 5_000))) throw new Error(`process ${pid} of ${pidFile} does not end`)
}

const pauseMillis = 25

const isGone = async (pid: number, millis: number): Promise<boolean> => {
  for (let waited = 0; waited < millis; waited += pauseMillis) {
    if (!(await isAlive(pid))) return true
    await sleep(pauseMillis)
  }
  return false
}

/** Whether something takes connections at a port of this machine. */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port })
    socket.once("error", () => resolve(false))
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
  })

/** Waits until a port takes connections; `false` where the process of the pid file ends before. */
export const untilListening = async (port: number, pidFile: string): Promise<boolean> => {
  while ((await processOf(pidFile)) !== undefined) {
    if (await listens(port)) return true
    await sleep(pauseMillis)
  }
  return false
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined)

/** `undefined` for what is not there (any more); any other error goes on. */
const ifMissing = (error: unknown): undefined => {
  if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ESRCH") throw error
}
