import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { holdLock } from "./support/records.ts"
import { world } from "./support/world.ts"

const staging = ["--env", "staging"]

describe("a lock that another run holds", () => {
  it("ends every run at once, and says who, since when, which run, at which step", async () => {
    const here = world()
    const held = await holdLock(here)
    await held.at("front")
    for (const command of [["apply"], ["apply", "--json"]]) {
      const ended = await run([...command, ...staging, "--yes"], here, shop())
      expect(ended.code).toBe(3)
      const text = ended.err.replace(/\s+/g, " ")
      expect(text).toContain("error[core.lock-held]: run 1 is going on: ada on ci-7")
      expect(text).toContain("and it is at “front”")
      expect(text).toContain("hint: wait until it has ended, or say --wait")
    }
    expect((await run(["plan", ...staging], here, shop())).code).toBe(0)
    await held.release()
    expect(here.made()).toEqual([])
  })

  it("--wait waits for it, so long or without limit, and says for whom", async () => {
    const here = world()
    const held = await holdLock(here)
    const short = await run(["apply", ...staging, "--yes", "--wait", "2s"], here, shop())
    expect(short.code).toBe(3)
    expect(short.out).toMatch(/ {2}… waiting for run 1 of ada on ci-7 \(process \d+\), begun /)
    const waiting = run(["apply", ...staging, "--yes", "--wait", "--json"], here, shop())
    await held.release()
    const ended = await waiting
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toContain('"_tag":"LockTaken"')
  })

  it("--wait takes durations, and nothing else", async () => {
    for (const wait of ["soon", "10", "-1s"]) {
      const ended = await run(["apply", ...staging, "--yes", `--wait=${wait}`], world(), shop())
      expect([ended.code, ended.err.includes(`--wait cannot be “${wait}”`)]).toEqual([64, true])
    }
    expect((await run(["apply", ...staging, "--yes", "--wait", "soon"], world(), shop())).code).toBe(64)
  })
})

describe("unlock", () => {
  it("has nothing to do where nobody holds the lock", async () => {
    // Nobody has to approve of nothing.
    for (const args of [["--yes", "--reason", "x"], ["--yes"], []]) {
      const ended = await run(["unlock", ...staging, ...args], world(), shop())
      expect([ended.code, ended.out]).toEqual([0, "nobody holds the lock of shop in staging\n"])
    }
  })

  it("shows the holder, has the environment typed and a reason given, and notes both", async () => {
    const here = world()
    const env = { WORLD: "nowhere" }
    const held = await holdLock(here)
    const refused = await run(["unlock", ...staging], { ...here, env }, shop(), { answers: ["y"] })
    expect([refused.code, refused.out.includes("run 1 is going on: ada on ci-7")]).toEqual([1, true])
    const silent = await run(["unlock", ...staging], { ...here, env }, shop(), { answers: ["staging", " "] })
    expect([silent.code, silent.out.includes("no reason was given: nothing has been changed")]).toEqual([1, true])
    expect((await run(["apply", ...staging, "--yes"], here, shop())).code).toBe(3)
    const ended = await run(["unlock", ...staging], { ...here, env }, shop(), { answers: ["staging", "it hangs"] })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toContain("run 1 has lost the lock; that, and why, is noted in its journal")
    expect((await run(["apply", ...staging, "--yes"], here, shop())).code).toBe(0)
    await held.release()
  })

  it("needs --yes and --reason where nobody can be asked", async () => {
    const here = world()
    const held = await holdLock(here)
    for (const [args, says] of [
      [[], "unlock needs approval"],
      [["--yes"], "unlock needs a reason"]
    ] as const) {
      const ended = await run(["unlock", ...staging, ...args], here, shop())
      expect([ended.code, ended.err.includes(says)]).toEqual([64, true])
    }
    const ended = await run(["unlock", ...staging, "--yes", "--reason", "it hangs"], here, shop())
    expect(ended.code).toBe(0)
    await held.release()
  })
})

describe("where a run leaves what it leaves", () => {
  it("is the folder of the deployment's file, wherever a person stands", async () => {
    const [here, elsewhere] = [world(), world()]
    elsewhere.file("inputs.env", "VERSION=7\n")
    const args = ["apply", ...staging, "--yes", "--input-file", "inputs.env"]
    const ended = await run(args, here, shop(), { directory: elsewhere.folder })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(here.says("front")).toBe("front 7")
    expect(existsSync(join(here.folder, ".shipshape/shop/staging/runs/000001.ndjson"))).toBe(true)
    expect(existsSync(join(elsewhere.folder, ".shipshape"))).toBe(false)
  })
})
