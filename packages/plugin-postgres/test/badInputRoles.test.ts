/** Bad input: roles, rights, settings and extensions that cannot be. */
import { describe } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { beforeAll } from "vitest"
import { type Bad, testAll } from "./support/badInput.ts"
import { forThisFile, type Options } from "./support/database.ts"

const database = forThisFile()

beforeAll(() =>
  Effect.runPromise(
    database.sql(`CREATE ROLE idle NOLOGIN; CREATE ROLE guest LOGIN PASSWORD 'pw';
      CREATE ROLE maker LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE ${database.name()} TO maker; GRANT idle TO maker;
      CREATE TABLE things (id int); CREATE EXTENSION pg_trgm`)
  )
)

/** The connection of the superuser, but for this. */
const but = (more: Options) => (): Options => {
  const { password, port, user } = database.embedded()
  return { port, user, password: Redacted.make(password), database: database.name(), ...more }
}
const as = (user: string) => but({ user, password: Redacted.make("pw") })

const rights: ReadonlyArray<Bad> = [
  {
    name: "a table without the right to change it",
    connection: as("guest"),
    steps: () => [Postgres.column("it", { table: "things", name: "a", type: "int" })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: must be owner of table things",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "an enum without the right to make it",
    connection: as("guest"),
    steps: () => [Postgres.enum("it", { name: "e", labels: ["a"] })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: permission denied for schema public",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "a role without the right to make it",
    connection: as("guest"),
    steps: () => [Postgres.role("it", { name: "other" })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: permission denied to create role",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "a database without the right to make it",
    connection: as("guest"),
    steps: () => [Postgres.database("it", { name: "other" })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: permission denied to create database",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "another's table given away",
    connection: as("guest"),
    steps: () => [Postgres.owner("it", { of: { table: "things" }, owner: "guest" })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: must be owner of table things",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "a privilege that is not the user's to give",
    connection: as("guest"),
    steps: () => [Postgres.grant("it", { to: "maker", privileges: ["SELECT"], on: { table: "things" } })],
    code: "postgres.permission-denied",
    says: "user guest may not do this: permission denied for table things",
    hint: "grant user guest the privilege, or connect as the owner"
  },
  {
    name: "a grant to a role that is not there",
    steps: () => [Postgres.grant("it", { to: "nobody", privileges: ["SELECT"], on: { table: "things" } })],
    code: "core.unavailable",
    says: "privileges of nobody on table things: what it is about is not there",
    hint: "create the role, the schema or the object in a step before this one"
  },
  {
    name: "a grant on a table that is not there",
    steps: () => [Postgres.grant("it", { to: "guest", privileges: ["SELECT"], on: { table: "thing" } })],
    code: "core.unavailable",
    says: "privileges of guest on table thing: what it is about is not there",
    hint: "create the role, the schema or the object in a step before this one"
  },
  {
    name: "a privilege that a schema does not have",
    steps: () => [Postgres.grant("it", { to: "guest", privileges: ["SELECT"], on: { schema: "public" } })],
    code: "postgres.statement-failed",
    says: "invalid privilege type SELECT for schema",
    hint: "correct the roles or the privileges: PostgreSQL does not take these"
  },
  {
    name: "an owner that is not there",
    steps: () => [Postgres.owner("it", { of: { table: "things" }, owner: "nobody" })],
    code: "postgres.statement-failed",
    says: 'role "nobody" does not exist',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "the owner of what is not there",
    steps: () => [Postgres.owner("it", { of: { table: "thing" }, owner: "guest" })],
    code: "core.unavailable",
    says: "table thing: what it is about is not there",
    hint: "create the role, the schema or the object in a step before this one"
  },
  {
    name: "a schema whose owner is not there",
    steps: () => [Postgres.schema("it", { name: "s", owner: "nobody" })],
    code: "postgres.statement-failed",
    says: 'role "nobody" does not exist',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "a schema with a reserved name",
    steps: () => [Postgres.schema("it", { name: "pg_mine" })],
    code: "postgres.statement-failed",
    says: 'unacceptable schema name "pg_mine"',
    hint: "give it another name: those that begin with pg_ are PostgreSQL's own"
  },
  {
    name: "default privileges of an owner that is not there",
    steps: () => [
      Postgres.defaultPrivileges("it", { owner: "nobody", on: "tables", privileges: ["SELECT"], to: "guest" })
    ],
    code: "core.unavailable",
    says: "privileges of guest on new tables of nobody: what it is about is not there",
    hint: "create the role, the schema or the object in a step before this one"
  },
  {
    name: "a member of itself",
    steps: () => [Postgres.membership("it", { role: "guest", member: "guest" })],
    code: "postgres.statement-failed",
    says: 'role "guest" is a member of role "guest"',
    hint: "correct the roles or the privileges: PostgreSQL does not take these"
  },
  {
    name: "two roles that are members of each other",
    steps: () => [Postgres.membership("it", { role: "maker", member: "idle" })],
    code: "postgres.statement-failed",
    says: 'role "maker" is a member of role "idle"',
    hint: "correct the roles or the privileges: PostgreSQL does not take these"
  },
  {
    name: "a role with an empty name",
    steps: () => [Postgres.role("it", { name: "" })],
    code: "core.step-input-invalid",
    says: "step “it” (postgres.role): name: Expected a value with a length of at least 1",
    hint: "correct the input of “it”; `shipshape steps postgres.role` lists the"
  },
  {
    name: "a role with a reserved name",
    steps: () => [Postgres.role("it", { name: "pg_mine" })],
    code: "postgres.statement-failed",
    says: 'role name "pg_mine" is reserved',
    hint: "give it another name: those that begin with pg_ are PostgreSQL's own"
  },
  {
    name: "a setting that does not exist",
    steps: () => [Postgres.setting("it", { role: "guest", name: "work_memory", value: "1MB" })],
    code: "postgres.statement-failed",
    says: 'unrecognized configuration parameter "work_memory"',
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "a setting that needs a restart",
    steps: () => [Postgres.setting("it", { role: "guest", name: "shared_buffers", value: "1GB" })],
    code: "postgres.statement-failed",
    says: 'parameter "shared_buffers" cannot be changed without restarting the server',
    hint: "set it for the whole server, in postgresql.conf or with ALTER SYSTEM"
  },
  {
    name: "a value that a setting does not take",
    steps: () => [Postgres.setting("it", { role: "guest", name: "work_mem", value: "much" })],
    code: "postgres.statement-failed",
    says: 'invalid value for parameter "work_mem": "much"',
    hint: "correct the value, or the label that is named: one that a new label"
  },
  {
    name: "a setting of nobody",
    steps: () => [Postgres.setting("it", { name: "work_mem", value: "1MB" })],
    code: "postgres.statement-failed",
    says: "it is not said whose setting work_mem is",
    hint: "give `role`, `database`, or both"
  },
  {
    name: "a database with an unknown encoding",
    steps: () => [Postgres.database("it", { name: "other", encoding: "KLINGON" })],
    code: "postgres.statement-failed",
    says: "KLINGON is not a valid encoding name",
    hint: "create first what is missing, or correct its name and schema"
  },
  {
    name: "a database with another encoding",
    steps: () => [Postgres.database("it", { name: database.name(), encoding: "LATIN1" })],
    code: "postgres.statement-failed",
    says: "has the encoding UTF8, and should have LATIN1",
    hint: "the encoding of a database cannot be changed: correct it here, or"
  },
  {
    name: "more connections than there are",
    steps: () => [Postgres.connectionBudget("it", { pools: { web: { workers: 50, connections: 3 } } })],
    code: "postgres.connections-exceeded",
    says: "155 connections are needed (web 50 × 3, spare 5), and the server gives 97",
    hint: "lower the workers or their pools, put a pooler in front, or raise"
  }
]

const extensions: ReadonlyArray<Bad> = [
  {
    name: "an extension that the server does not have",
    steps: () => [Postgres.extension("it", { name: "postgis_nowhere" })],
    code: "postgres.extension-unavailable",
    says: "has no extension postgis_nowhere",
    hint: "use an image that has postgis_nowhere, or install its package on the"
  },
  {
    name: "an extension in a version that it does not have",
    steps: () => [Postgres.extension("it", { name: "unaccent", version: "9.9" })],
    code: "postgres.extension-unavailable",
    says: "extension unaccent is there in version 1.1, and not in 9.9",
    hint: "ask for a version that is there, or for none"
  },
  {
    name: "an extension that the user may not create",
    connection: as("guest"),
    steps: () => [Postgres.extension("it", { name: "unaccent" })],
    code: "postgres.extension-not-allowed",
    says: "user guest may not create extension unaccent: the user lacks CREATE on database",
    hint: "let the owner run GRANT CREATE ON DATABASE"
  },
  {
    name: "an extension that is not trusted",
    connection: as("maker"),
    steps: () => [Postgres.extension("it", { name: "dblink" })],
    code: "postgres.extension-not-trusted",
    says: "user maker may not create extension dblink: it is not trusted, so only a superuser may",
    hint: "let a superuser run CREATE EXTENSION dblink in database"
  },
  {
    name: "an extension that needs another one",
    steps: () => [Postgres.extension("it", { name: "earthdistance" })],
    code: "core.unavailable",
    says: "extension earthdistance needs cube, which is not installed",
    hint: "say `cascade: true`, or install it in a step before this one"
  },
  {
    name: "an extension in a schema that is not there",
    steps: () => [Postgres.extension("it", { name: "unaccent", schema: "nowhere" })],
    code: "postgres.statement-failed",
    says: 'schema "nowhere" does not exist',
    hint: "create the schema first, with Postgres.schema, or correct its name"
  },
  {
    name: "an extension that is moved to a schema that is not there",
    steps: () => [Postgres.extension("it", { name: "pg_trgm", schema: "nowhere" })],
    code: "postgres.statement-failed",
    says: 'schema "nowhere" does not exist',
    hint: "create the schema first, with Postgres.schema, or correct its name"
  },
  {
    name: "an extension that does not let itself be moved",
    steps: () => [Postgres.extension("it", { name: "plpgsql", schema: "public" })],
    code: "postgres.extension-conflict",
    says: "extension plpgsql is in schema pg_catalog, should be in public, and does not let itself be moved",
    hint: 'give schema: "pg_catalog"; or drop it, with what depends on it, and'
  }
]

describe("bad input of roles and rights", () => testAll(database, rights))
describe("bad input of extensions", () => testAll(database, extensions))
