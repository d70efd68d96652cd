/** Applies that are cut off: the command and all that it has started are killed at a moment that a test waits for. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { History, Journal } from "@shipshape/core"
import { signal, treeOf } from "../../../test/support/processTree.ts"
import type { Project } from "./Project.ts"

/** Waits until something is so. */
export const until = async <A>(what: string, ask: () => A | undefined, patience = 120_000): Promise<A> => {
  const end = Date.now() + patience
  for (;;) {
    const answer = ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await sleep(10)
  }
}

/** A run as its journal tells it. */
export interface Told {
  readonly run: number
  readonly records: ReadonlyArray<Journal.Record>
  readonly ended: boolean
  /** The step that was under way when it ended. */
  readonly step: string | undefined
}

/** The last run that has a journal. */
export const lastRun = ({ directory }: Project): Told | undefined => {
  const runs = path.join(directory, ".shipshape/edms/staging/runs")
  const name = fs.existsSync(runs) ? fs.readdirSync(runs).toSorted().at(-1) : undefined
  if (name === undefined) return undefined
  const { records } = Journal.decode(fs.readFileSync(path.join(runs, name), "utf8"))
  const ended = records.some((record) => record._tag === "RunEnded")
  return { run: Number.parseInt(name, 10), records, ended, step: History.underWay(records)?.step }
}

/** Starts an apply, kills it when it is time, and gives what it has printed; `over` where it had ended before. */
export const killApply = async (
  project: Project,
  args: ReadonlyArray<string>,
  time: (isOver: () => boolean) => Promise<void>
): Promise<{ readonly output: string; readonly over: boolean }> => {
  const child = spawn(
    process.execPath,
    ["--conditions=@shipshape/source", "deploy.ts", "apply", "--yes", "--json", "--env", "staging", ...args],
    { cwd: project.directory, env: { ...process.env, ...project.inputs }, stdio: ["ignore", "pipe", "inherit"] }
  )
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk
  })
  const isOver = () => child.exitCode !== null
  const ended = new Promise((resolve) => child.once("close", resolve))
  await time(isOver)
  const over = isOver()
  const { pid } = child
  if (pid !== undefined && !over) {
    // It starts nothing more while its children are counted.
    signal(pid, "SIGSTOP")
    for (const one of treeOf(pid).toReversed()) signal(one, "SIGKILL")
  }
  await ended
  return { output, over }
}
