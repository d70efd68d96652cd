import { Plugin, type Resource, Secrets, Target } from "@shipshape/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { backfill } from "./BackfillStep.ts"
import { backup } from "./BackupStep.ts"
import { check } from "./CheckStep.ts"
import { column } from "./ColumnStep.ts"
import { compare } from "./CompareStep.ts"
import { connectionBudget } from "./ConnectionBudgetStep.ts"
import { enumType } from "./EnumStep.ts"
import { exportData } from "./ExportStep.ts"
import { extension } from "./ExtensionStep.ts"
import { foreignKey } from "./ForeignKeyStep.ts"
import { defaultPrivileges, grant } from "./GrantStep.ts"
import { importData } from "./ImportStep.ts"
import { index } from "./IndexStep.ts"
import * as address from "./internal/address.ts"
import * as reading from "./internal/backupReading.ts"
import * as backups from "./internal/backups.ts"
import * as schemas from "./internal/compare/services.ts"
import { connect, type Login, type Route, type Statement } from "./internal/connect.ts"
import * as control from "./internal/control.ts"
import { comparer } from "./internal/data/compare.ts"
import { exported, exporter } from "./internal/data/export.ts"
import { importer } from "./internal/data/import.ts"
import * as data from "./internal/data/session.ts"
import * as dumpTools from "./internal/dumpTools.ts"
import type { Patience } from "./internal/lockWaiting.ts"
import * as migrationLook from "./internal/migrations/look.ts"
import * as migrating from "./internal/migrations/run.ts"
import * as probe from "./internal/probe.ts"
import * as restores from "./internal/restores.ts"
import * as sessions from "./internal/session.ts"
import * as tunnel from "./internal/tunnel.ts"
import { migrations } from "./MigrationsStep.ts"
import { PostgresControl } from "./PostgresControl.ts"
import { DataControl, DataProbe } from "./PostgresData.ts"
import { MigrationControl, MigrationProbe } from "./PostgresMigrations.ts"
import { PostgresProbe } from "./PostgresProbe.ts"
import { SchemaControl, SchemaProbe } from "./PostgresSchema.ts"
import { ready } from "./ReadyStep.ts"
import { replaceEnum } from "./ReplaceEnumStep.ts"
import { role } from "./RoleStep.ts"
import { sequences } from "./SequencesStep.ts"
import { database, membership, owner, schema, setting } from "./ServerSteps.ts"
import { destructiveSql, sql } from "./SqlStep.ts"
import { unique } from "./UniqueStep.ts"

/**
 * All that the plugin provides: what steps ask of the server, and what they do there.
 *
 * @since 0.1.0
 */
export type Services =
  | PostgresProbe
  | PostgresControl
  | DataProbe
  | DataControl
  | MigrationProbe
  | MigrationControl
  | SchemaProbe
  | SchemaControl

const about = {
  version: "0.1.0",
  description:
    "PostgreSQL: waiting for it, roles and their rights, extensions, enums, tables, SQL statements and backups",
  steps: {
    ready,
    connectionBudget,
    database,
    role,
    membership,
    grant,
    defaultPrivileges,
    owner,
    schema,
    setting,
    extension,
    enum: enumType,
    replaceEnum,
    column,
    backfill,
    check,
    unique,
    foreignKey,
    index,
    sequences,
    sql,
    destructiveSql,
    importData,
    migrations,
    compare,
    exportData,
    backup
  }
}

/** What a session may take, whatever carries it. */
const limits = {
  statementTimeout: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("15 minutes"))),
  lockTimeout: Schema.DurationFromString.pipe(Schema.withDecodingDefaultKey(Effect.succeed("2 seconds"))),
  lockRetries: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(10))
  )
}

/**
 * A server that is reached over TCP or a local socket.
 *
 * Give `url` (`postgres://user:password@host:5432/database?sslmode=require`; a text, or a secret input), or its parts,
 * which win over the URL: `host` (a name, an address, or the folder of a socket; default `127.0.0.1`), `port` (default
 * 5432), `user`, `password`, `database`, `tls` (`disable`, the default, `require`, `verify-ca`, or `verify-full`).
 *
 * - `ca`: a file with the certificates that the server's is checked against; the default is those that everybody trusts.
 * - `pgService`: a service of `~/.pg_service.conf`, or of the file that `PGSERVICEFILE` names, for what is not given.
 * - `environment`: `true` takes what is given nowhere else from `PGHOST`, `PGUSER`, `PGPASSWORD` and the like, and
 *   passwords from `~/.pgpass`. The default is not to, so that a deployment goes to the same server whoever runs it.
 * - `passwordFile`: a file like `~/.pgpass` that has the password. One that others may read is refused.
 * - `resource`: what must be up for it to be there, such as `service:db`. While it is not reached, checks are known after
 *   the step that provides this.
 * - `statementTimeout` (default 15 minutes) and `lockTimeout` (default 2 seconds) bound what steps change. A statement that
 *   has waited for a lock so long lets others pass and is tried again, `lockRetries` times (default 10); who has the lock is
 *   said. Questions of checks take 30 seconds at most.
 *
 * - `tools`: the folder on the deployment's target in which `pg_dump`, `pg_restore` and `pg_dumpall` are, such as
 *   `/usr/lib/postgresql/17/bin`. The default is that of the PATH, or that of a version that Debian's packages have installed.
 *
 * Backups run `pg_dump` on the deployment's target, where one must be that is not older than the server.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.server({ url: "postgres://edms@127.0.0.1:5433/edms", resource: "service:db" }).name, "postgres")
 * ```
 *
 * @since 0.1.0
 */
export const server = Plugin.define("postgres", {
  ...about,
  options: {
    ...address.options,
    resource: Schema.optionalKey(Schema.TemplateLiteral([Schema.NonEmptyString, ":", Schema.NonEmptyString])),
    tools: Schema.optionalKey(Schema.NonEmptyString),
    ...limits
  },
  layer: (options) =>
    Layer.unwrap(
      Effect.gen(function* () {
        const server = yield* address.resolve(options)
        const { ca, database, host, password, port, tls, user } = server
        yield* Secrets.register(password)
        const target = yield* Target.Target
        const name = address.nameOf(server)
        const login = { ...options, server: name, user, password, database, resource: options.resource }
        return services(
          login,
          { _tag: "Socket", host, port, tls, ca },
          dumpTools.onTarget(target, name, dumpTools.environmentAt(server), options.tools)
        )
      })
    )
})

/**
 * A server within a service of the deployment, whose port need not be published: the connection goes through a process in
 * its container. Backups run the container's own `pg_dump`. The plugin that provides the services' containers must stand
 * before it in the deployment's `plugins`.
 *
 * - `service`: the service's name; while it does not run, checks are known after the step that starts it.
 * - `user`, `database`, `password`: who connects. With a password the server is asked at its network address, as the
 *   application asks it, so that a wrong one is found; without, on its loopback, which the official image trusts.
 * - `port`: where the server listens in the container; the default is 5432.
 * - `statementTimeout` (default 15 minutes), `lockTimeout` (default 2 seconds) and `lockRetries` (default 10) bound what
 *   steps change, as with {@link server}.
 *
 * @example
 * ```ts
 * import { Postgres } from "@shipshape/plugin-postgres"
 * import assert from "node:assert"
 *
 * assert.equal(Postgres.inService({ service: "db", user: "edms", database: "edms" }).name, "postgres")
 * ```
 *
 * @since 0.1.0
 */
export const inService = Plugin.define("postgres", {
  ...about,
  options: {
    service: Schema.NonEmptyString,
    user: Schema.NonEmptyString,
    database: Schema.NonEmptyString,
    password: Schema.optionalKey(address.Password),
    port: address.Port.pipe(Schema.withDecodingDefaultKey(Effect.succeed(5432))),
    ...limits
  },
  layer: ({ port, service, ...options }) =>
    Layer.unwrap(
      Effect.gen(function* () {
        const containers = yield* Target.Containers
        const container = containers.service(service)
        const resource: Resource.Resource = container.resource ?? `service:${service}`
        const login = { ...options, server: `service ${service}`, password: options.password, resource }
        const env = dumpTools.environment(login, { PGHOST: "127.0.0.1", PGPORT: String(port), PGSSLMODE: "disable" })
        return services(
          login,
          tunnel.route(login, container, port, options.password === undefined ? "loopback" : "network"),
          dumpTools.inContainer(container, env)
        )
      })
    )
})

const services = (
  login: Login & Patience,
  route: Route,
  dumpHost: dumpTools.DumpHost
): Layer.Layer<Services, never, Target.Target> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const target = yield* Target.Target
      const session = yield* sessions.make(login, route, login)
      const reads = probe.make(session, login.resource, (user, password) =>
        connect({ ...login, user, password }, route)
      )
      const { database } = login
      const ask = (statement: Statement) => sessions.oneOf(session, statement)
      const open = (other: string) => connect({ ...login, database: other }, route)
      const needs: backups.Needs = { database, server: reads.server, open, dumpHost, target }
      const rows = data.make(login, route)
      const read = reading.make(dumpHost, target)
      const { newestBackup, ...takes } = backups.make(needs, read)
      const { readBackup, restoredFrom, ...goesBack } = restores.make(needs, read)
      // What reaches the server from within its own container reaches it from nowhere else.
      const env = dumpHost.sharesFiles ? dumpHost.env : {}
      const compared = { login, route, env, dumpHost: Effect.succeed(dumpHost) }
      const places = { target, containers: yield* Effect.serviceOption(Target.Containers) }
      return Context.make(PostgresProbe, { ...reads, newestBackup, readBackup, restoredFrom }).pipe(
        Context.add(PostgresControl, control.make(session, login, reads, { ...takes, ...goesBack })),
        Context.add(MigrationProbe, migrationLook.make(ask)),
        Context.add(MigrationControl, migrating.make(login, route, ask)),
        Context.add(SchemaProbe, schemas.probe(compared, places, ask({ text: "SELECT 1", values: [] }))),
        Context.add(SchemaControl, schemas.control(session)),
        Context.add(DataProbe, { exported: exported(target), compare: comparer(rows, target) }),
        Context.add(DataControl, {
          exportData: exporter(rows, target, reads.server),
          importData: importer(rows, target)
        })
      )
    })
  )
