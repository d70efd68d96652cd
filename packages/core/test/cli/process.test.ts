import { execFileSync } from "node:child_process"
import { Event, Plan } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { fixture, meddled, onTerminal, shipshape } from "./support/shipshape.ts"
import { world } from "./support/world.ts"

const staging = ["--file", fixture("deploy.ts"), "--env", "staging"]
const showCursor = "\u001b[?25h"
const hideCursor = "\u001b[?25l"

/** What `ps` knows of a process; a dead one that nobody has collected yet is dead. */
const isAlive = (pid: string): boolean => {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

describe("the program in a process of its own", () => {
  it("plans, applies, and then has nothing to do", async () => {
    const { env, made } = world()
    expect(await shipshape(["plan", ...staging, "--detailed-exitcode"], { env })).toMatchObject({ code: 2, err: "" })
    expect(await shipshape(["apply", ...staging, "--yes"], { env })).toMatchObject({ code: 0, err: "" })
    expect(made()).toHaveLength(5)
    expect((await shipshape(["apply", ...staging, "--yes"], { env })).out).toContain("nothing to do: 5 in order")
  })

  it("is the deployment's own file too", async () => {
    const ended = await shipshape(["plan", "--env", "staging", "--json"], {
      env: world().env,
      program: fixture("deploy.ts")
    })
    expect(ended).toMatchObject({ code: 0, err: "" })
    const plan = Schema.decodeUnknownSync(Schema.fromJsonString(Plan.Plan))(ended.out)
    expect(plan.deployment).toBe("demo")
  })

  it("has no flag that Node takes for its own: a file that is missing is named, and not by Node", async () => {
    const ended = await shipshape(["plan", "--env", "staging", "--input-file", "missing"], {
      env: world().env,
      program: fixture("deploy.ts")
    })
    expect(ended).toMatchObject({ code: 64, out: "" })
    expect(ended.err).toContain("cannot read the input file missing")
  })

  it("knows its version", async () => {
    expect((await shipshape(["--version"])).out).toMatch(/^shipshape \d+\.\d+\.\d+\n$/)
  })

  it("goes on where the reader of its output goes away", async () => {
    const { env, made } = world()
    const ended = await meddled(["apply", ...staging, "--yes"], { env }, async (child) => {
      child.stdout?.destroy()
    })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(made()).toHaveLength(5)
  })

  it("ends what is under way on a signal, and says how to go on", async () => {
    let sleeper = ""
    const ended = await meddled(
      ["apply", ...staging, "--yes", "--verbose"],
      world({ FIXTURE: "command" }),
      async (child, shows) => {
        sleeper = (await shows(/migrate │ started (\d+)\n/))[1] ?? ""
        child.kill("SIGTERM")
      }
    )
    expect(ended.code).toBe(130)
    expect(ended.out).toContain("under way: migrate")
    expect(ended.out).toContain("not run: application")
    expect(ended.out).toContain("hint: run apply again")
    expect(sleeper).toMatch(/^\d+$/)
    expect(isAlive(sleeper)).toBe(false)
  })

  it("on a signal ends --json with the event that ends a run", async () => {
    const ended = await meddled(
      ["apply", ...staging, "--yes", "--json"],
      world({ FIXTURE: "waits" }),
      async (child, shows) => {
        await shows(/making db-migrated/)
        child.kill("SIGINT")
      }
    )
    expect(ended.code).toBe(130)
    const last = Schema.decodeUnknownSync(Schema.fromJsonString(Event.Event))(ended.out.trimEnd().split("\n").at(-1))
    expect(last).toMatchObject({ _tag: "RunFinished", outcome: "interrupted" })
  })
})

describe("the program on a terminal", () => {
  it("shows the plan once, asks, and applies", async () => {
    const { env, made } = world()
    const ended = await onTerminal(["apply", ...staging], { env }, async ({ shows, types }) => {
      await shows(/Apply 5 steps to staging\? \[y\/N\] /)
      expect(made()).toEqual([])
      types("y\n")
    })
    expect(ended.code).toBe(0)
    expect(made()).toHaveLength(5)
    expect(ended.out.match(/plan [0-9a-f]{6}/g)).toHaveLength(1)
  })

  it("applies nothing without approval", async () => {
    const { env, made } = world()
    const ended = await onTerminal(["apply", ...staging], { env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      types("\n")
    })
    expect(ended.code).toBe(1)
    expect(ended.out).toContain("not approved: nothing has been applied")
    expect(made()).toEqual([])
  })

  it("has the environment typed where data may be destroyed", async () => {
    const { env, made } = world()
    const ended = await onTerminal(["apply", ...staging, "--fresh"], { env }, async ({ shows, types }) => {
      await shows(/“clean-slate” may destroy data\. Type staging to apply/)
      types("y\n")
    })
    expect(ended.code).toBe(1)
    expect(made()).toEqual([])
  })

  it("stops where the world has moved since it asked", async () => {
    const here = world()
    const ended = await onTerminal(["apply", ...staging], { env: here.env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      here.make("trgm")
      types("yes\n")
    })
    expect(ended.code).toBe(4)
    expect(ended.out).toContain("error[core.plan-stale]")
    expect(here.made()).toEqual(["trgm"])
  })

  it("takes Ctrl-C at the question for what it is", async () => {
    const ended = await onTerminal(["apply", ...staging], { env: world().env }, async ({ shows, types }) => {
      await shows(/\[y\/N\] /)
      types("\u0003")
    })
    expect(ended.code).toBe(130)
  })

  it("ends a run in good order on Ctrl-C, and at once on the second one", async () => {
    const ended = await onTerminal(
      ["apply", ...staging, "--yes"],
      { env: world({ FIXTURE: "stubborn" }).env },
      async ({ shows, types }) => {
        await shows(/making db-migrated/)
        types("\u0003")
        await shows(/interrupting/)
        types("\u0003")
      }
    )
    expect(ended.code).toBe(130)
    expect(ended.out.lastIndexOf(showCursor)).toBeGreaterThan(ended.out.lastIndexOf(hideCursor))
  })

  it("paints nothing over where the terminal cannot", async () => {
    const ended = await onTerminal(
      ["apply", ...staging, "--yes"],
      { env: { ...world().env, TERM: "dumb" } },
      async () => {}
    )
    expect(ended.code).toBe(0)
    expect(ended.out).not.toContain("\u001b[")
  })
})
