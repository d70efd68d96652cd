import { readFileSync } from "node:fs"
import { Event, Plan } from "@shipshape/core"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { demo } from "./fixtures/demo.ts"
import single from "./fixtures/single.ts"
import { run } from "./support/inProcess.ts"
import { world } from "./support/world.ts"

const planOf = Schema.decodeUnknownSync(Schema.fromJsonString(Plan.Plan))
const eventOf = Schema.decodeUnknownSync(Schema.fromJsonString(Event.Event))
const staging = ["--env", "staging"]

describe("plan", () => {
  it("says what the world lacks, and changes nothing", async () => {
    const here = world()
    const ended = await run(["plan", ...staging], here)
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out.replace(/plan [0-9a-f]{6}/, "plan DIGEST")).toMatchInlineSnapshot(`
      "demo → staging   update, data is disposable

        - clean-slate   runs on a fresh start only
        ~ database      db appears nothing → there
        ~ trgm          trgm appears nothing → there
        ~ unaccent      unaccent appears nothing → there
        ? migrate       known after “database”
        ~ application   app appears nothing → there

        4 to apply · 1 known later · 1 left out   plan DIGEST

      "
    `)
    expect(here.made()).toEqual([])
  })

  it("--detailed-exitcode tells changes from none", async () => {
    const here = world()
    const args = ["plan", ...staging, "--detailed-exitcode"]
    expect((await run(args, here)).code).toBe(2)
    expect((await run(["apply", ...staging, "--yes"], here)).code).toBe(0)
    expect((await run(args, here)).code).toBe(0)
  })

  it("says what apply would refuse, with the exit code of the refusal", async () => {
    const production = ["plan", "--env", "production"]
    const ended = await run(production, world(), demo(["losing"]))
    expect(ended.code).toBe(5)
    expect(ended.err).toContain("policy.destructive-on-precious-data")
    const json = await run([...production, "--json"], world(), demo(["losing"]))
    expect([json.code, planOf(json.out).environment]).toEqual([5, "production"])
    expect((await run(["plan", ...staging], world(), demo(["losing"]))).code).toBe(0)
  })

  it("--json prints the plan and nothing else", async () => {
    const ended = await run(["plan", ...staging, "--json"], world())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out.trimEnd().split("\n")).toHaveLength(1)
    expect(planOf(ended.out)).toMatchObject({
      deployment: "demo",
      environment: "staging",
      summary: { none: 1, apply: 4, deferred: 1, blocked: 0 }
    })
  })

  it("a blocked step is no plan that can be applied", async () => {
    const ended = await run(["plan", ...staging, "--detailed-exitcode"], world(), demo(["blocked"]))
    expect(ended.code).toBe(1)
    expect(ended.out).toMatch(/✗ monitor +the monitor is down\n +hint: start the monitor/)
    expect(ended.out).toContain("1 blocked")
  })

  it("needs no --env where there is one environment", async () => {
    const ended = await run(["plan"], world(), single)
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toContain("single → staging")
  })

  it("takes inputs from flags before the environment, and from that before files", async () => {
    const here = world()
    const first = here.file("first.env", "WORKERS=1\n")
    const second = here.file("second.env", "WORKERS=2\n")
    await run(["apply", ...staging, "--yes", "--only", "database"], here)
    const digest = async (env: Readonly<Record<string, string>>, ...flags: ReadonlyArray<string>) => {
      const files = ["--input-file", first, "--input-file", second]
      const ended = await run(["plan", ...staging, ...files, "--json", ...flags], {
        ...here,
        env: { ...here.env, ...env }
      })
      return planOf(ended.out).digest
    }
    const two = await digest({ WORKERS: "2" })
    expect(await digest({})).toBe(two)
    expect(await digest({ WORKERS: "3" })).not.toBe(two)
    expect(await digest({ WORKERS: "3" }, "--input", "workers=2")).toBe(two)
    expect(await digest({ WORKERS: "3" }, "--input", "WORKERS=2")).toBe(two)
  })

  it("says what may destroy data, who has accepted it, and what may fail", async () => {
    const ended = await run(["plan", ...staging, "--fresh"], world(), demo(["acknowledged", "optional"]))
    expect(ended.out).toContain("fresh start, data is disposable")
    expect(ended.out).toMatch(/~ clean-slate +everything goes\n +destroys data/)
    expect(ended.out).toMatch(/~ drop-legacy +everything goes\n +destroys data: nobody reads it \(approved by Ada\)/)
    expect(ended.out).toMatch(/~ extra +extra appears nothing → there\n +may fail: only a convenience/)
  })
})

describe("apply", () => {
  it("applies what is lacking, once", async () => {
    const here = world()
    const first = await run(["apply", ...staging, "--yes"], here)
    expect(first).toMatchObject({ code: 0, err: "" })
    expect(first.out).toContain("5 applied")
    expect(here.made()).toEqual(["app", "db", "db-migrated", "trgm", "unaccent"])
    const second = await run(["apply", ...staging, "--yes"], here)
    expect(second.code).toBe(0)
    expect(second.out).toContain("nothing to do: 5 in order")
  })

  it("--json prints events, of which the last one ends the run", async () => {
    const ended = await run(["apply", ...staging, "--yes", "--json"], world())
    expect(ended).toMatchObject({ code: 0, err: "" })
    const events = ended.out
      .trimEnd()
      .split("\n")
      .map((line) => eventOf(line))
    expect(events[0]?._tag).toBe("RunStarted")
    expect(events.filter((event) => event._tag === "RunFinished")).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({
      _tag: "RunFinished",
      outcome: "succeeded",
      counts: { applied: 5, failed: 0 }
    })
  })

  it("a failure says step, cause, log and what to do next, and no secret", async () => {
    const here = world()
    const ended = await run(["apply", ...staging, "--yes"], here, demo(["broken"]))
    expect(ended).toMatchObject({ code: 1, err: "" })
    expect(ended.out).not.toContain("hunter22")
    expect(ended.out.slice(ended.out.indexOf("error[")).replace(/[\d.]+ m?s\n/, "TIME\n")).toMatchInlineSnapshot(`
      "error[test.broken]: cannot make db-migrated: the token •••••• was refused
        step: migrate (test.thing)
        │ one
        │ two
        │ three with ••••••
        cause: connection reset
        cause: peer went away
        hint: mend db-migrated, then run again

        not run, because “migrate” failed: application

        3 applied · 1 failed · 1 not run · 1 left out   TIME
      "
    `)
    expect(here.made()).toEqual(["db", "trgm", "unaccent"])
  })

  it("--json tells a failure by its events alone", async () => {
    const ended = await run(["apply", ...staging, "--yes", "--json"], world(), demo(["broken"]))
    expect(ended).toMatchObject({ code: 1, err: "" })
    const last = eventOf(ended.out.trimEnd().split("\n").at(-1))
    expect(last).toMatchObject({ _tag: "RunFinished", outcome: "failed", counts: { applied: 3, failed: 1, notRun: 1 } })
    expect(ended.out).not.toContain("hunter22")
  })

  it("a step that may fail fails nothing", async () => {
    const ended = await run(["apply", ...staging, "--yes"], world(), demo(["optional"]))
    expect(ended.code).toBe(0)
    expect(ended.out).toContain("! extra")
    expect(ended.out).toContain("1 failed, and may")
  })

  it("--verbose shows the lines that steps print, and no secret", async () => {
    const ended = await run(["apply", ...staging, "--yes", "--verbose"], world(), demo(["broken"]))
    expect(ended.out).toContain("migrate │ making db-migrated")
    expect(ended.out).not.toContain("hunter22")
  })

  it("--only and --skip leave the others alone", async () => {
    const here = world()
    const only = await run(["apply", ...staging, "--yes", "--only", "trgm, unaccent"], here)
    expect(only.code).toBe(0)
    expect(here.made()).toEqual(["trgm", "unaccent"])
    const skip = await run(["apply", ...staging, "--yes", "--skip", "application,database,migrate"], here)
    expect(skip.out).toContain("left out by --skip")
    expect(here.made()).toEqual(["trgm", "unaccent"])
  })

  it("in GitHub Actions it annotates, groups, and writes the summary", async () => {
    const here = world()
    const summary = here.file("summary.md", "")
    const env = { ...here.env, GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary }
    const ended = await run(["apply", ...staging, "--yes"], { ...here, env }, demo(["broken"]))
    expect(ended.code).toBe(1)
    expect(ended.out).toContain("::group::migrate: output\nmaking db-migrated\n::endgroup::\n")
    expect(ended.out).toContain("::error title=migrate%3A test.broken::cannot make db-migrated")
    expect(readFileSync(summary, "utf8")).toContain("| ✗ failed | `migrate` |")
    expect(ended.out + readFileSync(summary, "utf8")).not.toContain("hunter22")
  })
})

describe("verify", () => {
  it("fails with a list of what is not in order, and passes once it is", async () => {
    const here = world()
    const before = await run(["verify", ...staging], here)
    expect(before.code).toBe(1)
    expect(before.out).toContain("5 of 5 not in order")
    expect(before.out).toContain("~ database")
    await run(["apply", ...staging, "--yes"], here)
    const after = await run(["verify", ...staging], here)
    expect(after.code).toBe(0)
    expect(after.out).toContain("all 5 in order")
  })

  it("has nothing against a step that runs every time", async () => {
    const here = world()
    const deployment = demo(["everyRun"])
    await run(["apply", ...staging, "--yes"], here, deployment)
    const ended = await run(["verify", ...staging], here, deployment)
    expect(ended.code).toBe(0)
    expect(ended.out).toContain("all 5 in order")
  })
})

describe("what needs no world", () => {
  it("graph prints Mermaid with groups and outputs", async () => {
    const ended = await run(["graph", ...staging], world())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toMatchInlineSnapshot(`
      "---
      title: demo → staging
      ---
      flowchart TD
        s0["clean-slate<br/><small>test.wipe</small>"]
        s1["database<br/><small>test.thing</small>"]
        s0 ==> s1
        subgraph g0 ["in parallel"]
          s2["trgm<br/><small>test.thing</small>"]
          s3["unaccent<br/><small>test.thing</small>"]
        end
        s1 ==> g0
        s4["migrate<br/><small>test.thing</small>"]
        g0 ==> s4
        s5["application<br/><small>test.thing</small>"]
        s4 ==> s5
        s1 -.-> s4
      "
    `)
  })

  it("steps lists what plugins offer", async () => {
    const all = await run(["steps"], world())
    expect(all.out).toContain("test 1.2.3   Things in a folder")
    expect(all.out).toMatch(/test\.wipe\s+destructive\s+Nothing is there/)
    const one = await run(["steps", "test.thing"], world())
    expect(one.out).toMatchInlineSnapshot(`
      "test.thing   additive
        A thing exists

      input:
        name        string   what it is called
        size?       "small" | "large"
        broken?     boolean
        token?      Redacted.Redacted<string>
        workers?    number
        command?    ReadonlyArray<string>
        waits?      boolean
        stubborn?   boolean

      output:
        name   string
      "
    `)
    const json: unknown = JSON.parse((await run(["steps", "test.wipe", "--json"], world())).out)
    expect(json).toEqual([
      { plugin: "test", type: "test.wipe", description: "Nothing is there", risk: "destructive", input: [], output: [] }
    ])
  })

  for (const shell of ["bash", "zsh", "fish"]) {
    it(`completions for ${shell} know commands and flags`, async () => {
      const ended = await run(["completions", shell], world())
      expect(ended).toMatchObject({ code: 0, err: "" })
      expect(ended.out).toContain("verify")
      expect(ended.out).toContain("detailed-exitcode")
    })
  }

  it("help and version answer by themselves", async () => {
    const bare = await run([], world())
    expect(bare).toMatchObject({ code: 0, err: "" })
    expect(bare.out).toContain("verify")
    const help = await run(["plan", "--help"], world())
    expect(help).toMatchObject({ code: 0, err: "" })
    expect(help.out).toContain("--detailed-exitcode")
    expect((await run(["--version"], world())).out).toBe("shipshape 1.2.3\n")
  })
})
