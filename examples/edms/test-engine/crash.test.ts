/** Deployments of the EDMS that are killed at any moment: the next apply ends as if nothing had happened. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Journal } from "@shipshape/core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { killApply, lastRun, type Told, until } from "./Killing.ts"
import { get, make, type Project } from "./Project.ts"

let project: Project

beforeAll(async () => {
  project = await make("staging")
})

afterAll(() => project.remove())

const services = ["db", "backend", "frontend"]

/** What a deployment has come to, asked of docker, of the file system, of psql and by HTTP: not of the SDK. */
const picture = async () => {
  const tables = project.psql("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
  const dump = project.exec("db", "pg_dump", "--username", "edms", "--schema-only", "edms")
  const labelled = ["--filter", `label=com.docker.compose.project=${project.name}`]
  return {
    // The key of each dump's own.
    schema: dump.replaceAll(/^\\(un)?restrict .*$/gm, ""),
    rows: tables.map((table) => `${table} ${project.psql(`SELECT count(*) FROM ${table}`)[0]}`),
    migrations: project.psql("SELECT app, name FROM django_migrations ORDER BY 1, 2"),
    users: project.psql("SELECT username, is_superuser FROM users_user ORDER BY 1"),
    env: createHash("sha256")
      .update(fs.readFileSync(path.join(project.directory, ".env")))
      .digest("hex"),
    containers: services.map((service) => {
      const container = project.inspect(service)
      return [service, container?.Image, container?.State.Health?.Status]
    }),
    // One-off containers are gone.
    names: project
      .docker("ps", "--all", "--format", "{{.Names}} {{.State}}", ...labelled)
      .trim()
      .split("\n")
      .toSorted(),
    volumes: project.docker("volume", "ls", "--quiet", ...labelled),
    storage: project.exec("backend", "stat", "-c", "%n %u:%g %a", "/app/storage/documents", "/app/storage/temp"),
    health: (await get(`${project.backend}/health/`)).body,
    page: (await get(project.frontend)).status
  }
}

/** Whether the output of a run says which run was interrupted, and at which step. */
const assertTold = (output: string, { run, step }: Told): void => {
  const notice = output.split("\n").find((line) => line.includes('"core.interrupted-run"')) ?? "nothing"
  const at = step === undefined ? "was interrupted" : `was interrupted at “${step}”`
  assert.include(notice, `run ${run} of `)
  assert.include(notice, at)
}

type When = (project: Project, before: number, isOver: () => boolean) => Promise<void>

/** As soon as the run's journal has a record. */
const at =
  (tag: Journal.Record["_tag"], step?: string): When =>
  async (project, before, isOver) => {
    await until(`${tag} ${step ?? ""} is in the journal`, () => {
      const last = lastRun(project)
      const has = last?.records.some(
        (record) => record._tag === tag && (step === undefined || ("step" in record && record.step === step))
      )
      return isOver() || (last !== undefined && last.run > before && has === true) ? true : undefined
    })
  }

/** So long after the run's journal has begun. */
const after =
  (millis: number): When =>
  async (project, before, isOver) => {
    await at("RunBegan")(project, before, isOver)
    await sleep(millis)
  }

/** One run after the other is killed; each says of which it goes on with. Then one is not, and finishes. */
const chain = async (args: ReadonlyArray<string>, moments: ReadonlyArray<When>): Promise<void> => {
  let cut: Told | undefined
  for (const moment of moments) {
    const before = lastRun(project)?.run ?? 0
    const { output, over } = await killApply(project, args, (isOver) => moment(project, before, isOver))
    assert.isFalse(over, output.slice(-2000))
    if (cut !== undefined) assertTold(output, cut)
    cut = lastRun(project)
    assert.strictEqual(cut?.ended, false)
    assert.isAbove(cut?.run ?? 0, before)
  }
  const { exitCode, stderr, stdout } = await project.apply(args)
  assert.strictEqual(exitCode, 0, stderr)
  if (cut !== undefined) assertTold(stdout, cut)
  assert.deepStrictEqual((await project.apply()).applied, [])
}

/** Moments that look random, and are the same in each run of the test. */
const moments = [300, 2_900, 900, 4_100, 1_700, 5_300]

describe("the command, killed with all that it has started,", () => {
  let undisturbed: Awaited<ReturnType<typeof picture>>

  it("at boundaries of its journal ends as if it were not", async () => {
    await chain(
      [],
      [
        at("RunBegan"),
        at("AttemptBegan", "images"),
        at("AttemptEnded", "images"),
        at("AttemptBegan", "migrate"),
        at("AttemptEnded", "admin"),
        at("AttemptBegan", "application")
      ]
    )
    const disturbed = await picture()
    const { exitCode, stderr } = await project.apply(["--fresh"])
    assert.strictEqual(exitCode, 0, stderr)
    undisturbed = await picture()
    assert.deepStrictEqual(disturbed, undisturbed)
  })

  it("at any moment of a fresh start ends as if it were not", async () => {
    await chain(["--fresh"], moments.map(after))
    assert.deepStrictEqual(await picture(), undisturbed)
  })
})
