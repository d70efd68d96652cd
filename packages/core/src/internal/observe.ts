import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Check from "../Check.ts"
import * as Failure from "../Failure.ts"
import * as Look from "../Look.ts"
import type { Values } from "../Output.ts"
import type { Resource } from "../Resource.ts"
import * as Secrets from "../Secrets.ts"
import type { Prepared, Step, StepInputInvalid } from "../Step.ts"
import { TargetUnavailable } from "../TargetError.ts"
import type { Settle } from "./settle.ts"

/** What looking at one step has found. */
export type Finding<E, CheckR, ApplyR> =
  | {
      readonly _tag: "Checked"
      readonly prepared: Prepared<unknown, E, CheckR, ApplyR>
      readonly check: Check.Check<unknown>
    }
  | {
      readonly _tag: "CheckFailed"
      readonly prepared: Prepared<unknown, E, CheckR, ApplyR>
      readonly failure: Failure.Report
    }
  /** Its input waits for steps that have no output (yet). */
  | { readonly _tag: "Waiting"; readonly on: ReadonlyArray<string> }
  /** It does not run with this strategy. */
  | { readonly _tag: "NotFresh" }

/** The error of a cause that is not an interruption; an interruption goes on. */
const failureOf = <E>(cause: Cause.Cause<E>): Effect.Effect<Failure.Report> =>
  Cause.hasInterrupts(cause) ? Effect.interrupt : Effect.succeed(Failure.report(Cause.squash(cause)))

const isUnreached = (error: unknown): error is TargetUnavailable & { readonly resource: Resource } =>
  error instanceof TargetUnavailable && error.resource !== undefined

/** A target that is not up and says what would bring it up is no failure: the check cannot look yet. */
export const checkOf = <E, CheckR, ApplyR>(
  prepared: Prepared<unknown, E, CheckR, ApplyR>
): Effect.Effect<Check.Check<unknown>, E, CheckR> =>
  Effect.catch(prepared.check, (error) =>
    isUnreached(error) ? Effect.succeed(Check.unavailableBecause([error.resource], error)) : Effect.fail(error)
  )

/**
 * Runs all checks concurrently in one look at the world. A check whose input uses outputs waits for those steps' checks
 * alone. Inputs that do not fit are collected in `invalid`.
 */
export const observe = Effect.fnUntraced(function* <E, CheckR, ApplyR>(options: {
  readonly steps: ReadonlyArray<Step<unknown, E, CheckR, ApplyR, string>>
  readonly values: Values
  readonly fresh: boolean
  readonly settle: Settle
  readonly onChecked: (id: string) => void
}) {
  const { fresh, onChecked, settle, steps } = options
  const values = new Map(options.values)
  const invalid: Array<StepInputInvalid> = []
  const outputs = new Map(steps.map((step) => [step.id, Deferred.makeUnsafe<Option.Option<unknown>>()]))

  const look = Effect.fnUntraced(function* (step: Step<unknown, E, CheckR, ApplyR, string>) {
    const waiting: Array<string> = []
    for (const source of step.sources) {
      const output = outputs.get(source)
      if (output !== undefined && Option.isNone(yield* Deferred.await(output))) waiting.push(source)
    }
    if (waiting.length > 0) return { _tag: "Waiting" as const, on: waiting }
    const prepared = step.prepare(values)
    if (Result.isFailure(prepared)) {
      invalid.push(prepared.failure)
      return { _tag: "Waiting" as const, on: [] }
    }
    yield* Secrets.register(prepared.success.input)
    const observed = new Set<Resource>()
    return yield* checkOf(prepared.success).pipe(
      Effect.provideService(Look.Observed, observed),
      Effect.map((check) => ({
        _tag: "Checked" as const,
        prepared: observing(prepared.success, observed),
        check: settle(step, prepared.success, check)
      })),
      Effect.catchCause((cause) =>
        Effect.map(failureOf(cause), (failure) => ({
          _tag: "CheckFailed" as const,
          prepared: observing(prepared.success, observed),
          failure
        }))
      )
    )
  })

  const findings = yield* Effect.forEach(
    steps,
    (step) =>
      Effect.gen(function* () {
        const finding: Finding<E, CheckR, ApplyR> =
          step.guard.onFresh === true && !fresh ? { _tag: "NotFresh" } : yield* look(step)
        const output = outputOf(finding)
        if (Option.isSome(output)) values.set(step.id, output.value)
        const waiting = outputs.get(step.id)
        if (waiting !== undefined) yield* Deferred.succeed(waiting, output)
        onChecked(step.id)
        return [step.id, finding] as const
      }),
    { concurrency: "unbounded" }
  ).pipe(Effect.provideService(Look.Current, Look.make()))
  return { findings: new Map(findings), values, invalid }
})

/** Adds what the check's probes have looked at to what its step type says that it observes. */
const observing = <E, CR, AR>(
  prepared: Prepared<unknown, E, CR, AR>,
  observed: ReadonlySet<Resource>
): Prepared<unknown, E, CR, AR> =>
  prepared.observes === "*" || observed.size === 0
    ? prepared
    : { ...prepared, observes: [...prepared.observes, ...observed] }

/** The output that a finding gives to other steps, if it gives one. */
export const outputOf = <E, CR, AR>(finding: Finding<E, CR, AR>): Option.Option<unknown> =>
  finding._tag === "NotFresh"
    ? Option.some(undefined)
    : finding._tag === "Checked" && (finding.check._tag === "Satisfied" || finding.check._tag === "EveryRun")
      ? Option.some(finding.check.output)
      : Option.none()
