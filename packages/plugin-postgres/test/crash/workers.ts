/** Processes that run the deployment, and how they are killed. */
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Event, Failure, Plan } from "@shipshape/core"
import type { Crash } from "@shipshape/core/testing"
import { signal, treeOf } from "../../../../test/support/processTree.ts"
import type { Version } from "./deployment.ts"
import { dropUnsynced } from "./power.ts"
import type { World } from "./world.ts"

/**
 * Who is killed: the process alone, so that what it has started goes on; or all of them, as when the power fails, and what
 * they have not synced is gone.
 */
export type Whom = "process" | "tree"

/** Ends when it is time to kill a run that has begun, and says who is killed. A run that has ended has begun, too. */
type Time = () => Promise<Whom>

/** What a process is to do. */
export interface Job {
  readonly world: World
  readonly variables: Readonly<Record<string, string>>
  readonly strategy: Plan.Strategy
  readonly ask: "plan" | "apply"
  readonly resume?: "finish" | "undo"
  /** Which version of the deployment. */
  readonly deployment?: Version
  /** The run counts as begun once it has come to this write; else, and with 0, at once. */
  readonly begunAt?: number
  /** It dies at one of its writes; of a torn text so much is left, from 0 to 1. */
  readonly crash?: Pick<Crash.Point, "at" | "when"> & { readonly kept: number; readonly whom: Whom }
}

/** How a run has ended, where it was not killed. */
export interface Answer {
  readonly exitCode: number
  readonly failure: Failure.Report | undefined
  readonly interrupted: Plan.Interrupted | undefined
  /** Ids of the steps that the plan would apply, or knows later. */
  readonly pending: ReadonlyArray<string>
  readonly notices: ReadonlyArray<{ readonly code: string; readonly message: string }>
  readonly steps: ReadonlyArray<Event.StepResult>
  readonly undone: ReadonlyArray<{ readonly id: string; readonly outcome: string }>
  /** How often it has written to its journal and releases. */
  readonly writes: number
  readonly millis: number
}

type Said = { readonly said: "ready" | "begun" } | { readonly said: "ended"; readonly answer: Answer }

interface Worker {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  readonly ended: Promise<void>
}

export interface Workers {
  /** Runs the deployment in a process that has run others before, or none; `undefined` where it was killed. */
  readonly run: (job: Job, time?: Time) => Promise<Answer | undefined>
  readonly end: () => Promise<void>
}

const program = fileURLToPath(new URL("fixtures/worker.ts", import.meta.url))

const start = (cache: string): Worker => {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", program],
    { stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"], env: { ...process.env, NODE_COMPILE_CACHE: cache } }
  )
  return {
    child,
    ended: new Promise((resolve) => child.once("exit", () => resolve())),
    ready: new Promise((resolve) => child.once("message", () => resolve()))
  }
}

const kill = ({ child }: Worker, whom: Whom): void => {
  if (whom === "tree" && child.pid !== undefined) {
    // It starts nothing more while its children are counted.
    child.kill("SIGSTOP")
    for (const pid of treeOf(child.pid)) if (pid !== child.pid) signal(pid, "SIGKILL")
  }
  child.kill("SIGKILL")
}

/** Has a process do a job, and kills it when it is time. */
const ask = (worker: Worker, job: Job, time: Time | undefined): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    const { child, ended } = worker
    let killed: Whom = "process"
    const die = (whom: Whom) => {
      killed = whom
      kill(worker, whom)
    }
    child.stdio[3]?.once("data", () => die("tree"))
    child.on("message", (message: Said) => {
      if (message.said === "begun" && time !== undefined) void time().then(die)
      if (message.said === "ended" && time === undefined) resolve(message.answer)
    })
    void ended.then(() => {
      if (killed === "tree") dropUnsynced(job.world)
      resolve(undefined)
    })
    child.send(job)
  })

interface Pool {
  readonly take: () => Promise<Worker>
  readonly give: (worker: Worker) => void
  readonly end: () => Promise<void>
}

const poolOf = (first: ReadonlyArray<Worker>): Pool => {
  const idle = [...first]
  const waiting: Array<(worker: Worker) => void> = []
  return {
    take: () => {
      const worker = idle.shift()
      return worker === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(worker)
    },
    give: (worker) => {
      const next = waiting.shift()
      if (next === undefined) idle.push(worker)
      else next(worker)
    },
    end: async () => {
      for (const worker of idle) {
        worker.child.disconnect()
        await worker.ended
      }
    }
  }
}

/**
 * Makes so many processes for runs that are killed, each of them replaced at once, and as many for all others, which get
 * faster with each run. What they compile is kept in a folder.
 */
export const workers = async (size: number, cache: string): Promise<Workers> => {
  const first = start(cache)
  await first.ready
  const others = (count: number) => Array.from({ length: count }, () => start(cache))
  const [doomed, staying] = [poolOf([first, ...others(size - 1)]), poolOf(others(size))]
  return {
    run: async (job, time) => {
      const pool = job.crash === undefined && time === undefined ? staying : doomed
      const worker = await pool.take()
      await worker.ready
      const answer = await ask(worker, job, time)
      worker.child.removeAllListeners("message")
      worker.child.stdio[3]?.removeAllListeners("data")
      pool.give(answer === undefined ? start(cache) : worker)
      return answer
    },
    end: async () => {
      await doomed.end()
      await staying.end()
    }
  }
}
