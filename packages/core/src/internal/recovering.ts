/** What follows a failure: nothing, taking back what was applied, or going back to the last release. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Check from "../Check.ts"
import * as Failure from "../Failure.ts"
import type { Mode } from "../Lock.ts"
import { wayBack } from "./back.ts"
import type { Emit } from "./emit.ts"
import { execute } from "./execute.ts"
import type { Opened } from "./opened.ts"
import { nothing } from "./past.ts"
import { makeState, type Running } from "./running.ts"
import { see } from "./seeing.ts"
import { type Undoable, undoAll } from "./undoing.ts"

type Aftermath = ReadonlyArray<Failure.Report>

/**
 * Does what the environment says for a run that has failed, or what a person has asked for with a run that was cut off;
 * gives what went wrong in that.
 */
export const recover = <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  run: Running<E, CheckR, ApplyR>,
  mode: Mode
): Effect.Effect<Aftermath, never, CheckR | ApplyR> => {
  if (mode === "undo") return undoUnfinished(opened, run)
  const { applied, stop } = run.state
  if (stop === undefined || applied.length === 0) return Effect.succeed([])
  switch (run.environment.onFailure) {
    case "undo":
      return undoThese(
        run,
        applied.map(({ captured, prepared, step }) => ({ id: step.id, step, prepared, captured }))
      )
    case "rollback":
      return opened.back === undefined
        ? Effect.catch(goBack(opened, run), (error) => Effect.succeed([Failure.report(error)]))
        : Effect.succeed([])
    default:
      return Effect.succeed([])
  }
}

type Candidate<E, CheckR, ApplyR> = { readonly id: string } & {
  readonly [K in keyof Undoable<E, CheckR, ApplyR>]: Undoable<E, CheckR, ApplyR>[K] | undefined
}

const undoThese = Effect.fnUntraced(function* <E, CheckR, ApplyR>(
  run: Running<E, CheckR, ApplyR>,
  candidates: ReadonlyArray<Candidate<E, CheckR, ApplyR>>
) {
  const undoable: Array<Undoable<E, CheckR, ApplyR>> = []
  const staying: Array<string> = []
  for (const { captured, id, prepared, step } of candidates) {
    if (step !== undefined && prepared !== undefined && captured !== undefined)
      undoable.push({ step, prepared, captured })
    else staying.push(id)
  }
  if (staying.length > 0) {
    run.emit({
      _tag: "Notice",
      code: "core.cannot-undo",
      message: `${staying.map((id) => `“${id}”`).join(", ")} cannot be taken back, and ${staying.length === 1 ? "stays" : "stay"} as applied`
    })
  }
  const failure = yield* undoAll(run, undoable)
  return failure === undefined ? [] : [failure]
})

/** What the journal says that an interrupted run has begun. */
const undoUnfinished = <A, E, CheckR, ApplyR>(
  { steps }: Opened<A, E, CheckR, ApplyR>,
  run: Running<E, CheckR, ApplyR>
) =>
  undoThese(
    run,
    (run.past.unfinished?.begun ?? []).map(({ captured, step: id }) => {
      const step = steps.find((one) => one.id === id)
      const prepared = step?.prepare(run.state.values)
      return {
        id,
        step,
        captured,
        prepared: prepared !== undefined && Result.isSuccess(prepared) ? prepared.success : undefined
      }
    })
  )

const goBack = Effect.fnUntraced(function* <A, E, CheckR, ApplyR>(
  opened: Opened<A, E, CheckR, ApplyR>,
  run: Running<E, CheckR, ApplyR>
) {
  const { emit } = run
  const release = (yield* opened.store.releases).at(-1)
  if (release === undefined) {
    emit({
      _tag: "Notice",
      code: "core.no-release",
      message: "there is no release to go back to yet: the run stops where it failed"
    })
    return []
  }
  emit({ _tag: "Notice", code: "core.going-back", message: `going back to release ${release.number}` })
  const goingBack = { release, leaving: release, allowed: { schema: false, data: false } }
  const instructions = wayBack(opened.instructions, goingBack, undefined)
  const back = {
    ...opened,
    instructions,
    steps: instructions.flatMap(({ steps }) => steps),
    back: goingBack
  }
  const quiet = changesOnly(emit)
  const seen = yield* see(back, nothing, () => {})
  const again: Running<E, CheckR, ApplyR> = {
    ...run,
    // Nobody is told twice.
    settle: (_step, _prepared, check) => (check._tag === "EveryRun" ? Check.satisfied(check.output) : check),
    planned: new Map(seen.plan.steps.map((step) => [step.id, step])),
    prepared: new Map(
      [...seen.findings].flatMap(([id, finding]) => ("prepared" in finding ? [[id, finding.prepared] as const] : []))
    ),
    backups: new Set(),
    // What goes back was not asked for by a plan.
    approved: undefined,
    state: makeState(seen.values, nothing),
    emit: quiet
  }
  again.state.proofs.push(...run.state.proofs)
  yield* execute(instructions, again)
  const stopped = again.state.stop
  if (stopped === undefined) return []
  return [again.state.results.get(stopped.id)?.failure ?? Failure.report(stopped.cause)]
})

/** On the way back only what is done is told: how each step of the run itself has ended stands above. */
const changesOnly =
  (emit: Emit): Emit =>
  (event) => {
    if (event._tag !== "StepFinished" || event.outcome === "applied" || event.outcome === "failed") emit(event)
  }
