/** Processes that tests kill, with all that they have started. */
import { execFileSync } from "node:child_process"

/** A process and all that it has started, each before those that it has started itself. */
export const treeOf = (pid: number): ReadonlyArray<number> => {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number))
  const below = (of: number): ReadonlyArray<number> => [
    of,
    ...rows.flatMap(([child = 0, parent]) => (parent === of ? below(child) : []))
  ]
  return below(pid)
}

/** Signals a process, which may have ended by itself meanwhile. */
export const signal = (pid: number, name: "SIGSTOP" | "SIGKILL"): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}
