import { execFileSync } from "node:child_process"
import { expect, it } from "vitest"

/** The files that Node loads for an import, in a process of its own. */
const loadedBy = (module: string): ReadonlyArray<string> => {
  const script = `
    import { registerHooks } from "node:module"
    const urls = []
    registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context) } })
    await import(${JSON.stringify(module)})
    process.stdout.write(JSON.stringify(urls))
  `
  const args = ["--conditions=@shipshape/source", "--input-type=module", "--eval", script]
  const output = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" })
  return JSON.parse(output) as ReadonlyArray<string>
}

it("the library loads neither the command line nor renderers nor what starts processes", () => {
  const loaded = loadedBy("@shipshape/core")
  expect(loaded.some((url) => url.endsWith("/core/src/index.ts"))).toBe(true)
  const unwanted =
    /core\/src\/(cli|reporter|testing)\/|\/node_modules\/(execa|@effect\/platform-node|effect\/[a-z]+\/cli)\//
  expect(loaded.filter((url) => unwanted.test(url))).toEqual([])
})

it("naming the command line in a deployment's file loads nothing before it is called", () => {
  expect(loadedBy("@shipshape/core/cli").map((url) => url.slice(url.lastIndexOf("/core/")))).toEqual([
    "/core/src/cli/index.ts",
    "/core/src/cli/PluginCommand.ts"
  ])
})
