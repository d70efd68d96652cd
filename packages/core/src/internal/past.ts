/** What earlier runs have left unfinished. */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { BackupProof } from "../BackupProof.ts"
import * as History from "../History.ts"
import * as Journal from "../Journal.ts"
import type { Holder } from "../Lock.ts"
import type { Interrupted, PlannedStep } from "../Plan.ts"
import { altersData } from "../Policy.ts"
import type { Operations, StoreFailed } from "../Store.ts"
import { digest } from "./digest.ts"

/** A step that an unfinished run has begun to apply, and not taken back. */
interface Begun {
  readonly step: string
  readonly ended: "applied" | "failed" | "interrupted" | "unknown"
  readonly key: string
  readonly captured: Schema.Json | undefined
}

/** The run that has not come to its end, with those before it that it went on with. */
export interface Unfinished {
  readonly interrupted: Interrupted
  readonly began: Journal.RecordOf<"RunBegan">
  readonly planned: Journal.RecordOf<"Planned"> | undefined
  /** The first of the runs that belong together. */
  readonly first: number
  /** In the order in which they began; each step once. */
  readonly begun: ReadonlyArray<Begun>
  /** The keys of the attempts, at applying or taking back, that have not come to their end. */
  readonly inFlight: ReadonlyArray<string>
  /** The backups that these runs have taken before they began to change data: a new one would hold what they changed. */
  readonly proofs: ReadonlyArray<BackupProof>
}

/** What stands in the journals of earlier runs. */
export interface Past {
  readonly unfinished: Unfinished | undefined
  /** Who holds the lock, as far as somebody has asked. */
  readonly running: Holder | undefined
}

export const nothing: Past = { unfinished: undefined, running: undefined }

const decode = (text: string): Effect.Effect<Journal.Decoded, Journal.JournalInvalid> =>
  Effect.try({
    try: () => Journal.decode(text),
    // It throws nothing else.
    catch: (error) => error as Journal.JournalInvalid
  })

/** Reads one run's journal. */
export const readRun = (
  store: Operations,
  run: number
): Effect.Effect<Journal.Decoded, StoreFailed | Journal.JournalInvalid> => Effect.flatMap(store.journal(run), decode)

/** What the last run has left. Without the lock it may still be going on: then the lock's holder says so. */
export const readPast = Effect.fnUntraced(function* (
  store: Operations,
  { locked }: { readonly locked: boolean }
): Effect.fn.Return<Past, StoreFailed | Journal.JournalInvalid> {
  for (const run of [...(yield* store.runs)].reverse()) {
    const last = yield* readRun(store, run)
    const began = last.records.find((record) => record._tag === "RunBegan")
    if (began === undefined) continue
    const ended = last.records.findLast((record) => record._tag === "RunEnded")
    // A run that was refused has changed nothing: what was interrupted before it still is.
    if (ended?.outcome === "refused") continue
    if (ended !== undefined && ended.outcome !== "interrupted" && !isStuckUndo(began, ended)) return nothing
    const running = locked ? undefined : yield* store.holder
    if (running?.run === run) return { unfinished: undefined, running }
    return { unfinished: yield* unfinishedOf(store, run, last, began), running }
  }
  return nothing
})

/** Taking back has failed: once its cause is mended, it can be tried again. */
const isStuckUndo = ({ mode }: Journal.RecordOf<"RunBegan">, { outcome }: Journal.RecordOf<"RunEnded">): boolean =>
  mode === "undo" && outcome === "failed"

const unfinishedOf = Effect.fnUntraced(function* (
  store: Operations,
  run: number,
  last: Journal.Decoded,
  began: Journal.RecordOf<"RunBegan">
): Effect.fn.Return<Unfinished, StoreFailed | Journal.JournalInvalid> {
  const first = began.continues ?? run
  const earlier = (yield* store.runs).filter((n) => n >= first && n < run)
  const chain: Array<Journal.Record> = []
  for (const n of earlier) {
    const { records } = yield* readRun(store, n)
    const header = records.find((record) => record._tag === "RunBegan")
    if (n === first || header?.continues === first) chain.push(...records)
  }
  chain.push(...last.records)
  const step = (History.underWay(last.records) ?? lastEnded(last.records))?.step
  return {
    began,
    first,
    planned: last.records.findLast((record) => record._tag === "Planned"),
    begun: begunOf(chain),
    inFlight: inFlightIn(chain),
    proofs: proofsOf(chain),
    interrupted: {
      run,
      at: last.records.at(-1)?.at ?? began.at,
      user: began.who.user,
      host: began.who.host,
      ...(step === undefined ? {} : { step }),
      ...(last.torn === undefined ? {} : { torn: true })
    }
  }
})

/** The attempt that an interruption has ended. */
const lastEnded = (records: ReadonlyArray<Journal.Record>): { readonly step: string } | undefined => {
  const ended = records.findLast((record) => record._tag === "AttemptEnded")
  return ended?.outcome === "interrupted" ? ended : undefined
}

/** A backup after which no data was changed does not count: what was written to them since is not in it. */
const proofsOf = (records: ReadonlyArray<Journal.Record>): ReadonlyArray<BackupProof> => {
  const taken: Array<BackupProof> = []
  let counting = 0
  let planned = new Map<string, PlannedStep>()
  for (const record of records) {
    if (record._tag === "Planned") planned = new Map(record.plan.steps.map((step) => [step.id, step]))
    else if (record._tag === "AttemptEnded" && record.proof !== undefined) taken.push(record.proof)
    else if (record._tag === "AttemptBegan" && altersData({ ...planned.get(record.step), risk: record.risk })) {
      counting = taken.length
    }
  }
  return taken.slice(0, counting)
}

/** An attempt that an interruption has ended may have left something, too. */
const inFlightIn = (records: ReadonlyArray<Journal.Record>): ReadonlyArray<string> => {
  const keys = new Map<string, string>()
  const open = new Set<string>()
  for (const record of records) {
    if (record._tag === "AttemptBegan") keys.set(record.step, record.key)
    if (record._tag === "AttemptBegan" || record._tag === "UndoBegan") open.add(record.step)
    const hasEnded = record._tag === "UndoEnded" || (record._tag === "AttemptEnded" && record.outcome !== "interrupted")
    if (hasEnded) open.delete(record.step)
  }
  return [...open].flatMap((step) => keys.get(step) ?? [])
}

const begunOf = (records: ReadonlyArray<Journal.Record>): ReadonlyArray<Begun> => {
  const begun = new Map<string, Begun>()
  for (const record of records) {
    if (record._tag === "AttemptBegan") {
      const before = begun.get(record.step)
      // What was there before the first attempt is what undo goes back to.
      const captured = before === undefined ? record.captured : before.captured
      begun.delete(record.step)
      begun.set(record.step, { step: record.step, ended: "unknown", key: record.key, captured })
    } else if (record._tag === "AttemptEnded") {
      const before = begun.get(record.step)
      if (before !== undefined) begun.set(record.step, { ...before, ended: record.outcome })
    } else if (record._tag === "UndoEnded" && record.outcome === "undone") begun.delete(record.step)
  }
  return [...begun.values()]
}

/** The idempotency key of a step with one input, in a run and those that go on with it. */
export const keyOf = (
  place: { readonly deployment: string; readonly environment: string },
  first: number,
  step: string,
  input: unknown
): string => digest([place.deployment, place.environment, first, step, input]).slice(0, 32)
