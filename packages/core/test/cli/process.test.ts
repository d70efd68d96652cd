import { Event, Plan } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { isAlive, meddled, onTerminal, shipshape } from "./support/shipshape.ts"
import { type World, world } from "./support/world.ts"

const staging = (here: World) => ["--file", here.deployment("demo"), "--env", "staging"]
describe("the program in a process of its own", () => {
  it("plans, applies, and then has nothing to do", async () => {
    const here = world()
    const { env, made } = here
    expect(await shipshape(["plan", ...staging(here), "--detailed-exitcode"], { env })).toMatchObject({
      code: 2,
      err: ""
    })
    expect(await shipshape(["apply", ...staging(here), "--yes"], { env })).toMatchObject({ code: 0, err: "" })
    expect(made()).toHaveLength(5)
    expect((await shipshape(["apply", ...staging(here), "--yes"], { env })).out).toContain("nothing to do: 5 in order")
  })

  it("is the deployment's own file too", async () => {
    const here = world()
    const ended = await shipshape(["plan", "--env", "staging", "--json"], {
      env: here.env,
      program: here.deployment("demo")
    })
    expect(ended).toMatchObject({ code: 0, err: "" })
    const plan = Schema.decodeUnknownSync(Schema.fromJsonString(Plan.Plan))(ended.out)
    expect(plan.deployment).toBe("demo")
  })

  it("has no flag that Node takes for its own: a file that is missing is named, and not by Node", async () => {
    const here = world()
    const ended = await shipshape(["plan", "--env", "staging", "--input-file", "missing"], {
      env: here.env,
      program: here.deployment("demo")
    })
    expect(ended).toMatchObject({ code: 64, out: "" })
    expect(ended.err).toContain("cannot read the input file missing")
  })

  it("knows its version", async () => {
    expect((await shipshape(["--version"])).out).toMatch(/^shipshape \d+\.\d+\.\d+\n$/)
  })

  it("goes on where the reader of its output goes away", async () => {
    const here = world()
    const { env, made } = here
    const ended = await meddled(["apply", ...staging(here), "--yes"], { env }, async (child) => {
      child.stdout?.destroy()
    })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(made()).toHaveLength(5)
  })

  it("ends what is under way on a signal, and says how to go on", async () => {
    let sleeper = ""
    const here = world({ FIXTURE: "command" })
    const ended = await meddled(["apply", ...staging(here), "--yes", "--verbose"], here, async (child, shows) => {
      sleeper = (await shows(/migrate │ started (\d+)\n/))[1] ?? ""
      child.kill("SIGTERM")
    })
    expect(ended.code).toBe(130)
    expect(ended.out).toContain("under way: migrate")
    expect(ended.out).toContain("not run: application")
    expect(ended.out).toContain("hint: run apply again")
    expect(sleeper).toMatch(/^\d+$/)
    expect(isAlive(sleeper)).toBe(false)
  })

  it("on a signal ends --json with the event that ends a run", async () => {
    const here = world({ FIXTURE: "waits" })
    const ended = await meddled(["apply", ...staging(here), "--yes", "--json"], here, async (child, shows) => {
      await shows(/making db-migrated/)
      child.kill("SIGINT")
    })
    expect(ended.code).toBe(130)
    const last = Schema.decodeUnknownSync(Schema.fromJsonString(Event.Event))(ended.out.trimEnd().split("\n").at(-1))
    expect(last).toMatchObject({ _tag: "RunFinished", outcome: "interrupted" })
  })
})

describe("the program on a terminal", () => {
  it("shows the plan once, asks, and applies", async () => {
    const here = world()
    const { env, made } = here
    const ended = await onTerminal(["apply", ...staging(here)], { env }, async ({ shows, types }) => {
      await shows(/Apply 5 steps to staging\? \[y\/N\] /)
      expect(made()).toEqual([])
      types("y\n")
    })
    expect(ended.code).toBe(0)
    expect(made()).toHaveLength(5)
    expect(ended.out.match(/plan [0-9a-f]{6}/g)).toHaveLength(1)
  })

  it("applies nothing without approval", async () => {
    const here = world()
    const { env, made } = here
    const ended = await onTerminal(["apply", ...staging(here)], { env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      types("\n")
    })
    expect(ended.code).toBe(1)
    expect(ended.out).toContain("not approved: nothing has been changed")
    expect(made()).toEqual([])
  })

  it("has the environment typed where data may be destroyed", async () => {
    const here = world()
    const { env, made } = here
    const ended = await onTerminal(["apply", ...staging(here), "--fresh"], { env }, async ({ shows, types }) => {
      await shows(/“clean-slate” may destroy data\.\s+Type staging to go on: /)
      types("y\n")
    })
    expect(ended.code).toBe(1)
    expect(made()).toEqual([])
  })

  it("stops where the world has moved since it asked", async () => {
    const here = world()
    const ended = await onTerminal(["apply", ...staging(here)], { env: here.env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      here.make("trgm")
      types("yes\n")
    })
    expect(ended.code).toBe(4)
    expect(ended.out).toContain("error[core.plan-stale]")
    expect(here.made()).toEqual(["trgm"])
  })

  it("takes Ctrl-C at the question for what it is", async () => {
    const here = world()
    const ended = await onTerminal(["apply", ...staging(here)], { env: here.env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      types("\u0003")
    })
    expect(ended.code).toBe(130)
  })

  it("paints nothing over where the terminal cannot", async () => {
    const here = world()
    const ended = await onTerminal(
      ["apply", ...staging(here), "--yes"],
      { env: { ...here.env, TERM: "dumb" } },
      async () => {}
    )
    expect(ended.code).toBe(0)
    expect(ended.out).not.toContain("\u001b[")
  })
})
