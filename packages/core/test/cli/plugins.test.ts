import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { shipshape } from "./support/shipshape.ts"

const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A project's folder, with files by their paths. */
const project = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), "ss-cli-"))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

const plugin = (name: string, word: string, exports = '{ "./commands": "./commands.js" }') => ({
  [`node_modules/${name}/package.json`]: `{ "name": "${name}", "type": "module", "exports": ${exports}, "shipshape": { "commands": { "${word}": "./commands" } } }`,
  [`node_modules/${name}/commands.js`]: `
    import * as Effect from "${import.meta.resolve("effect/Effect")}"
    export const ${word} = {
      description: "Look into queues.",
      commands: {
        show: {
          description: "Show a queue.",
          operands: { name: "QUEUE", description: "A queue", count: "some" },
          flags: {
            json: { kind: "switch", description: "JSON" },
            maxAge: { kind: "text", metavar: "AGE", description: "How old" },
            only: { kind: "list", metavar: "ID", description: "These" }
          },
          run: ({ flags, operands, terminal }) => operands[0] === "broken"
            ? Effect.fail(Object.assign(new Error("queue is full"), { code: "acme.queue-full", hint: "purge it" }))
            : Effect.sync(() => {
                terminal.out(JSON.stringify({ flags, operands, directory: terminal.directory, verbose: terminal.verbose }) + "\\n")
                return 7
              })
        }
      }
    }`
})

const acme = {
  "package.json": '{ "name": "shop", "devDependencies": { "@acme/queue": "1", "not-installed": "1" } }',
  ...plugin("@acme/queue", "queue")
}

describe("commands of plugins", () => {
  it("run without a deployment, from any folder of the project", async () => {
    const cwd = project({ ...acme, "deep/down/here.txt": "" })
    const ended = await shipshape(
      ["queue", "show", "mail", "jobs", "--json", "--max-age", "3d", "--only", "a", "--only", "b"],
      { cwd: join(cwd, "deep/down") }
    )
    expect(ended).toMatchObject({ code: 7, err: "" })
    expect(JSON.parse(ended.out)).toEqual({
      flags: { json: true, maxAge: "3d", only: ["a", "b"] },
      operands: ["mail", "jobs"],
      directory: join(cwd, "deep/down"),
      verbose: false
    })
  })

  it("fail as others do", async () => {
    const cwd = project(acme)
    const ended = await shipshape(["queue", "show", "broken"], { cwd })
    expect(ended).toMatchObject({ code: 1, out: "" })
    expect(ended.err).toContain("error[acme.queue-full]: queue is full\n  hint: purge it")
    const json = await shipshape(["queue", "show", "broken", "--json"], { cwd })
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({ failure: { code: "acme.queue-full" } })
  })

  it.each([
    { args: ["queue", "show"], says: "queue show needs <QUEUE>" },
    { args: ["queue", "shw", "x"], says: "did you mean “show”?" },
    { args: ["queue", "show", "x", "--jsn"], says: "did you mean “--json”?" },
    { args: ["queue", "show", "x", "--file", "deploy.ts"], says: "no flag --file" },
    { args: ["quue", "show"], says: "no command “quue”" }
  ])("are refused where they are typed wrong: $says", async ({ args, says }) => {
    const ended = await shipshape(args, { cwd: project(acme) })
    expect(ended).toMatchObject({ code: 64, out: "" })
    expect(ended.err).toContain(says)
  })

  it("stand in the help and in completions", async () => {
    const cwd = project(acme)
    const help = await shipshape(["--help"], { cwd })
    expect(help.out).toMatch(/queue\s+Look into queues\./)
    expect(help.out).toMatch(/plan\s+Look at the world/)
    expect((await shipshape(["queue", "--help"], { cwd })).out).toMatch(/show\s+Show a queue\./)
    expect((await shipshape(["completions", "bash"], { cwd })).out).toContain("queue")
  })

  it("are no reason to fail where there is no project", async () => {
    const ended = await shipshape(["nothing"], { cwd: project({ "package.json": "not JSON" }) })
    expect(ended.code).toBe(64)
    expect(ended.err).toContain("no command “nothing”")
  })

  it("of two packages are not chosen from", async () => {
    const cwd = project({
      ...acme,
      "package.json": '{ "dependencies": { "@acme/queue": "1", "other-queue": "1" } }',
      ...plugin("other-queue", "queue")
    })
    const ended = await shipshape(["queue", "show", "x"], { cwd })
    expect(ended.code).toBe(64)
    expect(ended.err).toContain("two packages: @acme/queue and other-queue")
  })

  it("that cannot be loaded say why", async () => {
    const cwd = project({ ...acme, "node_modules/@acme/queue/commands.js": "export const other = 1" })
    const ended = await shipshape(["queue", "show", "x"], { cwd })
    expect(ended.code).toBe(64)
    expect(ended.err).toContain("error[usage.commands-unloadable]")
    expect(ended.err).toContain("exports no commands by the name queue")
  })
})
