/** How a run ends: told once and recorded once, however it has come to that. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { RunOutcome } from "../Event.ts"
import * as Failure from "../Failure.ts"
import type { RecordOf } from "../Journal.ts"
import type { Emit } from "./emit.ts"
import { countsOf, type State } from "./running.ts"

/** What a run is told of while it goes on. */
export interface Telling<E, CheckR, ApplyR> {
  readonly emit: Emit
  readonly begun: number
  /** How its steps have ended so far, once they may. */
  state: State<E, CheckR, ApplyR> | undefined
  /** Its last event was sent. */
  told: boolean
}

/** The last event of a run, unless that was sent already. */
export const finished = <E, CheckR, ApplyR>(
  telling: Telling<E, CheckR, ApplyR>,
  outcome: RunOutcome,
  failure?: Failure.Report
): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    if (telling.told) return
    telling.told = true
    telling.emit({
      _tag: "RunFinished",
      outcome,
      counts: countsOf(telling.state),
      durationMs: now - telling.begun,
      ...(failure === undefined ? {} : { failure })
    })
  })

/** What the last record says beside outcome, counts and duration. */
export interface Ending {
  readonly failure?: Failure.Report
  readonly step?: string
  readonly release?: number
}

/** The last record of a journal. */
export const endRecord = <E, CheckR, ApplyR>(
  { begun, state }: Pick<Telling<E, CheckR, ApplyR>, "begun" | "state">,
  outcome: RunOutcome,
  ending: Ending
): Effect.Effect<Omit<RecordOf<"RunEnded">, "at">> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    _tag: "RunEnded",
    outcome,
    counts: countsOf(state),
    durationMs: now - begun,
    ...ending
  }))

/** Where a run was when it was interrupted, and what had failed before. */
export const interruptedAt = <E, CheckR, ApplyR>({ results, stop, undoing }: State<E, CheckR, ApplyR>): Ending => {
  const inFlight = [...results.values()].findLast(({ failure }) => failure?.code === interruptedCode)
  const step = undoing ?? inFlight?.id ?? stop?.id
  return {
    ...(step === undefined ? {} : { step }),
    ...(stop === undefined ? {} : { failure: results.get(stop.id)?.failure ?? Failure.report(stop.cause) })
  }
}

/** The code of a step's failure that was nothing but an interruption. */
export const interruptedCode = "core.interrupted"
