import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { composeFile, files, scenarios } from "../test/support/scenarios.ts"
import { makeProject } from "./support/project.ts"

const worldOf = Effect.map(makeProject({ ...files, "compose.yml": composeFile }), (project) => {
  const label = `label=com.docker.compose.project=${project.name}`
  const env = join(project.directory, ".env")
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
    stop: (service: string) => project.compose("stop", service),
    editContext: project.write("app/greeting", "changed\n"),
    removeImage: (service: string) => project.docker("rmi", `${project.name}-${service}`),
    makeVolume: project.docker(
      "volume",
      "create",
      "--label",
      `com.docker.compose.project=${project.name}`,
      `${project.name}_data`
    )
  }
})

describe("laws, on a real engine", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it.live(name, () => Effect.flatMap(worldOf, scenario).pipe(Effect.scoped))
  }
})
