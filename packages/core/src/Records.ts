/**
 * What earlier runs have left: journals, releases, and the lock's holder, read without the deployment's plugins.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { BackupProof } from "./BackupProof.ts"
import type { Deployment } from "./Deployment.ts"
import * as Failure from "./Failure.ts"
import { type RunSummary, summarise } from "./History.ts"
import * as Input from "./Input.ts"
import { actor } from "./internal/actor.ts"
import { backupOf, backupsIn, releaseOf } from "./internal/back.ts"
import { readPast, readRun } from "./internal/past.ts"
import { storeLayer } from "./internal/storeLayer.ts"
import { unknownName } from "./internal/unknownName.ts"
import type { Decoded, JournalInvalid, RecordOf } from "./Journal.ts"
import type { Holder } from "./Lock.ts"
import type { Interrupted } from "./Plan.ts"
import type { Base, PluginOptionsInvalid } from "./Plugin.ts"
import type { Release } from "./Release.ts"
import type * as Run from "./Run.ts"
import { type ReleaseUnknown, UnknownName } from "./RunError.ts"
import * as Secrets from "./Secrets.ts"
import * as Store from "./Store.ts"
import * as Target from "./Target.ts"

/**
 * A run whose journal cannot be read.
 *
 * @since 0.1.0
 */
export interface Damaged {
  readonly run: number
  readonly damaged: Failure.Report
}

/**
 * One run in short, and all that its journal holds.
 *
 * @since 0.1.0
 */
export interface Told {
  readonly summary: RunSummary
  readonly records: Decoded["records"]
}

/**
 * The run that has not come to its end.
 *
 * @since 0.1.0
 */
export interface Interruption {
  readonly interrupted: Interrupted
  /** How it was begun. */
  readonly began: RecordOf<"RunBegan">
  /** The steps that it has begun to apply and not taken back, in that order; `undo` where that can still be done. */
  readonly begun: ReadonlyArray<{ readonly step: string; readonly undo: boolean }>
}

/**
 * The records of a deployment to an environment. All but `unlock` only look.
 *
 * @since 0.1.0
 */
export interface Records {
  /** How messages name the store. */
  readonly name: string
  /** The runs in the order in which they began: all, or that many of the last. */
  readonly runs: (limit?: number) => Effect.Effect<ReadonlyArray<RunSummary | Damaged>, Store.StoreFailed>
  readonly run: (number: number) => Effect.Effect<Told, Store.StoreFailed | JournalInvalid | UnknownName>
  /** The last run, where it has not come to its end and nobody holds its lock. */
  readonly interruption: Effect.Effect<Interruption | undefined, Store.StoreFailed | JournalInvalid>
  readonly releases: Effect.Effect<ReadonlyArray<Release>, Store.StoreFailed>
  /**
   * The release that a rollback goes back to: the one that is named, or the one before; and the backup that its data would
   * come from.
   */
  readonly wayBack: (
    to?: number
  ) => Effect.Effect<
    { readonly release: Release; readonly backup: BackupProof | undefined },
    Store.StoreFailed | JournalInvalid | ReleaseUnknown
  >
  /** Who holds the lock now. */
  readonly holder: Effect.Effect<Holder | undefined, Store.StoreFailed>
  /** Breaks the lock, notes who did it and why, and says whose it was. */
  readonly unlock: (reason: string) => Effect.Effect<Holder | undefined, Store.StoreFailed>
}

/**
 * Opens the records of a deployment. Of its inputs, only those are decoded that its store uses: who reads the history
 * needs none of the deployment's secrets.
 *
 * @example
 * ```ts
 * import { Check, defineDeployment, Records, Run, Step } from "@shipshape/core"
 * import { MemoryStore } from "@shipshape/core/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const noop = Step.make("acme.noop", {
 *   description: "Nothing", risk: "additive", input: {}, output: {},
 *   check: () => Effect.succeed(Check.satisfied({})),
 *   apply: () => Effect.void
 * })
 * const deployment = defineDeployment("hello", { environments: { staging: { data: "disposable" } } }, function*() {
 *   yield* noop("nothing", {})
 * })
 * const options = { environment: "staging", store: MemoryStore.layer(MemoryStore.make()) } as const
 *
 * const runs = await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
 *   yield* (yield* Run.open(deployment, options)).apply()
 *   return yield* (yield* Records.open(deployment, options)).runs()
 * })))
 * assert.deepEqual(runs.map((run) => "outcome" in run && [run.run, run.outcome]), [[1, "succeeded"]])
 * ```
 *
 * @since 0.1.0
 */
export const open = Effect.fn("Records.open")(function* (
  deployment: Deployment.Any,
  options: Pick<Run.AnyOptions, "environment" | "inputs" | "target" | "store">
): Effect.fn.Return<
  Records,
  UnknownName | Input.InputsInvalid | PluginOptionsInvalid | Store.StoreFailed,
  Scope.Scope
> {
  const { environment } = options
  if (!deployment.names.includes(environment)) return yield* unknownName("environment", environment, deployment.names)
  const layer = yield* layerOf(deployment, options)
  const context = yield* Layer.build(Layer.provide(layer, options.target ?? Target.local()))
  const store = Context.get(context, Store.Store).of({ deployment: deployment.name, environment })
  const secrets = yield* Secrets.Current
  const { holder, name, releases } = store
  return {
    name,
    holder,
    releases,
    wayBack: (to) =>
      Effect.map(releaseOf(store, to, backupsIn(deployment.blueprint(environment).instructions)), (found) => ({
        release: found.release,
        backup: backupOf(found.releases, found.release)
      })),
    runs: (limit) => Effect.flatMap(store.runs, (all) => runsOf(store, limit === undefined ? all : all.slice(-limit))),
    run: (number) => runOf(store, number),
    interruption: Effect.map(readPast(store, { locked: false }), ({ unfinished }) =>
      unfinished === undefined
        ? undefined
        : {
            interrupted: unfinished.interrupted,
            began: unfinished.began,
            begun: unfinished.begun.map(({ captured, step }) => ({ step, undo: captured !== undefined }))
          }
    ),
    unlock: (reason) => store.unlock({ who: actor(process.env), reason: secrets.mask(reason) })
  }
})

/** The store's layer, made with no more than it needs. */
const layerOf = Effect.fnUntraced(function* (
  deployment: Deployment.Any,
  { environment, inputs, store }: Parameters<typeof open>[1]
): Effect.fn.Return<Layer.Layer<Store.Store, Store.StoreFailed, Base>, Input.InputsInvalid | PluginOptionsInvalid> {
  const sources = store === undefined ? deployment.blueprint(environment).store?.sources : undefined
  const used = Object.entries(deployment.inputs).filter(([input]) => sources?.has(`input:${input}`) === true)
  const decoded = yield* Input.decode(
    Object.fromEntries(used),
    inputs ?? [{ name: "the environment", variables: process.env }]
  )
  yield* Secrets.register(decoded)
  const values = new Map(Object.entries(decoded).map(([input, value]) => [`input:${input}`, value]))
  return yield* storeLayer(deployment, store, environment, values)
})

const runsOf = Effect.fnUntraced(function* (
  store: Store.Operations,
  numbers: ReadonlyArray<number>
): Effect.fn.Return<ReadonlyArray<RunSummary | Damaged>, Store.StoreFailed> {
  const found = yield* Effect.forEach(numbers, (number) => summaryOf(store, number), { concurrency: 8 })
  const last = found.at(-1)
  // Whether a run without an end still goes on is known to the lock, and only for the last one.
  if (last === undefined || !("outcome" in last) || last.outcome !== "unfinished") return present(found)
  const running = (yield* store.holder)?.run === last.run
  return present([...found.slice(0, -1), running ? { ...last, outcome: "running" } : last])
})

const present = <A>(found: ReadonlyArray<A | undefined>): ReadonlyArray<A> => found.filter((one) => one !== undefined)

/** One run in short; `undefined` for one that never began. */
const summaryOf = (
  store: Store.Operations,
  run: number
): Effect.Effect<RunSummary | Damaged | undefined, Store.StoreFailed> =>
  Effect.map(readRun(store, run), (decoded): RunSummary | Damaged | undefined => summarise(decoded)).pipe(
    Effect.catchTag("JournalInvalid", (error) => Effect.succeed({ run, damaged: Failure.report(error) }))
  )

const runOf = Effect.fnUntraced(function* (
  store: Store.Operations,
  number: number
): Effect.fn.Return<Told, Store.StoreFailed | JournalInvalid | UnknownName> {
  const known = yield* store.runs
  if (!known.includes(number)) return yield* noRun(number, known)
  const decoded = yield* readRun(store, number)
  const open = number === known.at(-1) && !decoded.records.some((record) => record._tag === "RunEnded")
  const summary = summarise(decoded, open && (yield* store.holder)?.run === number)
  return summary === undefined ? yield* noRun(number, known) : { summary, records: decoded.records }
})

/** The nearest number is the one that was meant, rather than the one that looks most alike. */
const noRun = (number: number, known: ReadonlyArray<number>): UnknownName => {
  const [near] = known.filter((one) => one !== number).sort((a, b) => Math.abs(a - number) - Math.abs(b - number))
  return new UnknownName({
    kind: "run",
    name: String(number),
    ...(near === undefined ? {} : { nearest: String(near) }),
    message: `there is no run ${number}${near === undefined ? ": none has been recorded yet" : `; the nearest is ${near}`}`,
    hint: "`history` lists the runs; journals are kept for the last 200, and for as long as a release of theirs"
  })
}
