/** The EDMS example's own Compose project: built, brought up, damaged, and what a plan costs. */

import { cp } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Command, defineDeployment } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Compose, EnvFile, Storage } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import { freePort, makeProject, shell } from "./support/project.ts"

const edms = fileURLToPath(new URL("../../../examples/edms", import.meta.url))

describe("the EDMS project", () => {
  it.live(
    "is built and brought up, and a plan costs the same however many steps there are",
    () =>
      Effect.gen(function* () {
        const files = ["compose.yml", "compose.staging.yml"] as const
        const project = yield* makeProject({}, { files })
        yield* Effect.promise(() =>
          cp(edms, project.directory, { recursive: true, filter: (path) => !path.includes("node_modules") })
        )
        const [backend, frontend] = [yield* freePort, yield* freePort]
        const deploymentWith = (steps: number) =>
          defineDeployment(
            "edms",
            {
              environments: { staging: { data: "disposable" } },
              plugins: () => [Compose.project({ directory: project.directory })]
            },
            function* () {
              yield* Compose.preflight("docker", {
                compose: ">=2.20",
                docker: ">=24",
                diskFreeMiB: 100,
                ports: [backend, frontend]
              })
              yield* EnvFile.present("env-file", {
                path: ".env",
                mode: 0o640,
                requires: ["SECRET_KEY", "EDMS_MASTER_KEY", "DB_PASSWORD"],
                values: {
                  DB_NAME: "edms",
                  DB_USER: "edms",
                  ALLOWED_HOSTS: "localhost",
                  EDMS_BACKEND_PORT: String(backend),
                  EDMS_FRONTEND_PORT: String(frontend)
                },
                generate: ["SECRET_KEY", "EDMS_MASTER_KEY", "DB_PASSWORD"]
              })
              yield* Compose.build("images", { services: ["backend", "frontend"] })
              yield* Compose.up("database", { services: ["db"] })
              yield* Compose.exec("tables", {
                service: "db",
                command: [
                  "psql",
                  "--host",
                  "127.0.0.1",
                  "--username",
                  "edms",
                  "--command",
                  "CREATE TABLE IF NOT EXISTS shipshape (id int)"
                ],
                done: {
                  check: ["psql", "--host", "127.0.0.1", "--username", "edms", "--command", "SELECT 1 FROM shipshape"],
                  readOnly: true
                }
              })
              for (let i = 0; i < steps; i++) {
                yield* Storage.directories(`storage-${i}`, {
                  service: "db",
                  base: "/srv/files",
                  paths: [`a${i}`, `b${i}`],
                  owner: 999,
                  mode: 0o750
                })
              }
            }
          )
        const options = { environment: "staging" } as const

        const done = yield* Rehearsal.apply(deploymentWith(1), project.layer, options)
        assert.strictEqual(done.exitCode, 0, JSON.stringify(done.failure))
        assert.deepEqual(done.applied, ["env-file", "images", "database", "tables", "storage-0"])
        assert.deepEqual((yield* Rehearsal.apply(deploymentWith(1), project.layer, options)).applied, [])

        const costOf = Effect.fnUntraced(function* (steps: number) {
          project.commands.length = 0
          const { plan } = yield* Rehearsal.plan(deploymentWith(steps), project.layer, options)
          assert.strictEqual(plan?.summary.blocked, 0)
          return project.commands.map(Command.format)
        })
        const [few, many] = [yield* costOf(1), yield* costOf(30)]
        assert.strictEqual(many.length, few.length, many.join("\n"))
        assert.strictEqual(few.length, 13, few.join("\n"))

        // Nothing that a person could read holds a secret that was generated.
        const env = yield* shell("cat", [`${project.directory}/.env`])
        const secret = /^DB_PASSWORD=(?<value>.{64})$/m.exec(env)?.groups?.value
        assert.isDefined(secret)
        assert.notInclude(JSON.stringify(done.events), secret!)

        // Somebody builds something else under the same name.
        yield* project.docker("tag", "debian:trixie-slim", `${project.name}-frontend:latest`)
        const found = yield* Rehearsal.plan(deploymentWith(1), project.layer, options)
        assert.deepEqual(
          found.plan?.steps.find(({ id }) => id === "images")?.changes.map(({ summary }) => summary),
          ["build frontend: its image was not built from here"]
        )
        const repaired = yield* Rehearsal.apply(deploymentWith(1), project.layer, options)
        assert.deepEqual(repaired.applied, ["images"])
      }).pipe(Effect.scoped),
    600_000
  )
})
