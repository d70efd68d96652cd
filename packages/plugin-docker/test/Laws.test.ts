import { describe, it } from "@effect/vitest"
import { makeWorld } from "./support/fakeProject.ts"
import { releases } from "./support/releases.ts"
import { scenarios } from "./support/scenarios.ts"

describe("laws, on the fake world", () => {
  for (const [name, scenario] of Object.entries(scenarios)) it.live(name, () => scenario(makeWorld()))
})

describe("releases, on the fake world", () => {
  for (const [name, scenario] of Object.entries(releases)) it.live(name, () => scenario(makeWorld()))
})
