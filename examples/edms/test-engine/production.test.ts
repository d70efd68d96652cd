/** Production on a real engine: precious data is kept, backed up and never started afresh; an interruption loses nothing. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { make, type Project } from "./Project.ts"

let project: Project

beforeAll(async () => {
  project = await make("production")
})

afterAll(() => project.remove())

/** Starts an apply and interrupts it when a line of its output matches. */
const interruptAt = (pattern: RegExp): Promise<{ readonly exitCode: number | null; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--conditions=@shipshape/source", "deploy.ts", "apply", "--yes", "--env", "production", "--reporter", "plain"],
      {
        cwd: project.directory,
        env: { ...process.env, ...project.inputs, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"]
      }
    )
    let output = ""
    let sent = false
    const read = (chunk: string) => {
      output += chunk
      if (!sent && pattern.test(output)) {
        sent = true
        child.kill("SIGINT")
      }
    }
    child.stdout.setEncoding("utf8").on("data", read)
    child.stderr.setEncoding("utf8").on("data", read)
    child.once("error", reject)
    child.once("close", (exitCode) => resolve({ exitCode, output }))
  })

const backups = () => {
  const directory = path.join(project.directory, "backups")
  return fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true }).map(String) : []
}

describe("production", () => {
  it("that is interrupted lets the migrations end, says what is done and how to go on, and exits with 130", async () => {
    const { exitCode, output } = await interruptAt(/▸ migrate/)
    assert.strictEqual(exitCode, 130, output)
    assert.match(output, /interrupting: .*\n.*“migrate” may go on to its end.*\n.*✓ migrate/, output)
    assert.match(output, /\ninterrupted\n {2}not run: system-check, static-files, /, output)
    assert.notInclude(output, project.secrets[0] ?? "")
  })

  it("goes on from there to healthy, and then has nothing left to do", async () => {
    const { applied, exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.include(applied, "static-files")
    assert.deepStrictEqual(
      ["database", "migrate"].filter((id) => applied.includes(id)),
      []
    )
    assert.deepStrictEqual((await project.apply()).applied, [])
  })

  it("has a readable backup from before the first change", () => {
    const archives = backups().filter((name) => name.endsWith(".dump"))
    assert.strictEqual(archives.length, 1, backups().join())
    const archive = path.join(project.directory, "backups", archives[0] ?? "")
    assert.strictEqual(fs.statSync(archive).mode & 0o077, 0)
    const id = project.inspect("db")?.Id ?? ""
    project.docker("cp", archive, `${id}:/tmp/archive`)
    assert.match(project.exec("db", "pg_restore", "--list", "/tmp/archive"), /Archive created at/)
    // Taken before migrations: the tables were not there.
    assert.notInclude(project.exec("db", "pg_restore", "--list", "/tmp/archive"), "TABLE public users_role")
  })

  it("has no users to try it with", () => {
    assert.deepStrictEqual(project.psql("SELECT username FROM users_user ORDER BY username"), ["admin"])
  })

  it("refuses a fresh start with exit code 5, and keeps every row", async () => {
    project.psql("INSERT INTO documents_documentsource (code, name, is_active) VALUES ('kept', 'Kept', true)")
    const volume = project.docker("volume", "inspect", "--format", "{{.CreatedAt}}", `${project.name}_postgres_data`)
    const plan = await project.cli(["plan", "--fresh"])
    assert.strictEqual(plan.exitCode, 5)
    const { applied, exitCode, finished } = await project.apply(["--fresh"])
    assert.deepStrictEqual(
      [exitCode, finished.outcome, finished.failure?.code, applied],
      [5, "refused", "policy.fresh-on-precious-data", []]
    )
    assert.deepStrictEqual(project.psql("SELECT count(*) FROM documents_documentsource WHERE code = 'kept'"), ["1"])
    assert.strictEqual(
      project.docker("volume", "inspect", "--format", "{{.CreatedAt}}", `${project.name}_postgres_data`),
      volume
    )
  })
})
