/** Takes backups, finds them, and holds them. */
import * as path from "node:path"
import { type BackupProof, Command, Progress, type Target } from "@shipshape/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { HeldBackup, NewBackup, PostgresControl } from "../PostgresControl.ts"
import { BackupInvalid } from "../PostgresError.ts"
import type { BackupQuestion, FoundBackups, PostgresProbe, ProbeError, ServerFacts } from "../PostgresProbe.ts"
import * as archives from "./backupArchive.ts"
import * as backupDump from "./backupDump.ts"
import * as files from "./backupFiles.ts"
import * as manifests from "./backupManifest.ts"
import type * as reading from "./backupReading.ts"
import type { Contents } from "./backupRows.ts"
import type { ConnectFailure, Connection } from "./connect.ts"
import type { DumpHost } from "./dumpTools.ts"
import { quietly } from "./quietly.ts"
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
  Effect.fnUntraced(function* ({ directory, drill, format = "custom", jobs = 4, keep, roles }: NewBackup) {
    const { dumpHost, server, target } = needs
    const facts = yield* server
    const tools = yield* dumpHost.find(facts.major)
    if ((yield* target.stat(directory)) === undefined) yield* target.makeDirectory(directory, ownerOnly.folder)
    const takenAt = yield* Clock.currentTimeMillis
    const name = files.nameOf(facts.database, takenAt)
    const file = path.posix.join(directory, name)
    const partial = path.posix.join(directory, files.partialOf(name))
    // With its name, too: what was interrupted then would lie there, and neither count nor be pruned.
    const written = [partial, file, files.rolesOf(file), files.manifestOf(file), files.checksumOf(file)]
    const dumping: backupDump.Dumping = { needs, tools, facts, partial, format, jobs }
    const proof = yield* Effect.gen(function* () {
      const { contents, summed } = yield* backupDump.dump(dumping)
      const { archive } = yield* verify({ dumping, contents })
      if (drill) yield* rehearse(needs, { file: partial, major: facts.major, rows: contents.rows })
      const claim = {
        database: facts.database,
        takenAt,
        ...summed,
        archive,
        rows: contents.rows,
        ...(drill ? { drilled: true } : {})
      }
      if (roles === true) yield* backupDump.dumpRoles(dumping, files.rolesOf(file))
      yield* publish(target, {
        file,
        partial,
        roles: roles === true,
        manifest: manifests.format({ ...claim, server: facts.version }),
        summed
      })
      return manifests.proofOf(claim, file)
    }).pipe(
      Effect.mapError(backupDump.orDiskFull(directory)),
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

interface Dumped {
  readonly dumping: backupDump.Dumping
  readonly contents: Contents
}

/** Looks whether what was dumped and read to its end is of this database, with all its tables. */
const verify = Effect.fnUntraced(function* ({ contents, dumping }: Dumped) {
  const { facts, format, needs, partial, tools } = dumping
  const listing = yield* Effect.catchTag(
    quietly(
      needs.dumpHost.operations.run(archives.reading(tools.restore, ["--list"], partial, format === "directory"))
    ),
    "CommandFailed",
    (error) =>
      Effect.fail(backupDump.invalid(partial, `pg_restore cannot read it: ${error.tail?.at(-1) ?? error.message}`))
  )
  const { database: dumped, entries, tables } = files.readListing(listing.stdout)
  if (dumped !== facts.database) return yield* backupDump.invalid(partial, `it is one of database ${dumped}`)
  if (tables !== contents.tables) {
    return yield* backupDump.invalid(partial, `it has ${tables} tables, and the database ${contents.tables}`)
  }
  return { archive: { entries, tables } }
})

interface Verified {
  readonly file: string
  readonly partial: string
  readonly manifest: string
  readonly summed: archives.Summed
  readonly roles: boolean
}

/** Gives a backup its name once all of it is on the disk: what has the name is whole, also after a loss of power. */
const publish = Effect.fnUntraced(function* (
  target: Target.Operations,
  { file, manifest, partial, roles, summed }: Verified
) {
  const beside = files.manifestOf(file)
  const name = path.posix.basename(file)
  const own = summed.parts?.map((part) => files.checksumLine(part.sha256, `${name}/${part.name}`)) ?? [
    files.checksumLine(summed.sha256, name)
  ]
  const lines = [...own, files.checksumLine(archives.sha256Of(manifest), path.posix.basename(beside))]
  if (roles) {
    const beside = files.rolesOf(file)
    const sum = files.readChecksum((yield* target.run(archives.sha256sum(beside))).stdout)
    if (sum !== undefined) lines.push(files.checksumLine(sum, path.posix.basename(beside)))
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
