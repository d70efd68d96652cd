/** Copies of files that may hold secrets, beside the deployment's journal: only their owner reads them. */
import { createHash } from "node:crypto"
import { type Release, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"

const root = ".shipshape/kept"

/** How many earlier contents of one file stay for undo: more than a run has attempts at a step. */
const undoCopies = 10

export const sha256Of = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** A name as one word of a path, and never one that begins with a dot. */
const word = (name: string): string => encodeURIComponent(name.toWellFormed()).replace(/^\./, "%2E") || "%00"

const releaseFolder = ({
  deployment,
  environment,
  number
}: Pick<Release.Keeping, "deployment" | "environment" | "number">) =>
  [word(deployment), word(environment), String(number)].join("/")

/** Where a release keeps a file of this content. */
export const keptPath = (
  release: Pick<Release.Keeping, "deployment" | "environment" | "number">,
  sha256: string
): string => `${root}/${releaseFolder(release)}/${sha256}.env`

const undoFolder = (path: string): string => `${root}/.undo/${sha256Of(new TextEncoder().encode(path)).slice(0, 16)}`

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"))

/** Owner and mode of a folder that is there are somebody's decision. */
const makeFolders = Effect.fnUntraced(function* (folder: string) {
  const target = yield* Target.Target
  const parts = folder.split("/")
  for (let i = 1; i <= parts.length; i++) {
    const path = parts.slice(0, i).join("/")
    if ((yield* target.stat(path)) === undefined) yield* target.makeDirectory(path, { mode: 0o700 })
  }
})

/** Writes a copy, unless it is there already. */
export const writeCopy = Effect.fnUntraced(function* (path: string, content: Uint8Array) {
  const target = yield* Target.Target
  if (yield* holds(target, path, sha256Of(content))) return
  yield* makeFolders(parentOf(path))
  yield* target.writeFile(path, content, { mode: 0o600 })
})

/** Whether a copy is there and is what it was. */
export const holds = (target: Target.Reads, path: string, sha256: string): Effect.Effect<boolean, Target.FileError> =>
  Effect.flatMap(target.stat(path), (stat) =>
    stat === undefined
      ? Effect.succeed(false)
      : Effect.map(target.readFile(path), (content) => sha256Of(content) === sha256)
  )

/** Removes a copy, and its release's folder with the last one. */
export const removeCopy = Effect.fnUntraced(function* (path: string) {
  const target = yield* Target.Target
  const folder = parentOf(path)
  yield* target.remove(path)
  if ((yield* target.stat(folder)) !== undefined && (yield* target.list(folder)).length === 0) {
    yield* target.remove(folder)
  }
})

/** The copies of a file's earlier contents, oldest first: `000012-<sha256>.env`. */
const undoNames = (target: Target.Reads, path: string): Effect.Effect<ReadonlyArray<string>, Target.FileError> =>
  Effect.flatMap(target.stat(undoFolder(path)), (stat) =>
    stat === undefined ? Effect.succeed([]) : target.list(undoFolder(path))
  )

/** Where the copy of an earlier content of a file is, if there is one. */
export const undoCopy = Effect.fnUntraced(function* (path: string, sha256: string) {
  const names = yield* undoNames(yield* Target.Target, path)
  const name = names.find((one) => one.endsWith(`-${sha256}.env`))
  return name === undefined ? undefined : `${undoFolder(path)}/${name}`
})

/** Copies what a file holds before it changes. */
export const stash = Effect.fnUntraced(function* (path: string) {
  const target = yield* Target.Target
  if ((yield* target.stat(path)) === undefined) return
  const content = yield* target.readFile(path)
  const sha256 = sha256Of(content)
  const names = yield* undoNames(target, path)
  const last = names.at(-1)
  if (last?.endsWith(`-${sha256}.env`) && (yield* holds(target, `${undoFolder(path)}/${last}`, sha256))) return
  const number = Number.parseInt(last ?? "0", 10) + 1
  yield* writeCopy(`${undoFolder(path)}/${String(number).padStart(6, "0")}-${sha256}.env`, content)
  const outdated = names.filter((name, i) => name.endsWith(`-${sha256}.env`) || i < names.length + 1 - undoCopies)
  yield* Effect.forEach(outdated, (name) => target.remove(`${undoFolder(path)}/${name}`), { discard: true })
})
