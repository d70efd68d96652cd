import type { Needed } from "../Check.ts"
import type { PlannedStep } from "../Plan.ts"
import { overlaps, type Resource } from "../Resource.ts"
import * as Risk from "../Risk.ts"
import type { Instruction, Step } from "../Step.ts"
import type { Finding } from "./observe.ts"

/** A step of the plan that will, or may, change something. */
interface Pending {
  readonly id: string
  readonly provides: ReadonlyArray<Resource>
  readonly touches: ReadonlyArray<Resource>
  /** Its input is not known yet, so neither is what it provides: it may be anything. */
  readonly unknown: boolean
}

type AnyStep = Step<unknown, unknown, unknown, unknown, string>
type AnyFinding = Finding<unknown, unknown, unknown>
type Looked = Extract<AnyFinding, { readonly prepared: unknown }>

/** What a step will cost, as far as its check has found more, or a person has accepted it. */
export const riskOf = (step: AnyStep, needed: Pick<Needed, "risk"> | undefined): Risk.Risk => {
  const found = needed?.risk
  const risk = found !== undefined && Risk.isAbove(found, step.risk) ? found : step.risk
  return step.guard.acknowledged !== undefined && risk === "destructive" ? "acknowledged" : risk
}

const quoted = (ids: ReadonlyArray<string>): string => ids.map((id) => `“${id}”`).join(", ")

/**
 * Turns what the checks found into what the plan says, in the order of the steps: a check counts only as far as no
 * earlier pending step provides what it lacked or takes away what it saw.
 */
export const resolve = (
  instructions: ReadonlyArray<Pick<Instruction<unknown, unknown, unknown, unknown, string>, "steps">>,
  findings: ReadonlyMap<string, AnyFinding>,
  leftOut: (id: string) => string | undefined
): ReadonlyArray<PlannedStep> => {
  const pending: Array<Pending> = []
  const actions = new Map<string, PlannedStep["action"]>()
  return instructions.flatMap(({ steps }) => {
    const planned = steps.map((step) => {
      const finding = findings.get(step.id)
      if (finding === undefined) throw new RangeError(`no finding for step ${step.id}`)
      return { finding, step: plannedStep(step, finding, pending, actions, leftOut(step.id)) }
    })
    // Steps of one group run at the same time: none of them is before another.
    for (const { finding, step } of planned) {
      actions.set(step.id, step.action)
      if (step.action === "apply" || step.action === "deferred") pending.push(pendingOf(step.id, finding))
    }
    return planned.map(({ step }) => step)
  })
}

const pendingOf = (id: string, finding: AnyFinding): Pending => {
  if (finding._tag === "Waiting" || finding._tag === "NotFresh") return { id, provides: [], touches: [], unknown: true }
  const needed = finding._tag === "Checked" && finding.check._tag === "Needed" ? finding.check : undefined
  return {
    id,
    unknown: false,
    provides: needed?.provides ?? finding.prepared.provides,
    touches: needed?.touches ?? finding.prepared.touches
  }
}

const plannedStep = (
  step: AnyStep,
  finding: AnyFinding,
  pending: ReadonlyArray<Pending>,
  actions: ReadonlyMap<string, PlannedStep["action"]>,
  leftOut: string | undefined
): PlannedStep => {
  const needed =
    leftOut === undefined && finding._tag === "Checked" && finding.check._tag === "Needed" ? finding.check : undefined
  const base = {
    id: step.id,
    type: step.type,
    risk: riskOf(step, needed),
    changes: finding._tag === "Checked" && "changes" in finding.check ? finding.check.changes : [],
    dependsOn: [...step.sources].filter((source) => !source.startsWith("input:")),
    ...(step.traits.alters === undefined ? {} : { alters: step.traits.alters }),
    ...(step.traits.undo ? { undo: true } : {}),
    ...(leftOut === undefined ? proofOf(finding) : {}),
    ...(step.guard.optional === undefined ? {} : { optional: step.guard.optional }),
    ...(step.guard.acknowledged === undefined ? {} : { acknowledged: step.guard.acknowledged })
  }
  const none = { ...base, action: "none" as const, changes: [] }
  if (finding._tag === "NotFresh") return { ...none, skipped: true, reason: "runs on a fresh start only" }
  if (leftOut !== undefined) return { ...none, skipped: true, reason: leftOut }
  if (finding._tag === "Waiting") return { ...base, ...waitingFor(finding.on, actions) }
  const after = knownAfter(finding, pending)
  if (after !== undefined) return { ...base, action: "deferred", reason: withNote(after, finding) }
  if (finding._tag === "CheckFailed") {
    return { ...base, action: "blocked", reason: finding.failure.message, failure: finding.failure }
  }
  switch (finding.check._tag) {
    case "Satisfied":
      return finding.check.note === undefined ? none : { ...none, reason: finding.check.note }
    case "Needed":
      return { ...base, action: "apply" }
    case "EveryRun":
      return { ...base, action: "apply", everyRun: true, reason: "runs every time" }
    case "Unavailable": {
      const { failure, hint, lacks, reason } = finding.check
      const providers = providersOf(lacks, pending)
      return providers.length > 0
        ? { ...base, action: "deferred", reason: knownAfterAll(providers) }
        : {
            ...base,
            action: "blocked",
            reason,
            failure: failure ?? {
              code: "core.unavailable",
              message: reason,
              hint: hint ?? `no step before “${step.id}” provides ${lacks.join(", ")}: add one, or bring it up`,
              retryable: true,
              causes: []
            }
          }
    }
  }
}

/** The pending steps that bring what is lacking; where none is known to, those that may. */
const providersOf = (lacks: ReadonlyArray<Resource>, pending: ReadonlyArray<Pending>): ReadonlyArray<string> => {
  const providing = pending.filter(({ provides }) => overlaps(lacks, provides))
  return (providing.length > 0 ? providing : pending.filter(({ unknown }) => unknown)).map(({ id }) => id)
}

/**
 * Which pending step takes away what the check has seen. One that observes everything, and could not look or failed, may
 * do so because of any pending step before it; if it says what it lacks, because of those that provide that.
 */
const knownAfter = (finding: Looked, pending: ReadonlyArray<Pending>): string | undefined => {
  const { observes } = finding.prepared
  const unavailable = finding._tag === "Checked" && finding.check._tag === "Unavailable" ? finding.check : undefined
  if (unavailable !== undefined && providersOf(unavailable.lacks, pending).length > 0) return undefined
  const blind = finding._tag === "CheckFailed" || unavailable !== undefined
  const deciding = pending
    .filter(({ touches }) => (observes === "*" ? blind || touches.length > 0 : overlaps(observes, touches)))
    .map(({ id }) => id)
  return deciding.length === 0 ? undefined : knownAfterAll(deciding)
}

/** Steps run in order: where there are many, the last one says when. */
const knownAfterAll = (ids: ReadonlyArray<string>): string =>
  ids.length > 3
    ? `known after ${quoted(ids.slice(-1))} and ${ids.length - 1} steps before it`
    : `known after ${quoted(ids)}`

const waitingFor = (
  sources: ReadonlyArray<string>,
  actions: ReadonlyMap<string, PlannedStep["action"]>
): Pick<PlannedStep, "action" | "reason"> => {
  const blocked = sources.filter((id) => actions.get(id) === "blocked" || actions.get(id) === "none")
  return blocked.length > 0
    ? { action: "blocked", reason: `needs what ${quoted(blocked)} gives, which is not to be had` }
    : { action: "deferred", reason: knownAfterAll(sources) }
}

/** What a backup that is there proves. */
const proofOf = (finding: AnyFinding): Pick<PlannedStep, "proof"> =>
  finding._tag === "Checked" && finding.check._tag === "Satisfied" && finding.prepared.proof !== undefined
    ? { proof: finding.prepared.proof(finding.check.output) }
    : {}

/** What a person should know is not lost because the step is looked at again. */
const withNote = (reason: string, finding: Looked): string => {
  const note = finding._tag === "Checked" && finding.check._tag === "Satisfied" ? finding.check.note : undefined
  return note === undefined ? reason : `${reason}; ${note}`
}
