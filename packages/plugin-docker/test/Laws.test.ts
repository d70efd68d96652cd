import { describe, it } from "@effect/vitest"
import { DockerWorld } from "@shipshape/plugin-docker/testing"
import * as Effect from "effect/Effect"
import { files, scenarios, type World } from "./support/scenarios.ts"

const makeWorld = (): World => {
  const world = DockerWorld.make({
    files: { ".env": files[".env"] },
    services: {
      db: { image: "debian:trixie-slim", health: "healthy", volumes: { data: "/data" } },
      app: {
        build: { Dockerfile: files["app/Dockerfile"], greeting: files["app/greeting"] },
        user: 1000,
        dependsOn: { db: "service_healthy" }
      }
    }
  })
  const control = <A>(f: () => A) => Effect.sync(f)
  return {
    layer: world.layer,
    see: Effect.sync(world.snapshot),
    stop: (service) => control(() => world.stop(service)),
    editContext: control(() => {
      world.services.get("app")!.build!.greeting = "changed\n"
    }),
    removeImage: (service) => control(() => world.removeImage(service)),
    makeVolume: control(() => world.makeVolume("data"))
  }
}

describe("laws, on the fake world", () => {
  for (const [name, scenario] of Object.entries(scenarios)) it.live(name, () => scenario(makeWorld()))
})
