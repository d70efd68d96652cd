/**
 * The lock of a deployment: one run at a time, and everybody else is told which.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import * as Failure from "./Failure.ts"

/**
 * What a run is for.
 *
 * @example
 * ```ts
 * import { Lock } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.deepEqual(Lock.Mode.literals, ["apply", "resume", "undo", "rollback"])
 * ```
 *
 * @since 0.1.0
 */
export const Mode = Schema.Literals(["apply", "resume", "undo", "rollback"])

/**
 * The type of {@link Mode:var}.
 *
 * @since 0.1.0
 */
export type Mode = typeof Mode.Type

/**
 * Who holds the lock.
 *
 * @example
 * ```ts
 * import { Lock } from "@shipshape/core"
 * import assert from "node:assert"
 * import * as Schema from "effect/Schema"
 *
 * const holder = Schema.decodeUnknownSync(Lock.Holder)({
 *   run: 42, mode: "apply", who: { user: "ada", host: "ci-7", pid: 4711 }, since: 0, step: "migrate"
 * })
 * assert.equal(holder.step, "migrate")
 * ```
 *
 * @since 0.1.0
 */
export const Holder = Schema.Struct({
  run: Schema.Int,
  mode: Mode,
  who: Actor,
  /** In milliseconds since 1970. */
  since: Schema.Number,
  /** The step that it was at last. */
  step: Schema.optionalKey(Schema.String)
})

/**
 * The type of {@link Holder:var}.
 *
 * @since 0.1.0
 */
export interface Holder extends Schema.Schema.Type<typeof Holder> {}

/**
 * Another run holds the lock.
 *
 * @since 0.1.0
 */
export class LockHeld extends Schema.TaggedError<LockHeld>()("LockHeld", {
  ...Failure.fields("core.lock-held"),
  /** Who it is; left out where that could not be read. */
  holder: Schema.optionalKey(Holder)
}) {}

/**
 * This run holds the lock no longer: its holder's process or session has ended, or somebody has broken it.
 *
 * @since 0.1.0
 */
export class LockLost extends Schema.TaggedError<LockLost>()("LockLost", {
  ...Failure.fields("core.lock-lost"),
  run: Schema.Int
}) {}

/**
 * The error for a lock that another run holds: who it is, since when, which run, at which step.
 *
 * @example
 * ```ts
 * import { Lock } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * const who = { user: "ada", host: "ci-7", pid: 4711 }
 * const error = Lock.heldBy({ run: 42, mode: "apply", who, since: 0, step: "migrate" }, 90_000)
 * assert.equal(error.message, "run 42 is going on: ada on ci-7 (process 4711) began it 1m 30s ago, and it is at “migrate”")
 * ```
 *
 * @since 0.1.0
 */
export const heldBy = (holder: Holder | undefined, now: number): LockHeld =>
  new LockHeld({
    ...(holder === undefined ? {} : { holder }),
    message: holder === undefined ? "another run is going on; it has not said yet which" : described(holder, now),
    hint: "wait until it has ended, or say --wait; if it cannot go on, end its process: the lock goes with it",
    retryable: true
  })

const described = ({ mode, run, since, step, who }: Holder, now: number): string => {
  const seconds = Math.max(0, Math.floor((now - since) / 1000))
  const ago = seconds === 0 ? "just now" : `${Duration.format(Duration.seconds(seconds))} ago`
  const what = mode === "apply" ? "" : `, a ${mode},`
  return [
    `run ${run}${what} is going on: ${who.user} on ${who.host} (process ${who.pid}) began it ${ago}`,
    ...(step === undefined ? [] : [`and it is at “${step}”`])
  ].join(", ")
}

/**
 * The error of a run that has lost its lock.
 *
 * @example
 * ```ts
 * import { Lock } from "@shipshape/core"
 * import assert from "node:assert"
 *
 * assert.match(Lock.lostBy(42, "its session has ended").message, /^run 42 has lost the lock: its session has ended/)
 * ```
 *
 * @since 0.1.0
 */
export const lostBy = (run: number, why: string): LockLost =>
  new LockLost({
    run,
    message: `run ${run} has lost the lock: ${why}; it has stopped, so that no other run is disturbed`,
    hint: "look at `history` for a run that came after it; then run again: it goes on with what is missing"
  })
