/** Takes backups, and reads them back. */
import * as path from "node:path"
import { Command, Progress, Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { NewBackup } from "../PostgresControl.ts"
import { BackupInvalid, DiskFull, type DumpToolUnfit } from "../PostgresError.ts"
import type { BackupQuestion, ProbeError, ServerFacts, VerifiedBackup } from "../PostgresProbe.ts"
import * as files from "./backupFiles.ts"
import type { Statement } from "./connect.ts"
import type { DumpHost, DumpTools } from "./dumpTools.ts"
import { oneOf, type Session } from "./session.ts"

/** Backups of the database of a session. */
export interface Backups {
  readonly newest: (
    question: BackupQuestion
  ) => Effect.Effect<
    VerifiedBackup | undefined,
    ProbeError | DumpToolUnfit | Target.FileError | Target.RunError | Target.CommandNotAllowed
  >
  readonly take: (
    backup: NewBackup
  ) => Effect.Effect<void, ProbeError | BackupInvalid | DiskFull | DumpToolUnfit | Target.FileError | Target.RunError>
}

/** What backups need. */
export interface Needs {
  readonly session: Session
  readonly server: Effect.Effect<ServerFacts, ProbeError>
  readonly dumpHost: DumpHost
  /** Where the files lie. */
  readonly target: Target.Operations
}

/** The tables that a dump holds: not those of the system, of extensions, or of sessions. */
const countTables: Statement = {
  text: `SELECT count(*)::int AS tables FROM pg_class class JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'f') AND namespace.nspname <> 'information_schema' AND namespace.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = class.oid AND d.deptype = 'e')`,
  values: []
}

const ownerOnly = { file: { mode: 0o600 }, folder: { mode: 0o700 } } as const

const sha256sum = (file: string) => Command.make("sha256sum", ["--", file])

const list = (tools: DumpTools, file: string) => Command.make(tools.restore, ["--list"], { stdinFile: file })

/** Backups whose files lie on `target`. */
export const make = (needs: Needs): Backups => {
  /** What has been read back: reading a large file again tells nothing new while its size and time are the same. */
  const verified = new Map<string, VerifiedBackup>()
  return { newest: newest(needs, verified), take: take(needs) }
}

const newest = ({ dumpHost, server, target }: Needs, verified: Map<string, VerifiedBackup>): Backups["newest"] => {
  const host = Target.readOnly(dumpHost.operations)
  const reads = Target.readOnly(target)
  return Effect.fnUntraced(function* ({ directory }) {
    const { database, major } = yield* server
    if ((yield* reads.stat(directory)) === undefined) return undefined
    const found = files.ofDatabase(database, yield* reads.list(directory))
    for (const { name, takenAt } of found) {
      const file = path.posix.join(directory, name)
      const stat = yield* reads.stat(file)
      const checksum = files.checksumOf(file)
      if (stat === undefined || stat.size === 0 || (yield* reads.stat(checksum)) === undefined) continue
      const expected = files.readChecksum(new TextDecoder().decode(yield* reads.readFile(checksum)))
      const key = `${file}\n${stat.size}\n${stat.modifiedAt}\n${expected}`
      const known = verified.get(key)
      if (known !== undefined) return known
      const sha256 = files.readChecksum((yield* reads.run([["sha256sum"]], sha256sum(file))).stdout)
      if (sha256 === undefined || sha256 !== expected) continue
      const tools = yield* dumpHost.find(major)
      const listing = yield* host
        .run([[tools.restore, "--list"]], list(tools, file))
        .pipe(Effect.catchTag("CommandFailed", () => Effect.succeed({ stdout: "" })))
      const { database: dumped, tables } = files.readListing(listing.stdout)
      if (dumped !== database) continue
      const backup = { file, bytes: stat.size, sha256, tables, takenAt }
      verified.set(key, backup)
      return backup
    }
    return undefined
  })
}

const take = ({ dumpHost, server, session, target }: Needs): Backups["take"] =>
  Effect.fnUntraced(function* ({ directory, keep }) {
    const facts = yield* server
    const tools = yield* dumpHost.find(facts.major)
    if ((yield* target.stat(directory)) === undefined) yield* target.makeDirectory(directory, ownerOnly.folder)
    const name = files.nameOf(facts.database, yield* Clock.currentTimeMillis)
    const file = path.posix.join(directory, name)
    const partial = path.posix.join(directory, files.partialOf(name))
    // It gets its mode before it gets its content.
    yield* target.writeFile(partial, "", ownerOnly.file)
    yield* Effect.gen(function* () {
      const before = yield* tablesOf(session)
      yield* dumpHost.operations
        .run(
          Command.make(tools.dump, ["--format=custom", "--no-password", "--lock-wait-timeout=60000"], {
            env: dumpHost.env,
            stdoutFile: partial
          })
        )
        .pipe(Effect.mapError((error) => (isDiskFull(error) ? diskFull(directory, error) : error)))
      const sha256 = yield* verify({ dumpHost, target, tools, partial, database: facts.database, before, session })
      yield* target.writeFile(files.checksumOf(file), files.checksumLine(sha256, file), ownerOnly.file)
      yield* target.run(Command.make("mv", ["--", partial, file]))
    }).pipe(Effect.onExit((exit) => (exit._tag === "Success" ? Effect.void : Effect.ignore(target.remove(partial)))))
    yield* Progress.line(`took ${file}`)
    yield* prune(target, directory, facts.database, keep)
  })

interface Taken extends Pick<Needs, "dumpHost" | "session" | "target"> {
  readonly tools: DumpTools
  readonly partial: string
  readonly database: string
  /** How many tables there were when the dump began. */
  readonly before: number
}

/** Reads what was dumped: whole, of this database, with all its tables. Gives its checksum. */
const verify = Effect.fnUntraced(function* ({ before, database, dumpHost, partial, session, target, tools }: Taken) {
  const invalid = (what: string) =>
    new BackupInvalid({
      file: partial,
      message: `the backup of ${database} is not usable: ${what}; it was removed`,
      hint: "look at the lines above, and at the free space where the backup is written; then run again",
      retryable: true
    })
  const stat = yield* target.stat(partial)
  if (stat === undefined || stat.size === 0) return yield* invalid("it is empty")
  const read = (command: Command.Command) =>
    Effect.catchTag(dumpHost.operations.run(command), "CommandFailed", (error) =>
      Effect.fail(invalid(`pg_restore cannot read it: ${error.tail?.at(-1) ?? error.message}`))
    )
  const listing = yield* read(list(tools, partial))
  const listed = files.readListing(listing.stdout)
  if (listed.database !== database) return yield* invalid(`it is one of database ${listed.database}`)
  if (listed.tables !== before) {
    // Somebody may have made or dropped a table meanwhile.
    const after = yield* tablesOf(session)
    if (listed.tables !== after) return yield* invalid(`it has ${listed.tables} tables, and the database ${after}`)
  }
  // The list is read from the head of the file alone: only restoring it to nowhere reads it to its end.
  yield* read(Command.make(tools.restore, ["--file=/dev/null"], { stdinFile: partial }))
  const sha256 = files.readChecksum((yield* target.run(sha256sum(partial))).stdout)
  return sha256 ?? (yield* invalid("sha256sum gave no checksum"))
})

const tablesOf = (session: Session): Effect.Effect<number, ProbeError> =>
  Effect.map(oneOf(session, countTables), ({ rows }) => Number(rows[0]?.tables))

/** Removes what is older than the newest `keep`, and what an interrupted run has left, of this database alone. */
const prune = Effect.fnUntraced(function* (
  target: Target.Operations,
  directory: string,
  database: string,
  keep: number
) {
  const names = yield* target.list(directory)
  const isVerified = (name: string) => names.includes(files.checksumOf(name))
  const old = files
    .ofDatabase(database, names)
    .filter(({ name }) => isVerified(name))
    .slice(keep)
  for (const { name } of old) {
    // The checksum last: a backup without one would not be found again.
    yield* target.remove(path.posix.join(directory, name))
    yield* target.remove(path.posix.join(directory, files.checksumOf(name)))
  }
  for (const name of files.partialsOf(database, names)) yield* target.remove(path.posix.join(directory, name))
})

/** The write that failed stands behind the command that failed of it. */
const isDiskFull = (error: unknown): boolean =>
  Predicate.hasProperty(error, "cause") &&
  ((Predicate.hasProperty(error.cause, "code") && error.cause.code === "ENOSPC") || isDiskFull(error.cause))

const diskFull = (directory: string, cause: unknown): DiskFull =>
  new DiskFull({
    message: `the disk that holds ${directory} is full: the backup was not written, and what there was of it was removed`,
    hint: `free space, keep fewer backups, or write them to another disk; then run again`,
    retryable: true,
    cause
  })
