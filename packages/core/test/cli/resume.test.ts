import { unlinkSync } from "node:fs"
import { Event } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { began, cutOff, holdLock, lastJournal, recordsOf } from "./support/records.ts"
import { shape } from "./support/shape.ts"
import { type World, world } from "./support/world.ts"

const staging = ["--env", "staging"]
const eventOf = Schema.decodeUnknownSync(Schema.fromJsonString(Event.Event))
const eventsOf = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => eventOf(line))

/** A run that was cut off while it applied “back”, before the world had it. */
const interrupted = async (args: ReadonlyArray<string> = [], environment = "staging"): Promise<World> => {
  const here = world()
  await run(["apply", "--env", environment, "--yes", ...args], here, shop())
  cutOff(here, began("back"), environment)
  unlinkSync(`${here.env.WORLD}/back`)
  return here
}

describe("resume", () => {
  it("has nothing to do where nothing was interrupted", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    const ended = await run(["resume", ...staging, "--yes"], here, shop())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toBe("no run was interrupted: there is nothing to resume\n")
    const json = await run(["resume", ...staging, "--yes", "--json"], here, shop())
    expect(eventsOf(json.out).map((event) => event._tag)).toEqual(["Notice", "RunFinished"])
    const held = await holdLock(here)
    const going = await run(["resume", ...staging, "--yes"], here, shop())
    await held.release()
    expect(going.out).toContain("there is nothing to resume; run 2 is going on: ada on ci-7")
  })

  it("says in one line what was interrupted, asks, and goes on as it was begun", async () => {
    const here = await interrupted(["--skip", "schema,mail"])
    const ended = await run(["resume", ...staging], here, shop(), { answers: ["y"] })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(shape(ended.out).replace(/run 1 of \S+ on \S+/, "run 1 of WHO")).toMatchInlineSnapshot(`
      "shop → staging   update, data is disposable
        run 1 of WHO was interrupted AGO at “back”: apply goes on with it

        ✓ backup   81 kB, 1 table, 3 rows, AGE, sha256 9f86…
        ✓ front
        - schema   left out by --skip
        ~ back     back nothing → back 1
        - mail     left out by --skip

        2 in order · 1 to apply · 2 left out   plan DIGEST

      Go on with run 1: apply 1 step to staging? [y/N] 
        ▸ back
        ✓ back     back nothing → back 1
        note: no release is recorded: what “schema” would leave of it is not known

        1 applied · 2 in order · 2 left out  TIME
      "
    `)
    expect(here.made()).toEqual(["back", "dump", "front"])
    const [header] = recordsOf(lastJournal(here))
    expect(header).toMatchObject({ mode: "resume", continues: 1, skip: ["schema", "mail"] })
    expect((await run(["resume", ...staging, "--yes"], here, shop())).out).toContain("nothing to resume")
  })

  it("changes nothing where nobody approves it", async () => {
    const here = await interrupted()
    const ended = await run(["resume", ...staging], here, shop(), { answers: ["n"] })
    expect([ended.code, here.says("back")]).toEqual([1, undefined])
    expect(ended.out).toContain("not approved: nothing has been changed")
    expect((await run(["resume", ...staging], here, shop())).err).toContain("resume needs approval")
  })

  it("refuses where the deployment or its inputs are others by now, and says what", async () => {
    const here = await interrupted()
    for (const [deployment, env, says] of [
      [shop(["new"]), here.env, "step “new” is new"],
      [shop(), { ...here.env, VERSION: "2" }, "input “version” was 1 and is 2"]
    ] as const) {
      for (const args of [["resume"], ["resume", "--undo"]]) {
        const ended = await run([...args, ...staging, "--yes"], { ...here, env }, deployment)
        expect(ended.code).toBe(4)
        expect(ended.err.replace(/\s+/g, " ")).toContain(`run 1 cannot be resumed, because the deployment has changed`)
        expect(ended.err.replace(/\s+/g, " ")).toContain(says)
      }
    }
    expect(here.says("back")).toBe(undefined)
    // Apply goes on with what the deployment is now.
    expect((await run(["apply", ...staging, "--yes"], here, shop(["new"]))).code).toBe(0)
  })

  it("plan and apply tell of it in one line, too", async () => {
    const here = await interrupted()
    const line = / {2}run 1 of \S+ on \S+ was interrupted (just now|\d seconds? ago) at “back”: apply goes on with it\n/
    for (const command of [["plan"], ["apply", "--yes"]]) {
      const ended = await run([...command, ...staging], here, shop(), { width: 140 })
      expect(ended.code).toBe(0)
      expect(ended.out.match(new RegExp(line, "g"))).toHaveLength(1)
    }
    expect((await run(["plan", ...staging], here, shop(), { width: 140 })).out).not.toMatch(line)
  })

  it("goes on with a rollback to the same release, with what it was allowed to do", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes"], here, shop())
    const next = { ...here, env: { ...here.env, VERSION: "2" } }
    await run(["apply", ...staging, "--yes"], next, shop())
    await run(["rollback", ...staging, "--schema", "--yes"], next, shop())
    expect(here.says("schema")).toBe("1")
    cutOff(here, began("schema"))
    here.make("schema", "2")
    const ended = await run(["resume", ...staging, "--yes"], next, shop())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toContain("back to release 1")
    expect(here.says("schema")).toBe("1")
  })

  it("an interrupted run whose work is all done is ended without a question", async () => {
    const here = world()
    await run(["apply", ...staging, "--yes", "--skip", "mail"], here, shop())
    cutOff(here, began("back"))
    const ended = await run(["resume", ...staging], here, shop(), { answers: [] })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toContain("nothing to do")
  })
})

describe("resume --undo", () => {
  it("says what is taken back and what is not, asks, and takes it back", async () => {
    const here = await interrupted()
    const ended = await run(["resume", "--undo", ...staging], here, shop(), { answers: ["y"] })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(shape(ended.out).replace(/run 1 of \S+ on \S+/, "run 1 of WHO")).toMatchInlineSnapshot(`
      "shop → staging   take back run 1, data is disposable
        run 1 of WHO was interrupted AGO at “back”

        ↶ back     will be taken back
        - schema   cannot be taken back, and stays
        ↶ front    will be taken back
        - backup   cannot be taken back, and stays

        2 to take back · 2 to stay

      Take back 2 steps of run 1 in staging? [y/N] 
        note: “backup”, “schema” cannot be taken back, and stay as applied
        ▸ back     taking back
        ↶ back     taken back
        ▸ front    taking back
        ↶ front    taken back

        taken back: back, front

        2 taken back  TIME
      "
    `)
    expect(here.made()).toEqual(["dump", "schema"])
    expect((await run(["plan", ...staging], here, shop())).out).not.toContain("was interrupted")
  })

  it("has the environment typed where the data is precious", async () => {
    const here = await interrupted([], "production")
    const production = ["resume", "--undo", "--env", "production"]
    expect((await run(production, here, shop(), { answers: ["y"] })).code).toBe(1)
    expect(here.says("front")).toBe("front 1")
    const ended = await run(production, here, shop(), { answers: ["production"] })
    expect(ended.out).toContain("its data is precious.\nType production to go on: ")
    expect([ended.code, here.says("front")]).toEqual([0, undefined])
  })

  it("that was cut off itself is gone on with by resume", async () => {
    const here = await interrupted()
    await run(["resume", "--undo", ...staging, "--yes"], here, shop())
    cutOff(here, (record) => record._tag === "UndoBegan" && record.step === "front")
    here.make("front", "front 1")
    const ended = await run(["resume", ...staging, "--yes", "--json"], here, shop())
    expect(ended.code, ended.err).toBe(0)
    const undone = eventsOf(ended.out).flatMap((event) => (event._tag === "StepUndone" ? [event.id] : []))
    expect(undone).toContain("front")
    expect(here.says("front")).toBe(undefined)
  })
})
