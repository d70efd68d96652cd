/** Takes backups, finds them, and holds them. */
import * as path from "node:path"
import { type BackupProof, Command, Progress, type Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type { HeldBackup, NewBackup, PostgresControl } from "../PostgresControl.ts"
import { BackupInvalid, DiskFull } from "../PostgresError.ts"
import type { BackupQuestion, FoundBackups, PostgresProbe, ProbeError, ServerFacts } from "../PostgresProbe.ts"
import * as files from "./backupFiles.ts"
import * as manifests from "./backupManifest.ts"
import * as reading from "./backupReading.ts"
import { type Contents, snapshot } from "./backupRows.ts"
import type { ConnectFailure, Connection } from "./connect.ts"
import type { DumpHost, DumpTools } from "./dumpTools.ts"
import { rehearse } from "./restoreDrill.ts"

/** What backups and the ways back from them need. */
export interface Needs {
  /** The database of the deployment, which may be missing while it is replaced. */
  readonly database: string
  readonly server: Effect.Effect<ServerFacts, ProbeError>
  /** Opens a connection to any database of the server. */
  readonly open: (database: string) => Effect.Effect<Connection, ConnectFailure, Scope.Scope>
  readonly dumpHost: DumpHost
  /** Where the files lie. */
  readonly target: Target.Operations
}

export interface Backups
  extends Pick<PostgresProbe["Service"], "newestBackup">,
    Pick<PostgresControl["Service"], "backup" | "holdBackup" | "letGoOfBackup"> {}

const ownerOnly = { file: { mode: 0o600 }, folder: { mode: 0o700 } } as const

/** Backups whose files lie on `target`. */
export const make = (needs: Needs, read: reading.Read): Backups => ({
  newestBackup: newest(needs, read),
  backup: take(needs),
  holdBackup: ({ file, holder }: HeldBackup) => needs.target.writeFile(files.holdOf(file, holder), "", ownerOnly.file),
  letGoOfBackup: ({ file, holder }: HeldBackup) => needs.target.remove(files.holdOf(file, holder))
})

const newest = ({ server, target }: Needs, read: reading.Read) =>
  Effect.fnUntraced(function* ({ directory }: BackupQuestion) {
    const { database, major } = yield* server
    const refused: Array<FoundBackups["refused"][number]> = []
    if ((yield* target.stat(directory)) === undefined) return { backup: undefined, refused }
    for (const named of files.ofDatabase(database, yield* target.list(directory))) {
      const file = path.posix.join(directory, named.name)
      const backup = yield* read({ file, database, major }).pipe(
        Effect.flatMap((proof) => (proof.takenAt === named.takenAt ? Effect.succeed(proof) : misnamed(proof))),
        Effect.catchTag("BackupInvalid", ({ message }) =>
          Effect.as(
            Effect.sync(() => refused.push({ file, reason: message })),
            undefined
          )
        )
      )
      if (backup !== undefined) return { backup, refused }
    }
    return { backup: undefined, refused }
  })

const misnamed = ({ file, takenAt }: BackupProof.BackupProof) =>
  Effect.fail(
    new BackupInvalid({
      file,
      message: `${path.posix.basename(file)} is not what its name says: it was taken at ${new Date(takenAt).toISOString()}`,
      hint: "give it its name back"
    })
  )

const take = (needs: Needs) =>
  Effect.fnUntraced(function* ({ directory, drill, keep, roles }: NewBackup) {
    const { dumpHost, server, target } = needs
    const facts = yield* server
    const tools = yield* dumpHost.find(facts.major)
    if ((yield* target.stat(directory)) === undefined) yield* target.makeDirectory(directory, ownerOnly.folder)
    const takenAt = yield* Clock.currentTimeMillis
    const name = files.nameOf(facts.database, takenAt)
    const file = path.posix.join(directory, name)
    const partial = path.posix.join(directory, files.partialOf(name))
    const written = [partial, files.rolesOf(file), files.manifestOf(file), files.checksumOf(file)]
    // It gets its mode before it gets its content.
    yield* target.writeFile(partial, "", ownerOnly.file)
    const proof = yield* Effect.gen(function* () {
      const contents = yield* dump(needs, tools, facts, partial)
      const verified = yield* verify({ needs, tools, partial, database: facts.database, contents })
      if (drill) yield* rehearse(needs, { file: partial, major: facts.major, rows: contents.rows })
      const claim = {
        database: facts.database,
        takenAt,
        ...verified,
        rows: contents.rows,
        ...(drill ? { drilled: true } : {})
      }
      if (roles === true) yield* dumpRoles(needs, tools, facts, files.rolesOf(file))
      yield* publish(target, {
        file,
        partial,
        roles: roles === true,
        manifest: manifests.format({ ...claim, server: facts.version }),
        ...verified
      })
      return manifests.proofOf(claim, file)
    }).pipe(
      Effect.onExit((exit) =>
        exit._tag === "Success"
          ? Effect.void
          : Effect.forEach(written, (one) => Effect.ignore(target.remove(one)), { discard: true })
      )
    )
    yield* Progress.line(`took ${file}`)
    yield* prune(target, directory, facts.database, keep, name)
    return proof
  })

/** Dumps and counts in one snapshot, so that the counts are those of the dump whatever is written meanwhile. */
const dump = ({ dumpHost, open }: Needs, tools: DumpTools, { database }: ServerFacts, partial: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const taken = yield* snapshot(yield* open(database))
      const write = (...compression: ReadonlyArray<string>) =>
        dumpHost.operations.run(
          Command.make(
            tools.dump,
            ["--format=custom", ...compression, "--no-password", "--lock-wait-timeout=60000", `--snapshot=${taken.id}`],
            { env: dumpHost.env, stdoutFile: partial }
          )
        )
      const compressed =
        tools.version < zstdSince ? write() : Effect.catchIf(write("--compress=zstd"), isWithoutZstd, () => write())
      const dumping = Effect.mapError(compressed, (error) =>
        isDiskFull(error) ? diskFull(path.posix.dirname(partial), error) : error
      )
      const [contents] = yield* Effect.all([taken.count, dumping], { concurrency: 2 })
      return contents
    })
  )

/** The first version whose `pg_dump` knows zstd: three times as fast as gzip, and smaller. */
const zstdSince = 16

/** Whoever has built it may have left it out. */
const isWithoutZstd = (error: Target.RunError): boolean =>
  error._tag === "CommandFailed" && /does not support compression|not supported|zstd/i.test(error.stderr)

/** Who owns and may use what is in a dump: without their passwords, as a file is read by more people than a server. */
const dumpRoles = ({ dumpHost, target }: Needs, tools: DumpTools, { database }: ServerFacts, file: string) =>
  Effect.andThen(
    target.writeFile(file, "", ownerOnly.file),
    dumpHost.operations.run(
      Command.make(tools.dumpAll, ["--roles-only", "--no-role-passwords", "--no-password", `--database=${database}`], {
        env: dumpHost.env,
        stdoutFile: file
      })
    )
  )

interface Dumped {
  readonly needs: Pick<Needs, "dumpHost" | "target">
  readonly tools: DumpTools
  readonly partial: string
  readonly database: string
  readonly contents: Contents
}

/** Reads what was dumped: whole, of this database, with all its tables. */
const verify = Effect.fnUntraced(function* ({ contents, database, needs, partial, tools }: Dumped) {
  const { dumpHost, target } = needs
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
  const listing = yield* read(reading.list(tools.restore, partial))
  const { database: dumped, entries, tables } = files.readListing(listing.stdout)
  if (dumped !== database) return yield* invalid(`it is one of database ${dumped}`)
  if (tables !== contents.tables) {
    return yield* invalid(`it has ${tables} tables, and the database ${contents.tables}`)
  }
  // The list is read from the head of the file alone: only restoring it to nowhere reads it to its end.
  const [summed] = yield* Effect.all(
    [
      target.run(reading.sha256sum(partial)),
      read(Command.make(tools.restore, ["--file=/dev/null"], { stdinFile: partial }))
    ],
    { concurrency: 2 }
  )
  const sha256 = files.readChecksum(summed.stdout)
  if (sha256 === undefined) return yield* invalid("sha256sum gave no checksum")
  return { bytes: stat.size, sha256, archive: { entries, tables } }
})

interface Verified {
  readonly file: string
  readonly partial: string
  readonly manifest: string
  readonly sha256: string
  readonly roles: boolean
}

/** Gives a backup its name once all of it is on the disk: what has the name is whole, also after a loss of power. */
const publish = Effect.fnUntraced(function* (
  target: Target.Operations,
  { file, manifest, partial, roles, sha256 }: Verified
) {
  const beside = files.manifestOf(file)
  const lines = [files.checksumLine(sha256, file), files.checksumLine(reading.sha256Of(manifest), beside)]
  if (roles) {
    const beside = files.rolesOf(file)
    const sum = files.readChecksum((yield* target.run(reading.sha256sum(beside))).stdout)
    if (sum !== undefined) lines.push(files.checksumLine(sum, beside))
  }
  yield* target.run(Command.make("sync", [partial]))
  yield* target.writeFile(beside, manifest, ownerOnly.file)
  yield* target.writeFile(files.checksumOf(file), lines.join(""), ownerOnly.file)
  yield* target.run(Command.make("mv", ["--", partial, file]))
  yield* target.run(Command.make("sync", [path.posix.dirname(file)]))
})

/**
 * Removes what is older than the newest `keep`, and what an interrupted run has left, of this database alone. Neither the
 * one that was just taken, whatever the clock says, nor one that is held.
 */
const prune = Effect.fnUntraced(function* (
  target: Target.Operations,
  directory: string,
  database: string,
  keep: number,
  taken: string
) {
  const names = yield* target.list(directory)
  const old = files
    .ofDatabase(database, names)
    .filter(({ name }) => name !== taken && names.includes(files.checksumOf(name)))
    .slice(keep - 1)
    .filter(({ name }) => !files.isHeld(name, names))
  // The dump first: what stands beside it without it is a leftover, and is found again.
  const gone = old.flatMap(({ name }) => [name, files.rolesOf(name), files.manifestOf(name), files.checksumOf(name)])
  for (const name of [...gone, ...files.leftoversOf(database, names)]) {
    yield* target.remove(path.posix.join(directory, name))
  }
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
