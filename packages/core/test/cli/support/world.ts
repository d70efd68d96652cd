import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

const root = mkdtempSync(join(tmpdir(), "shipshape-cli-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

export interface World {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Writes a file, and gives its path. */
  readonly file: (name: string, text: string) => string
  /** Makes what the deployment would have made. */
  readonly make: (name: string) => void
  /** What the deployment has made. */
  readonly made: () => ReadonlyArray<string>
}

/** A folder of its own, with a deployment's world in it. */
export const world = (env: Readonly<Record<string, string>> = {}): World => {
  const folder = mkdtempSync(join(root, "world-"))
  const made = join(folder, "made")
  return {
    folder,
    env: { WORLD: made, TOKEN: "hunter22-secret", ...env },
    file: (name, text) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    make: (name) => {
      mkdirSync(made, { recursive: true })
      writeFileSync(join(made, name), "")
    },
    made: () => (existsSync(made) ? readdirSync(made).sort() : [])
  }
}
