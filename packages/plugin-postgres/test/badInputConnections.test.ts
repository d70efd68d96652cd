/** Bad input: connections that do not come about or break, and roles, rights, extensions and settings that cannot be. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll } from "vitest"
import { type Bad, fingerprint, runOn, testAll } from "./support/badInput.ts"
import { forThisFile, type Options } from "./support/database.ts"
import { poolerTo } from "./support/pooler.ts"

const database = forThisFile()
const scope = Scope.makeUnsafe()
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-bad-"))
let pooler = 0

beforeAll(async () => {
  const { password, port, user } = database.embedded()
  await Effect.runPromise(
    database.sql(`CREATE ROLE idle NOLOGIN PASSWORD 'pw'; CREATE ROLE full_up LOGIN PASSWORD 'pw' CONNECTION LIMIT 0;
      CREATE ROLE guest LOGIN PASSWORD 'pw'; CREATE ROLE reader LOGIN PASSWORD 'pw'; ALTER ROLE reader SET default_transaction_read_only = on;
      CREATE ROLE maker LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE ${database.name()} TO maker; GRANT idle TO maker;
      CREATE TABLE things (id int); CREATE EXTENSION pg_trgm`)
  )
  const own = { host: "127.0.0.1", port, user, password, database: database.name() }
  pooler = await Effect.runPromise(Scope.provide(poolerTo(own, "transaction"), scope))
})
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  fs.rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, text: string, mode: number): string => {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text, { mode })
  fs.chmodSync(file, mode)
  return file
}

/** The connection of the superuser, but for this. */
const but = (more: Options) => (): Options => {
  const { password, port, user } = database.embedded()
  return { port, user, password: Redacted.make(password), database: database.name(), ...more }
}
const as = (user: string) => but({ user, password: Redacted.make("pw") })
const change = () => [
  Postgres.sql("it", { apply: "CREATE TABLE made ()", done: "SELECT to_regclass('made') IS NOT NULL" })
]
const sql = (apply: string) => () => [Postgres.sql("it", { apply, done: "SELECT false" })]

const connections: ReadonlyArray<Bad> = [
  {
    name: "a wrong password",
    connection: but({ password: Redacted.make("wrong") }),
    steps: change,
    code: "postgres.authentication-failed",
    says: 'refuses user postgres: password authentication failed for user "postgres"',
    hint: "correct user and password; an existing volume keeps the password with"
  },
  {
    name: "a password that is missing",
    connection: () => ({ port: database.embedded().port, user: "guest", database: database.name() }),
    steps: change,
    code: "postgres.authentication-failed",
    says: "refuses user guest: a password is needed, or the one that was given is not right",
    hint: "correct user and password; an existing volume keeps the password with"
  },
  {
    name: "a role that is not there",
    connection: as("nobody"),
    steps: change,
    code: "postgres.authentication-failed",
    says: 'refuses user nobody: password authentication failed for user "nobody"',
    hint: "correct user and password; an existing volume keeps the password with"
  },
  {
    name: "a role without login",
    connection: as("idle"),
    steps: change,
    code: "postgres.authentication-failed",
    says: 'refuses user idle: role "idle" is not permitted to log in',
    hint: "give the role the right to log in (login: true of Postgres.role), or"
  },
  {
    name: "a role whose connections are all used",
    connection: as("full_up"),
    steps: change,
    code: "postgres.too-many-connections",
    says: "has no connection left for user full_up",
    hint: "end idle sessions (see pg_stat_activity), or raise max_connections or"
  },
  {
    name: "a database that is missing",
    connection: but({ database: "nowhere" }),
    steps: change,
    code: "postgres.database-missing",
    says: "has no database nowhere",
    hint: "correct the database's name, or create it: createdb nowhere"
  },
  {
    name: "a host that is unknown",
    connection: but({ host: "nowhere.invalid" }),
    steps: change,
    code: "postgres.server-unreachable",
    says: "no PostgreSQL answers at",
    hint: "start the server, or correct host and port of the connection"
  },
  {
    name: "a port where nothing listens",
    connection: but({ port: 1 }),
    steps: change,
    code: "postgres.server-unreachable",
    says: "no PostgreSQL answers at",
    hint: "start the server, or correct host and port of the connection"
  },
  {
    name: "a server that encrypts nothing",
    connection: but({ tls: "require" }),
    steps: change,
    code: "postgres.tls-refused",
    says: "is not encrypted as it should be: The server does not support SSL connections",
    hint: "let the server encrypt (ssl = on, with a certificate), or give tls"
  },
  {
    name: "a file of certificates that is missing",
    connection: but({ tls: "verify-ca", ca: path.join(folder, "none") }),
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL: the file of certificates",
    hint: "correct its path, or its rights"
  },
  {
    name: "a file of certificates without one",
    connection: () => but({ tls: "verify-full", ca: write("ca", "x", 0o600) })(),
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL",
    hint: "give a file in the PEM format"
  },
  {
    name: "a URL that is none",
    connection: () => ({ url: "nowhere" }),
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL: the url is none",
    hint: "write it like postgres://user:password@host:5432/database"
  },
  {
    name: "a URL with an unknown sslmode",
    connection: () => ({ url: "postgres://u@h/d?sslmode=maybe" }),
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL: sslmode=maybe is not supported",
    hint: "use disable, require, verify-ca, verify-full"
  },
  {
    name: "a service that nobody has described",
    connection: () => ({ pgService: "nowhere" }),
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL: there is no service nowhere in",
    hint: "correct its name, or say with PGSERVICEFILE where the file is"
  },
  {
    name: "a password file that others may read",
    connection: () => {
      const { port, user } = database.embedded()
      return { port, user, database: database.name(), passwordFile: write("pass", "*:*:*:*:x\n", 0o644) }
    },
    steps: change,
    code: "postgres.connection-options-invalid",
    says: "the connection to PostgreSQL: the password file",
    hint: "chmod 600"
  },
  {
    name: "a pooler in transaction mode",
    connection: () => but({ port: pooler })(),
    steps: change,
    code: "postgres.pooler-in-between",
    says: "a pooler stands before PostgreSQL, which lets several connections share one session",
    hint: "give the server's own address: locks, settings and changes of the"
  },
  {
    name: "a server that dies under a statement",
    steps: sql("SELECT pg_terminate_backend(pg_backend_pid())"),
    code: "postgres.connection-lost",
    says: "was lost: terminating connection due to administrator command",
    hint: "run again; if it happens again look at the server's log"
  },
  {
    name: "a statement that takes too long",
    connection: but({ statementTimeout: "200 millis" }),
    steps: sql("SELECT pg_sleep(60)"),
    code: "postgres.statement-timeout",
    says: "a statement did not end in time: canceling statement due to statement timeout",
    hint: "find out what it waits for, or raise statementTimeout in the plugin's"
  },
  {
    name: "a session that may only read",
    connection: as("reader"),
    steps: change,
    code: "postgres.not-read-only",
    says: "lets user reader read only: cannot execute CREATE TABLE in a read-only transaction",
    hint: "connect to the primary server where this is a standby; else let"
  }
]

describe("bad input of a connection", () => testAll(database, connections))

const table = (name: string) =>
  Postgres.sql(name, { apply: `CREATE TABLE ${name} ()`, done: `SELECT to_regclass('${name}') IS NOT NULL` })

describe("a run", () => {
  it.live("whose server dies in the middle leaves whole steps, and the next one goes on", () =>
    Effect.gen(function* () {
      const dying = Postgres.sql("dying", {
        apply: "SELECT pg_terminate_backend(pg_backend_pid())",
        done: "SELECT to_regclass('third') IS NOT NULL"
      })
      const died = yield* runOn(database, { steps: () => [table("first"), dying, table("second")] })
      assert.deepStrictEqual([died.applied, died.failure?.code], [["first"], "postgres.connection-lost"])
      const again = yield* runOn(database, { steps: () => [table("first"), table("second")] })
      assert.deepStrictEqual([again.applied, again.exitCode], [["second"], 0])
    })
  )

  it.live("that waits for a lock changes nothing, and says who has it", () =>
    Effect.gen(function* () {
      const released = Promise.withResolvers<void>()
      const holder = database.embedded().holdLock(database.name(), "LOCK TABLE things IN SHARE MODE", released.promise)
      yield* Effect.promise(() => holder.held)
      const steps = () => [Postgres.column("it", { table: "things", name: "a", type: "int" })]
      const before = yield* fingerprint(database)
      const held = yield* runOn(database, { steps })
      assert.deepStrictEqual([held.applied, held.failure?.code], [[], "postgres.lock-timeout"])
      assert.include(held.failure?.hint, "run again")
      assert.deepStrictEqual(yield* fingerprint(database), before)
      released.resolve()
      yield* Effect.promise(() => holder.ended)
      assert.deepStrictEqual((yield* runOn(database, { steps })).applied, ["it"])
    })
  )
})
