/**
 * A database in memory: extensions, enums, tables and backups that a test reads and damages.
 *
 * @since 0.1.0
 */
import { type BackupProof, Look, type Resource } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { connectError, type Where } from "../internal/sqlstate.ts"
import { PostgresControl } from "../PostgresControl.ts"
import type { Exported } from "../PostgresData.ts"
import type { ConnectError } from "../PostgresError.ts"
import type { LedgerLine } from "../PostgresMigrations.ts"
import type { Services } from "../PostgresPlugin.ts"
import { PostgresProbe, type RestoredFrom, type ServerFacts } from "../PostgresProbe.ts"
import type { ColumnSequence, ObjectState } from "../ServerObject.ts"
import type { Constraint, Index } from "../Table.ts"
import * as backups from "./internal/backups.ts"
import * as data from "./internal/data.ts"
import * as migrations from "./internal/migrations.ts"
import * as objects from "./internal/objects.ts"
import * as schemas from "./internal/schemas.ts"
import * as tables from "./internal/tables.ts"
import { canonicalType } from "./internal/types.ts"
import * as writing from "./internal/writing.ts"

/**
 * A column in memory.
 *
 * @since 0.1.0
 */
export interface Column {
  /** As PostgreSQL writes it: `character varying(200)`, not `varchar(200)`. */
  readonly type: string
  readonly nullable: boolean
  /** An SQL expression. */
  readonly default?: string
  readonly collation?: string
  /** Whether rows have values in it, beside its default. The default is no. */
  readonly holdsValues?: boolean
  /** How many rows hold which label, where it is of an enum. The default is none. */
  readonly labels?: Readonly<Record<string, number>>
}

/**
 * An extension that the server's installation has.
 *
 * @since 0.1.0
 */
export interface AvailableExtension {
  readonly version: string
  /** The default is the one version. */
  readonly versions?: ReadonlyArray<string>
  /** Whether a superuser alone may install it. The default is no. */
  readonly needsSuperuser?: boolean
  /** Other extensions that it needs. The default is none. */
  readonly requires?: ReadonlyArray<string>
}

/**
 * What is in a database.
 *
 * @since 0.1.0
 */
export interface Contents {
  readonly extensions: ReadonlyMap<string, { readonly version: string; readonly schema: string }>
  readonly enums: ReadonlyMap<string, ReadonlyArray<string>>
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Column>>
  readonly rows: ReadonlyMap<string, number>
}

/**
 * A backup in memory: what it says of itself, and what is really in it.
 *
 * @since 0.1.0
 */
export interface Backup extends BackupProof.BackupProof {
  readonly database: string
  readonly intact: boolean
  readonly contents: Contents
  /** Those who keep it from being removed. */
  readonly holders: ReadonlySet<string>
}

/**
 * A database in memory. Tests read and change its fields at any time. Names of enums and tables have their schema:
 * `public.documents`.
 *
 * @since 0.1.0
 */
export interface PostgresWorld {
  /**
   * Whether the server answers: `down` refuses connections, `starting` accepts no queries yet. A function asks another
   * world: whether the server's service is up, say.
   */
  status: Status | (() => Status)
  server: ServerFacts
  readonly available: Map<string, AvailableExtension>
  readonly extensions: Map<string, { readonly version: string; readonly schema: string }>
  readonly enums: Map<string, ReadonlyArray<string>>
  readonly tables: Map<string, Map<string, Column>>
  /** Constraints by table and name. */
  readonly constraints: Map<string, Map<string, Constraint>>
  /** Indexes by table and name. */
  readonly indexes: Map<string, Map<string, Index>>
  /** Tables whose rows a backfill has still to change. */
  readonly unfilled: Set<string>
  /** Roles, privileges, owners and settings, by what they are about as JSON. */
  readonly objects: Map<string, ObjectState>
  /** Passwords by role. */
  readonly passwords: Map<string, string>
  readonly sequences: Array<ColumnSequence>
  /** Rows by table; a table without a number has none. */
  readonly rows: Map<string, number>
  /** By file; those whose `intact` is false are passed over, as those whose checksum is wrong are. */
  readonly backups: Map<string, Backup>
  /** What exports have written, by folder. */
  readonly exports: Map<string, Exported>
  /** The ledger of files of SQL. */
  readonly migrations: Array<LedgerLine>
  /** The databases that restores have kept, by name. */
  readonly kept: Map<string, Contents>
  /** Which backup the database was made of. */
  restoredFrom: RestoredFrom | undefined
  /** Every change, in order. */
  readonly log: Array<string>
  readonly layer: Layer.Layer<Services>
}

/**
 * How a server in memory answers.
 *
 * @since 0.1.0
 */
export type Status = "running" | "starting" | "down"

/**
 * A schema that a database is held against: types of columns by table and name, and labels of enums. Of a table no more is
 * compared than its columns and their types.
 *
 * @since 0.1.0
 */
export interface Schema {
  readonly tables?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly enums?: Readonly<Record<string, ReadonlyArray<string>>>
}

/**
 * What a world starts with. Names without a schema are in `public`.
 *
 * @since 0.1.0
 */
export interface Options {
  readonly status?: PostgresWorld["status"]
  readonly server?: Partial<ServerFacts>
  /** What must be up for the server to be there. */
  readonly resource?: Resource.Resource
  readonly available?: Readonly<Record<string, string | AvailableExtension>>
  /** Installed extensions with their versions; they are available, too. */
  readonly extensions?: Readonly<Record<string, string>>
  readonly enums?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Types of columns by table and name. */
  readonly tables?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** How many rows tables have. */
  readonly rows?: Readonly<Record<string, number>>
  /** Tables whose rows a backfill has still to change. */
  readonly unfilled?: ReadonlyArray<string>
  /** What `Postgres.compare` expects, by the file or the folder; by the command as one line, where it is a program. */
  readonly schemas?: Readonly<Record<string, Schema>>
  /** What the statements of `Postgres.sql` do, by their text, and those of files of SQL. */
  readonly statements?: Readonly<Record<string, (world: PostgresWorld, values: ReadonlyArray<unknown>) => void>>
  /** What the queries of `Postgres.sql` answer, by their text. */
  readonly queries?: Readonly<Record<string, (world: PostgresWorld, values: ReadonlyArray<unknown>) => boolean>>
}

const defaultServer: ServerFacts = {
  version: "17.5",
  major: 17,
  database: "app",
  user: "app",
  isSuperuser: true,
  mayCreate: true
}

/**
 * Makes a database in memory.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "@shipshape/core"
 * import { Rehearsal } from "@shipshape/core/testing"
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
 * import assert from "node:assert"
 * import * as Effect from "effect/Effect"
 *
 * const deployment = defineDeployment("edms", {
 *   environments: { staging: { data: "disposable" } },
 *   plugins: () => [Postgres.server({ user: "edms", database: "edms" })]
 * }, function*() {
 *   yield* Postgres.extension("trigrams", { name: "pg_trgm" })
 * })
 *
 * const postgres = PostgresWorld.make({ available: { pg_trgm: "1.6" } })
 * const run = await Effect.runPromise(Rehearsal.apply(deployment, postgres.layer, { environment: "staging" }))
 * assert.deepEqual(run.applied, ["trigrams"])
 * assert.equal(postgres.extensions.get("pg_trgm")?.version, "1.6")
 * ```
 *
 * @since 0.1.0
 */
export const make = (options: Options = {}): PostgresWorld => {
  const server = { ...defaultServer, ...options.server }
  const where = (): Where => ({ ...world.server, server: "a fake server", resource: options.resource })
  const reached: Effect.Effect<void, ConnectError> = Effect.suspend(() => {
    const cause = causes[typeof world.status === "function" ? world.status() : world.status]
    return cause === undefined ? Effect.void : Effect.fail(connectError(where(), cause))
  })
  const world: PostgresWorld = {
    status: options.status ?? "running",
    server,
    available: new Map(
      Object.entries({ ...options.extensions, ...options.available }).map(([name, given]) => [
        name,
        typeof given === "string" ? { version: given } : given
      ])
    ),
    extensions: new Map(
      Object.entries(options.extensions ?? {}).map(([name, version]) => [name, { version, schema: "public" }])
    ),
    enums: new Map(Object.entries(options.enums ?? {}).map(([name, labels]) => [inPublic(name), labels])),
    tables: new Map(
      Object.entries(options.tables ?? {}).map(([name, columns]) => [
        inPublic(name),
        new Map(
          Object.entries(columns).map(([column, type]) => [column, { type: canonicalType(type), nullable: true }])
        )
      ])
    ),
    rows: new Map(Object.entries(options.rows ?? {}).map(([name, rows]) => [inPublic(name), rows])),
    objects: new Map(),
    passwords: new Map(),
    sequences: [],
    constraints: new Map(),
    indexes: new Map(),
    unfilled: new Set((options.unfilled ?? []).map(inPublic)),
    backups: new Map(),
    exports: new Map(),
    migrations: [],
    kept: new Map(),
    restoredFrom: undefined,
    log: [],
    get layer() {
      return Layer.mergeAll(
        Layer.succeed(PostgresProbe, reading(world, options, reached)),
        Layer.succeed(PostgresControl, writing.make(world, options.statements ?? {}, reached, where())),
        data.layer(world, reached),
        migrations.layer(world, options.statements ?? {}, reached),
        schemas.layer(world, options.schemas ?? {}, reached)
      )
    }
  }
  return world
}

/** What pg says of a server that does not answer. */
const causes: Readonly<Record<Status, unknown>> = {
  running: undefined,
  starting: Object.assign(new Error("the database system is starting up"), { code: "57P03", severity: "FATAL" }),
  down: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
}

const inPublic = (name: string): string => (name.includes(".") ? name : `public.${name}`)

const reading = (
  world: PostgresWorld,
  { queries = {}, resource }: Options,
  reached: Effect.Effect<void, ConnectError>
): PostgresProbe["Service"] => {
  const look = <A>(answer: () => A) =>
    Effect.andThen(
      resource === undefined ? reached : Effect.andThen(Look.observe(resource), reached),
      Effect.sync(answer)
    )
  return {
    server: look(() => world.server),
    extension: (name) =>
      look(() => {
        const [offered, installed] = [world.available.get(name), world.extensions.get(name)]
        return {
          server: world.server,
          installed: installed === undefined ? undefined : { ...installed, relocatable: true },
          available:
            offered === undefined
              ? undefined
              : {
                  versions: [offered.version],
                  needsSuperuser: false,
                  ...offered,
                  missing: (offered.requires ?? []).filter((needed) => !world.extensions.has(needed))
                }
        }
      }),
    neededExtensions: (name) =>
      look(() =>
        writing.requiredBy(world, name).map((needed) => ({
          name: needed,
          installed: world.extensions.get(needed)?.version
        }))
      ),
    enumLabels: (type) => look(() => world.enums.get(tables.keyOf(type))),
    enumUses: (type, labels) => look(() => tables.enumUses(world, type, labels)),
    table: (name) => look(() => tables.tableFacts(world, name)),
    column: (column) => look(() => tables.columnFacts(world, column)),
    isSame: (pair) => look(() => tables.isSame(pair)),
    isVolatile: (expression) => look(() => tables.isVolatile(expression)),
    object: (object) => look(() => objects.stateOf(world, object)),
    passwordFits: (role, password) => look(() => world.passwords.get(role) === Redacted.value(password)),
    connections: () => look(() => objects.connections),
    sequences: (schema) => look(() => objects.sequencesOf(world, schema)),
    isLeft: ({ table }) => look(() => world.unfilled.has(tables.keyOf(table))),
    holds: ({ text, values }) =>
      Effect.flatMap(
        look(() => queries[text]),
        (query) =>
          query === undefined ? Effect.fail(writing.unknown(text, "queries")) : Effect.sync(() => query(world, values))
      ),
    newestBackup: ({ directory }) => look(() => backups.newest(world, directory)),
    readBackup: (backup) => Effect.andThen(reached, backups.read(world, backup)),
    restoredFrom: Effect.andThen(
      reached,
      Effect.sync(() => world.restoredFrom)
    )
  }
}
