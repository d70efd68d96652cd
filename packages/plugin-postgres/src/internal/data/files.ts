/** Files with rows, on the deployment's target: read and written as streams, whatever their size. */
import * as path from "node:path"
import type { Duplex, Readable } from "node:stream"
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Format } from "../../Data.ts"
import { DataInvalid, DiskFull } from "../../PostgresError.ts"
import type { QualifiedName } from "../../PostgresProbe.ts"
import { sha256sum } from "../backupArchive.ts"
import { readChecksum } from "../backupFiles.ts"
import { quietly } from "../quietly.ts"
import * as manifests from "./manifest.ts"

const ownerOnly = { file: { mode: 0o600 }, folder: { mode: 0o700 } } as const

type ReadError = Target.FileError | Target.RunError | Target.CommandNotAllowed

/** A file with rows. */
export interface Source {
  readonly file: string
  readonly format: Format
  readonly bytes: number
}

/** The manifest of a folder; one that cannot be read is said. */
export const manifestOf = (target: Target.Reads, directory: string) =>
  Effect.gen(function* () {
    const file = manifests.fileOf(directory)
    if ((yield* target.stat(file)) === undefined) return undefined
    const text = new TextDecoder().decode(yield* target.readFile(file))
    return yield* Effect.catchTag(manifests.parse(text), "SchemaError", ({ message }) =>
      Effect.fail(
        new DataInvalid({
          table: "",
          file,
          message: `${file} is no manifest of an export: ${message.split("\n")[0]}`,
          hint: "export again, or remove it to import the files as they are"
        })
      )
    )
  })

/** The file with a table's rows. */
export const sourceOf = Effect.fnUntraced(function* (target: Target.Reads, directory: string, table: QualifiedName) {
  for (const format of ["jsonl", "copy"] as const) {
    const file = path.posix.join(directory, manifests.nameOf(table, format))
    const stat = yield* target.stat(file)
    if (stat !== undefined) return { file, format, bytes: stat.size } satisfies Source
  }
  return undefined
})

/** The first line of a file, without its end; `undefined` where it is empty. */
export const firstLine = (target: Target.Operations, file: string): Effect.Effect<string | undefined, ReadError> =>
  quietly(Target.readOnly(target).run([["head", "-n", "1"]], Command.make("head", ["-n", "1", "--", file]))).pipe(
    Effect.map(({ stdout }) => (stdout === "" ? undefined : stdout.replace(/\n$/, "")))
  )

export const sha256Of = (target: Target.Operations, file: string): Effect.Effect<string | undefined, ReadError> =>
  Effect.map(quietly(Target.readOnly(target).run([["sha256sum"]], sha256sum(file))), ({ stdout }) =>
    readChecksum(stdout)
  )

/** The bytes of a file, until the scope ends. */
export const read = Effect.fnUntraced(function* (
  target: Target.Operations,
  file: string
): Effect.fn.Return<Readable, ReadError, Scope.Scope> {
  const { duplex } = yield* Target.readOnly(target).open([["cat", "--"]], Command.make("cat", ["--", file]))
  // A stream that could still be told something when its process ends is taken for one that broke off.
  duplex.end()
  return duplex
})

/** Writes a file of what `fill` gives to the stream, and syncs it. What there is of it is removed where that fails. */
export const write = <E>(
  target: Target.Operations,
  file: string,
  fill: (stream: Duplex) => Effect.Effect<void, E>
): Effect.Effect<void, E | DiskFull | Target.FileError | Target.RunError> =>
  Effect.gen(function* () {
    // It gets its mode before it gets its content.
    yield* target.writeFile(file, "", ownerOnly.file)
    const command = Command.make("dd", [`of=${file}`, "bs=65536", "conv=fsync", "status=none"])
    const { duplex, exitCode, stderr } = yield* target.open(command)
    const filled = yield* Effect.exit(fill(duplex))
    if (filled._tag === "Success") {
      if ((yield* exitCode) === 0) return
    } else {
      // Who writes says why it has ended only when it has.
      duplex.destroy()
      yield* Effect.timeoutOption(exitCode, "5 seconds")
      if (stderr() === "") return yield* Effect.failCause(filled.cause)
    }
    if (stderr().includes("No space left on device")) {
      return yield* new DiskFull({
        message: `the disk that holds ${path.posix.dirname(file)} is full: ${path.posix.basename(file)} was not written`,
        hint: "free space, or write to another disk; then run again",
        retryable: true
      })
    }
    if (filled._tag === "Failure") return yield* Effect.failCause(filled.cause)
    return yield* new Target.CommandFailed({
      command: Command.format(command),
      exitCode: yield* exitCode,
      stdout: "",
      stderr: stderr(),
      tail: stderr().split("\n"),
      message: `${file} could not be written: ${stderr()}`,
      hint: "look at the folder's rights and at the disk",
      retryable: true
    })
  }).pipe(
    Effect.scoped,
    Effect.onError(() => Effect.ignore(target.remove(file)))
  )

/** Makes a folder where it is missing. */
export const folder = Effect.fnUntraced(function* (target: Target.Operations, directory: string) {
  if ((yield* target.stat(directory)) === undefined) yield* target.makeDirectory(directory, ownerOnly.folder)
})

/** Gives files their names, and then the manifest that says that they are there. */
export const publish = Effect.fnUntraced(function* (
  target: Target.Operations,
  directory: string,
  files: ReadonlyArray<{ readonly partial: string; readonly file: string }>,
  manifest: string
) {
  // An old manifest does not fit the files that get their names now.
  yield* target.remove(manifests.fileOf(directory))
  for (const { file, partial } of files) yield* target.run(Command.make("mv", ["--", partial, file]))
  yield* target.writeFile(manifests.fileOf(directory), manifest, ownerOnly.file)
  yield* target.run(Command.make("sync", [directory]))
})
