import { chmodSync, existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { demo } from "./fixtures/demo.ts"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { shape } from "./support/shape.ts"
import { type World, world } from "./support/world.ts"

const staging = ["--env", "staging"]
const planned = async (here: World, ...args: ReadonlyArray<string>) => {
  const ended = await run(["plan", ...staging, "--out", "plan.json", ...args], here, shop())
  return {
    ended,
    path: join(here.folder, "plan.json"),
    text: () => readFileSync(join(here.folder, "plan.json"), "utf8")
  }
}

describe("plan --out", () => {
  it("prints the plan as ever, and saves it for its owner alone, without secrets", async () => {
    const here = world()
    const { ended, path, text } = await planned(here)
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out.trimEnd().split("\n").at(-1)).toBe("saved to plan.json")
    expect(ended.out).toContain("5 to apply")
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(text()).not.toContain("hunter22")
    const json = await run(["plan", ...staging, "--json", "--out", "other.json"], here, shop())
    expect(json).toMatchObject({ code: 0, err: "" })
    const saved: unknown = JSON.parse(readFileSync(join(here.folder, "other.json"), "utf8"))
    expect(saved).toMatchObject({ plan: JSON.parse(json.out) })
  })

  it("writes over a plan, and over nothing else", async () => {
    const here = world()
    const { path, text } = await planned(here)
    const before = text()
    chmodSync(path, 0o644)
    expect((await run(["plan", ...staging, "--out", "plan.json", "--only", "front"], here, shop())).code).toBe(0)
    expect(text()).not.toBe(before)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    here.file("notes.json", '{"format":"notes"}')
    for (const [file, says] of [
      ["notes.json", "notes.json is there already, and it is no saved plan"],
      ["nowhere/plan.json", "its folder is not there"],
      [".", "cannot be saved to .:"]
    ] as const) {
      const refused = await run(["plan", ...staging, "--out", file], here, shop())
      expect([refused.code, refused.out]).toEqual([64, ""])
      expect(refused.err.replace(/\s+/g, " ")).toContain(says)
    }
    expect(readFileSync(join(here.folder, "notes.json"), "utf8")).toBe('{"format":"notes"}')
  })

  it("saves nothing that could not be applied, and says so", async () => {
    const here = world()
    const file = join(here.folder, "plan.json")
    const blocked = await run(["plan", ...staging, "--out", file], here, demo(["blocked"]))
    expect(blocked).toMatchObject({ code: 1, err: "the plan is not saved: a step is blocked\n" })
    for (const deployment of [demo(["losing"]), shop(["unsafe"])]) {
      const refused = await run(["plan", "--env", "production", "--out", file], here, deployment)
      expect(refused.code).toBe(5)
      expect(refused.err).toContain("the plan is not saved: it would be refused\n")
    }
    expect(existsSync(file)).toBe(false)
  })
})

describe("plan of what changes precious data without a backup", () => {
  it("is refused as apply would be, and says which step", async () => {
    const here = world()
    const refused = await run(["plan", "--env", "production"], here, shop(["unsafe"]))
    expect(refused.code).toBe(5)
    expect(refused.err).toContain("error[policy.backup-required]")
    expect(refused.err).toContain("“schema” would change it")
    expect((await run(["plan", "--env", "production", "--json"], here, shop(["unsafe"]))).code).toBe(5)
    expect((await run(["plan", "--env", "production"], here, shop())).code).toBe(0)
    expect((await run(["plan", "--env", "production", "--skip", "backup"], here, shop())).code).toBe(5)
  })
})

describe("apply --plan", () => {
  it("applies exactly that, unasked, in another checkout of the same", async () => {
    const [here, there] = [world(), world()]
    const { path } = await planned(here, "--only", "front,back")
    const ended = await run(["apply", "--plan", path], { ...there, env: here.env }, shop())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toMatch(/^plan [0-9a-f]{6}, made by \S+ on \S+ (just now|\d+ seconds? ago)\n\n/)
    expect(ended.out).toContain("2 applied")
    expect(here.made()).toEqual(["back", "front"])
    expect(there.made()).toEqual([])
  })

  it("stops with what differs, if anything does", async () => {
    const here = world()
    const { path } = await planned(here)
    here.make("front", "somebody was here")
    const ended = await run(["apply", "--plan", path], here, shop())
    expect(ended.code).toBe(4)
    expect(ended.err).toContain(
      "error[core.plan-stale]: what was approved is not what would be applied now: “front” differs"
    )
    expect(ended.err).toContain("front planned.changes[0].before: nothing → somebody was here")
    expect(here.made()).toEqual(["front"])
    for (const deployment of [shop(["new"]), demo([])]) {
      expect((await run(["apply", "--plan", path], here, deployment)).code).toBe(4)
    }
    const version = await run(["apply", "--plan", path, "--input", "version=2"], here, shop())
    expect(version.err).toContain("inputs version: 1 → 2")
  })

  it("a step that it names and that is gone is a difference, and no typing error", async () => {
    const here = world()
    for (const [flag, id] of [
      ["--only", "new"],
      ["--skip", "new"]
    ] as const) {
      const file = join(here.folder, `${flag}.json`)
      expect((await run(["plan", ...staging, flag, id, "--out", file], here, shop(["new"]))).code).toBe(0)
      const ended = await run(["apply", "--plan", file], here, shop())
      expect(ended.code, ended.err).toBe(4)
    }
  })

  it("refuses one that was tampered with, and what is no plan", async () => {
    const here = world()
    const { text } = await planned(here)
    const tampered = here.file("tampered.json", text().replace('"front 1"', '"front 9"'))
    expect(tampered).not.toBe(text())
    const first = await run(["apply", "--plan", tampered], here, shop())
    expect([first.code, first.err.includes("core.plan-tampered")]).toEqual([4, true])
    for (const [content, says] of [
      ["{}", "core.proposal-invalid"],
      ["half of {", "core.proposal-invalid"]
    ] as const) {
      const ended = await run(["apply", "--plan", here.file("no.json", content)], here, shop())
      expect([ended.code, ended.err.includes(says)]).toEqual([64, true])
    }
    const missing = await run(["apply", "--plan", "missing.json"], here, shop())
    expect([missing.code, missing.err.includes("cannot read the plan missing.json")]).toEqual([64, true])
    expect(here.made()).toEqual([])
  })

  it("takes strategy, steps and environment from the plan: others contradict it", async () => {
    const here = world()
    const { path } = await planned(here)
    for (const [args, says] of [
      [["--fresh"], "--plan and --fresh contradict each other"],
      [["--only", "front", "--skip", "back"], "--plan and --only, --skip contradict each other"],
      [["--env", "production"], "the saved plan is one for staging, and --env says production"]
    ] as const) {
      const ended = await run(["apply", "--plan", path, ...args], here, shop())
      expect(ended.code).toBe(64)
      expect(ended.err.replace(/\s+/g, " ")).toContain(says)
    }
    expect((await run(["rollback", "--plan", path], here, shop())).err).toContain("say apply --plan")
    expect(here.made()).toEqual([])
    const ended = await run(["apply", "--plan", path, ...staging, "--yes", "--json"], here, shop())
    expect([ended.code, shape(ended.out).startsWith("{")]).toEqual([0, true])
  })
})
