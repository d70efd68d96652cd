/**
 * What steps ask of a whole schema, and do with it.
 *
 * @since 0.1.0
 */
import { Access } from "@shipshape/core"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { CompareError, Rename } from "./Compare.ts"
import type { ExpectedSchemaFailed, SchemaChangeFailed } from "./CompareError.ts"
import type { ProbeError } from "./PostgresProbe.ts"
import type { Script, Unit } from "./Sql.ts"

/**
 * A program that makes the expected schema: it is run with the name of an empty scratch database in `PGDATABASE`. On the
 * target it also gets `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD` and `PGSSLMODE` where it can reach the server so.
 *
 * @since 0.1.0
 */
export interface Program {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly directory?: string
  readonly env: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** A service of the deployment in whose container it runs, and not on the target itself. */
  readonly service?: string
  /** Whether that is a container of the service's present image, made for it and removed. */
  readonly oneOff: boolean
}

/**
 * What a database is held against, and how.
 *
 * @since 0.1.0
 */
export interface Comparison {
  /** A URL, a file of SQL, a folder of such, or what makes an empty database so. */
  readonly expected: string | Redacted.Redacted<string> | Program
  readonly renames: ReadonlyArray<Rename>
  readonly online: boolean
  readonly prove: boolean
  /** What is not looked at on either side: `public.audit`; `audit.*` is the whole schema. */
  readonly ignore: ReadonlyArray<string>
  /** Whether owners and grants are compared. */
  readonly privileges: boolean
  /** Where scratch databases are made; the database's own server where there is none. */
  readonly scratch?: string | Redacted.Redacted<string>
}

/**
 * How comparing fails. Nothing was changed.
 *
 * @since 0.1.0
 */
export type SchemaProbeError = CompareError | ExpectedSchemaFailed | ProbeError

/**
 * The reading side. Scratch databases that it needs are gone when it answers.
 *
 * @example
 * ```ts
 * import { PostgresSchema } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({ schemas: { "schema.sql": { tables: { orders: { id: "int" } } } } })
 * const look = Effect.flatMap(PostgresSchema.SchemaProbe, (probe) =>
 *   probe.compare({
 *     expected: "schema.sql", renames: [], online: true, prove: true, ignore: [], privileges: false
 *   }))
 * const { units } = await Effect.runPromise(Effect.provide(look, world.layer))
 * assert.deepEqual(units[0]?.statements[0]?.sql, "CREATE TABLE public.orders (id integer)")
 * ```
 *
 * @since 0.1.0
 */
export class SchemaProbe extends Access.Probe<
  SchemaProbe,
  {
    /** What makes the schema of the database the expected one. */
    readonly compare: (comparison: Comparison) => Effect.Effect<Script, SchemaProbeError>
  }
>()("postgres/SchemaProbe") {}

/**
 * The writing side.
 *
 * @example
 * ```ts
 * import { PostgresSchema } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const world = PostgresWorld.make({ schemas: { "schema.sql": { tables: { orders: { id: "int" } } } } })
 * const comparison = {
 *   expected: "schema.sql", renames: [], online: true, prove: true, ignore: [], privileges: false
 * }
 * const converge = Effect.gen(function*() {
 *   const { units } = yield* (yield* PostgresSchema.SchemaProbe).compare(comparison)
 *   yield* (yield* PostgresSchema.SchemaControl).run(units)
 * })
 * await Effect.runPromise(Effect.provide(converge, world.layer))
 * assert.ok(world.tables.has("public.orders"))
 * ```
 *
 * @since 0.1.0
 */
export class SchemaControl extends Access.Control<
  SchemaControl,
  {
    /** Runs units in their order: each in one transaction, or statement by statement. */
    readonly run: (units: ReadonlyArray<Unit>) => Effect.Effect<void, SchemaChangeFailed | SchemaProbeError>
  }
>()("postgres/SchemaControl") {}
