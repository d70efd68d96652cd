import { Access, Failure, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A backup as its engine tells of it.
 *
 * @since 0.1.0
 */
export interface EngineBackup {
  /** By which the engine knows it: `20260102-030405F`. */
  readonly name: string
  /** When it was begun, in milliseconds since 1970. */
  readonly takenAt: number
  /** What it takes up where it lies. */
  readonly bytes: number
  /** Over what the engine says of it, or over the backup itself: another backup has another. */
  readonly sha256: string
  /** Why it does not count, in the engine's words. */
  readonly problem?: string | undefined
}

/**
 * That an engine has put a backup in the place of the data.
 *
 * @since 0.1.0
 */
export interface EngineRestore {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * An engine did not do what it was asked, or said what nobody understands.
 *
 * @since 0.1.0
 */
export class BackupEngineFailed extends Schema.TaggedError<BackupEngineFailed>()("BackupEngineFailed", {
  ...Failure.fields("postgres.backup-engine-failed"),
  engine: Schema.String
}) {}

/**
 * How asking an engine fails.
 *
 * @since 0.1.0
 */
export type EngineError = BackupEngineFailed | Target.FileError | Target.RunError | Target.CommandNotAllowed

/**
 * What an engine says of its backups.
 *
 * @example
 * ```ts
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const none: BackupEngine.EngineProbe["Service"] = {
 *   name: "tape", of: "cluster main", backups: Effect.succeed([]), restored: Effect.succeed(undefined)
 * }
 * assert.deepEqual(await Effect.runPromise(none.backups), [])
 * ```
 *
 * @since 0.1.0
 */
export class EngineProbe extends Access.Probe<
  EngineProbe,
  {
    /** How messages name it: `pgBackRest main`. */
    readonly name: string
    /** What it backs up: `cluster main`. */
    readonly of: string
    /** All of its backups, in any order. */
    readonly backups: Effect.Effect<ReadonlyArray<EngineBackup>, EngineError>
    /** The last restore; `undefined` where there was none. */
    readonly restored: Effect.Effect<EngineRestore | undefined, EngineError>
  }
>()("postgres/BackupEngineProbe") {}

/**
 * What an engine can be told.
 *
 * @example
 * ```ts
 * import { BackupEngine } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const taken: Array<string> = []
 * const tape: BackupEngine.EngineControl["Service"] = {
 *   take: Effect.sync(() => void taken.push("now")), restore: () => Effect.void
 * }
 * await Effect.runPromise(tape.take)
 * assert.deepEqual(taken, ["now"])
 * ```
 *
 * @since 0.1.0
 */
export class EngineControl extends Access.Control<
  EngineControl,
  {
    /** Takes a backup, and ends when it counts. */
    readonly take: Effect.Effect<void, EngineError>
    /** Puts a backup in the place of the data, and remembers it. */
    readonly restore: (name: string) => Effect.Effect<void, EngineError>
  }
>()("postgres/BackupEngineControl") {}
