/** Reads a backup back: whether it is what its manifest and its checksum say. */
import { createHash } from "node:crypto"
import * as path from "node:path"
import { type BackupProof, Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { BackupInvalid, type DumpToolUnfit } from "../PostgresError.ts"
import * as files from "./backupFiles.ts"
import * as manifests from "./backupManifest.ts"
import type { DumpHost } from "./dumpTools.ts"

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

export const sha256sum = (file: string) => Command.make("sha256sum", ["--", file])

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
    if (sha256Of(text) !== files.checksumIn(checksums, files.manifestOf(file))) {
      return yield* refused(file, "does not count: its manifest is not what was written with it")
    }
    if (manifest.database !== database) {
      return yield* refused(file, `is a backup of database ${manifest.database}, and not of ${database}`)
    }
    if (manifest.sha256 !== files.checksumIn(checksums, file)) {
      return yield* refused(file, "does not count: its manifest and its checksum file contradict each other")
    }
    const roles = files.rolesOf(file)
    const expected = files.checksumIn(checksums, roles)
    if (
      expected !== undefined &&
      files.readChecksum((yield* reads.run([["sha256sum"]], sha256sum(roles))).stdout) !== expected
    ) {
      return yield* refused(file, "does not count: the roles beside it are not what was written with it")
    }
    return manifest
  })

  return Effect.fnUntraced(function* (claim) {
    const { database, file, major } = claim
    const stat = yield* reads.stat(file)
    if (stat === undefined) return yield* refused(file, "is not there")
    if (stat.size === 0) return yield* refused(file, "is empty")
    const manifest = yield* claimOf(claim)
    if (stat.size !== manifest.bytes) {
      return yield* refused(file, `is not what it was: ${stat.size} bytes instead of ${manifest.bytes}`)
    }
    const proof = manifests.proofOf(manifest, file)
    const key = `${file}\n${stat.modifiedAt}\n${JSON.stringify(proof)}`
    const before = known.get(key)
    if (before !== undefined) return before
    const sha256 = files.readChecksum((yield* reads.run([["sha256sum"]], sha256sum(file))).stdout)
    if (sha256 !== manifest.sha256) {
      return yield* refused(file, `is not what it was: its SHA-256 is ${sha256} instead of ${manifest.sha256}`)
    }
    const tools = yield* dumpHost.find(major)
    const listing = yield* host
      .run([[tools.restore, "--list"]], list(tools.restore, file))
      .pipe(
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
    known.set(key, proof)
    return proof
  })
}

export const list = (restore: string, file: string) => Command.make(restore, ["--list"], { stdinFile: file })

/** The SHA-256 of a text, in hex. */
export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex")
