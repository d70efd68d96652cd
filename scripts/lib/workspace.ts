/** What the manifests of the packages say: the one list of public entries, which every gate reads. */
import { readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"

export const root = path.resolve(import.meta.dirname, "../..")

export interface Entry {
  /** As it is imported: `@shipshape/core/testing`. */
  readonly name: string
  /** Its source, relative to the root. */
  readonly source: string
}

interface Manifest {
  readonly name: string
  readonly exports: Record<string, string | null | { readonly "@shipshape/source": string }>
}

const folders = readdirSync(path.join(root, "packages"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => path.join("packages", entry.name))
  .sort()

/** Every module that a user can import. */
export const entries: ReadonlyArray<Entry> = folders.flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8")) as Manifest
  return Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    // What `./*` gives is reached from the other entries too: it is there so that declarations can name it.
    target !== null && typeof target === "object" && !subpath.includes("*")
      ? [{ name: path.join(manifest.name, subpath), source: path.join(folder, target["@shipshape/source"]) }]
      : []
  )
})
