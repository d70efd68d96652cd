/**
 * What steps ask of files of SQL that are run once each, and do with them.
 *
 * @since 0.1.0
 */
import { Access } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type { MigrationEdited, MigrationFailed, MigrationsRefused, SqlUnparsable } from "./PostgresError.ts"
import type { ProbeError, QualifiedName } from "./PostgresProbe.ts"
import type { Hazard, Unit } from "./Sql.ts"

/**
 * A file of SQL.
 *
 * @since 0.1.0
 */
export interface MigrationFile {
  /** By which it stands in the ledger: its file's name, without the folder. */
  readonly name: string
  readonly text: string
}

/**
 * Files in the order in which they are run, and where it is written down that they were.
 *
 * @since 0.1.0
 */
export interface Migrations {
  readonly files: ReadonlyArray<MigrationFile>
  readonly ledger: QualifiedName
  /** The last file that a database already has which was not made by these steps. */
  readonly baseline: string | undefined
}

/**
 * A file that is not applied, or not as a whole.
 *
 * @since 0.1.0
 */
export interface PendingMigration {
  readonly name: string
  readonly units: ReadonlyArray<Unit>
  /** How many of its units are committed. */
  readonly done: number
  readonly hazards: ReadonlyArray<Hazard>
}

/**
 * What is to be done.
 *
 * @since 0.1.0
 */
export interface MigrationState {
  /** Those that were run as a whole, or taken over, in the order of the files. */
  readonly applied: ReadonlyArray<string>
  /** Those that are taken over: the database has them already. */
  readonly baseline: ReadonlyArray<string>
  readonly pending: ReadonlyArray<PendingMigration>
}

/**
 * A line of the ledger: a unit of a file, from 1. A file without statements, or that was taken over, has the unit 0.
 *
 * @since 0.1.0
 */
export interface LedgerLine {
  readonly name: string
  readonly unit: number
  readonly units: number
  /** Of what the unit runs, as SHA-256. */
  readonly checksum: string
  readonly fileChecksum: string
  /** A statement that is committed by itself is `started` before it is sent. */
  readonly state: "started" | "done" | "baseline"
}

/**
 * How asking about files of SQL fails. Nothing was changed.
 *
 * @since 0.1.0
 */
export type MigrationProbeError = ProbeError | SqlUnparsable | MigrationEdited | MigrationsRefused

/**
 * The reading side.
 *
 * @example
 * ```ts
 * import { PostgresMigrations } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({})
 * const wanted = {
 *   files: [{ name: "0001.sql", text: "CREATE TABLE t (a int)" }],
 *   ledger: { schema: "public", name: "shipshape_migrations" }, baseline: undefined
 * }
 * const look = Effect.flatMap(PostgresMigrations.MigrationProbe, (probe) => probe.look(wanted))
 * const { pending } = await Effect.runPromise(Effect.provide(look, world.layer))
 * assert.deepEqual(pending.map(({ name }) => name), ["0001.sql"])
 * ```
 *
 * @since 0.1.0
 */
export class MigrationProbe extends Access.Probe<
  MigrationProbe,
  {
    /** What of the files is applied, and what is not. */
    readonly look: (wanted: Migrations) => Effect.Effect<MigrationState, MigrationProbeError>
  }
>()("postgres/MigrationProbe") {}

/**
 * The writing side.
 *
 * @example
 * ```ts
 * import { PostgresMigrations } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({})
 * const wanted = {
 *   files: [{ name: "0001.sql", text: "CREATE TABLE t (a int)" }],
 *   ledger: { schema: "public", name: "shipshape_migrations" }, baseline: undefined
 * }
 * const migrate = Effect.flatMap(PostgresMigrations.MigrationControl, (control) => control.migrate(wanted, "run 1"))
 * await Effect.runPromise(Effect.provide(migrate, world.layer))
 * assert.deepEqual(world.migrations.map(({ name }) => name), ["0001.sql"])
 * ```
 *
 * @since 0.1.0
 */
export class MigrationControl extends Access.Control<
  MigrationControl,
  {
    /** Runs what is not applied, in order, and stops at the first that fails. `run` is who does, for the ledger. */
    readonly migrate: (wanted: Migrations, run: string) => Effect.Effect<void, MigrationProbeError | MigrationFailed>
    /** Runs what takes a file back, and takes it out of the ledger. */
    readonly takeBack: (
      ledger: QualifiedName,
      name: string,
      down: MigrationFile
    ) => Effect.Effect<void, MigrationProbeError | MigrationFailed>
  }
>()("postgres/MigrationControl") {}
