/**
 * What steps ask of rows in files, and do with them.
 *
 * @since 0.1.0
 */
import { Access, type Target } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type { Format, Transform } from "./Data.ts"
import type { DataInvalid, DataRefused, DiskFull } from "./PostgresError.ts"
import type { ProbeError, QualifiedName } from "./PostgresProbe.ts"

/**
 * A table whose rows are written to a file.
 *
 * @since 0.1.0
 */
export interface ExportTable extends QualifiedName {
  readonly exclude: ReadonlyArray<string>
  /** Columns that look like secrets, and are written all the same. */
  readonly keep: ReadonlyArray<string>
  readonly transform?: Transform | undefined
}

/**
 * Tables to write to a folder.
 *
 * @since 0.1.0
 */
export interface Export {
  readonly directory: string
  readonly format: Format
  readonly tables: ReadonlyArray<ExportTable>
}

/**
 * What a folder holds.
 *
 * @since 0.1.0
 */
export interface Exported {
  /** Milliseconds since 1970. */
  readonly takenAt: number
  /** By table: `public.users`. */
  readonly rows: Readonly<Record<string, number>>
}

/**
 * A table whose rows are in a file.
 *
 * @since 0.1.0
 */
export interface ImportTable extends QualifiedName {
  /** The columns by which a row is known again. The default is the primary key. */
  readonly key?: ReadonlyArray<string> | undefined
  readonly exclude: ReadonlyArray<string>
  readonly transform?: Transform | undefined
  /** What becomes of a row that is there already. */
  readonly existing: "update" | "keep"
  /** Columns that are written with new rows, and belong to the application from then on. */
  readonly initial: ReadonlyArray<string>
}

/**
 * Files of a folder, and the tables that they go into.
 *
 * @since 0.1.0
 */
export interface Import {
  readonly directory: string
  readonly tables: ReadonlyArray<ImportTable>
}

/**
 * How a file and its table differ.
 *
 * @since 0.1.0
 */
export interface Difference {
  readonly table: string
  /** How many rows the file has; `undefined` where nobody had to count them. */
  readonly rows: number | undefined
  /** Rows of the file that are not in the table; `undefined` where all are, as the table is empty. */
  readonly missing: number | undefined
  /** Rows of the table that have other values. */
  readonly changed: number
}

/**
 * Why an import cannot be looked at yet.
 *
 * @since 0.1.0
 */
export interface NotYet {
  readonly lacks: "schema" | "file"
  readonly reason: string
}

/**
 * How carrying rows fails.
 *
 * @since 0.1.0
 */
export type DataError =
  | ProbeError
  | DataInvalid
  | DataRefused
  | DiskFull
  | Target.FileError
  | Target.RunError
  | Target.CommandNotAllowed

/**
 * The reading side.
 *
 * @example
 * ```ts
 * import { PostgresData } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make()
 * const exported = Effect.flatMap(PostgresData.DataProbe, (probe) =>
 *   probe.exported({ directory: "/srv/exports", format: "jsonl", tables: [] }))
 * assert.equal(await Effect.runPromise(Effect.provide(exported, world.layer)), undefined)
 * ```
 *
 * @since 0.1.0
 */
export class DataProbe extends Access.Probe<
  DataProbe,
  {
    /** What a folder holds, where it is what was asked for, and each file what its manifest says. */
    readonly exported: (wanted: Export) => Effect.Effect<Exported | undefined, DataError>
    /** How files and tables differ, in the order in which the tables are filled. */
    readonly compare: (wanted: Import) => Effect.Effect<ReadonlyArray<Difference> | NotYet, DataError>
  }
>()("postgres/DataProbe") {}

/**
 * The writing side.
 *
 * @example
 * ```ts
 * import { PostgresData } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({ rows: { currencies: 3 } })
 * const users = { schema: "public", name: "currencies", exclude: [], keep: [] }
 * const program = Effect.flatMap(PostgresData.DataControl, (control) =>
 *   control.exportData({ directory: "/srv/exports", format: "jsonl", tables: [users] }))
 * await Effect.runPromise(Effect.provide(program, world.layer))
 * assert.deepEqual(world.exports.get("/srv/exports")?.rows, { "public.currencies": 3 })
 * ```
 *
 * @since 0.1.0
 */
export class DataControl extends Access.Control<
  DataControl,
  {
    /** Writes rows to files: those of one moment, whatever is written meanwhile. */
    readonly exportData: (wanted: Export) => Effect.Effect<void, DataError>
    /** Writes the rows of files into tables: each table is committed by itself, or with those it is in a cycle with. */
    readonly importData: (wanted: Import) => Effect.Effect<void, DataError>
  }
>()("postgres/DataControl") {}
