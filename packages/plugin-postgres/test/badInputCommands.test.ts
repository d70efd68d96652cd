/** Bad input: options of commands, and the files that they read. */
import { describe } from "@effect/vitest"

import { type Bad, testAll, write } from "./support/badCommand.ts"
import { forThisFile } from "./support/database.ts"
import { embedded } from "./support/schemas.ts"

const database = forThisFile()

const url = (name: string) => embedded(database.embedded()).url(name)
const query = () => [write("SELECT 1")]

const commands: ReadonlyArray<Bad> = [
  {
    name: "plan: a file that is not there",
    command: "plan",
    files: () => ["nowhere.sql"],
    exitCode: 64,
    code: "usage.postgres",
    says: "cannot read nowhere.sql: there is no such file",
    hint: "correct the path, or the file's permissions"
  },
  {
    name: "plan: a folder in place of a file",
    command: "plan",
    files: () => ["."],
    exitCode: 64,
    code: "usage.postgres",
    says: "cannot read .: it is a folder",
    hint: "correct the path, or the file's permissions"
  },
  {
    name: "plan: another encoding",
    command: "plan",
    files: () => [write(Buffer.from("SELECT '\xe9'", "latin1"))],
    exitCode: 1,
    code: "postgres.sql-unreadable",
    says: "is not encoded in UTF-8",
    hint: "save it as UTF-8: `iconv -f LATIN1 -t UTF-8"
  },
  {
    name: "plan: what is no SQL",
    command: "plan",
    files: () => [write("SELECT 1;\n SELEC 2;")],
    exitCode: 1,
    code: "postgres.sql-unparsable",
    says: '2:2: syntax error at or near "SELEC"',
    hint: "correct it: this is what PostgreSQL's own grammar (version"
  },
  {
    name: "plan: a version that no server has",
    command: "plan",
    flags: () => ({ serverVersion: "9" }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "it is a number from 11 to 18",
    hint: "`SHOW server_version` says it"
  },
  {
    name: "plan: a server and a version",
    command: "plan",
    flags: () => ({ serverVersion: "17", against: url(database.name()) }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "--against and --server-version contradict each other: the server says its version",
    hint: "leave one of them out"
  },
  {
    name: "plan: against what is no URL",
    command: "plan",
    flags: () => ({ against: "production" }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "the connection to PostgreSQL: the url is none",
    hint: "write it like postgres://user:password@host:5432/database"
  },
  {
    name: "plan: against no server",
    command: "plan",
    flags: () => ({ against: "postgres://u:secret-word@127.0.0.1:1/d" }),
    files: query,
    exitCode: 1,
    code: "postgres.server-unreachable",
    says: "no PostgreSQL answers at",
    hint: "start the server, or correct host and port of the connection"
  },
  {
    name: "plan: against no database",
    command: "plan",
    flags: () => ({ against: url("nowhere") }),
    files: query,
    exitCode: 1,
    code: "postgres.database-missing",
    says: "has no database nowhere",
    hint: "correct the database's name, or create it: createdb nowhere"
  },
  {
    name: "lint: a file that is not there",
    command: "lint",
    files: () => ["nowhere.sql"],
    exitCode: 64,
    code: "usage.postgres",
    says: "cannot read nowhere.sql: there is no such file",
    hint: "correct the path, or the file's permissions"
  },
  {
    name: "lint: two forms at once",
    command: "lint",
    flags: () => ({ json: true, sarif: true }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "--json and --sarif are two forms of the same",
    hint: "leave one of them out"
  },
  {
    name: "lint: a trace of nowhere",
    command: "lint",
    flags: () => ({ trace: true }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "--trace needs --against: it runs the files on a copy of a database's schema",
    hint: "give --against URL; the copy has no rows, and is dropped"
  },
  {
    name: "lint: a version that no server has",
    command: "lint",
    flags: () => ({ serverVersion: "new" }),
    files: query,
    exitCode: 64,
    code: "usage.postgres",
    says: "it is a number from 11 to 18",
    hint: "`SHOW server_version` says it"
  },
  {
    name: "diff: without the other side",
    command: "diff",
    flags: () => ({ from: url(database.name()) }),
    exitCode: 64,
    code: "usage.postgres",
    says: "schema diff needs --to: what is compared",
    hint: "shipshape schema diff --from"
  },
  {
    name: "diff: two forms at once",
    command: "diff",
    flags: () => ({ from: "a", to: "b", json: true, sql: true }),
    exitCode: 64,
    code: "usage.postgres",
    says: "--json and --sql exclude each other",
    hint: "leave one of them out"
  },
  {
    name: "diff: a wrong password",
    command: "diff",
    flags: () => ({ from: url(database.name()).replace(/:[^:@/]+@/, ":secret-word@"), to: url(database.name()) }),
    exitCode: 1,
    code: "postgres.authentication-failed",
    says: 'refuses user postgres: password authentication failed for user "postgres"',
    hint: "correct user and password; an existing volume keeps the"
  },
  {
    name: "diff: a file that fails",
    command: "diff",
    flags: () => ({ from: url(database.name()), to: write("SELECT 1;\nCREATE TABLE t (s nowhere);") }),
    exitCode: 1,
    code: "postgres.schema-unreadable",
    says: 'type "nowhere" does not exist',
    hint: "the files are run as they stand, in the order of their"
  }
]

describe("bad input of a command", () => testAll(database, commands))
