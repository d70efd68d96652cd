/** The command line as data. */
import type { Flag, FlagValue, PluginCommand } from "../PluginCommand.ts"

/** What every command takes. */
export interface Common {
  readonly file: string | undefined
  readonly verbose: boolean
  /** `undefined` leaves it to the terminal. */
  readonly color: boolean | undefined
}

/** What says which deployment to which environment is meant. */
export interface Place {
  readonly env: string | undefined
  readonly inputFiles: ReadonlyArray<string>
  readonly inputs: ReadonlyArray<string>
}

export const reporterNames = ["tree", "plain", "ndjson", "github"] as const
export type ReporterName = (typeof reporterNames)[number]

/** How a look or a run is shown, and how much goes on at a time. */
export interface Showing {
  readonly json: boolean
  readonly concurrency: string | undefined
  readonly reporter: ReporterName | undefined
}

/** Which steps are meant. */
export interface Selection {
  readonly fresh: boolean
  readonly only: ReadonlyArray<string>
  readonly skip: ReadonlyArray<string>
}

/** How a run is approved, and what it does where another one holds the lock. */
export interface Approval {
  readonly yes: boolean
  /** As it was typed; `unlimited` where no limit was. */
  readonly wait: string | undefined
}

/** What the command line asks for. */
export type Request = Common &
  (
    | (Place & Showing & Selection & { readonly command: "plan" } & PlanFlags)
    | (Place & Showing & Selection & Approval & { readonly command: "apply" } & SavedPlan)
    | (Place & Showing & Selection & { readonly command: "verify" })
    | (Place & Showing & Approval & { readonly command: "resume"; readonly undo: boolean })
    | (Place & Showing & Approval & { readonly command: "rollback" } & RollbackFlags & SavedPlan)
    | (Place & { readonly command: "status"; readonly json: boolean })
    | (Place & { readonly command: "history" } & HistoryFlags)
    | (Place & { readonly command: "unlock"; readonly yes: boolean; readonly reason: string | undefined })
    | { readonly command: "graph"; readonly env: string | undefined }
    | {
        readonly command: "steps"
        readonly env: string | undefined
        readonly json: boolean
        readonly name: string | undefined
      }
  )

export interface PlanFlags {
  readonly detailedExitcode: boolean
  /** The file that the plan is saved to. */
  readonly out: string | undefined
}

export interface SavedPlan {
  /** The file of a plan that was approved. */
  readonly plan: string | undefined
}

export interface RollbackFlags {
  readonly to: string | undefined
  readonly schema: boolean
  readonly data: boolean
  readonly out: string | undefined
}

export interface HistoryFlags {
  readonly json: boolean
  readonly run: string | undefined
  readonly limit: string | undefined
}

export type Of<Command extends Request["command"]> = Extract<Request, { readonly command: Command }>

/** The words that begin the commands of the program itself. */
const own: Readonly<Record<Request["command"] | "completions", true>> = {
  plan: true,
  apply: true,
  verify: true,
  resume: true,
  rollback: true,
  status: true,
  history: true,
  unlock: true,
  graph: true,
  steps: true,
  completions: true
}

export const isOwn = (word: string): boolean => Object.hasOwn(own, word)

/** What the command line asks of a plugin. */
export interface PluginRequest {
  readonly verbose: boolean
  readonly color: boolean | undefined
  readonly command: PluginCommand
  readonly flags: Readonly<Record<string, FlagValue<Flag>>>
  readonly operands: ReadonlyArray<string>
}
