/** Writes docs/reference from the TSDoc of the public entries; with `--check`, says what there is out of date. */

import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { execa } from "execa"
import { entries, root } from "./lib/workspace.ts"

const reference = "docs/reference"

const generate = async (out: string): Promise<void> => {
  const args = ["--out", out, "--logLevel", "Warn", "--treatWarningsAsErrors", ...entries.map((entry) => entry.source)]
  const { exitCode, failed } = await execa("typedoc", args, {
    cwd: root,
    preferLocal: true,
    reject: false,
    stdio: "inherit"
  })
  if (failed) process.exit(exitCode ?? 1)
}

const read = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    fs.globSync("**/*.md", { cwd: folder }).map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")])
  )

if (process.argv.includes("--check")) {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-docs-"))
  await generate(out)
  const [actual, expected] = [read(path.join(root, reference)), read(out)]
  fs.rmSync(out, { recursive: true })
  const stale = [...new Set([...actual.keys(), ...expected.keys()])].filter((f) => actual.get(f) !== expected.get(f))
  for (const file of stale.sort()) console.error(`${reference}/${file}:1 is out of date`)
  if (stale.length > 0) {
    console.error("\nrun `npm run docs` and commit what it writes")
    process.exitCode = 1
  }
} else {
  await generate(reference)
}
