// node deploy.ts plan --env staging
import { defineDeployment, Input, Output, onFresh, parallel } from "@shipshape/core"
import { main } from "@shipshape/core/cli"
import { Django } from "@shipshape/plugin-django"
import { Compose, EnvFile, Storage } from "@shipshape/plugin-docker"
import { Health } from "@shipshape/plugin-health"
import { Postgres } from "@shipshape/plugin-postgres"

/** What comes with the application: how many rows each command leaves when it has done its work. */
const seeds = [
  { command: "create_default_roles", model: "users.Role", rows: 14 },
  { command: "create_default_groups", model: "auth.Group", rows: 6 },
  { command: "create_default_document_types", model: "documents.DocumentType", rows: 7 },
  { command: "create_default_document_sources", model: "documents.DocumentSource", rows: 4 }
]

/** Users to try the system with, each with a role in a module and the group that goes with it. Staging alone has them. */
const testUsers = [
  { username: "author01", role: { module: "O1", level: "write" }, group: "Document Authors" },
  { username: "reviewer01", role: { module: "O1", level: "review" }, group: "Document Reviewers" },
  { username: "approver01", role: { module: "O1", level: "approve" }, group: "Document Approvers" }
]

const deployment = defineDeployment(
  "edms",
  {
    environments: { staging: { data: "disposable" }, production: { data: "precious" } },
    inputs: {
      project: Input.string("COMPOSE_PROJECT_NAME", { default: "edms", description: "names containers and volumes" }),
      hosts: Input.string("EDMS_HOSTS", { default: "localhost,127.0.0.1", description: "host names, with commas" }),
      backendPort: Input.integer("EDMS_BACKEND_PORT", { default: 8001 }),
      frontendPort: Input.integer("EDMS_FRONTEND_PORT", { default: 3001 }),
      dbPassword: Input.secret("EDMS_DB_PASSWORD"),
      adminPassword: Input.secret("EDMS_ADMIN_PASSWORD"),
      userPassword: Input.secret("EDMS_USER_PASSWORD", { description: "of the users that staging is tried with" })
    },
    plugins: ({ environment, inputs }) => [
      Compose.project({
        directory: import.meta.dirname,
        files: ["compose.yml", `compose.${environment.name}.yml`],
        project: inputs.project
      }),
      Postgres.inService({ service: "db", user: "edms", database: "edms", password: inputs.dbPassword }),
      Django.inService({ service: "backend", oneOff: true }),
      Health.checks({})
    ]
  },
  function* ({ environment, inputs }) {
    const precious = environment.data === "precious"
    const backend = inputs.backendPort.map((port) => `http://127.0.0.1:${port}`)
    const frontend = inputs.frontendPort.map((port) => `http://127.0.0.1:${port}`)

    yield* Compose.preflight("docker", {
      compose: ">=2.20",
      diskFreeMiB: 1024,
      ports: Output.all([inputs.backendPort, inputs.frontendPort])
    })
    yield* EnvFile.present("env-file", {
      path: ".env",
      mode: 0o640,
      requires: ["SECRET_KEY", "EDMS_MASTER_KEY", "ALLOWED_HOSTS", "DB_NAME", "DB_USER", "DB_PASSWORD"],
      generate: ["SECRET_KEY", "EDMS_MASTER_KEY"],
      values: {
        ALLOWED_HOSTS: inputs.hosts,
        DB_NAME: "edms",
        DB_USER: "edms",
        DB_PASSWORD: inputs.dbPassword,
        EDMS_SECURE: precious ? "1" : "0",
        EDMS_BACKEND_PORT: inputs.backendPort.map(String),
        EDMS_FRONTEND_PORT: inputs.frontendPort.map(String)
      }
    })
    yield* onFresh(Compose.removeVolumes("clean-slate", { volumes: ["postgres_data", "media", "static"] }))

    yield* Compose.build("images", { services: ["backend", "frontend"] })
    yield* Compose.up("database", { services: ["db"] })
    if (precious) {
      yield* Postgres.backup("backup", { directory: `${import.meta.dirname}/backups`, keep: 14, drill: true })
    }
    yield* parallel(["pg_trgm", "unaccent"].map((name) => Postgres.extension(name, { name })))
    yield* Django.migrate("migrate", {})
    yield* Django.check("system-check", { deploy: precious })
    yield* Django.collectstatic("static-files", {})

    // Document types belong to the superuser.
    yield* Django.superuser("admin", { username: "admin", email: "admin@example.org", password: inputs.adminPassword })
    yield* parallel(
      seeds.map(({ command, model, rows }) => Django.command(command, { command, done: { model, atLeast: rows } }))
    )
    if (environment.name === "staging") {
      for (const { group, role, username } of testUsers) {
        yield* Django.command(username, {
          command: "ensure_user",
          args: [username, "--role", `${role.module}:${role.level}`, "--group", group],
          env: { EDMS_USER_PASSWORD: inputs.userPassword },
          done: {
            exists: [
              {
                model: "users.UserRole",
                filter: {
                  user__username: username,
                  user__groups__name: group,
                  role__module: role.module,
                  role__level: role.level,
                  is_active: true
                }
              }
            ]
          }
        })
      }
      yield* Django.verify("author01-may-write", {
        that: { call: "users.permissions.has_write_permission", user: "author01", args: ["O1"], equals: true }
      })
    }

    yield* Compose.up("application", { services: ["backend", "frontend"] })
    yield* Storage.directories("storage", {
      service: "backend",
      base: "/app/storage",
      paths: ["documents", "versions", "temp", "quarantine"],
      owner: 1000,
      mode: 0o755
    })

    yield* parallel([
      Health.http("backend-health", {
        url: backend.map((url) => `${url}/health/`),
        body: { json: { status: "ok", database: "ok", migrations: "applied" } },
        service: "backend"
      }),
      Health.http("frontend-health", {
        url: frontend.map((url) => `${url}/`),
        body: { contains: 'data-app="edms-frontend"' },
        service: "frontend"
      }),
      Health.http("static-files-served", {
        url: frontend.map((url) => `${url}/static/admin/css/base.css`),
        headers: { "content-type": /^text\/css/ },
        service: "frontend"
      }),
      Health.container("containers", { services: ["db", "backend", "frontend"] })
    ])
    yield* Health.logs("clean-logs", {
      services: ["backend", "frontend"],
      forbid: [/\bERROR\b/, /Traceback/],
      // What the container's own health check gets while migrations are pending.
      allow: [/Service Unavailable: \/health\//]
    })
    return { frontend }
  }
)

export default deployment

if (import.meta.main) await main(deployment)
