/** How long a deployment of 1,000 steps takes to type-check, beside one of a single step. */
import * as fs from "node:fs"
import * as path from "node:path"
import { run, table, time } from "./lib/measure.ts"

const source = (size: number): string => `
import { Check, defineDeployment, Step } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const thing = Step.make("bench.thing", {
  description: "A thing", risk: "additive", input: { name: Schema.String }, output: { name: Schema.String },
  check: ({ name }) => Effect.succeed(Check.satisfied({ name })),
  apply: () => Effect.void
})

export default defineDeployment("bench", { environments: { production: { data: "precious" } } }, function*() {
  const s0 = yield* thing("s0", { name: "0" })
${Array.from({ length: size - 1 }, (_, i) => `  const s${i + 1} = yield* thing("s${i + 1}", { name: s${i}.map((s) => s.name) })`).join("\n")}
  return s${size - 1}
})
`

export const benchTypes = async (root: string): Promise<void> => {
  const directory = fs.mkdtempSync(path.join(root, "bench", ".types-"))
  try {
    const check = (size: number) => {
      const folder = path.join(directory, String(size))
      fs.mkdirSync(folder)
      fs.writeFileSync(path.join(folder, "deploy.ts"), source(size))
      fs.writeFileSync(
        path.join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: "../../../tsconfig.base.json",
          // As a user has it: against the declarations that are published.
          compilerOptions: { customConditions: [], rootDir: root },
          include: ["deploy.ts"]
        })
      )
      return time(3, () => run(path.join(root, "node_modules/.bin/tsc"), ["-p", folder]))
    }
    const one = await check(1)
    const thousand = await check(1_000)
    table(
      "Type-checking a deploy.ts (median of 3 compilers, cold)",
      ["steps", "ms whole", "ms added"],
      [
        ["1", one, 0],
        ["1,000", thousand, thousand - one]
      ]
    )
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
