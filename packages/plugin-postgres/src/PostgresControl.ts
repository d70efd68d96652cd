/**
 * What steps may change in a database.
 *
 * @since 0.1.0
 */
import { Access, type Target } from "@shipshape/core"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { BackupInvalid, DiskFull, DumpToolUnfit } from "./PostgresError.ts"
import type { BackupQuestion, ColumnQuestion, ProbeError, QualifiedName, Statement } from "./PostgresProbe.ts"

/**
 * An extension to create.
 *
 * @since 0.1.0
 */
export interface NewExtension {
  readonly name: string
  readonly schema: string | undefined
  readonly version: string | undefined
  /** Creates the extensions that it needs, too. */
  readonly cascade: boolean
}

/**
 * A label to add to an enum, and the label that it stands next to.
 *
 * @since 0.1.0
 */
export interface NewLabel {
  readonly label: string
  readonly place: "BEFORE" | "AFTER"
  readonly neighbour: string
}

/**
 * A column to add.
 *
 * @since 0.1.0
 */
export interface NewColumn extends ColumnQuestion {
  readonly nullable: boolean
  /** An SQL expression. */
  readonly default: string | undefined
}

/**
 * A backup to take.
 *
 * @since 0.1.0
 */
export interface NewBackup extends BackupQuestion {
  /** How many verified backups of the database stay in the folder. */
  readonly keep: number
}

/**
 * The writing side of a database. Every statement is committed by itself.
 *
 * @example
 * ```ts
 * import { PostgresControl } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({ enums: { status: ["draft"] } })
 * const program = Effect.flatMap(PostgresControl.PostgresControl, (control) =>
 *   control.addLabel({ schema: "public", name: "status" }, { label: "final", place: "AFTER", neighbour: "draft" }))
 * await Effect.runPromise(Effect.provide(program, world.layer))
 * assert.deepEqual(world.enums.get("public.status"), ["draft", "final"])
 * ```
 *
 * @since 0.1.0
 */
export class PostgresControl extends Access.Control<
  PostgresControl,
  {
    /** Waits until queries are accepted. */
    readonly waitUntilReady: (timeout: Duration.Duration) => Effect.Effect<void, ProbeError>
    readonly createExtension: (extension: NewExtension) => Effect.Effect<void, ProbeError>
    readonly updateExtension: (name: string, version: string) => Effect.Effect<void, ProbeError>
    readonly createEnum: (type: QualifiedName, labels: ReadonlyArray<string>) => Effect.Effect<void, ProbeError>
    readonly addLabel: (type: QualifiedName, label: NewLabel) => Effect.Effect<void, ProbeError>
    readonly addColumn: (column: NewColumn) => Effect.Effect<void, ProbeError>
    readonly execute: (statement: Statement) => Effect.Effect<void, ProbeError>
    /** Takes a backup, verifies it, gives it its name, and removes the oldest. */
    readonly backup: (
      backup: NewBackup
    ) => Effect.Effect<void, ProbeError | BackupInvalid | DiskFull | DumpToolUnfit | Target.FileError | Target.RunError>
  }
>()("postgres/PostgresControl") {}
