/** The backup of production: proved by a restore, refused when it is damaged, and no change of the schema without it. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Release } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { secondRelease } from "./NextRelease.ts"
import { get, make, type Project } from "./Project.ts"

let project: Project

beforeAll(async () => {
  project = await make("production")
})

afterAll(() => project.remove())

const psql = (database: string, sql: string): ReadonlyArray<string> =>
  project
    .exec("db", "psql", "--username", "edms", "--dbname", database, "--tuples-only", "--no-align", "-c", sql)
    .split("\n")
    .filter((line) => line !== "")

/** What a database holds: its schema as pg_dump prints it, and the rows of each table. */
const contents = (database: string) => {
  const tables = psql(database, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
  const dump = project.exec("db", "pg_dump", "--username", "edms", "--schema-only", database)
  return {
    // The key of each dump's own.
    schema: dump.replaceAll(/^\\(un)?restrict .*$/gm, ""),
    rows: Object.fromEntries(tables.map((table) => [table, Number(psql(database, `SELECT count(*) FROM ${table}`)[0])]))
  }
}

interface Damage {
  readonly what: string
  readonly damage: (archive: string) => void
  readonly reason: RegExp
}

const damages: ReadonlyArray<Damage> = [
  { what: "cut off", damage: (file) => fs.truncateSync(file, 5_000), reason: /is not what it was: 5000 bytes/ },
  { what: "empty", damage: (file) => fs.truncateSync(file, 0), reason: /is empty/ },
  { what: "of another database", damage: (file) => forge(file), reason: /is an archive of database other/ }
]

/** Puts an archive of another database in place of one, with a manifest and checksums that go with it. */
const forge = (file: string): void => {
  project.exec("db", "createdb", "--username", "edms", "other")
  project.exec("db", "pg_dump", "--username", "edms", "--format", "custom", "--file", "/tmp/other", "other")
  project.exec("db", "dropdb", "--username", "edms", "other")
  project.docker("cp", `${project.inspect("db")?.Id}:/tmp/other`, file)
  const sumOf = (name: string) => createHash("sha256").update(fs.readFileSync(name)).digest("hex")
  const manifest = JSON.parse(fs.readFileSync(`${file}.json`, "utf8"))
  const forged = { ...manifest, bytes: fs.statSync(file).size, sha256: sumOf(file) }
  fs.writeFileSync(`${file}.json`, JSON.stringify(forged))
  const line = (name: string) => `${sumOf(name)}  ${path.basename(name)}\n`
  fs.writeFileSync(`${file}.sha256`, line(file) + line(`${file}.json`))
}

const databases = () => psql("postgres", "SELECT datname FROM pg_database ORDER BY 1")

const release = async (): Promise<Release.Release> => {
  const { stdout } = await project.cli(["status", "--json"])
  return Schema.decodeUnknownSync(Schema.Struct({ release: Release.Release }))(JSON.parse(stdout)).release
}

/** What runs, and what a run may have changed. */
const world = () => ({
  containers: ["db", "backend", "frontend"].map((service) => project.inspect(service)?.Id),
  image: project.docker("images", "--quiet", `${project.name}-backend:latest`),
  databases: databases(),
  contents: contents("edms")
})

/** The archive that the second release has taken of the first one's data. */
let archive: string
let first: ReturnType<typeof contents>

describe("production without its backup", () => {
  it("is refused with exit code 5, which names the step, and nothing is changed", async () => {
    const { exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    psql("edms", "INSERT INTO documents_documentsource (code, name, is_active) VALUES ('kept', 'Kept', true)")
    first = contents("edms")
    const before = world()
    secondRelease(project)

    const refused = async (...args: ReadonlyArray<string>) => {
      assert.strictEqual((await project.cli(["plan", ...args])).exitCode, 5)
      const { applied, exitCode, finished } = await project.apply(args)
      const { code, message } = finished.failure ?? {}
      assert.deepStrictEqual([exitCode, finished.outcome, code, applied], [5, "refused", "policy.backup-required", []])
      assert.include(message, "“migrate” would change it or its schema without a verified backup before it")
    }
    await refused("--skip", "backup")
    const deployment = path.join(project.directory, "deploy.ts")
    const whole = fs.readFileSync(deployment, "utf8")
    fs.writeFileSync(deployment, whole.replace(/ +if \(precious\) \{\n.*Postgres\.backup.*\n +\}\n/, ""))
    assert.notInclude(fs.readFileSync(deployment, "utf8"), "Postgres.backup")
    await refused()
    fs.writeFileSync(deployment, whole)
    assert.deepStrictEqual(world(), before)
  })
})

describe("a backup of production", () => {
  it("is drilled before the schema changes, and restores to equal rows and schema", async () => {
    const { applied, exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.deepStrictEqual(applied, ["images", "backup", "migrate", "application"])
    const { backup } = await release()
    archive = backup?.file ?? "none"
    const rows = Object.fromEntries(Object.entries(first.rows).map(([table, count]) => [`public.${table}`, count]))
    assert.deepStrictEqual([backup?.drilled, backup?.rows], [true, rows])
    // By hand, as somebody would who has nothing but the file.
    project.docker("cp", archive, `${project.inspect("db")?.Id}:/tmp/archive`)
    project.exec("db", "createdb", "--username", "edms", "by_hand")
    project.exec("db", "pg_restore", "--username", "edms", "--exit-on-error", "--dbname", "by_hand", "/tmp/archive")
    assert.deepStrictEqual(contents("by_hand"), first)
    assert.notStrictEqual(contents("edms").schema, first.schema)
    // The drill has left nothing.
    assert.deepStrictEqual(databases(), ["by_hand", "edms", "postgres", "template0", "template1"])
  })

  it.each(damages)("that is $what is refused, and nothing is changed", async ({ damage, reason }) => {
    const before = world()
    const saved = fs.mkdtempSync(path.join(project.directory, "saved-"))
    const backups = path.dirname(archive)
    fs.cpSync(backups, saved, { recursive: true })
    damage(archive)
    const { applied, events, exitCode } = await project.rollback(["--data"])
    const planned = events.find((event) => event._tag === "Planned")
    const step = planned?._tag === "Planned" ? planned.plan.steps.find(({ id }) => id === "backup") : undefined
    assert.deepStrictEqual([exitCode, applied, step?.action], [1, [], "blocked"])
    assert.strictEqual(step?.failure?.code, "postgres.backup-invalid")
    assert.match(step?.failure?.message ?? "", reason)
    assert.deepStrictEqual(world(), before)
    fs.cpSync(saved, backups, { recursive: true })
  })

  it("puts its data into a new database that takes the place of the old one, which is kept with all its rows", async () => {
    psql("edms", "INSERT INTO documents_documentsource (code, name, is_active) VALUES ('later', 'Later', true)")
    const second = contents("edms")
    const { applied, exitCode, stderr } = await project.rollback(["--data"])
    assert.strictEqual(exitCode, 0, stderr)
    assert.deepStrictEqual(applied, ["images", "backup", "application"])
    assert.deepStrictEqual(contents("edms"), first)
    const kept = databases().find((name) => name.startsWith("edms_before_")) ?? "none"
    // Nobody may connect to it, until somebody wants to.
    psql("postgres", `ALTER DATABASE "${kept}" ALLOW_CONNECTIONS true`)
    assert.deepStrictEqual(contents(kept), second)
    const health = await get(`${project.backend}/health/`)
    assert.strictEqual(health.status, 200, health.body)
  })
})
