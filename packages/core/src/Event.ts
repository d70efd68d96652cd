/**
 * Everything that happens in a run, as data. All output is a renderer of events.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Change } from "./Check.ts"
import { Report } from "./Failure.ts"
import { Holder } from "./Lock.ts"
import { Plan } from "./Plan.ts"
import { Risk } from "./Risk.ts"

/**
 * How a step ended. `skipped` was left out of the run on purpose; `notRun` was not reached.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * assert.equal(Schema.is(Event.StepOutcome)("applied"), true)
 * ```
 *
 * @since 0.1.0
 */
export const StepOutcome = Schema.Literals(["satisfied", "applied", "failed", "notRun", "skipped"])

/**
 * How a step ended.
 *
 * @since 0.1.0
 */
export type StepOutcome = typeof StepOutcome.Type

/**
 * How many steps ended how. `optionalFailed` are those of `failed` that may fail.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const counts = {
 *   satisfied: 1, applied: 0, failed: 0, notRun: 0, undone: 0, skipped: 0, optionalFailed: 0
 * }
 * assert.equal(Schema.is(Event.Counts)(counts), true)
 * ```
 *
 * @since 0.1.0
 */
export const Counts = Schema.Struct({
  satisfied: Schema.Int,
  applied: Schema.Int,
  failed: Schema.Int,
  notRun: Schema.Int,
  undone: Schema.Int,
  skipped: Schema.Int,
  optionalFailed: Schema.Int
})

/**
 * How many steps ended how.
 *
 * @since 0.1.0
 */
export interface Counts extends Schema.Schema.Type<typeof Counts> {}

const mode = Schema.Literals(["plan", "apply", "verify"])
const at = { /** Milliseconds since 1970. */ at: Schema.Number }

/**
 * The schema of {@link StepResult}.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const result = { id: "db", type: "compose.up", outcome: "satisfied", changes: [], durationMs: 0 }
 * assert.equal(Schema.is(Event.StepResult)(result), true)
 * ```
 *
 * @since 0.1.0
 */
export const StepResult = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  outcome: StepOutcome,
  changes: Schema.Array(Change),
  durationMs: Schema.Number,
  /** Why it was skipped, not run, or may fail. */
  reason: Schema.optionalKey(Schema.String),
  /** It failed, and may. */
  optional: Schema.optionalKey(Schema.Boolean),
  failure: Schema.optionalKey(Report)
})

/**
 * How one step of a run has ended.
 *
 * @since 0.1.0
 */
export interface StepResult extends Schema.Schema.Type<typeof StepResult> {}

/**
 * How a run ended.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * assert.equal(Schema.is(Event.RunOutcome)("refused"), true)
 * ```
 *
 * @since 0.1.0
 */
export const RunOutcome = Schema.Literals(["succeeded", "failed", "interrupted", "refused"])

/**
 * How a run ended.
 *
 * @since 0.1.0
 */
export type RunOutcome = typeof RunOutcome.Type

/**
 * The schema of {@link Event}; its JSON form is a line of `apply --json`.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const event = { _tag: "StepOutput", at: 0, id: "images", line: "Step 1/9" }
 * assert.equal(Schema.decodeUnknownSync(Event.Event)(event)._tag, "StepOutput")
 * ```
 *
 * @since 0.1.0
 */
export const Event = Schema.TaggedUnion({
  RunStarted: {
    ...at,
    mode,
    deployment: Schema.String,
    environment: Schema.String,
    data: Plan.fields.data,
    strategy: Plan.fields.strategy,
    steps: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        type: Schema.String,
        /** Steps of the same group run concurrently. */
        group: Schema.optionalKey(Schema.Int)
      })
    ),
    /** The release that a rollback goes back to. */
    backTo: Schema.optionalKey(Schema.Int)
  },
  /** The lock is held, and the run waits for it: at first, and whenever the holder goes on. */
  LockWaiting: { ...at, holder: Schema.optionalKey(Holder) },
  /** The lock is taken, and the run has its number. */
  LockTaken: { ...at, run: Schema.Int },
  /** Something that a person should know, and that is no failure. */
  Notice: { ...at, code: Schema.String, message: Schema.String },
  /** A check of the plan has ended: how far planning is. */
  StepChecked: { ...at, id: Schema.String },
  Planned: { ...at, plan: Plan },
  StepStarted: {
    ...at,
    id: Schema.String,
    type: Schema.String,
    phase: Schema.Literals(["check", "apply", "verify", "undo"]),
    risk: Risk,
    /** 1 for the first attempt. */
    attempt: Schema.Int
  },
  /** A line that the step's commands, or the step itself, have printed. */
  StepOutput: { ...at, id: Schema.String, line: Schema.String },
  /** An attempt failed and another one follows. */
  StepRetrying: { ...at, id: Schema.String, attempt: Schema.Int, failure: Report },
  StepFinished: { ...at, ...StepResult.fields },
  /** A step of this run was taken back, or could not be. */
  StepUndone: {
    ...at,
    id: Schema.String,
    type: Schema.String,
    outcome: Schema.Literals(["undone", "failed"]),
    durationMs: Schema.Number,
    failure: Schema.optionalKey(Report)
  },
  /** What the run left is recorded. */
  ReleaseRecorded: { ...at, release: Schema.Int },
  RunFinished: {
    ...at,
    outcome: RunOutcome,
    counts: Counts,
    durationMs: Schema.Number,
    /** Why the run was refused or failed as a whole. */
    failure: Schema.optionalKey(Report)
  }
})

/**
 * Everything that happens in a run.
 *
 * @since 0.1.0
 */
export type Event = typeof Event.Type

/**
 * Takes the events of a run, in order, already masked. It must not throw and not wait.
 *
 * @since 0.1.0
 */
export type Sink = (event: Event) => void

/**
 * Where a run's events go.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const events: Array<Event.Event> = []
 * const sink = Effect.runSync(Event.CurrentSink.pipe(
 *   Effect.provideService(Event.CurrentSink, (event) => events.push(event))
 * ))
 * sink({ _tag: "StepChecked", at: 0, id: "images" })
 * assert.equal(events.length, 1)
 * ```
 *
 * @since 0.1.0
 */
export const CurrentSink: Context.Reference<Sink> = Context.Reference<Sink>("shipshape/EventSink", {
  defaultValue: () => () => {}
})

/**
 * Sends the events of an effect to one more sink.
 *
 * @example
 * ```ts
 * import { Event } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const tags: Array<string> = []
 * const emit = Effect.map(Event.CurrentSink, (sink) => sink({ _tag: "StepChecked", at: 0, id: "images" }))
 * Effect.runSync(Event.tapSink(emit, (event) => tags.push(event._tag)))
 * assert.deepEqual(tags, ["StepChecked"])
 * ```
 *
 * @since 0.1.0
 */
export const tapSink = <A, E, R>(effect: Effect.Effect<A, E, R>, sink: Sink): Effect.Effect<A, E, R> =>
  Effect.flatMap(CurrentSink, (outer) =>
    Effect.provideService(effect, CurrentSink, (event) => {
      outer(event)
      sink(event)
    })
  )
