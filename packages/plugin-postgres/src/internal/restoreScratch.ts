/** Databases that a backup is restored into. None of them was there before: nothing is restored over a database. */
import { randomBytes } from "node:crypto"
import { Progress } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { BackupInvalid, DiskFull, RestoreRefused } from "../PostgresError.ts"
import * as archives from "./backupArchive.ts"
import { type Contents, contents, differences } from "./backupRows.ts"
import type { Needs } from "./backups.ts"
import { type ConnectFailure, type Connection, escapeIdentifier, escapeLiteral, type Statement } from "./connect.ts"
import { environmentOf } from "./dumpTools.ts"

/** Drills of one database, so that the next can sweep what a killed one has left. */
const drillPrefix = (database: string): string => `shipshape_drill_${archives.sha256Of(database).slice(0, 8)}_`

const drillName = (database: string): string => `${drillPrefix(database)}${randomBytes(6).toString("hex")}`

/** The same for the same backup, so that a restore that was interrupted is found. */
export const restoreName = (sha256: string): string => `shipshape_restore_${sha256.slice(0, 16)}`

/** Talks to the server beside the database that is replaced, without the limits of a session of steps. */
export const besides = Effect.fnUntraced(function* ({ database, open }: Pick<Needs, "database" | "open">) {
  const others = ["postgres", "template1"].filter((name) => name !== database)
  const [first = "postgres", second = first] = others
  const connection = yield* Effect.catchIf(open(first), isNoEntry, () => open(second))
  yield* connection.query({ text: "SET statement_timeout = 0", values: [] })
  const { rows } = yield* connection.query({
    text: "SELECT current_setting('server_version_num')::int AS version",
    values: []
  })
  return { connection, major: Math.floor(Number(rows[0]?.version) / 10_000) } satisfies Beside
})

/**
 * The same, for one at a time. Whoever was killed holds the lock until the server has ended what it was told to do: a
 * database that is still being made is seen by nobody else.
 */
export const besidesAlone = Effect.fnUntraced(function* (needs: Pick<Needs, "database" | "open">) {
  const beside = yield* besides(needs)
  const key = BigInt.asIntN(64, BigInt(`0x${archives.sha256Of(`restore of ${needs.database}`).slice(0, 16)}`))
  yield* beside.connection.query({ text: "SET lock_timeout = '60s'", values: [] })
  yield* Effect.catchTag(
    beside.connection.query({ text: "SELECT pg_advisory_lock($1::bigint)", values: [String(key)] }),
    "LockTimeout",
    (cause) =>
      Effect.fail(
        new RestoreRefused({
          database: needs.database,
          message: `another drill or restore of ${needs.database} is under way on this server`,
          hint: "wait until it has ended; `SELECT * FROM pg_stat_activity WHERE application_name = 'shipshape'` shows it",
          retryable: true,
          cause
        })
      )
  )
  return beside
})

/** A connection to another database of the server. */
export interface Beside {
  readonly connection: Connection
  readonly major: number
}

/** This database cannot be entered, and another may. */
const isNoEntry = (error: ConnectFailure): boolean =>
  error._tag === "DatabaseMissing" || error._tag === "AuthenticationFailed" || error._tag === "StatementFailed"

/** What `CREATE DATABASE` needs to make another database like one; which columns there are depends on the version. */
const Likeness = Schema.Struct({
  owner: Schema.String,
  encoding: Schema.String,
  tablespace: Schema.String,
  datcollate: Schema.String,
  datctype: Schema.String,
  datlocprovider: Schema.optionalKey(Schema.Literals(["b", "c", "i"])),
  daticulocale: Schema.optionalKey(Schema.NullOr(Schema.String)),
  datlocale: Schema.optionalKey(Schema.NullOr(Schema.String)),
  daticurules: Schema.optionalKey(Schema.NullOr(Schema.String))
})

type Likeness = typeof Likeness.Type

const likeness = (database: string): Statement => ({
  // A catalog's row as JSON has the columns that this version has.
  text: `SELECT to_jsonb(d) || jsonb_build_object('owner', pg_get_userbyid(d.datdba), 'encoding', pg_encoding_to_char(d.encoding),
      'tablespace', t.spcname) AS database
    FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
  values: [database]
})

const providerOf = ({ daticulocale, daticurules, datlocale, datlocprovider }: Likeness): string => {
  const locale = escapeLiteral(datlocale ?? daticulocale ?? "")
  switch (datlocprovider) {
    case "i":
      return ` LOCALE_PROVIDER icu ICU_LOCALE ${locale}${daticurules ? ` ICU_RULES ${escapeLiteral(daticurules)}` : ""}`
    case "b":
      return ` LOCALE_PROVIDER builtin BUILTIN_LOCALE ${locale}`
    case "c":
      return " LOCALE_PROVIDER libc"
    default:
      return ""
  }
}

export const createLike = (name: string, like: Likeness): string =>
  `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 OWNER ${escapeIdentifier(like.owner)}` +
  ` ENCODING ${escapeLiteral(like.encoding)} LC_COLLATE ${escapeLiteral(like.datcollate)}` +
  ` LC_CTYPE ${escapeLiteral(like.datctype)}${providerOf(like)}` +
  // Naming the default one needs a right that an owner of databases need not have.
  (like.tablespace === "pg_default" ? "" : ` TABLESPACE ${escapeIdentifier(like.tablespace)}`)

/** Makes an empty database like another, with its owner, encoding, collation and tablespace; closed to the public. */
export const create = Effect.fnUntraced(function* ({ connection }: Beside, name: string, database: string) {
  const { rows } = yield* connection.query(likeness(database))
  const [row] = rows
  if (row === undefined) return yield* missing(database)
  // The server answers in the form that the statement asks for.
  const like = yield* Effect.orDie(Schema.decodeUnknownEffect(Likeness)(row.database))
  yield* Effect.mapError(connection.query({ text: createLike(name, like), values: [] }), (error) =>
    error._tag === "PermissionDenied"
      ? new RestoreRefused({
          database,
          message: `a backup of ${database} is restored into a new database, and none can be created: ${error.message}`,
          hint: `let a superuser run: ALTER ROLE … CREATEDB, for the user who connects; it has to be a member of ${like.owner}`,
          cause: error
        })
      : error
  )
  yield* connection.query({ text: `REVOKE ALL ON DATABASE ${escapeIdentifier(name)} FROM PUBLIC`, values: [] })
})

export const missing = (database: string): RestoreRefused =>
  new RestoreRefused({
    database,
    message: `there is no database ${database} whose place another could take`,
    hint: `create it with its owner and collation (createdb ${database}), then run again`
  })

/** Drops a database of ours, whoever is connected. */
export const drop = ({ connection, major }: Beside, name: string) =>
  Effect.asVoid(
    connection.query({
      text: `DROP DATABASE IF EXISTS ${escapeIdentifier(name)}${major >= 13 ? " WITH (FORCE)" : ""}`,
      values: []
    })
  )

/** Drops what killed drills of the database have left: nobody is connected to it. */
export const sweep = Effect.fnUntraced(function* (beside: Beside, database: string) {
  const { rows } = yield* beside.connection.query({
    text: `SELECT datname AS name FROM pg_database d WHERE starts_with(datname, $1)
      AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
    values: [drillPrefix(database)]
  })
  yield* Effect.forEach(rows, ({ name }) => drop(beside, String(name)), { discard: true })
})

/** A database for a drill, dropped with the scope: also when the connection that made it is lost meanwhile. */
export const forDrill = Effect.fnUntraced(function* (
  needs: Needs,
  beside: Beside
): Effect.fn.Return<string, Effect.Error<ReturnType<typeof create>>, Scope.Scope> {
  const name = drillName(needs.database)
  const dropAnew = Effect.scoped(Effect.flatMap(besides(needs), (again) => drop(again, name)))
  yield* Effect.addFinalizer(() =>
    drop(beside, name).pipe(
      Effect.catch(() => dropAnew),
      Effect.catch((error) => Progress.line(`${name} is left, and swept by the next drill: ${error.message}`))
    )
  )
  yield* create(beside, name, needs.database)
  return name
})

/** An archive and where it goes. */
export interface Into {
  /** Where the archive lies. */
  readonly file: string
  /** The server's major version. */
  readonly major: number
  /** A database of ours. */
  readonly scratch: string
}

/** So many tables of a folder are restored at once. A file is read from its head to its end. */
const jobs = 4

/**
 * Restores an archive with its owners and grants: the roles are those of the same server. The first error ends it. Not in
 * one transaction, which would hold a lock on every table and index: whoever fails drops the database. Subscriptions would
 * take the slots of those that are in use.
 */
export const fill = Effect.fnUntraced(function* ({ dumpHost, target }: Needs, { file, major, scratch }: Into) {
  const tools = yield* dumpHost.find(major)
  const isFolder = (yield* target.stat(file))?.type === "directory"
  const parallel = isFolder ? [`--jobs=${jobs}`] : []
  const args = ["--exit-on-error", "--no-password", "--no-subscriptions", ...parallel, `--dbname=${scratch}`]
  const env = { ...(yield* environmentOf(dumpHost)), PGDATABASE: scratch }
  const command = { ...archives.reading(tools.restore, args, file, isFolder), env }
  yield* Effect.catchTag(dumpHost.operations.run(command), "CommandFailed", (error) => Effect.fail(unfit(file, error)))
})

const unfit = (
  file: string,
  cause: { readonly stderr: string; readonly message: string }
): BackupInvalid | DiskFull => {
  const lines = cause.stderr.split("\n").filter((line) => line.trim() !== "")
  const said = lines.find((line) => line.includes("error:")) ?? cause.message
  return /No space left on device/.test(cause.stderr)
    ? new DiskFull({
        message: `the server's disk is full: ${file} could not be restored beside the database; what there was of it was dropped`,
        hint: "free space for a second copy of the database on the server's disk, then run again",
        retryable: true,
        tail: lines.slice(-10),
        cause
      })
    : new BackupInvalid({
        file,
        message: `${file} cannot be restored: ${said}`,
        hint: "read the lines above: the backup lacks something, or the user who connects may not create it",
        tail: lines.slice(-10),
        cause
      })
}

/** Counts the rows of what was restored: they must be those of the backup. */
export const compareRows = Effect.fnUntraced(function* (
  { open }: Pick<Needs, "open">,
  { file, scratch }: Pick<Into, "file" | "scratch">,
  rows: Contents["rows"]
) {
  const lie = otherRows(file, rows, (yield* contents(open(scratch))).rows)
  if (lie !== undefined) yield* lie
})

/** What is wrong with a backup whose rows are others than it says. */
export const otherRows = (
  file: string,
  expected: Contents["rows"],
  found: Contents["rows"]
): BackupInvalid | undefined => {
  const lines = differences(expected, found).map(({ expected, found, table }) =>
    found === undefined
      ? `${table} is not restored`
      : expected === undefined
        ? `${table} is restored, and was not counted when the backup was taken`
        : `${table} has ${found} rows after a restore, and had ${expected} when the backup was taken`
  )
  return lines.length === 0
    ? undefined
    : new BackupInvalid({
        file,
        message: `${file} is not what its manifest says: ${lines[0]}${lines.length > 1 ? `, and ${lines.length - 1} more` : ""}`,
        hint: "do not rely on this backup: take another one, and find out who has changed it",
        tail: lines.slice(0, 20)
      })
}
