/**
 * What checks may ask of a database.
 *
 * @since 0.1.0
 */
import { Access, type BackupProof, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { EnumUses } from "./Enum.ts"
import type { BackupInvalid, DoneNotBoolean, DumpToolUnfit, QueryError } from "./PostgresError.ts"
import type { ColumnSequence, ConnectionLimits, ObjectState, ServerObject } from "./ServerObject.ts"
import type { Backfill, ColumnDefinition, TableFacts } from "./Table.ts"

/**
 * What the server says of itself and of the user.
 *
 * @since 0.1.0
 */
export interface ServerFacts {
  /** As text: `17.5`. */
  readonly version: string
  /** The number before the first point: 17. */
  readonly major: number
  readonly database: string
  readonly user: string
  readonly isSuperuser: boolean
  /** Whether the user may create schemas and trusted extensions in the database. */
  readonly mayCreate: boolean
}

/**
 * What is known of an extension.
 *
 * @since 0.1.0
 */
export interface ExtensionFacts {
  readonly server: ServerFacts
  /** What is installed in the database. */
  readonly installed:
    | {
        readonly version: string
        readonly schema: string
        /** Whether it can be moved to another schema. */
        readonly relocatable: boolean
      }
    | undefined
  /** What the server's installation offers. */
  readonly available:
    | {
        readonly version: string
        readonly versions: ReadonlyArray<string>
        readonly needsSuperuser: boolean
        /** Extensions that it needs, and that are not installed. */
        readonly missing: ReadonlyArray<string>
      }
    | undefined
}

/**
 * An extension that another one needs.
 *
 * @since 0.1.0
 */
export interface NeededExtension {
  readonly name: string
  /** The version that is installed in the database. */
  readonly installed: string | undefined
}

/**
 * The name of a type or a table, with its schema.
 *
 * @since 0.1.0
 */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/**
 * Which column, and the type that it should have.
 *
 * @since 0.1.0
 */
export interface ColumnQuestion {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly type: string
}

/**
 * What is known of a column, and of its table; a table that is not there is `undefined`.
 *
 * @since 0.1.0
 */
export interface ColumnFacts {
  readonly table: TableFacts | undefined
  /** Whether there is a type of the wanted name. */
  readonly hasType: boolean
  readonly existing:
    | (ColumnDefinition & {
        /** Whether it has the wanted type. */
        readonly isWanted: boolean
        /** Whether the wanted type holds all of its values, and nothing has to be written anew for it. */
        readonly widens: boolean
      })
    | undefined
}

/**
 * Two SQL expressions: over the columns of a table, or over none. `type` is what they are converted to.
 *
 * @since 0.1.0
 */
export interface ExpressionPair {
  readonly a: string
  readonly b: string
  readonly table?: QualifiedName | undefined
  readonly type?: string | undefined
}

/**
 * One SQL statement with the values of its parameters `$1`, `$2`, ….
 *
 * @since 0.1.0
 */
export interface Statement {
  readonly text: string
  readonly values: ReadonlyArray<unknown>
}

/**
 * Which backups: those of the connection's database in a folder.
 *
 * @since 0.1.0
 */
export interface BackupQuestion {
  readonly directory: string
}

/**
 * A backup that somebody has recorded. A {@link BackupProof:type} is one.
 *
 * @since 0.1.0
 */
export interface RecordedBackup {
  readonly file: string
  readonly sha256?: string | undefined
}

/**
 * A backup that does not count, and why.
 *
 * @since 0.1.0
 */
export interface RefusedBackup {
  readonly file: string
  readonly reason: string
}

/**
 * What a folder holds.
 *
 * @since 0.1.0
 */
export interface FoundBackups {
  /** The newest that is what its manifest and its checksum say. */
  readonly backup: BackupProof.BackupProof | undefined
  /** The newer ones, which are not. */
  readonly refused: ReadonlyArray<RefusedBackup>
}

/**
 * That a database was made of a backup.
 *
 * @since 0.1.0
 */
export interface RestoredFrom {
  /** The backup's checksum. */
  readonly sha256: string
  /** When it was restored, in milliseconds since 1970. */
  readonly at: number
  /** The database that it took the place of, under the name that this is kept with. */
  readonly before: string
  /** The key of the attempt that restored it, where a step did. */
  readonly key?: string
}

/**
 * How a question fails.
 *
 * @since 0.1.0
 */
export type ProbeError = QueryError | Target.TargetUnavailable

/**
 * The reading side of a database. Questions that are asked concurrently are answered together, in one round trip and one
 * read-only transaction.
 *
 * @example
 * ```ts
 * import { PostgresProbe } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({ enums: { status: ["draft", "final"] } })
 * const labels = Effect.flatMap(PostgresProbe.PostgresProbe, (probe) =>
 *   probe.enumLabels({ schema: "public", name: "status" }))
 * assert.deepEqual(await Effect.runPromise(Effect.provide(labels, world.layer)), ["draft", "final"])
 * ```
 *
 * @since 0.1.0
 */
export class PostgresProbe extends Access.Probe<
  PostgresProbe,
  {
    readonly server: Effect.Effect<ServerFacts, ProbeError>
    readonly extension: (name: string) => Effect.Effect<ExtensionFacts, ProbeError>
    /** All that an extension needs, whatever its version: each stands before those that it needs itself. */
    readonly neededExtensions: (name: string) => Effect.Effect<ReadonlyArray<NeededExtension>, ProbeError>
    /** The labels of an enum in their order; `undefined` where there is no such enum. */
    readonly enumLabels: (type: QualifiedName) => Effect.Effect<ReadonlyArray<string> | undefined, ProbeError>
    /** What uses an enum, and how many rows hold one of the labels; `undefined` where there is no such enum. */
    readonly enumUses: (
      type: QualifiedName,
      labels: ReadonlyArray<string>
    ) => Effect.Effect<EnumUses | undefined, ProbeError>
    /** A table, a partitioned one or a foreign one; `undefined` where there is none of the name. */
    readonly table: (table: QualifiedName) => Effect.Effect<TableFacts | undefined, ProbeError>
    readonly column: (column: ColumnQuestion) => Effect.Effect<ColumnFacts, ProbeError>
    /** Whether two SQL expressions are the same to the server, which writes them in its own way. */
    readonly isSame: (pair: ExpressionPair) => Effect.Effect<boolean, ProbeError>
    /** Whether an SQL expression gives each row a value of its own: it calls a volatile function. */
    readonly isVolatile: (expression: string) => Effect.Effect<boolean, ProbeError>
    /** The state of an object; `null` where it is not there, and `undefined` where what it is about is not. */
    readonly object: (object: ServerObject) => Effect.Effect<ObjectState | null | undefined, ProbeError>
    /** Whether a role has this password. */
    readonly passwordFits: (role: string, password: Redacted.Redacted<string>) => Effect.Effect<boolean, ProbeError>
    /** How many connections there are for a role, or for the plugin's user. */
    readonly connections: (role: string | undefined) => Effect.Effect<ConnectionLimits, ProbeError>
    /** The sequences that give columns of a schema their values. */
    readonly sequences: (schema: string) => Effect.Effect<ReadonlyArray<ColumnSequence>, ProbeError>
    /** Whether a backfill has rows left to change. */
    readonly isLeft: (backfill: Backfill) => Effect.Effect<boolean, ProbeError>
    /** Whether a query answers `true`. */
    readonly holds: (query: Statement) => Effect.Effect<boolean, ProbeError | DoneNotBoolean>
    /** The newest backup that is what its manifest and its checksum say, and the newer ones that are not. */
    readonly newestBackup: (
      question: BackupQuestion
    ) => Effect.Effect<
      FoundBackups,
      ProbeError | DumpToolUnfit | Target.FileError | Target.RunError | Target.CommandNotAllowed
    >
    /**
     * A backup by its file, and by its checksum where somebody has recorded it. It is refused where it is not what its
     * manifest and its checksum say, or is of another database.
     */
    readonly readBackup: (
      backup: RecordedBackup
    ) => Effect.Effect<
      BackupProof.BackupProof,
      ProbeError | BackupInvalid | DumpToolUnfit | Target.FileError | Target.RunError | Target.CommandNotAllowed
    >
    /**
     * Which backup the database was made of; `undefined` where it was not, or where it is missing. It is asked of another
     * database of the server, as this one may be missing while it is replaced.
     */
    readonly restoredFrom: Effect.Effect<RestoredFrom | undefined, ProbeError>
  }
>()("postgres/PostgresProbe") {}
