import { randomUUID } from "node:crypto"
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { FileStat, Operations, Ownership } from "../Target.ts"
import { type FileError, FileFailed } from "../TargetError.ts"
import { isAlive } from "./isAlive.ts"

const hints: Readonly<Record<string, string>> = {
  EACCES: "run as a user who may, or correct owner and mode of the folder above",
  EPERM: "changing an owner needs root: run with sudo, or correct the owner by hand",
  ENOENT: "create it first, or correct the path",
  ENOSPC: "free disk space, then run again",
  EDQUOT: "free disk space or raise the quota, then run again",
  EROFS: "the file system is mounted read-only: remount it, or use another path",
  EISDIR: "a folder is where a file is expected: correct the path",
  ENOTDIR: "a file is where a folder is expected: correct the path",
  EEXIST: "something else is there already: move it away, or correct the path"
}

const failed =
  (operation: string, file: string) =>
  (cause: unknown): FileFailed => {
    const errno = Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : ""
    return new FileFailed({
      operation,
      path: file,
      errno,
      message: `cannot ${operation} ${file}: ${errno || String(cause)}`,
      hint: hints[errno] ?? "look at the path by hand, then run again",
      cause
    })
  }

const attempt = <A>(operation: string, file: string, f: () => Promise<A>): Effect.Effect<A, FileError> =>
  Effect.tryPromise({ try: f, catch: failed(operation, file) })

const typeOf = (stats: Stats): FileStat["type"] =>
  stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "other"

const own = async (file: string, { gid, mode, uid }: Ownership): Promise<void> => {
  // -1 leaves a number as it is. The owner comes first: changing it clears special bits of the mode.
  if (uid !== undefined || gid !== undefined) await fs.chown(file, uid ?? -1, gid ?? -1)
  if (mode !== undefined) await fs.chmod(file, mode)
}

/** The name of a file that is being written, until it is whole: it says which process writes it. */
const temporaryName = (): string => `.shipshape-${process.pid}-${randomUUID()}`
const temporaryPattern = /^\.shipshape-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Whoever was killed while it wrote has left half a file: the next one who writes there takes it away, as far as it may.
 * What it may not is no reason not to write.
 */
const removeLeftovers = async (folder: string): Promise<void> => {
  const names = await fs.readdir(folder).catch(() => [])
  const left = names.filter((name) => {
    const writer = temporaryPattern.exec(name)?.[1]
    return writer !== undefined && !isAlive(Number(writer))
  })
  await Promise.allSettled(left.map((name) => fs.rm(path.join(folder, name), { force: true })))
}

const writeWhole = async (file: string, content: string | Uint8Array, ownership: Ownership): Promise<void> => {
  const before = await fs.stat(file).catch(() => undefined)
  const folder = path.dirname(file)
  await removeLeftovers(folder)
  const temporary = path.join(folder, temporaryName())
  const handle = await fs.open(temporary, "wx", ownership.mode ?? (before === undefined ? 0o644 : before.mode & 0o7777))
  try {
    await handle.writeFile(content)
    await handle.sync()
    await handle.close()
    await own(temporary, {
      uid: ownership.uid ?? before?.uid,
      gid: ownership.gid ?? before?.gid,
      mode: ownership.mode ?? (before === undefined ? undefined : before.mode & 0o7777)
    })
    await fs.rename(temporary, file)
    await syncFolder(file)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await fs.rm(temporary, { force: true })
    throw error
  }
}

/** A file's name is on the disk once its folder is. */
const syncFolder = async (file: string): Promise<void> => {
  const folder = await fs.open(path.dirname(file), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Makes a folder, and those above it that are not there: whatever is synced in one is lost with a name that is not. */
const makeFolders = async (folder: string): Promise<void> => {
  const first = await fs.mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(made)
}

const append = async (file: string, content: string | Uint8Array, ownership: Ownership): Promise<void> => {
  const before = await fs.stat(file).catch(() => undefined)
  const handle = await fs.open(file, "a", ownership.mode ?? 0o644)
  try {
    if (before === undefined) await own(file, ownership)
    await handle.appendFile(content)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  if (before === undefined) await syncFolder(file)
}

/** The files of this machine; relative paths start at `directory`. */
export const make = (
  directory: string
): Pick<
  Operations,
  "stat" | "readFile" | "list" | "writeFile" | "appendFile" | "makeDirectory" | "setOwnership" | "remove"
> => {
  const at = (file: string) => path.resolve(directory, file)
  return {
    stat: (file) =>
      attempt("look at", at(file), () => fs.stat(at(file))).pipe(
        Effect.map(
          (stats): FileStat => ({
            type: typeOf(stats),
            uid: stats.uid,
            gid: stats.gid,
            mode: stats.mode & 0o7777,
            size: stats.size,
            modifiedAt: stats.mtimeMs
          })
        ),
        Effect.catchIf(
          (error) => error._tag === "FileFailed" && (error.errno === "ENOENT" || error.errno === "ENOTDIR"),
          () => Effect.succeed(undefined)
        )
      ),
    readFile: (file) => attempt("read", at(file), async () => new Uint8Array(await fs.readFile(at(file)))),
    list: (file) => attempt("list", at(file), async () => (await fs.readdir(at(file))).sort()),
    writeFile: (file, content, ownership = {}) =>
      attempt("write", at(file), () => writeWhole(at(file), content, ownership)),
    appendFile: (file, content, ownership = {}) =>
      attempt("add to", at(file), () => append(at(file), content, ownership)),
    makeDirectory: (file, ownership = {}) =>
      attempt("make folder", at(file), async () => {
        await makeFolders(at(file))
        await own(at(file), ownership)
      }),
    setOwnership: (file, ownership) => attempt("change owner or mode of", at(file), () => own(at(file), ownership)),
    remove: (file) => attempt("remove", at(file), () => fs.rm(at(file), { recursive: true, force: true }))
  }
}
