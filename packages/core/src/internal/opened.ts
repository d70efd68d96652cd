import type { Environment } from "../Deployment.ts"
import type { Clearing } from "../Leftovers.ts"
import type { Values } from "../Output.ts"
import type { Plan, PlannedStep, Strategy } from "../Plan.ts"
import type { BackupRequired } from "../Policy.ts"
import type { Ingredients } from "../Proposal.ts"
import type { Allowed, Release } from "../Release.ts"
import type { Instruction, Prepared, Step } from "../Step.ts"
import type { Operations, Place } from "../Store.ts"
import type { Finding } from "./observe.ts"
import type { Past } from "./past.ts"

export type AnyStep<E, CheckR, ApplyR> = Step<unknown, E, CheckR, ApplyR, string>
export type AnyInstruction<E, CheckR, ApplyR> = Pick<Instruction<unknown, E, CheckR, ApplyR, string>, "steps" | "limit">
export type AnyPrepared<E, CheckR, ApplyR> = Prepared<unknown, E, CheckR, ApplyR>

/** The release that a run goes back to, and how far. */
export interface GoingBack {
  readonly release: Release
  /** The release that runs now. */
  readonly leaving: Release
  readonly allowed: Allowed
}

/** What is settled before a layer is built. */
export interface Started {
  readonly place: Place
  readonly environment: { readonly name: string } & Environment
  readonly strategy: Strategy
  readonly values: Values
  readonly only: ReadonlyArray<string> | undefined
  readonly skip: ReadonlyArray<string> | undefined
  readonly leftOut: (id: string) => string | undefined
  /** Which release is asked for, where the run is a rollback; `to: undefined` is the one before. */
  readonly rollback: ({ readonly to: number | undefined } & Allowed) | undefined
}

/** A deployment for one environment, ready to be looked at. */
export interface Opened<A, E, CheckR, ApplyR> extends Started {
  readonly instructions: ReadonlyArray<AnyInstruction<E, CheckR, ApplyR>>
  readonly steps: ReadonlyArray<AnyStep<E, CheckR, ApplyR>>
  readonly outputs: A
  readonly concurrency: number
  readonly store: Operations
  /** What ends that which an interrupted run has left at work, in the order of the plugins. */
  readonly clearings: ReadonlyArray<Clearing>
  /** Of Shipshape and of the plugins, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** Inputs that are no secrets. */
  readonly inputs: Ingredients["inputs"]
  readonly back: GoingBack | undefined
}

/** What one look has found, beside the plan that was made of it. */
export interface Seen<E, CheckR, ApplyR> extends Ingredients {
  readonly plan: Plan
  readonly values: Values
  readonly findings: ReadonlyMap<string, Finding<E, CheckR, ApplyR>>
  /** Ids of the backups that must be taken in this run. */
  readonly backups: ReadonlySet<string>
  /** Why the plan may not be applied to precious data. */
  readonly refused: BackupRequired | undefined
  readonly past: Past
}

/** Planned steps by id. */
export type Planned = ReadonlyMap<string, PlannedStep>
