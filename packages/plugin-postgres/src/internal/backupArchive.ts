/** The two forms of a backup: a file in the custom format, or a folder in the directory format. */
import { createHash } from "node:crypto"
import * as path from "node:path"
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as files from "./backupFiles.ts"
import { quietly } from "./quietly.ts"

/** A file of a backup that is a folder. */
export interface Part {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** What a backup is on the disk. */
export interface Summed {
  readonly bytes: number
  /** Over the file; or over the lines that `sha256sum` prints of a folder's files. */
  readonly sha256: string
  /** The files of a folder, by name; `undefined` for a file. */
  readonly parts?: ReadonlyArray<Part>
}

export const sha256sum = (...names: ReadonlyArray<string>) => Command.make("sha256sum", ["--", ...names])

/** The SHA-256 of a text, in hex. */
export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex")

/** What `pg_restore` gets to read a backup: a file at its standard input, or a folder by its name. */
export const reading = (restore: string, args: ReadonlyArray<string>, file: string, isFolder: boolean) =>
  isFolder ? Command.make(restore, [...args, file]) : Command.make(restore, args, { stdinFile: file })

/** A command line has an end. */
const together = 500

/** Sums up what is on the disk. */
export const sum = Effect.fnUntraced(function* (
  target: Target.Operations,
  file: string,
  stat: Target.FileStat
): Effect.fn.Return<Summed, Target.FileError | Target.RunError> {
  const reads = Target.readOnly(target)
  const sums = (names: ReadonlyArray<string>) =>
    quietly(reads.run([["sha256sum"]], sha256sum(...names))).pipe(
      // It is on the list that stands beside it.
      Effect.catchTag("CommandNotAllowed", Effect.die),
      Effect.map(({ stdout }) => stdout.split("\n").map((line) => files.readChecksum(`${line}\n`) ?? ""))
    )
  if (stat.type !== "directory") {
    const [sha256 = ""] = yield* sums([file])
    return { bytes: stat.size, sha256 }
  }
  const names = yield* reads.list(file)
  const parts: Array<Part> = []
  for (let i = 0; i < names.length; i += together) {
    const some = names.slice(i, i + together)
    const paths = some.map((name) => path.posix.join(file, name))
    const [found, stats] = [yield* sums(paths), yield* Effect.forEach(paths, reads.stat)]
    for (const [j, name] of some.entries()) {
      parts.push({ name, bytes: stats[j]?.size ?? 0, sha256: found[j] ?? "" })
    }
  }
  return ofParts(parts)
})

/** The sum of a folder. */
export const ofParts = (parts: ReadonlyArray<Part>): Summed & { readonly parts: ReadonlyArray<Part> } => ({
  bytes: parts.reduce((all, { bytes }) => all + bytes, 0),
  sha256: sha256Of(parts.map(({ name, sha256 }) => files.checksumLine(sha256, name)).join("")),
  parts
})

/** What of a folder is not as it was written. */
export const otherParts = (expected: ReadonlyArray<Part>, found: ReadonlyArray<Part>): ReadonlyArray<string> => {
  const there = new Map(found.map((part) => [part.name, part]))
  return [
    ...expected.flatMap(({ bytes, name, sha256 }) => {
      const part = there.get(name)
      if (part === undefined) return [`${name} is missing`]
      if (part.bytes !== bytes) return [`${name} has ${part.bytes} bytes instead of ${bytes}`]
      return part.sha256 === sha256 ? [] : [`${name} has other bytes`]
    }),
    ...found.flatMap(({ name }) => (expected.some((part) => part.name === name) ? [] : [`${name} is there, too`]))
  ]
}
