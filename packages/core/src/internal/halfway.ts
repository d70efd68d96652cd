/** A world between two releases: a run has changed some of it, and did not come to its end. */
import * as Effect from "effect/Effect"
import type { JournalInvalid } from "../Journal.ts"
import type { Operations, StoreFailed } from "../Store.ts"
import { readRun } from "./past.ts"

/** What has come to no end since the running release. */
export interface Halfway {
  /** The release that it was going back to. */
  readonly backTo: number | undefined
}

/** The last run since `release` that has changed something, where it did not succeed and not all of that was taken back. */
export const halfwaySince = Effect.fnUntraced(function* (
  store: Operations,
  release: number
): Effect.fn.Return<Halfway | undefined, StoreFailed | JournalInvalid> {
  const later = (yield* store.runs).filter((run) => run > release)
  for (const run of later.reverse()) {
    const { records } = yield* readRun(store, run)
    const standing = new Set<string>()
    let backTo: number | undefined
    for (const record of records) {
      if (record._tag === "RunBegan") backTo = record.backTo
      if (record._tag === "AttemptBegan") standing.add(record.step)
      if (record._tag === "UndoEnded" && record.outcome === "undone") standing.delete(record.step)
      if (record._tag === "RunEnded" && record.outcome === "succeeded") return undefined
    }
    if (standing.size > 0) return { backTo }
  }
  return undefined
})
