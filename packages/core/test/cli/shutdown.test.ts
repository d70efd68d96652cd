/** A command that has done its work ends: https://github.com/nodejs/node/issues/54918, which no test can provoke. */
import { expect, it } from "vitest"
import { shipshape } from "./support/shipshape.ts"

/** Says on standard error which flags of V8 are set, and whether a line has been printed by then. */
const telling = `
import { syncBuiltinESMExports } from "node:module"
import v8 from "node:v8"
const { setFlagsFromString } = v8
let printed = false
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (...args) => {
  printed = true
  return write(...args)
}
v8.setFlagsFromString = (flag) => {
  process.stderr.write(\`\${flag} \${printed ? "after" : "before"} the output\\n\`)
  setFlagsFromString(flag)
}
syncBuiltinESMExports()
`

it("compiles nothing beside the program, and nothing in the background once it has ended", async () => {
  const preload = `data:text/javascript;base64,${Buffer.from(telling).toString("base64")}`
  const ended = await shipshape(["--version"], { env: { NODE_OPTIONS: `--import=${preload}` } })
  expect(ended).toMatchObject({
    code: 0,
    err: "--no-concurrent-sparkplug before the output\n--no-concurrent-recompilation after the output\n"
  })
})
