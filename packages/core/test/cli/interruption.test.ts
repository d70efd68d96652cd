import { spawnSync } from "node:child_process"
import { openSync } from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { onClosable } from "./support/closable.ts"
import { run } from "./support/inProcess.ts"
import { holdLock, lastJournal, recordsOf } from "./support/records.ts"
import { isAlive, meddled, node, onTerminal, program, type Shows } from "./support/shipshape.ts"
import { type World, world } from "./support/world.ts"

const apply = (here: World, ...more: ReadonlyArray<string>) => [
  "apply",
  ...["--file", here.deployment("shop"), "--env", "staging", "--yes", "--verbose"],
  ...more
]

/** The process that a step waits for, once it is there. */
const held = async (shows: Shows): Promise<string> => (await shows(/holding (\d+)/))[1] ?? ""

/** Tries until it holds: what has been killed is gone a moment later. */
const eventually = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** What the last run's journal ends with. */
const lastRecord = (here: World) => recordsOf(lastJournal(here)).at(-1)

/** The next run takes the lock at once, and goes on with what was interrupted. */
const goesOn = async (here: World, words: string): Promise<void> => {
  here.make("go")
  const plan = await run(["plan", "--env", "staging"], here, shop(words.split(" ")), { width: 160 })
  expect(plan.out).toMatch(/run 1 of \S+ on \S+ was interrupted .* at “door”: apply goes on with it/)
  const ended = await run(["resume", "--env", "staging", "--yes"], here, shop(words.split(" ")))
  expect(ended).toMatchObject({ code: 0, err: "" })
  expect(here.says("back")).toBe("back 1")
}

describe("a run ends in good order", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`on ${signal}, also where it comes twice: what it started is gone, the journal is closed, the lock is free`, async () => {
      const here = world({ FIXTURE: "holds" })
      let door = ""
      const ended = await meddled(apply(here), here, async (child, shows) => {
        door = await held(shows)
        child.kill(signal)
        child.kill(signal)
      })
      expect(ended.code).toBe(130)
      expect(isAlive(door)).toBe(false)
      expect(lastRecord(here)).toMatchObject({ _tag: "RunEnded", outcome: "interrupted" })
      const history = await run(["history", "--env", "staging"], here, shop())
      expect(history.out).toContain("! interrupted at “door”")
      await goesOn(here, "holds")
    })
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`on ${signal} while it waits for the lock: it has left nothing, and the one that runs is not disturbed`, async () => {
      const here = world({ FIXTURE: "" })
      const other = await holdLock(here)
      const ended = await meddled(apply(here, "--wait"), here, async (child, shows) => {
        await shows(/waiting for run 1 of/)
        child.kill(signal)
        child.kill(signal)
      })
      expect(ended.code).toBe(130)
      expect(here.made()).toEqual([])
      await Effect.runPromise(other.lease.held)
      await other.release()
      const next = await run(["apply", "--env", "staging", "--yes"], here, shop())
      expect(next).toMatchObject({ code: 0, err: "" })
      expect(next.out).not.toContain("was interrupted")
    })
  }

  it("when its terminal is gone: nothing that it writes there can be written", async () => {
    const here = world({ FIXTURE: "holds" })
    let door = ""
    const ended = await onClosable(apply(here), here, async ({ closes, shows }) => {
      door = await held(shows)
      closes()
    })
    expect(ended.code).toBe(130)
    expect(isAlive(door)).toBe(false)
    expect(lastRecord(here)).toMatchObject({ _tag: "RunEnded", outcome: "interrupted" })
  })

  it("at the question, when the terminal is gone, and has applied nothing", async () => {
    const here = world({ FIXTURE: "" })
    const args = apply(here).filter((arg) => arg !== "--yes")
    const ended = await onClosable(args, here, async ({ closes, shows }) => {
      await shows(/\[y\/N\] /)
      closes()
    })
    // Which of the two is known first, that there is no answer or that the terminal is gone, is chance.
    expect([1, 130]).toContain(ended.code)
    expect(ended.out).not.toContain("Error")
    expect(here.made()).toEqual([])
  })

  it("and goes on to its end where its terminal is gone, and nobody tells it to stop", async () => {
    const here = world({ FIXTURE: "holds" })
    const ended = await onClosable(apply(here), { ...here, behindShell: true }, async ({ closes, shows }) => {
      await held(shows)
      closes()
      here.make("go")
    })
    expect(ended.code).toBe(0)
    expect(lastRecord(here)).toMatchObject({ _tag: "RunEnded", outcome: "succeeded" })
  })
})

describe("a second signal leaves at once", () => {
  it("takes along what it started, however deaf, and leaves a journal to go on with", async () => {
    const here = world({ FIXTURE: "holds deaf" })
    let door = ""
    const ended = await meddled(apply(here), here, async (child, shows) => {
      door = await held(shows)
      const again = setInterval(() => child.kill("SIGTERM"), 50)
      child.on("close", () => clearInterval(again))
    })
    expect(ended.code).toBe(130)
    await eventually(() => !isAlive(door))
    expect(recordsOf(lastJournal(here)).some((record) => record._tag === "RunEnded")).toBe(false)
    await goesOn(here, "holds deaf")
  })

  it("on a terminal it leaves the cursor where it was", async () => {
    const here = world({ FIXTURE: "holds deaf" })
    let again: NodeJS.Timeout | undefined
    const ended = await onTerminal(apply(here), here, async ({ shows, types }) => {
      await held(shows)
      types("\u0003")
      await shows(/interrupting/)
      again = setInterval(() => types("\u0003"), 50)
      await new Promise(() => {})
    }).finally(() => clearInterval(again))
    expect(ended.code).toBe(130)
    expect(ended.out.lastIndexOf("\u001b[?25h")).toBeGreaterThan(ended.out.lastIndexOf("\u001b[?25l"))
  })
})

describe("output that cannot be written", () => {
  it("does not look as if it were: a full disk fails the command", async () => {
    const here = world()
    await run(["apply", "--env", "staging", "--yes"], here, shop())
    const [command = "", ...options] = node
    const args = [...options, program, "history", "--file", here.deployment("shop"), "--env", "staging", "--json"]
    const ended = spawnSync(command, args, { stdio: ["ignore", openSync("/dev/full", "w"), "pipe"], encoding: "utf8" })
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain("the output could not be written: ENOSPC")
  })
})
