import { describe, expect, it } from "vitest"
import { fixture, shipshape } from "./support/shipshape.ts"
import { world } from "./support/world.ts"

describe("a file that gives no deployment is refused, and says where it is wrong", () => {
  const files: Readonly<Record<string, { readonly text: string; readonly says: string }>> = {
    "no default export": { text: "export const a = 1\n", says: "deploy.mts has no default export" },
    "another default export": { text: "export default 42\n", says: "a value of type number, and no deployment" },
    "a syntax error": { text: "const a = 1\nconst b = = 2\n", says: "deploy.mts:2: " },
    "syntax that cannot be erased": { text: "enum A { B }\nexport default A\n", says: "deploy.mts:1: " },
    "an import of nothing": {
      text: 'import a from "./nowhere.ts"\nexport default a\n',
      says: "deploy.mts imports what is not there"
    },
    "a file that throws": {
      text: '\nthrow new Error("the config is not there")\n',
      says: "deploy.mts:2:7 failed while it was loaded: the config is not there"
    }
  }
  for (const [what, { says, text }] of Object.entries(files)) {
    it.concurrent(what, async () => {
      const here = world()
      here.file("deploy.mts", text)
      const ended = await shipshape(["plan", "--file", "deploy.mts"], { env: here.env, cwd: here.folder })
      expect(ended.code, ended.err).toBe(64)
      const words = ended.err.replace(/\s+/g, " ")
      expect(words).toContain("error[usage.deployment-unloadable]: ")
      expect(words).toContain(says)
      expect(words).not.toContain("node:internal")
    })
  }

  it.concurrent("no file at all", async () => {
    const here = world()
    const ended = await shipshape(["plan"], { env: here.env, cwd: here.folder })
    expect(ended.code).toBe(64)
    expect(ended.err).toContain("there is no file deploy.ts in")
    expect(ended.err).toContain("--file FILE")
  })

  it.concurrent("a definition that is wrong, with all its problems", async () => {
    const ended = await shipshape(["plan", "--file", fixture("invalid.ts")])
    expect(ended.code).toBe(64)
    expect(ended.err).toContain("error[core.definition-invalid]: ")
    expect(ended.err).toContain("step id “twice” is used twice")
    expect(ended.err).toContain("step “forgotten” is built but never yielded")
  })
})
