import { describe, it } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Compose } from "@shipshape/plugin-docker"
import * as Effect from "effect/Effect"
import { makeProject } from "./support/project.ts"

const compose = `
services:
  db:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    environment: { MODE: "\${MODE:-one}" }
    volumes: ["data:/data"]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "test", "!", "-e", "/sick"], interval: 1s, start_interval: 1s, start_period: 20s, retries: 1 }
  app:
    image: debian:trixie-slim
    init: true
    command: ["sleep", "600"]
    stop_grace_period: 1s
    depends_on: { db: { condition: service_healthy } }
volumes: { data: {} }
`

describe("Compose.up", () => {
  it.live("keeps the laws", () =>
    Effect.gen(function* () {
      const project = yield* makeProject({ "compose.yml": compose })
      const see = project.docker(
        "ps",
        "--all",
        "--no-trunc",
        "--format",
        "{{.ID}} {{.State}}",
        "--filter",
        `label=com.docker.compose.project=${project.name}`
      )
      yield* Laws.check({
        step: Compose.up("app", { services: ["app"] }),
        see,
        damage: project.compose("stop", "db")
      }).pipe(Effect.provide(project.layer))
    }).pipe(Effect.scoped)
  )
})
