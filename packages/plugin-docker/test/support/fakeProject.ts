import { DockerWorld } from "@shipshape/plugin-docker/testing"
import * as Effect from "effect/Effect"
import type { ReleaseWorld } from "./releases.ts"
import { files } from "./scenarios.ts"

/** The project of the scenarios, in memory. */
export const makeWorld = (): ReleaseWorld => {
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
    makeVolume: control(() => world.makeVolume("data")),
    project: "app",
    image: (reference) => control(() => world.images.get(reference)),
    hasImage: (id) => control(() => [...world.images.values()].includes(id)),
    greeting: control(() => world.builtFrom("app", "container")?.greeting?.trim() ?? ""),
    prune: control(world.prune),
    env: "/srv/app/.env"
  }
}
