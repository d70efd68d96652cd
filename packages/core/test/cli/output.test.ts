import { execFileSync } from "node:child_process"
import { Plan } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"
import { node, program, surroundings } from "./support/shipshape.ts"
import { world } from "./support/world.ts"

/** More than a pipe holds. */
const steps = 5_000

const deployment = `
import { Check, defineDeployment, Step } from ${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)}
import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}

const noop = Step.make("test.noop", {
  description: "Nothing", risk: "additive", input: {}, output: {},
  check: () => Effect.succeed(Check.satisfied({})), apply: () => Effect.void
})
export default defineDeployment("long", { environments: { staging: { data: "disposable" } } }, function* () {
  for (let i = 0; i < ${steps}; i++) yield* noop("step-" + i, {})
})
`

it("all that was printed comes out, also where its reader takes its time", () => {
  const { env, file } = world()
  const command = [...node, program, "plan", "--json", "--file", file("deploy.mjs", deployment)]
  const out = execFileSync("sh", ["-c", '"$@" | (sleep 2; cat)', "sh", ...command], {
    env: surroundings(env),
    encoding: "utf8",
    maxBuffer: 2 ** 30
  })
  expect(Schema.decodeUnknownSync(Schema.fromJsonString(Plan.Plan))(out).steps).toHaveLength(steps)
})
