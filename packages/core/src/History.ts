/**
 * What the journals of a deployment tell: its runs, and which of them has not come to its end.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Actor, Revision } from "./Actor.ts"
import { RunOutcome } from "./Event.ts"
import type { Decoded, RecordOf } from "./Journal.ts"
import { Mode } from "./Lock.ts"
import { Plan } from "./Plan.ts"

/**
 * One run, as `history` lists it.
 *
 * @example
 * ```ts
 * import { History } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.equal("digest" in History.RunSummary.fields, true)
 * ```
 *
 * @since 0.1.0
 */
export const RunSummary = Schema.Struct({
  run: Schema.Int,
  mode: Mode,
  /** When it began, in milliseconds since 1970. */
  at: Schema.Number,
  /** How it ended; `unfinished` where it was cut off, `running` where it goes on. */
  outcome: Schema.Literals([...RunOutcome.literals, "unfinished", "running"]),
  durationMs: Schema.Number,
  who: Actor,
  revision: Schema.optionalKey(Revision),
  strategy: Plan.fields.strategy,
  /** The digest of its plan. */
  digest: Schema.optionalKey(Schema.String),
  /** What was applied, in order. */
  applied: Schema.Array(Schema.Struct({ step: Schema.String, changes: Schema.Array(Schema.String) })),
  /** What was taken back. */
  undone: Schema.Array(Schema.String),
  /** The step that failed, or that was being applied when the run was interrupted or cut off. */
  step: Schema.optionalKey(Schema.String),
  /** Why it failed. */
  message: Schema.optionalKey(Schema.String),
  /** The first of the interrupted runs that it went on with. */
  continues: Schema.optionalKey(Schema.Int),
  backTo: Schema.optionalKey(Schema.Int),
  /** The release that it left. */
  release: Schema.optionalKey(Schema.Int),
  /** Its last record was cut off while it was written. */
  torn: Schema.optionalKey(Schema.Boolean),
  /** Why somebody broke its lock. */
  unlocked: Schema.optionalKey(Schema.String)
})

/**
 * One run, as `history` lists it.
 *
 * @since 0.1.0
 */
export interface RunSummary extends Schema.Schema.Type<typeof RunSummary> {}

/**
 * A journal in short; `undefined` where it has no header, which is a run that never began.
 *
 * @example
 * ```ts
 * import { History, Journal } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const journal = Journal.encode({
 *   _tag: "RunBegan", at: 0, format: "shipshape-journal", v: 1, run: 42, deployment: "edms", environment: "staging",
 *   data: "disposable", strategy: "update", mode: "apply", who: { user: "ada", host: "ci-7", pid: 4711 }, versions: {}
 * })
 * assert.equal(History.summarise(Journal.decode(journal))?.outcome, "unfinished")
 * ```
 *
 * @since 0.1.0
 */
export const summarise = ({ records, torn }: Decoded, running = false): RunSummary | undefined => {
  const began = records.find((record) => record._tag === "RunBegan")
  if (began === undefined) return undefined
  const ended = records.findLast((record) => record._tag === "RunEnded")
  const last = records.at(-1) ?? began
  const step = ended === undefined ? underWay(records)?.step : (ended.step ?? interruptedIn(records)?.step)
  const unlocked = records.find((record) => record._tag === "RunUnlocked")
  const digest = records.find((record) => record._tag === "Planned")?.plan.digest
  return {
    run: began.run,
    mode: began.mode,
    at: began.at,
    outcome: ended?.outcome ?? (running ? "running" : "unfinished"),
    durationMs: ended?.durationMs ?? last.at - began.at,
    who: began.who,
    ...(began.revision === undefined ? {} : { revision: began.revision }),
    strategy: began.strategy,
    ...(digest === undefined ? {} : { digest }),
    applied: appliedOf(records),
    undone: records.flatMap((r) => (r._tag === "UndoEnded" && r.outcome === "undone" ? [r.step] : [])),
    ...(step === undefined ? {} : { step }),
    ...(ended?.failure === undefined ? {} : { message: ended.failure.message }),
    ...(began.continues === undefined ? {} : { continues: began.continues }),
    ...(began.backTo === undefined ? {} : { backTo: began.backTo }),
    ...(ended?.release === undefined ? {} : { release: ended.release }),
    ...(torn === undefined ? {} : { torn: true }),
    ...(unlocked === undefined ? {} : { unlocked: unlocked.reason })
  }
}

/** The attempt that an interruption has ended. */
const interruptedIn = (records: Decoded["records"]): { readonly step: string } | undefined =>
  records
    .flatMap((record) => (record._tag === "AttemptEnded" && record.outcome === "interrupted" ? [record] : []))
    .at(-1)

const appliedOf = (records: Decoded["records"]): RunSummary["applied"] => {
  const begun = new Map<string, RecordOf<"AttemptBegan">>()
  return records.flatMap((record) => {
    if (record._tag === "AttemptBegan") begun.set(record.step, record)
    if (record._tag !== "AttemptEnded" || record.outcome !== "applied") return []
    return [{ step: record.step, changes: begun.get(record.step)?.changes.map(({ summary }) => summary) ?? [] }]
  })
}

/**
 * The attempt that was in flight when a journal ended: the last that began and did not end.
 *
 * @example
 * ```ts
 * import { History } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const attempt = { at: 0, step: "migrate", attempt: 1, fence: 42 }
 * const began = {
 *   _tag: "AttemptBegan", ...attempt, type: "django.migrate", key: "7f3a", risk: "additive", changes: []
 * } as const
 * assert.equal(History.underWay([began])?.step, "migrate")
 * assert.equal(History.underWay([began, { _tag: "AttemptEnded", ...attempt, outcome: "applied", durationMs: 1 }]), undefined)
 * ```
 *
 * @since 0.1.0
 */
export const underWay = (records: Decoded["records"]): RecordOf<"AttemptBegan"> | undefined => {
  const open = new Map<string, RecordOf<"AttemptBegan">>()
  for (const record of records) {
    if (record._tag === "AttemptBegan") open.set(record.step, record)
    else if (record._tag === "AttemptEnded") open.delete(record.step)
  }
  return [...open.values()].at(-1)
}
