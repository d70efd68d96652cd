/** The EDMS loses what it stands on: PostgreSQL, the engine, a disk, connections. Apply says so, and the next one finishes. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "./Killing.ts"
import { make, type Project } from "./Project.ts"
import { addHeavyMigration, engineAt, smallDisk, takeConnections } from "./Trouble.ts"

let project: Project

beforeAll(async () => {
  project = await make("staging")
  const { exitCode, stderr } = await project.apply()
  assert.strictEqual(exitCode, 0, stderr)
})

afterAll(() => project.remove())

const services = ["db", "backend", "frontend"]

const apply = () => project.apply()

const failureOf = ({ events, exitCode }: Awaited<ReturnType<typeof apply>>) => {
  const failed = events.findLast((event) => event._tag === "StepFinished" && event.failure !== undefined)
  return { exitCode, ...(failed?._tag === "StepFinished" ? { id: failed.id, ...failed.failure } : {}) }
}

/** Ends what has been in the way: the migration is applied, once, and nothing else is lost. */
const assertFinishes = async () => {
  const { exitCode, stderr } = await apply()
  assert.strictEqual(exitCode, 0, stderr)
  const migrations = project.psql("SELECT count(*) FROM django_migrations WHERE name = '0004_heavy'")
  assert.deepStrictEqual([migrations, project.psql("SELECT count(*) FROM heavy")], [["1"], ["20000"]])
  assert.deepStrictEqual((await apply()).applied, [])
}

const reverse = () => project.exec("backend", "python3", "manage.py", "migrate", "documents", "0003")

/** Starts an apply, and waits until the database is in the middle of the migration. */
const midMigration = async () => {
  project.psql("CREATE TABLE hold ()")
  const run = apply()
  let over = false
  void run.finally(() => {
    over = true
  })
  await until("the migration is under way", () =>
    over || project.psql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").length > 0 ? true : undefined
  )
  // It waits on; another one would not.
  project.psql("DROP TABLE hold")
  return { run }
}

describe("in the middle of a migration", () => {
  it("PostgreSQL is killed: apply fails, and the next one finishes", async () => {
    addHeavyMigration(project)
    const { run } = await midMigration()
    project.docker("kill", project.inspect("db")?.Id ?? "none")
    const { code, exitCode, id, message } = failureOf(await run)
    assert.deepStrictEqual([exitCode, id, code], [1, "migrate", "django.migration-failed"])
    assert.match(message ?? "", /documents\.0004_heavy failed: \S*OperationalError: /)
    await assertFinishes()
  })

  it("the engine is lost, and all containers with it: apply fails, and the next one finishes", async () => {
    reverse()
    const engine = await engineAt(project)
    project.inputs.DOCKER_HOST = engine.host
    const { run } = await midMigration()
    await engine.lose()
    for (const service of services) project.docker("kill", project.inspect(service)?.Id ?? "none")
    const { code, exitCode, id } = failureOf(await run)
    assert.deepStrictEqual([exitCode, id, code], [1, "migrate", "django.migration-failed"])
    const without = await apply()
    assert.strictEqual(without.exitCode, 1)
    const blocked = without.events.find((event) => event._tag === "StepFinished" && event.id === "docker")
    assert.strictEqual(blocked?._tag === "StepFinished" && blocked.failure?.code, "docker.daemon-unreachable")
    delete project.inputs.DOCKER_HOST
    await assertFinishes()
  })

  it("the database's disk is full: apply says so, and the next one finishes once there is space", async () => {
    reverse()
    const disk = smallDisk(project, 8)
    const { code, exitCode, id, message } = failureOf(await apply())
    assert.deepStrictEqual([exitCode, id, code], [1, "migrate", "django.migration-failed"])
    assert.match(message ?? "", /documents\.0004_heavy failed: .*No space left on device/)
    assert.deepStrictEqual(project.psql("SELECT 1 FROM django_migrations WHERE name = '0004_heavy'"), [])
    disk.grow(100)
    await assertFinishes()
  })
})

describe("before anything is applied", () => {
  it("the journal's disk is full: apply says so, and the next one finishes once there is space", async () => {
    reverse()
    const folder = path.join(project.directory, ".shipshape")
    const [aside, filler] = [`${folder}-aside`, path.join(folder, "filler")]
    fs.cpSync(folder, aside, { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder])
    try {
      fs.cpSync(aside, folder, { recursive: true })
      assert.throws(() => fs.writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024)), "ENOSPC")
      const { applied, exitCode, finished } = await apply()
      assert.deepStrictEqual([exitCode, finished.failure?.code, applied], [1, "core.store-failed", []])
      assert.match(`${finished.failure?.message} ${finished.failure?.hint}`, /ENOSPC.* free disk space/)
      fs.rmSync(filler)
      await assertFinishes()
      fs.cpSync(folder, aside, { recursive: true })
    } finally {
      execFileSync("umount", [folder])
    }
    fs.cpSync(aside, folder, { recursive: true })
  })

  it("all connections of the database are taken: apply says so, and the next one finishes once they are free", async () => {
    reverse()
    const others = takeConnections(project)
    await until("no connection is left", () => {
      try {
        project.psql("SELECT 1")
        return undefined
      } catch (error) {
        return String(error).includes("too many clients") ? true : undefined
      }
    })
    const { code, exitCode, hint } = failureOf(await apply())
    assert.deepStrictEqual([exitCode, code], [1, "postgres.too-many-connections"])
    assert.include(hint, "end idle sessions")
    others.letGo()
    await assertFinishes()
  })
})
