/** The way of a run's records into its journal. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Journal from "../Journal.ts"
import type { LockLost } from "../Lock.ts"
import * as Secrets from "../Secrets.ts"
import type { Lease, StoreFailed } from "../Store.ts"

type WithoutTime<R> = R extends { readonly at: number } ? Omit<R, "at"> : never

/** Writes records: when it ends they are on the disk. The time is put on them, and every string passes the masking point. */
export type Write = (
  ...records: ReadonlyArray<WithoutTime<Journal.Record>>
) => Effect.Effect<void, LockLost | StoreFailed>

/**
 * Starts the journal with its first record; the others are added to it. Once one could not be written, none is: what runs
 * beside it must not go on as if all were recorded, and a journal that just stops is gone on with by the next run.
 */
export const begin = Effect.fnUntraced(function* (
  lease: Lease,
  header: WithoutTime<Journal.RecordOf<"RunBegan">>
): Effect.fn.Return<Write, LockLost | StoreFailed> {
  yield* lease.begin(yield* lineOf(header))
  let broken: LockLost | StoreFailed | undefined
  const append = (lines: string) =>
    Effect.suspend(() => (broken === undefined ? lease.append(lines) : Effect.fail(broken))).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          broken ??= error
        })
      )
    )
  return (...records) => Effect.flatMap(Effect.forEach(records, lineOf), (lines) => append(lines.join("")))
})

const lineOf = (record: WithoutTime<Journal.Record>): Effect.Effect<string> =>
  Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const masked = Secrets.maskDeep(yield* Secrets.Current, record)
    // Masking keeps tags and literals, so what comes out is the same kind of record.
    return Journal.encode({ ...masked, at } as Journal.Record)
  })
