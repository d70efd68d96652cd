import { readFileSync, writeFileSync } from "node:fs"
import { History } from "@shipshape/core"
import { displayWidth } from "effect/cli/CliOutput"
import * as Schema from "effect/Schema"
import { beforeAll, describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { began, cutOff, holdLock, lastJournal } from "./support/records.ts"
import { shape } from "./support/shape.ts"
import { type World, world } from "./support/world.ts"

const staging = ["--env", "staging"]
const environment = { WORLD: "/nowhere", VERSION: "1" }

/** A shop with a run that succeeded, one that failed and was taken back, and one that was cut off. */
const past = async (): Promise<World> => {
  const here = world()
  await run(["apply", ...staging, "--yes"], here, shop())
  const second = { ...here, env: { ...here.env, VERSION: "2" } }
  await run(["apply", ...staging, "--yes"], second, shop(["undo", "broken"]))
  await run(["apply", ...staging, "--yes"], second, shop())
  cutOff(here, began("back"))
  return here
}

/** As it is, without who and where. */
const told = (text: string): string =>
  shape(text)
    .replace(/\S+ on \S+ \(process PID\)/g, "WHO")
    .replace(/\S+@\S+/g, "WHO")
    .replace(/ +(?=\n)/g, "")

describe("history", () => {
  let here: World
  beforeAll(async () => {
    here = await past()
  })
  const history = (...args: ReadonlyArray<string>) =>
    run(["history", ...staging, ...args], { ...here, env: environment }, shop(), { width: 160 })

  it("lists the runs, the last first, without a secret at hand", async () => {
    const ended = await history()
    expect(ended).toMatchObject({ code: 0, err: "" })
    const table = told(ended.out)
      .replace(/\b[0-9a-f]{6}\b/g, "DIGEST")
      .replace(/ {2,}/g, "  ")
    expect(table).toMatchInlineSnapshot(`
      "  run  outcome  when  who  mode  plan  changes  took  release
        3  ! cut off at “back”  DATE, AGO  WHO  apply  DIGEST  1  TIME
        2  ✗ failed at “mail”, 2 taken back  DATE, AGO  WHO  apply  DIGEST  3  TIME
        1  ✓ succeeded  DATE, AGO  WHO  apply  DIGEST  5  TIME  1
      "
    `)
  })

  it("leaves columns out where the terminal is narrow", async () => {
    for (const width of [40, 60, 80, 100]) {
      const ended = await run(["history", ...staging], { ...here, env: environment }, shop(), { width })
      for (const line of ended.out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
      expect(ended.out).toContain("✓ succeeded")
    }
  })

  it("shows one run with its attempts, what was taken back, and why it failed", async () => {
    const first = await history("1")
    expect(told(first.out)).toMatchInlineSnapshot(`
      "run 1   ✓ succeeded
        when       DATE (AGO), took  TIME
        who        WHO
        mode       apply
        plan       DIGEST
        release    1

        ✓ backup   dump the shop
                   81 kB, 1 table, 3 rows, AGE, sha256 9f86…
        ✓ front    front nothing → front 1
        ✓ schema   schema nothing → 1
        ✓ back     back nothing → back 1
        ✓ mail     tell everybody
      "
    `)
    const second = await history("2")
    expect(told(second.out)).toMatchInlineSnapshot(`
      "run 2   ✗ failed at “mail”, 2 taken back
        when       DATE (AGO), took  TIME
        who        WHO
        mode       apply
        plan       DIGEST

        ✓ front    front front 1 → front 2
        ✓ schema   schema 1 → 2
        ✓ back     back back 1 → back 2
        ✗ mail     failed: nobody listens
        ↶ back     taken back
        ↶ front    taken back

      error[shop.broken]: nobody listens
        hint: speak up
      "
    `)
    const third = await history("3")
    expect(told(third.out)).toContain("? back    back back 1 → back 2 · how it ended is not recorded")
  })

  it("--json gives summaries, and one run with its records", async () => {
    const runs = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(History.RunSummary)))(
      (await history("--json")).out
    )
    expect(runs.map((each) => [each.run, each.outcome, each.undone.length])).toEqual([
      [3, "unfinished", 0],
      [2, "failed", 2],
      [1, "succeeded", 0]
    ])
    const one = JSON.parse((await history("2", "--json")).out) as { summary: { run: number }; records: Array<object> }
    expect(one.summary.run).toBe(2)
    expect(one.records[0]).toMatchObject({ _tag: "RunBegan", run: 2 })
    expect(JSON.parse((await history("--json", "--limit", "1")).out)).toHaveLength(1)
  })

  it("says that there are more than are shown", async () => {
    const ended = await history("--limit", "2")
    expect(ended.out).toContain("… and earlier ones, with --limit N")
    expect(ended.out).not.toContain("✓ succeeded")
  })

  it("refuses a run that is not there, and what is no number", async () => {
    const none = await history("7")
    expect(none.code).toBe(64)
    expect(none.err).toContain("error[core.unknown-name]: there is no run 7; the nearest is 3")
    for (const args of [["first"], ["--limit", "0"], ["1", "--limit", "2"]]) {
      expect((await history(...args)).code, args.join(" ")).toBe(64)
    }
    expect((await history("7", "--json")).out).toContain('"code":"core.unknown-name"')
  })

  it("a damaged journal is one row", async () => {
    const damaged = await past()
    const file = lastJournal(damaged).replace("000003", "000002")
    writeFileSync(file, `garbage\n${readFileSync(file, "utf8")}`)
    const ended = await run(["history", ...staging], { ...damaged, env: environment }, shop())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toMatch(/\n {4}2 {2}✗ the journal is damaged: line 1 cannot be read/)
    expect(ended.out).toContain("✓ succeeded")
    const json = await run(["history", ...staging, "--json"], { ...damaged, env: environment }, shop())
    expect(JSON.parse(json.out)[1]).toMatchObject({ run: 2, damaged: { code: "core.journal-invalid" } })
    expect((await run(["history", ...staging, "2"], { ...damaged, env: environment }, shop())).code).toBe(1)
  })

  it("says where nothing is recorded yet", async () => {
    const ended = await run(["history", ...staging], world(), shop())
    expect([ended.code, ended.out]).toEqual([
      0,
      "no run of shop to staging is recorded in .shipshape/shop/staging on this machine\n"
    ])
  })
})

describe("status", () => {
  const status = (here: World, ...args: ReadonlyArray<string>) => run(["status", ...staging, ...args], here, shop())

  it("without a release says what checks say", async () => {
    const ended = await status(world())
    expect(ended).toMatchObject({ code: 1, err: "" })
    expect(ended.out).toMatchInlineSnapshot(`
      "shop → staging   no release yet, data is disposable

        4 of 4 steps not in order: backup, front, schema, back
      "
    `)
  })

  it("shows the release and its parts, and that the world equals it", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    const ended = await status(here)
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(told(ended.out).replace(/, \S+ on \S+\n/, ", WHO\n")).toMatchInlineSnapshot(`
      "shop → staging   release 1, data is disposable
        DATE (AGO), WHO
        backup of the shop: 81 kB, 1 table, 3 rows, AGE, sha256 9f86…

        front    text front 1
        schema   version 1
        back     text back 1

        the world is as the release left it
        all 4 steps in order
      "
    `)
    const json = await status(here, "--json")
    expect(json.code).toBe(0)
    expect(JSON.parse(json.out)).toMatchObject({ inOrder: true, release: { number: 1 }, differences: [] })
  })

  it("says where the world is no longer as it was left", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    here.make("front", "somebody was here")
    const ended = await status(here)
    expect(ended.code).toBe(1)
    expect(ended.out).toContain("  ~ front   front: front 1 → somebody was here\n")
    expect(ended.out).toContain("what the deployment asks for now: 1 of 4 steps not in order: front")
    expect(JSON.parse((await status(here, "--json")).out)).toMatchObject({
      inOrder: false,
      differences: [{ step: "front" }]
    })
  })

  it("does not blame the world for what the deployment or its inputs ask for by now", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    const later = { ...here, env: { ...here.env, VERSION: "2" } }
    const ended = await status(later)
    expect(ended.code).toBe(1)
    expect(ended.out).toContain("  the world is as the release left it\n")
    expect(ended.out).toContain("  what the deployment asks for now: 3 of 4 steps not in order: front, schema, back\n")
    here.make("front", "somebody was here")
    const moved = await status(later)
    expect(moved.out).toContain(
      "the world is no longer as the release left it:\n  ~ front   front: front 1 → somebody was"
    )
    here.make("schema", "3")
    const both = JSON.parse((await status(later, "--json")).out)
    expect(both.differences).toEqual([
      { step: "front", path: "front", recorded: "front 1", now: "somebody was here" },
      { step: "schema", path: "version", recorded: "1", now: "3" }
    ])
  })

  it("says what was interrupted, and who is at work", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    cutOff(here, began("mail"))
    const ended = await status(here)
    expect(ended.code).toBe(1)
    expect(ended.out).toMatch(/run 1 of \S+ on \S+ was interrupted .* at “mail”/)
    const held = await holdLock(here)
    await held.at("front")
    const going = await status(here)
    await held.release()
    expect(going.out.replace(/\s+/g, " ")).toContain("run 2 is going on: ada on ci-7")
    expect(going.out.replace(/\s+/g, " ")).toContain("it is at “front”")
  })
})
