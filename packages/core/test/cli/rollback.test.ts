import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { shop } from "./fixtures/shop.ts"
import { run } from "./support/inProcess.ts"
import { lastJournal, recordsOf } from "./support/records.ts"
import { shape } from "./support/shape.ts"
import { type World, world } from "./support/world.ts"

const place = (environment: string) => ["--env", environment]

/** A shop with two releases, and a person who has the second one's inputs. */
const released = async (environment = "staging"): Promise<World> => {
  const here = world()
  await run(["apply", ...place(environment), "--yes"], here, shop())
  const next = { ...here, env: { ...here.env, VERSION: "2" } }
  await run(["apply", ...place(environment), "--yes"], next, shop())
  return next
}

const git = (folder: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=ada", "-c", "user.email=ada@example.org", ...args], {
    cwd: folder,
    encoding: "utf8"
  }).trim()

describe("rollback", () => {
  it("shows the way back and keeps the schema, asks, and goes it", async () => {
    const here = await released()
    const ended = await run(["rollback", ...place("staging")], here, shop(), { answers: ["y"] })
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(shape(ended.out).replace(/by \S+ on \S+/, "by WHO")).toMatchInlineSnapshot(`
      "release 1 of DATE (AGO), by WHO

      shop → staging   back to release 1, data is disposable

        ✓ backup   81 kB, 1 table, 3 rows, AGE, sha256 9f86…
        ~ front    front front 2 → front 1
        ✓ schema   keeps the new schema
        ~ back     back back 2 → back 1
        ~ mail     tell everybody
                   runs every time

        2 in order · 3 to apply   plan DIGEST

      Apply 3 steps to staging? [y/N] 
        ▸ front
        ✓ front    front front 2 → front 1
        ▸ back
        ✓ back     back back 2 → back 1
        ▸ mail
        ✓ mail     tell everybody

        3 applied · 2 in order · release 3  TIME
      "
    `)
    expect(["front", "schema", "back"].map(here.says)).toEqual(["front 1", "2", "back 1"])
    expect((await run(["history", ...place("staging")], here, shop(), { width: 160 })).out).toContain("rollback to 1")
  })

  it("--to goes to any release that there is, and names those where there is none", async () => {
    const here = await released()
    const none = await run(["rollback", ...place("staging"), "--to", "7", "--yes"], here, shop())
    expect([none.code, none.err.includes("there is no release 7 to go back to; there are: 1, 2")]).toEqual([64, true])
    expect((await run(["rollback", ...place("staging"), "--to", "one", "--yes"], here, shop())).code).toBe(64)
    const ended = await run(["rollback", ...place("staging"), "--to", "1", "--yes"], here, shop())
    expect([ended.code, here.says("front")]).toEqual([0, "front 1"])
    const forward = await run(["rollback", ...place("staging"), "--to", "2", "--yes"], here, shop())
    expect([forward.code, here.says("front")]).toEqual([0, "front 2"])
    const first = await run(["rollback", ...place("staging"), "--yes"], world(), shop())
    expect([first.code, first.err.includes("there is no release to go back to")]).toEqual([64, true])
  })

  it("--schema and --data on precious data have the environment typed", async () => {
    const here = await released("production")
    const args = ["rollback", ...place("production"), "--schema"]
    expect((await run(args, here, shop())).err).toContain("rollback needs approval")
    const refused = await run(args, here, shop(), { answers: ["yes"] })
    expect([refused.code, here.says("schema")]).toEqual([1, "2"])
    const ended = await run([...args, "--data"], here, shop(), { answers: ["production"] })
    expect(ended.out).toMatch(/its data come from dump \d+: 81 kB, 1 table, 3 rows/)
    expect(ended.out).toContain(
      "Schema changes are reversed, with what they added; data written since the backup is lost.\nType production to go on: "
    )
    expect([ended.code, here.says("schema")]).toEqual([0, "1"])
  })

  it("can be planned here, and applied there", async () => {
    const here = await released()
    const planned = await run(["rollback", ...place("staging"), "--schema", "--out", "back.json"], here, shop())
    expect(planned).toMatchObject({ code: 0, err: "" })
    expect(planned.out).toContain("saved to back.json")
    expect(here.says("front")).toBe("front 2")
    const file = join(here.folder, "back.json")
    expect((await run(["apply", "--plan", file], here, shop())).err).toContain("say rollback --plan")
    for (const flag of [["--to", "1"], ["--schema"], ["--out", "x.json"]]) {
      expect((await run(["rollback", "--plan", file, ...flag], here, shop())).code, flag.join(" ")).toBe(64)
    }
    expect((await run(["rollback", ...place("staging"), "--out", file, "--yes"], here, shop())).code).toBe(64)
    const ended = await run(["rollback", "--plan", file, "--json"], here, shop())
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(["front", "schema"].map(here.says)).toEqual(["front 1", "1"])
  })

  it("says that files of the repository are not put back, where its revision is another", async () => {
    const here = await released()
    expect((await run(["rollback", ...place("staging")], here, shop(), { answers: [""] })).out).not.toContain("git")
    git(here.folder, "init", "-q")
    here.file("deploy.ts", "one")
    git(here.folder, "add", "deploy.ts")
    git(here.folder, "commit", "-qm", "one")
    const first = git(here.folder, "rev-parse", "HEAD")
    const three = { ...here, env: { ...here.env, VERSION: "3" } }
    await run(["apply", ...place("staging"), "--yes"], three, shop())
    expect(recordsOf(lastJournal(here))[0]).toMatchObject({ revision: { commit: first, dirty: false } })
    here.file("deploy.ts", "two")
    const four = { ...here, env: { ...here.env, VERSION: "4" } }
    await run(["apply", ...place("staging"), "--yes"], four, shop())
    expect(recordsOf(lastJournal(here))[0]).toMatchObject({ revision: { commit: first, dirty: true } })
    git(here.folder, "commit", "-qam", "two")
    const ended = await run(["rollback", ...place("staging")], four, shop(), { answers: [""] })
    expect(ended.out).toContain(`revision ${first.slice(0, 7)}, by `)
    expect(ended.out).toContain(`\`git checkout ${first.slice(0, 7)}\` does that`)
    expect((await run(["history", ...place("staging")], here, shop(), { width: 160 })).out).toContain(
      `${first.slice(0, 7)}+`
    )
  })
})
