/** The commands of a plugin where the plugin is not installed. */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "ss-alone-"))
const core = fileURLToPath(new URL("../../", import.meta.url))
const modules = join(core, "../../node_modules")

/** A copy of the program, with everything beside it but plugins. */
beforeAll(() => {
  for (const name of ["package.json", "src"]) cpSync(join(core, name), join(folder, "core", name), { recursive: true })
  mkdirSync(join(folder, "node_modules"))
  for (const name of readdirSync(modules)) {
    if (name !== "@shipshape") symlinkSync(join(modules, name), join(folder, "node_modules", name))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each(["sql", "schema"])("%s says which package has it, and how to install it", { timeout: 60_000 }, (word) => {
  const options = ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source", "--"]
  const program = join(folder, "core/src/cli/bin.ts")
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [...options, program, word, "plan", "x.sql", "--json"],
    {
      cwd: folder,
      encoding: "utf8"
    }
  )
  expect(stderr).toContain("npm install @shipshape/plugin-postgres")
  expect(status).toBe(64)
  expect(JSON.parse(stdout).failure).toMatchObject({
    code: "usage.invalid",
    message: `“${word}” is a command of @shipshape/plugin-postgres, which is not installed here`
  })
})
