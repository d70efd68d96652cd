/** Staging on a real engine: from an empty host to healthy, nothing to do, damage named and repaired. */
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { get, make, type Project } from "./Project.ts"

let project: Project

beforeAll(async () => {
  project = await make("staging")
})

afterAll(() => project.remove())

const idOf = (service: string): string => project.inspect(service)?.Id ?? "none"

describe("an empty host", () => {
  it("becomes healthy", async () => {
    const plan = await project.plan()
    assert.deepStrictEqual(
      plan.steps.filter((step) => step.action === "apply").map((step) => step.id),
      ["env-file"]
    )
    assert.strictEqual(plan.summary.blocked, 0)
    const { applied, exitCode, finished, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.strictEqual(finished.outcome, "succeeded")
    assert.isAbove(applied.length, 15)
  })

  // What the rows of the team's own script are for, asked of docker, psql and HTTP: not of the SDK.
  it("has an env file of the right owner, mode and keys, each with a value", () => {
    const file = path.join(project.directory, ".env")
    assert.strictEqual(fs.statSync(file).mode & 0o777, 0o640)
    const keys = ["SECRET_KEY", "EDMS_MASTER_KEY", "ALLOWED_HOSTS", "DB_NAME", "DB_USER", "DB_PASSWORD"]
    const text = fs.readFileSync(file, "utf8")
    for (const key of keys) assert.match(text, new RegExp(`^${key}=.+$`, "m"))
    assert.match(text, /^SECRET_KEY=.{50,}$/m)
  })

  it("runs containers of the images that were built, healthy and never restarted", () => {
    for (const service of ["db", "backend", "frontend"]) {
      const container = project.inspect(service)
      assert.strictEqual(container?.State.Health?.Status, "healthy", service)
      assert.strictEqual(container?.RestartCount, 0, service)
    }
    for (const service of ["backend", "frontend"]) {
      const id = project.docker("image", "inspect", "--format", "{{.Id}}", `${project.name}-${service}:latest`).trim()
      assert.strictEqual(project.inspect(service)?.Image, id)
    }
  })

  it("has all migrations applied, and the extensions they need", () => {
    assert.deepStrictEqual(project.psql("SELECT name FROM django_migrations WHERE app = 'documents' ORDER BY name"), [
      "0001_initial",
      "0002_title_search",
      "0003_document_versions"
    ])
    assert.deepStrictEqual(
      project.psql("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname"),
      ["pg_trgm", "unaccent"]
    )
  })

  it("has its roles, groups, document types and sources", () => {
    const counts = ["users_role", "auth_group", "documents_documenttype", "documents_documentsource"]
    assert.deepStrictEqual(
      counts.map((table) => project.psql(`SELECT count(*) FROM ${table}`)[0]),
      ["14", "6", "7", "4"]
    )
    assert.deepStrictEqual(
      project.psql(
        "SELECT DISTINCT u.username FROM documents_documenttype t JOIN users_user u ON u.id = t.created_by_id"
      ),
      ["admin"]
    )
  })

  it("has a superuser and three users with role and group", () => {
    assert.deepStrictEqual(project.psql("SELECT username FROM users_user WHERE is_superuser"), ["admin"])
    assert.deepStrictEqual(
      project.psql(
        `SELECT u.username, r.module, r.level, g.name FROM users_user u
         JOIN users_userrole ur ON ur.user_id = u.id JOIN users_role r ON r.id = ur.role_id
         JOIN users_user_groups ug ON ug.user_id = u.id JOIN auth_group g ON g.id = ug.group_id
         WHERE ur.is_active ORDER BY u.username`
      ),
      [
        "approver01|O1|approve|Document Approvers",
        "author01|O1|write|Document Authors",
        "reviewer01|O1|review|Document Reviewers"
      ]
    )
  })

  it("lets the superuser and a test user log in with the passwords they were given", async () => {
    const [, admin, user] = project.secrets
    for (const [username, password, status] of [
      ["admin", admin, 200],
      ["author01", user, 200],
      ["author01", "wrong", 401]
    ] as const) {
      const response = await get(`${project.backend}/api/documents/`, {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
      })
      assert.strictEqual(response.status, status, username)
    }
  })

  it("gives author01 the permission to write", () => {
    assert.deepStrictEqual(
      project.psql(
        `SELECT count(*) FROM users_userrole ur JOIN users_user u ON u.id = ur.user_id
         JOIN users_role r ON r.id = ur.role_id
         WHERE u.username = 'author01' AND u.is_active AND ur.is_active AND r.module = 'O1' AND r.can_write`
      ),
      ["1"]
    )
  })

  it("has storage directories that the application's user owns and can write to", () => {
    for (const name of ["documents", "versions", "temp", "quarantine"]) {
      const directory = `/app/storage/${name}`
      assert.strictEqual(project.exec("backend", "stat", "-c", "%u:%g %a", directory).trim(), "1000:1000 755")
      const id = idOf("backend")
      project.docker("exec", id, "touch", `${directory}/probe`)
      project.docker("exec", id, "rm", `${directory}/probe`)
    }
  })

  it("answers through backend and frontend, and with its static files", async () => {
    const health = await get(`${project.backend}/health/`)
    assert.deepStrictEqual(
      [health.status, JSON.parse(health.body)],
      [200, { status: "ok", database: "ok", migrations: "applied" }]
    )
    const page = await get(project.frontend)
    assert.include(page.body, 'data-app="edms-frontend"')
    assert.strictEqual((await get(`${project.frontend}/no/such/page`)).status, 404)
    const css = await get(`${project.frontend}/static/admin/css/base.css`)
    assert.include(css.contentType, "text/css")
  })

  it("has written no error to its logs", () => {
    for (const service of ["backend", "frontend"]) {
      assert.notMatch(project.docker("logs", idOf(service)), /Traceback|\bERROR\b/)
    }
  })
})

describe("the second apply", () => {
  it("applies nothing, and verify agrees", async () => {
    const before = ["db", "backend", "frontend"].map((service) => project.inspect(service)?.State.StartedAt)
    const { applied, exitCode, finished } = await project.apply()
    assert.deepStrictEqual([applied, exitCode, finished.counts.applied], [[], 0, 0])
    assert.deepStrictEqual(
      ["db", "backend", "frontend"].map((service) => project.inspect(service)?.State.StartedAt),
      before
    )
    assert.strictEqual((await project.cli(["verify"])).exitCode, 0)
    assert.strictEqual((await project.cli(["plan", "--detailed-exitcode"])).exitCode, 0)
  })
})

interface Damage {
  readonly what: string
  readonly steps: ReadonlyArray<string>
  readonly break: () => void
  /** Whether the damage is there, by a question that goes past the SDK. */
  readonly isThere: () => boolean
}

const other = "debian:trixie-slim"

const damages: ReadonlyArray<Damage> = [
  {
    what: "an extension was dropped",
    steps: ["unaccent"],
    break: () => void project.psql("DROP EXTENSION unaccent"),
    isThere: () => project.psql("SELECT 1 FROM pg_extension WHERE extname = 'unaccent'").length === 0
  },
  {
    what: "a role was deleted",
    steps: ["create_default_roles"],
    break: () =>
      void project.psql(
        "DELETE FROM users_role WHERE module = 'S4' AND id NOT IN (SELECT role_id FROM users_userrole)"
      ),
    isThere: () => project.psql("SELECT count(*) FROM users_role")[0] !== "14"
  },
  {
    what: "a user lost its group",
    steps: ["reviewer01"],
    break: () =>
      void project.psql(
        "DELETE FROM users_user_groups WHERE user_id = (SELECT id FROM users_user WHERE username = 'reviewer01')"
      ),
    isThere: () =>
      project.psql(
        "SELECT 1 FROM users_user_groups ug JOIN users_user u ON u.id = ug.user_id WHERE u.username = 'reviewer01'"
      ).length === 0
  },
  {
    what: "storage directories belong to root and are closed",
    steps: ["storage"],
    break: () => {
      project.exec("backend", "chown", "0:0", "/app/storage/documents")
      project.exec("backend", "chmod", "700", "/app/storage/temp")
    },
    isThere: () =>
      project.exec("backend", "stat", "-c", "%u %a", "/app/storage/documents", "/app/storage/temp").trim() !==
      "1000 755\n1000 755"
  },
  {
    what: "a container was stopped",
    steps: ["application"],
    break: () => void project.docker("stop", idOf("frontend")),
    isThere: () => project.inspect("frontend")?.State.Status !== "running"
  },
  {
    what: "a migration is not applied",
    steps: ["migrate"],
    break: () => {
      project.exec("backend", "python3", "manage.py", "migrate", "documents", "0002")
    },
    isThere: () => project.psql("SELECT 1 FROM django_migrations WHERE name = '0003_document_versions'").length === 0
  },
  {
    what: "somebody else's image has the frontend's name",
    steps: ["images"],
    break: () => void project.docker("tag", other, `${project.name}-frontend:latest`),
    isThere: () =>
      project.docker("image", "inspect", "--format", "{{.Id}}", `${project.name}-frontend:latest`) ===
      project.docker("image", "inspect", "--format", "{{.Id}}", other)
  },
  {
    what: "a key was removed from the env file",
    steps: ["env-file"],
    break: () => {
      const file = path.join(project.directory, ".env")
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/^ALLOWED_HOSTS=.*\n/m, ""))
    },
    isThere: () => !/^ALLOWED_HOSTS=./m.test(fs.readFileSync(path.join(project.directory, ".env"), "utf8"))
  }
]

/** A verification is no damage of its own: what does not hold does so because of what was broken. */
const verifications = /-health$|^containers$|^static-files-served$|^clean-logs$|-may-write$/
const isVerification = (id: string): boolean => verifications.test(id)

const named = async (): Promise<ReadonlyArray<string>> =>
  (await project.plan()).steps.filter((s) => s.action === "apply" && !isVerification(s.id)).map((s) => s.id)

describe("damage", () => {
  it.each(damages)("$what: the plan names it, apply repairs it and nothing else", async (damage) => {
    damage.break()
    assert.isTrue(damage.isThere())
    assert.deepStrictEqual(await named(), damage.steps)
    const { applied, exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.deepStrictEqual(
      applied.filter((id) => !isVerification(id)),
      damage.steps
    )
    assert.isFalse(damage.isThere())
    assert.deepStrictEqual((await project.apply()).applied, [])
  })

  it("all at once: the plan names all that can be known, apply repairs exactly that", async () => {
    const broken = damages.filter((damage) => !damage.steps.includes("env-file"))
    for (const damage of broken) damage.break()
    const steps = broken.flatMap((damage) => damage.steps)
    const inOrder = (await project.plan()).steps.map((step) => step.id)
    const sorted = (ids: ReadonlyArray<string>) => ids.toSorted((a, b) => inOrder.indexOf(a) - inOrder.indexOf(b))
    const plan = await project.plan()
    // Whether the stopped container is recreated or only started is known after the image.
    assert.deepStrictEqual(
      plan.steps.filter((s) => s.action === "deferred" && !isVerification(s.id)).map((s) => s.id),
      ["application"]
    )
    assert.deepStrictEqual(await named(), sorted(steps.filter((id) => id !== "application")))
    const { applied, exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.deepStrictEqual(sorted(applied.filter((id) => !isVerification(id))), sorted(steps))
    for (const damage of broken) assert.isFalse(damage.isThere(), damage.what)
    assert.deepStrictEqual((await project.apply()).applied, [])
  })

  it("with the env file among it: what Compose would make of it is known after the file", async () => {
    for (const damage of damages) damage.break()
    const steps = damages.flatMap((damage) => damage.steps)
    assert.include(await named(), "env-file")
    const { applied, exitCode, stderr } = await project.apply()
    assert.strictEqual(exitCode, 0, stderr)
    assert.deepStrictEqual(applied.filter((id) => !isVerification(id)).toSorted(), steps.toSorted())
    for (const damage of damages) assert.isFalse(damage.isThere(), damage.what)
  })
})

describe("a fresh start", () => {
  it("wipes the data, and brings everything back", async () => {
    project.psql("INSERT INTO documents_documentsource (code, name, is_active) VALUES ('mine', 'Mine', true)")
    const { applied, exitCode, stderr } = await project.apply(["--fresh"])
    assert.strictEqual(exitCode, 0, stderr)
    assert.include(applied, "clean-slate")
    assert.deepStrictEqual(project.psql("SELECT count(*) FROM documents_documentsource"), ["4"])
    assert.deepStrictEqual(project.psql("SELECT count(*) FROM users_role"), ["14"])
  })
})
