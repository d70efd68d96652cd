import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const root = mkdtempSync(join(tmpdir(), "shipshape-cli-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export interface World {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** A deployment's file in this folder, so that what it leaves is there too. `FIXTURE` has its words. */
  readonly deployment: (name: "demo" | "shop") => string
  /** Writes a file, and gives its path. */
  readonly file: (name: string, text: string) => string
  /** Makes what the deployment would have made. */
  readonly make: (name: string, text?: string) => void
  /** What the deployment has made. */
  readonly made: () => ReadonlyArray<string>
  /** What stands in something that the deployment has made. */
  readonly says: (name: string) => string | undefined
}

/** A folder of its own, with a deployment's world in it. */
export const world = (env: Readonly<Record<string, string>> = {}): World => {
  const folder = mkdtempSync(join(root, "world-"))
  const made = join(folder, "made")
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    folder,
    env: { WORLD: made, TOKEN: "hunter22-secret", ...env },
    file,
    deployment: (name) =>
      file(
        "deploy.ts",
        `import { main } from "${path("../../../src/cli/index.ts")}"
import { ${name} } from "${path(`../fixtures/${name}.ts`)}"

const deployment = ${name}((process.env.FIXTURE ?? "").split(" "))
export default deployment

if (import.meta.main) await main(deployment)
`
      ),
    make: (name, text = "") => {
      mkdirSync(made, { recursive: true })
      writeFileSync(join(made, name), text)
    },
    made: () => (existsSync(made) ? readdirSync(made).sort() : []),
    says: (name) => (existsSync(join(made, name)) ? readFileSync(join(made, name), "utf8") : undefined)
  }
}
