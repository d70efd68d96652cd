/** Reads a backup back: whether it is what its manifest and its checksum say. */
import * as path from "node:path"
import { type BackupProof, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { BackupInvalid, type DumpToolUnfit } from "../PostgresError.ts"
import * as archives from "./backupArchive.ts"
import * as files from "./backupFiles.ts"
import * as manifests from "./backupManifest.ts"
import type { DumpHost } from "./dumpTools.ts"
import { quietly } from "./quietly.ts"

/** A backup that is said to be one. */
interface Claim {
  readonly file: string
  /** The database that it should be of. */
  readonly database: string
  /** The server's major version. */
  readonly major: number
}

type ReadError = DumpToolUnfit | Target.FileError | Target.RunError | Target.CommandNotAllowed

export type Read = (claim: Claim) => Effect.Effect<BackupProof.BackupProof, BackupInvalid | ReadError>

/** Why a backup is not used. It stays where it is. */
const refused = (file: string, what: string): BackupInvalid =>
  new BackupInvalid({
    file,
    message: `${path.posix.basename(file)} ${what}`,
    hint: "use another backup; this one is left as it is, for whoever wants to look into it"
  })

/** Reads backups of `target` back; what has been read once is known while its size and time are the same. */
export const make = (dumpHost: DumpHost, target: Target.Operations): Read => {
  const host = Target.readOnly(dumpHost.operations)
  const reads = Target.readOnly(target)
  const known = new Map<string, BackupProof.BackupProof>()

  const textOf = Effect.fnUntraced(function* (file: string, beside: string) {
    const stat = yield* reads.stat(beside)
    if (stat === undefined) return yield* refused(file, `does not count: ${path.posix.basename(beside)} is not there`)
    return new TextDecoder().decode(yield* reads.readFile(beside))
  })

  /** The manifest, and the checksum that the file should have. */
  const claimOf = Effect.fnUntraced(function* ({ database, file }: Claim) {
    const text = yield* textOf(file, files.manifestOf(file))
    const checksums = yield* textOf(file, files.checksumOf(file))
    const manifest = yield* Effect.catchTag(manifests.parse(text), "SchemaError", ({ message }) =>
      Effect.fail(refused(file, `does not count: its manifest cannot be read: ${message.split("\n")[0]}`))
    )
    if (archives.sha256Of(text) !== files.checksumIn(checksums, path.posix.basename(files.manifestOf(file)))) {
      return yield* refused(file, "does not count: its manifest is not what was written with it")
    }
    if (manifest.database !== database) {
      return yield* refused(file, `is a backup of database ${manifest.database}, and not of ${database}`)
    }
    const { parts, sha256 } = manifest
    const name = path.posix.basename(file)
    const agrees =
      parts === undefined
        ? sha256 === files.checksumIn(checksums, name)
        : sha256 === archives.ofParts(parts).sha256 &&
          parts.every((part) => part.sha256 === files.checksumIn(checksums, `${name}/${part.name}`))
    if (!agrees) {
      return yield* refused(file, "does not count: its manifest and its checksum file contradict each other")
    }
    const roles = files.rolesOf(file)
    const expected = files.checksumIn(checksums, path.posix.basename(roles))
    if (
      expected !== undefined &&
      files.readChecksum((yield* reads.run([["sha256sum"]], archives.sha256sum(roles))).stdout) !== expected
    ) {
      return yield* refused(file, "does not count: the roles beside it are not what was written with it")
    }
    return manifest
  })

  /** What is on the disk, where it is what the manifest says. */
  const foundOf = Effect.fnUntraced(function* (file: string, manifest: manifests.Manifest, stat: Target.FileStat) {
    const { bytes, parts, sha256 } = manifest
    const isFolder = stat.type === "directory"
    if (isFolder !== (parts !== undefined)) {
      return yield* refused(file, `is not what it was: it is ${isFolder ? "a folder" : "a file"}`)
    }
    if (!isFolder && stat.size !== bytes) {
      return yield* refused(file, `is not what it was: ${stat.size} bytes instead of ${bytes}`)
    }
    const found: archives.Summed = yield* archives.sum(target, file, stat)
    const [other, ...others] = parts === undefined ? [] : archives.otherParts(parts, found.parts ?? [])
    if (other !== undefined) {
      const more = others.length === 0 ? "" : `, and ${others.length} more`
      return yield* refused(file, `is not what it was: ${other}${more}`)
    }
    if (found.sha256 !== sha256) {
      return yield* refused(file, `is not what it was: its SHA-256 is ${found.sha256} instead of ${sha256}`)
    }
  })

  return Effect.fnUntraced(function* (claim) {
    const { database, file, major } = claim
    const stat = yield* reads.stat(file)
    if (stat === undefined) return yield* refused(file, "is not there")
    const isFolder = stat.type === "directory"
    if (!isFolder && stat.size === 0) return yield* refused(file, "is empty")
    const manifest = yield* claimOf(claim)
    if (isFolder && !dumpHost.sharesFiles) {
      return yield* refused(file, `is a folder, which pg_restore within ${dumpHost.operations.name} cannot read`)
    }
    const proof = manifests.proofOf(manifest, file)
    // The time of a folder says nothing of what is in its files.
    const key = isFolder ? undefined : `${file}\n${stat.modifiedAt}\n${stat.size}\n${JSON.stringify(proof)}`
    const before = key === undefined ? undefined : known.get(key)
    if (before !== undefined) return before
    yield* foundOf(file, manifest, stat)
    const tools = yield* dumpHost.find(major)
    const list = archives.reading(tools.restore, ["--list"], file, isFolder)
    const listing = yield* quietly(host.run([[tools.restore, "--list"]], list)).pipe(
      Effect.catchTag("CommandFailed", (error) =>
        Effect.fail(refused(file, `cannot be read by pg_restore: ${error.tail?.at(-1) ?? error.message}`))
      )
    )
    const { database: dumped, entries, tables } = files.readListing(listing.stdout)
    if (dumped !== database) return yield* refused(file, `is an archive of database ${dumped}, and not of ${database}`)
    const { archive } = manifest
    if (entries !== archive.entries || tables !== archive.tables) {
      return yield* refused(
        file,
        `lists ${entries} entries with ${tables} tables instead of ${archive.entries} with ${archive.tables}`
      )
    }
    if (key !== undefined) known.set(key, proof)
    return proof
  })
}
