/** Runs every gate, one after the other, and stops at the first that fails: `npm run check`. */
import { execa } from "execa"
import { root } from "./lib/workspace.ts"

/** What each gate is called and how to run it alone. */
const gates: ReadonlyArray<readonly [name: string, command: string]> = [
  ["format, lint and import cycles", "npm run lint"],
  ["types", "npm run typecheck"],
  ["type tests", "npm run typetest"],
  ["build", "npm run build"],
  ["no any in declarations", "node scripts/check-declarations.ts"],
  ["packages as published", "npm run lint:packages"],
  ["unused code and dependencies", "npm run lint:unused"],
  ["public surface", "npx vitest run test/exports.test.ts"],
  ["TSDoc", "node scripts/check-tsdoc.ts"],
  ["TSDoc examples", "npx vitest run --project docs"],
  ["reference is up to date", "npm run docs -- --check"]
]

for (const [name, command] of gates) {
  const start = performance.now()
  const [file = "", ...args] = command.split(" ")
  const { all, failed } = await execa(file, args, { cwd: root, preferLocal: true, all: true, reject: false })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${failed ? "✗" : "✓"} ${name} (${seconds} s)`)
  if (failed) {
    console.error(`\n${all}\n\ncheck failed at “${name}”; alone: ${command}`)
    process.exit(1)
  }
}
