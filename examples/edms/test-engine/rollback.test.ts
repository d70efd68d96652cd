/** The EDMS goes back from its second release to the first and forth again: image, env file, schema; and all rows stay. */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { History, Release } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { secondRelease } from "./NextRelease.ts"
import { get, make, type Project } from "./Project.ts"

let project: Project

beforeAll(async () => {
  project = await make("staging")
})

afterAll(() => project.remove())

const services = ["db", "backend", "frontend"]

/** What runs, asked of docker, of the file system, of psql and by HTTP: not of the SDK. */
const seen = async () => {
  const env = fs.readFileSync(path.join(project.directory, ".env"), "utf8")
  return {
    images: services.map((service) => project.inspect(service)?.Image),
    env: createHash("sha256").update(env).digest("hex"),
    hosts: /^ALLOWED_HOSTS=(.*)$/m.exec(env)?.[1],
    health: JSON.parse((await get(`${project.backend}/health/`)).body),
    migrations: project.psql("SELECT name FROM django_migrations WHERE app = 'documents' ORDER BY name"),
    columns: project.psql(
      "SELECT column_name FROM information_schema.columns WHERE table_name = 'documents_document' ORDER BY 1"
    )
  }
}

const addDocument = (title: string) =>
  project.psql(
    `INSERT INTO documents_document
       (uuid, title, document_type_id, source_id, status, author_id, version, file, size, sha256, created_at, updated_at)
     SELECT gen_random_uuid(), '${title}', t.id, s.id, 'draft', u.id, 1, '', 0, '', now(), now()
     FROM documents_documenttype t, documents_documentsource s, users_user u WHERE u.username = 'author01' LIMIT 1`
  )

/** All titles in the database, each of which the application lists too. */
const listed = async () => {
  const authorization = `Basic ${Buffer.from(`author01:${project.secrets[2]}`).toString("base64")}`
  const { body, status } = await get(`${project.backend}/api/documents/`, { authorization })
  assert.strictEqual(status, 200, body)
  const titles = project.psql("SELECT title FROM documents_document ORDER BY title")
  for (const title of titles) assert.include(body, JSON.stringify(title))
  return titles
}

const Status = Schema.Struct({
  inOrder: Schema.Boolean,
  release: Release.Release,
  differences: Schema.Array(Schema.Json)
})

/** The release that runs, which the world must equal. */
const running = async (): Promise<Release.Release> => {
  const { exitCode, stderr, stdout } = await project.cli(["status", "--json"])
  const { differences, inOrder, release } = Schema.decodeUnknownSync(Status)(JSON.parse(stdout))
  assert.deepStrictEqual([exitCode, inOrder, differences], [0, true, []], stderr)
  return release
}

/** What a run has applied, and what it says of migrations. */
const succeeded = async (run: ReturnType<Project["apply"]>) => {
  const { applied, events, exitCode, finished, stderr } = await run
  assert.deepStrictEqual([exitCode, finished.outcome], [0, "succeeded"], stderr)
  const migrated = events.findLast((e) => e._tag === "StepFinished" && e.id === "migrate")
  return { applied, migrated: migrated?._tag === "StepFinished" ? migrated : undefined }
}

let first: Awaited<ReturnType<typeof seen>>
let second: Awaited<ReturnType<typeof seen>>

describe("the EDMS", () => {
  it("has two releases: another image, one more migration, another env file", async () => {
    await succeeded(project.apply())
    addDocument("of release 1")
    first = await seen()
    assert.strictEqual((await running()).number, 1)

    secondRelease(project)
    project.inputs.EDMS_HOSTS = "localhost,127.0.0.1,edms.example.org"
    const { applied } = await succeeded(project.apply())
    assert.deepStrictEqual(applied, ["env-file", "images", "migrate", "application"])
    addDocument("of release 2")
    second = await seen()
    assert.deepStrictEqual([first.health.edition, second.health.edition], [undefined, 2])
    assert.deepStrictEqual([first.hosts, second.hosts], ["localhost,127.0.0.1", project.inputs.EDMS_HOSTS])
    assert.notStrictEqual(first.images[1], second.images[1])
    assert.deepStrictEqual(second.migrations, [...first.migrations, "0004_priority"])
    assert.notInclude(first.columns, "priority")
    assert.include(second.columns, "priority")
    assert.strictEqual((await running()).number, 2)
  })

  it("goes back to the first, and keeps the newer schema and all rows", async () => {
    const { applied, migrated } = await succeeded(project.rollback())
    assert.deepStrictEqual(applied, ["env-file", "images", "application"])
    assert.strictEqual(
      migrated?.reason,
      "the schema stays newer: documents.0004_priority (reversible) is kept; --schema goes back"
    )
    const { columns, migrations } = second
    assert.deepStrictEqual(await seen(), { ...first, columns, migrations })
    assert.deepStrictEqual(await listed(), ["of release 1", "of release 2"])
    addDocument("of release 1 again")
    const { backTo, number } = await running()
    assert.deepStrictEqual([number, backTo], [3, 1])
  })

  it("goes forth to the second", async () => {
    const { applied } = await succeeded(project.apply())
    assert.deepStrictEqual(applied, ["env-file", "images", "application"])
    assert.deepStrictEqual(await seen(), second)
    assert.strictEqual((await listed()).length, 3)
    assert.strictEqual((await running()).number, 4)
  })

  it("goes back with its schema where that is asked for, and keeps all rows", async () => {
    const { applied, migrated } = await succeeded(project.rollback(["--schema"]))
    assert.deepStrictEqual(applied, ["env-file", "images", "migrate", "application"])
    assert.deepStrictEqual(
      migrated?.changes.map(({ summary }) => summary),
      ["unapply documents.0004_priority, and what it added is lost: Add field priority to document"]
    )
    assert.deepStrictEqual(await seen(), first)
    assert.deepStrictEqual(await listed(), ["of release 1", "of release 1 again", "of release 2"])
    assert.strictEqual((await running()).backTo, 1)
  })

  it("goes forth with its schema, and its history lists all of that", async () => {
    const { applied } = await succeeded(project.apply())
    assert.deepStrictEqual(applied, ["env-file", "images", "migrate", "application"])
    assert.deepStrictEqual(await seen(), second)
    assert.strictEqual((await listed()).length, 3)
    assert.strictEqual((await running()).number, 6)
    assert.deepStrictEqual((await project.apply()).applied, [])

    const { exitCode, stdout } = await project.cli(["history", "--json"])
    assert.strictEqual(exitCode, 0)
    const runs = Schema.decodeUnknownSync(Schema.Array(History.RunSummary))(JSON.parse(stdout))
    assert.deepStrictEqual(
      runs.map(({ backTo, mode, outcome, release, run }) => [run, mode, backTo, outcome, release]),
      [
        [7, "apply", undefined, "succeeded", 6],
        [6, "apply", undefined, "succeeded", 6],
        [5, "rollback", 1, "succeeded", 5],
        [4, "apply", undefined, "succeeded", 4],
        [3, "rollback", 1, "succeeded", 3],
        [2, "apply", undefined, "succeeded", 2],
        [1, "apply", undefined, "succeeded", 1]
      ]
    )
  })
})
