/**
 * What steps may change in a database.
 *
 * @since 0.1.0
 */
import { Access, type BackupProof, type Target } from "@shipshape/core"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { EnumReplacement } from "./Enum.ts"
import type {
  BackupInvalid,
  DiskFull,
  DumpToolUnfit,
  EnumInTransaction,
  LabelExists,
  LabelInUse,
  LabelMissing,
  LabelNotCommitted,
  RestoreRefused,
  RowsViolate,
  UndoRefused
} from "./PostgresError.ts"
import type { BackupQuestion, ColumnQuestion, ProbeError, QualifiedName, Statement } from "./PostgresProbe.ts"
import type { ColumnSequence, ObjectState, ServerObject } from "./ServerObject.ts"
import type { TableChange } from "./Table.ts"

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
  readonly collation?: string | undefined
}

/**
 * A backup to take.
 *
 * @since 0.1.0
 */
export interface NewBackup extends BackupQuestion {
  /** How many verified backups of the database stay in the folder, beside those that are held. */
  readonly keep: number
  /** Restores it into a scratch database before it counts, and compares what comes out. */
  readonly drill: boolean
  /** One file, or a folder with a file for each table. The default is one file. */
  readonly format?: "custom" | "directory" | undefined
  /** How many tables are dumped at once into a folder. The default is 4. */
  readonly jobs?: number | undefined
  /** Writes the server's roles beside it, without their passwords. The default is no. */
  readonly roles?: boolean | undefined
}

/**
 * A backup that must stay, and for whom: `edms/production release 12`.
 *
 * @since 0.1.0
 */
export interface HeldBackup {
  readonly file: string
  readonly holder: string
}

/**
 * A backup whose data is to take the place of the database's. A {@link BackupProof:type} is one.
 *
 * @since 0.1.0
 */
export interface Restore {
  /** Its manifest and its checksum stand beside it. */
  readonly file: string
  /** The checksum that it must have, where somebody has recorded it. */
  readonly sha256?: string | undefined
  /** What the replaced database is called from then on. The default is `NAME_before_20260102T030405Z`. */
  readonly keepAs?: string | undefined
}

/**
 * What a restore left.
 *
 * @since 0.1.0
 */
export interface Restored {
  readonly database: string
  /** The replaced database. Nobody may connect to it. It stays until {@link PostgresControl} discards it. */
  readonly keptAs: string
  /** Rows by table, counted before it took its place: those of the backup. */
  readonly rows: Readonly<Record<string, number>>
  /** What of the database's settings and grants could not be carried over, and why. */
  readonly notes: ReadonlyArray<string>
}

/**
 * How changing an enum fails.
 *
 * @since 0.1.0
 */
export type EnumError = ProbeError | LabelExists | LabelMissing | LabelNotCommitted | EnumInTransaction | LabelInUse

/**
 * How taking a backup fails.
 *
 * @since 0.1.0
 */
export type BackupError =
  | ProbeError
  | BackupInvalid
  | RestoreRefused
  | DiskFull
  | DumpToolUnfit
  | Target.FileError
  | Target.RunError

/**
 * How reading a backup back into a database fails.
 *
 * @since 0.1.0
 */
export type RestoreError = BackupError | Target.CommandNotAllowed

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
    readonly moveExtension: (name: string, schema: string) => Effect.Effect<void, ProbeError>
    readonly updateExtension: (name: string, version: string) => Effect.Effect<void, ProbeError>
    /** Drops an extension, where nothing depends on it. */
    readonly dropExtension: (name: string) => Effect.Effect<void, ProbeError>
    readonly createEnum: (type: QualifiedName, labels: ReadonlyArray<string>) => Effect.Effect<void, EnumError>
    /** Alone and committed at once, so that the next statement may use it. */
    readonly addLabel: (type: QualifiedName, label: NewLabel) => Effect.Effect<void, EnumError>
    /** Gives a label another name, at once for all rows that hold it. */
    readonly renameLabel: (type: QualifiedName, from: string, to: string) => Effect.Effect<void, EnumError>
    /** Makes an enum anew with other labels, and converts each column that has it: one transaction, or nothing. */
    readonly replaceEnum: (type: QualifiedName, by: EnumReplacement) => Effect.Effect<void, EnumError>
    readonly addColumn: (column: NewColumn) => Effect.Effect<void, ProbeError>
    /** Drops a type, where no column has it. */
    readonly dropEnum: (type: QualifiedName) => Effect.Effect<void, ProbeError>
    /** Drops a column, where nothing depends on it, and where each row has nothing in it or its default. */
    readonly dropColumn: (column: NewColumn) => Effect.Effect<void, ProbeError | UndoRefused>
    /** Changes a table. What leaves it usable may take as long as it needs. */
    readonly changeTable: (change: TableChange) => Effect.Effect<void, ProbeError | RowsViolate>
    /** Brings an object to a state, or drops it. */
    readonly setObject: (object: ServerObject, state: ObjectState | null) => Effect.Effect<void, ProbeError>
    /** Sends a verifier of the password, and not the password. */
    readonly setPassword: (role: string, password: Redacted.Redacted<string>) => Effect.Effect<void, ProbeError>
    /** Lets a sequence go on after the greatest value of its column. */
    readonly advanceSequence: (sequence: ColumnSequence) => Effect.Effect<void, ProbeError>
    readonly execute: (statement: Statement) => Effect.Effect<void, ProbeError>
    /** Takes a backup, verifies it, gives it its name, and removes the oldest. */
    readonly backup: (backup: NewBackup) => Effect.Effect<BackupProof.BackupProof, BackupError>
    /** Keeps a backup from being removed, until its holder lets go of it. */
    readonly holdBackup: (held: HeldBackup) => Effect.Effect<void, Target.FileError>
    readonly letGoOfBackup: (held: HeldBackup) => Effect.Effect<void, Target.FileError>
    /**
     * Restores a backup into a scratch database, compares rows and schema with what the backup says of itself, and drops the
     * scratch database. The database itself is not touched.
     */
    readonly drill: (file: string) => Effect.Effect<BackupProof.BackupProof, RestoreError>
    /**
     * Restores a backup into a database of its own, compares its rows, and lets it take the place of the deployment's
     * database, which is renamed and kept. Sessions are ended. Both renames are one transaction: whenever it is interrupted,
     * there is the one or the other, and running it again goes on. Nothing restores over a database that is there.
     */
    readonly restore: (restore: Restore) => Effect.Effect<Restored, RestoreError>
    /** Drops a database that a restore has kept, and no other. One that is not there is fine. */
    readonly discard: (keptAs: string) => Effect.Effect<void, ProbeError | RestoreRefused>
  }
>()("postgres/PostgresControl") {}
