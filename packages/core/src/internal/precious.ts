/** What a plan for precious data must have: a backup before the first change. */
import type { PlannedStep } from "../Plan.ts"
import { altersData, type BackupRequired, backupRequired } from "../Policy.ts"

type Group = ReadonlyArray<{ readonly id: string; readonly traits: { readonly backup: boolean } }>

/** A plan's steps with the backups that must be taken anew, or the refusal. */
export interface Guarded {
  readonly steps: ReadonlyArray<PlannedStep>
  /** Ids of the backups that must be taken in this run. */
  readonly backups: ReadonlySet<string>
  readonly refused: BackupRequired | undefined
}

const isPending = (step: PlannedStep): boolean =>
  step.skipped !== true && (step.action === "apply" || step.action === "deferred")

/**
 * Finds the first step that changes data, and lets every backup before it be taken in this run, also where there is a
 * young one: what was written since would be lost with it. `taken` are the files of backups that this run, or one that it
 * goes on with, has taken already.
 */
export const guardPrecious = (
  environment: string,
  groups: ReadonlyArray<Group>,
  steps: ReadonlyArray<PlannedStep>,
  taken: ReadonlySet<string>
): Guarded => {
  const planned = new Map(steps.map((step) => [step.id, step]))
  const before: Array<string> = []
  for (const group of groups) {
    // A backup is its own: one that goes back to older data takes another before that.
    const changing = group
      .flatMap(({ id, traits }) => (traits.backup ? [] : (planned.get(id) ?? [])))
      .find((step) => isPending(step) && altersData(step))
    if (changing !== undefined) {
      const taking = before.flatMap((id) => planned.get(id) ?? []).filter((step) => step.skipped !== true)
      const backups = taking.filter((step) => step.action !== "blocked").map(({ id }) => id)
      // The run does not get past a blocked step, and says why: it lacks no backup, it cannot take it.
      const ends = taking.some((step) => step.action === "blocked" && step.optional === undefined)
      const refused = backups.length === 0 && !ends ? backupRequired(environment, changing.id) : undefined
      return {
        steps: steps.map((step) => forced(step, backups, changing.id, taken)),
        backups: new Set(backups),
        refused
      }
    }
    for (const { id, traits } of group) if (traits.backup) before.push(id)
  }
  return { steps, backups: new Set(), refused: undefined }
}

const forced = (
  step: PlannedStep,
  backups: ReadonlyArray<string>,
  changing: string,
  taken: ReadonlySet<string>
): PlannedStep => {
  if (step.action !== "none" || !backups.includes(step.id)) return step
  if (step.proof !== undefined && taken.has(step.proof.file)) return step
  const last = step.proof === undefined ? undefined : `that of ${new Date(step.proof.takenAt).toISOString()}`
  return {
    ...step,
    action: "apply",
    changes: [{ summary: "take a new backup", ...(last === undefined ? {} : { before: last }) }],
    reason: `before “${changing}” changes precious data`
  }
}
