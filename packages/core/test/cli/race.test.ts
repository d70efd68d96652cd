import { spawn } from "node:child_process"
import { describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { lastJournal, recordsOf } from "./support/records.ts"
import {
  collect,
  isAlive,
  meddled,
  node,
  program,
  type Shows,
  shipshape,
  surroundings,
  watch
} from "./support/shipshape.ts"
import { type World, world } from "./support/world.ts"

const apply = (here: World, ...more: ReadonlyArray<string>) => [
  "apply",
  ...["--file", here.deployment("shop"), "--env", "staging", "--yes", "--verbose"],
  ...more
]

/** The process that the one step that waits has started. */
const door = async (shows: Shows): Promise<string> => (await shows(/holding (\d+)/))[1] ?? ""

describe("several applies at the same time, each a process of its own", () => {
  for (const racing of [2, 4, 6]) {
    it(`${racing}: exactly one runs, and the others exit with 3 and name it`, { timeout: 60_000 }, async () => {
      const here = world({ FIXTURE: "holds" })
      const args = apply(here)
      let ended = 0
      const applies = Array.from({ length: racing }, () =>
        shipshape(args, { env: here.env }).then((result) => {
          // The one that runs waits until all others have been turned away.
          if (++ended === racing - 1) here.make("go")
          return result
        })
      )
      const results = await Promise.all(applies)
      expect(results.map(({ code }) => code).sort()).toEqual([0, ...Array(racing - 1).fill(3)])
      for (const { code, err, out } of results) {
        if (code === 0) continue
        const text = err.replace(/\s+/g, " ")
        expect(text).toMatch(/error\[core\.lock-held\]: run 1 is going on: \S+ on \S+ \(process \d+\)/)
        expect(out).not.toContain("holding")
      }
      expect(recordsOf(lastJournal(here))[0]).toMatchObject({ _tag: "RunBegan", run: 1 })
      expect(recordsOf(lastJournal(here)).at(-1)).toMatchObject({ _tag: "RunEnded", outcome: "succeeded" })
    })
  }

  it("the holder is killed: one that waits has the lock within a second, and goes on", {
    timeout: 120_000
  }, async () => {
    const here = world({ FIXTURE: "holds" })
    const args = apply(here)
    let killed = 0
    let taken = 0
    let left = ""
    const [command = "", ...options] = node
    const holder = await meddled(args, here, async (child, shows) => {
      left = await door(shows)
      const waiting = spawn(command, [...options, program, ...args, "--wait"], {
        env: surroundings(here.env),
        stdio: ["ignore", "pipe", "pipe"]
      })
      const ended = collect(waiting)
      const says = watch(waiting.stdout)
      await says(/waiting for run 1 of /)
      killed = performance.now()
      child.kill("SIGKILL")
      await says(/was\s+interrupted/)
      taken = performance.now()
      here.make("go")
      expect(await ended).toMatchObject({ code: 0, err: "" })
    })
    expect(holder.code).toBe(null)
    expect(taken - killed).toBeLessThan(1000)
    expect(isAlive(left)).toBe(false)
    expect(here.says("back")).toBe("back 1")
    const history = await run(["history", "--env", "staging", "--json"], here, shop(["holds"]))
    expect(JSON.parse(history.out).map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "succeeded",
      "unfinished"
    ])
  })
})
