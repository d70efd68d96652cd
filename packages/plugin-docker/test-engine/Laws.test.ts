import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ReleaseWorld, releases } from "../test/support/releases.ts"
import { composeFile, files, scenarios } from "../test/support/scenarios.ts"
import { makeProject } from "./support/project.ts"

const worldOf = Effect.map(makeProject({ ...files, "compose.yml": composeFile }), (project): ReleaseWorld => {
  const label = `label=com.docker.compose.project=${project.name}`
  const env = join(project.directory, ".env")
  const inspected = (name: string) =>
    Effect.map(
      project.docker("image", "ls", "--all", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"),
      (list) =>
        list.split("\n").flatMap((line) => {
          const [reference = "", id = ""] = line.split(" ")
          return reference === name || reference === `${name}:latest` || id === name ? [id] : []
        })
    )
  return {
    layer: project.layer,
    see: Effect.all([
      project.docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Image}} {{.State}}", "--filter", label),
      project.docker("volume", "ls", "--quiet", "--filter", label),
      project.docker("image", "ls", "--no-trunc", "--format", "{{.ID}} {{.Tag}}", `${project.name}-app`),
      Effect.promise(async () => {
        const { gid, ino, mode, uid } = await stat(env)
        return [await readFile(env, "utf8"), uid, gid, mode, ino]
      })
    ]),
    stop: (service) => project.compose("stop", service),
    editContext: project.write("app/greeting", "changed\n"),
    removeImage: (service) => project.docker("rmi", `${project.name}-${service}`),
    makeVolume: project.docker(
      "volume",
      "create",
      "--label",
      `com.docker.compose.project=${project.name}`,
      `${project.name}_data`
    ),
    project: project.name,
    image: (reference) => Effect.map(inspected(reference), ([id]) => id),
    hasImage: (id) => Effect.map(inspected(id), (ids) => ids.length > 0),
    greeting: project.compose("exec", "-T", "app", "cat", "/greeting"),
    // Of this project alone: others build on the same engine.
    prune: Effect.gen(function* () {
      const nameless = yield* project.docker("image", "ls", "--quiet", "--filter", "dangling=true", "--filter", label)
      if (nameless !== "") yield* project.docker("rmi", ...nameless.split("\n"))
    }),
    env
  }
})

describe("laws, on a real engine", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it.live(name, () => Effect.flatMap(worldOf, scenario).pipe(Effect.scoped))
  }
})

describe("releases, on a real engine", () => {
  for (const [name, scenario] of Object.entries(releases)) {
    it.live(name, () => Effect.flatMap(worldOf, scenario).pipe(Effect.scoped))
  }
})
