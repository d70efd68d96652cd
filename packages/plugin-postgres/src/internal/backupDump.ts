/** Dumps a database: in the custom format, read to its end while it is written, or in the directory format, by several. */
import { createHash } from "node:crypto"
import * as path from "node:path"
import { type Duplex, Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Command, Progress, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { BackupInvalid, DiskFull, DumpToolUnfit } from "../PostgresError.ts"
import type { ServerFacts } from "../PostgresProbe.ts"
import * as archives from "./backupArchive.ts"
import { snapshot } from "./backupRows.ts"
import type { Needs } from "./backups.ts"
import * as streams from "./data/files.ts"
import { type DumpTools, environmentOf } from "./dumpTools.ts"

/** What a dump is made of, and where it goes. */
export interface Dumping {
  readonly needs: Needs
  readonly tools: DumpTools
  readonly facts: ServerFacts
  readonly partial: string
  readonly format: "custom" | "directory"
  /** How many tables are dumped at once in the directory format. */
  readonly jobs: number
}

type DumpError = BackupInvalid | DiskFull | DumpToolUnfit | Target.FileError | Target.RunError

/** Dumps and counts in one snapshot, so that the counts are those of the dump whatever is written meanwhile. */
export const dump = (dumping: Dumping) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { facts, needs, tools } = dumping
      const taken = yield* snapshot(yield* needs.open(facts.database))
      const write = (...compression: ReadonlyArray<string>): Effect.Effect<archives.Summed, DumpError> => {
        const args = [...compression, "--no-password", "--lock-wait-timeout=60000", `--snapshot=${taken.id}`]
        return dumping.format === "custom" ? streamed(dumping, args) : inParallel(dumping, args)
      }
      const compressed =
        tools.version < zstdSince ? write() : Effect.catchIf(write("--compress=zstd"), isWithoutZstd, () => write())
      const [contents, summed] = yield* Effect.all([taken.count, compressed], { concurrency: 2 })
      return { contents, summed }
    })
  )

/** The first version whose `pg_dump` knows zstd: three times as fast as gzip, and smaller. */
const zstdSince = 16

/** Whoever has built it may have left it out. */
const isWithoutZstd = (error: { readonly _tag: string; readonly stderr?: string }): boolean =>
  error._tag === "CommandFailed" &&
  !isNoSpace(error) &&
  /does not support compression|not supported|zstd/i.test(error.stderr ?? "")

/** Writes a file. What goes into it is summed up and read by `pg_restore` meanwhile: what is on the disk must be the same. */
const streamed = ({ needs, partial, tools }: Dumping, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { dumpHost, target } = needs
    const { operations } = dumpHost
    const dumping = Command.make(tools.dump, ["--format=custom", ...args], { env: yield* environmentOf(dumpHost) })
    const source = yield* operations.open(dumping)
    source.duplex.end()
    // The list of what is in it is read from its head alone: only restoring it to nowhere reads it to its end.
    const reader = yield* operations.open(Command.make(tools.restore, ["--file=/dev/null"]))
    const copying = forking(reader.duplex)
    yield* streams.write(target, partial, (stream) =>
      Effect.gen(function* () {
        const flowing = Effect.tryPromise({
          try: (signal) => pipeline(source.duplex, copying.stream, stream, { signal }),
          catch: (cause) => broken(dumping, "", cause)
        })
        const flowed = yield* Effect.exit(flowing)
        // Whoever is no longer listened to ends, too; but it may wait for a lock until then.
        const exitCode =
          flowed._tag === "Success"
            ? yield* source.exitCode
            : Option.getOrUndefined(yield* Effect.timeoutOption(source.exitCode, "5 seconds"))
        if (exitCode !== undefined && exitCode !== 0) yield* broken(dumping, source.stderr(), undefined, exitCode)
        if (flowed._tag === "Failure") yield* Effect.failCause(flowed.cause)
      })
    )
    const stat = yield* target.stat(partial)
    if (stat === undefined || stat.size === 0) return yield* invalid(partial, "it is empty")
    if ((yield* reader.exitCode) !== 0) {
      return yield* invalid(partial, `pg_restore cannot read it: ${lastOf(reader.stderr())}`)
    }
    yield* Progress.line(`dumped ${stat.size} bytes, which pg_restore can read; comparing them with the disk`)
    const [sent, found] = [copying.sha256(), yield* archives.sum(target, partial, stat)]
    if (found.sha256 !== sent) {
      return yield* invalid(
        partial,
        `what is on the disk is not what was dumped (SHA-256 ${found.sha256}, not ${sent})`
      )
    }
    return found
  }).pipe(Effect.scoped)

/** Gives on what it gets, and to a reader, too, as long as that listens. */
const forking = (reader: Duplex) => {
  const hash = createHash("sha256")
  let listens = true
  // Why it has gone it says itself.
  const gone = () => {
    listens = false
  }
  reader.on("error", gone).on("close", gone).resume()
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      if (!listens || reader.write(chunk)) return done(null, chunk)
      const goOn = () => {
        reader.off("drain", goOn).off("close", goOn)
        done(null, chunk)
      }
      reader.on("drain", goOn).on("close", goOn)
    },
    flush(done) {
      reader.end()
      done()
    }
  })
  return { stream, sha256: () => hash.digest("hex") }
}

/** Writes a folder, with a file for each table: `pg_dump` makes and syncs them itself. */
const inParallel = ({ jobs, needs, partial, tools }: Dumping, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { dumpHost, target } = needs
    if (!dumpHost.sharesFiles) return yield* inContainer(dumpHost.operations.name)
    yield* target.remove(partial)
    yield* target.makeDirectory(partial, { mode: 0o700 })
    const write = Command.make(tools.dump, ["--format=directory", `--jobs=${jobs}`, ...args, `--file=${partial}`], {
      env: yield* environmentOf(dumpHost)
    })
    yield* dumpHost.operations.run(write)
    yield* Progress.line("dumped; reading it to its end")
    yield* target.run(Command.make("chmod", ["-R", "go=", partial]))
    const stat = yield* target.stat(partial)
    if (stat === undefined) return yield* invalid(partial, "it is not there")
    const readWhole = Effect.catchTag(
      dumpHost.operations.run(archives.reading(tools.restore, ["--file=/dev/null"], partial, true)),
      "CommandFailed",
      (error) => Effect.fail(invalid(partial, `pg_restore cannot read it: ${error.tail?.at(-1) ?? error.message}`))
    )
    const [summed] = yield* Effect.all([archives.sum(target, partial, stat), readWhole], { concurrency: 2 })
    return summed
  })

const inContainer = (server: string): DumpToolUnfit =>
  new DumpToolUnfit({
    server,
    found: [],
    message: `a backup in the directory format is written by pg_dump itself, and that of ${server} would write within its container`,
    hint: "use the format custom, or reach the server by Postgres.server with a pg_dump on the deployment's target"
  })

/** Who owns and may use what is in a dump: without their passwords, as a file is read by more people than a server. */
export const dumpRoles = Effect.fnUntraced(function* ({ facts, needs, tools }: Dumping, file: string) {
  const { dumpHost, target } = needs
  yield* target.writeFile(file, "", { mode: 0o600 })
  const args = ["--roles-only", "--no-role-passwords", "--no-password", `--database=${connectingTo(facts.database)}`]
  const env = yield* environmentOf(dumpHost)
  yield* dumpHost.operations.run(Command.make(tools.dumpAll, args, { env, stdoutFile: file }))
})

/** A name that libpq would take for a list of settings or a URL is given as one of them. */
const connectingTo = (database: string): string =>
  /=|^postgres(ql)?:\/\//.test(database) ? `dbname='${database.replace(/['\\]/g, "\\$&")}'` : database

/** What was dumped is no backup, and is removed. */
export const invalid = (partial: string, what: string): BackupInvalid =>
  new BackupInvalid({
    file: partial,
    message: `the backup that was written to ${path.posix.dirname(partial)} is not usable: ${what}; it was removed`,
    hint: "look at the lines above, and at the free space where the backup is written; then run again",
    retryable: true
  })

const lastOf = (text: string): string => text.trim().split("\n").at(-1) ?? ""

const broken = (command: Command.Command, stderr: string, cause?: unknown, exitCode = 1): Target.CommandFailed =>
  new Target.CommandFailed({
    command: Command.format(command),
    exitCode,
    stdout: "",
    stderr,
    tail: stderr.split("\n"),
    message: `\`${Command.format(command)}\` ended with exit code ${exitCode}${stderr === "" ? "" : `: ${lastOf(stderr)}`}`,
    hint: "read the lines above; the command can be run by hand as it stands there",
    retryable: true,
    ...(cause === undefined ? {} : { cause })
  })

/** What the failure of a command or a file is called that came of a full disk. */
export const orDiskFull =
  (directory: string) =>
  <E extends { readonly _tag: string }>(error: E): E | DiskFull =>
    (error._tag === "CommandFailed" || error._tag === "FileFailed") && isNoSpace(error)
      ? new DiskFull({
          message: `the disk that holds ${directory} is full: the backup was not written, and what there was of it was removed`,
          hint: "free space, keep fewer backups, or write them to another disk; then run again",
          retryable: true,
          cause: error
        })
      : error

/** A command says it, a file has it for its errno, and else it stands behind the failure. */
const isNoSpace = (error: unknown): boolean => {
  const says = (key: string, word: string) => Predicate.hasProperty(error, key) && String(error[key]).includes(word)
  if (says("stderr", "No space left on device") || says("errno", "ENOSPC") || says("code", "ENOSPC")) return true
  return Predicate.hasProperty(error, "cause") && isNoSpace(error.cause)
}
