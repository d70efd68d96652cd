/** What a killed run has started goes on for a while: the next run must not be disturbed by it, nor disturb it. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { forThisFile, type Ground } from "./ground.ts"
import { jobIn, undisturbed } from "./trial.ts"
import { picture, type World } from "./world.ts"

/** What takes time takes so many times as long. */
const slow = 10

const until = async (so: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await so())) await sleep(5)
}

const statements = async ({ server }: Ground, { database }: World): Promise<number> => {
  const active =
    "SELECT FROM pg_stat_activity WHERE datname = $1 AND state = 'active' AND query LIKE 'INSERT INTO visits%'"
  return (await server.sql("postgres", active, [database])).rows.length
}

describe("what goes on after its run was killed", () => {
  const ground = forThisFile(2)

  /** Kills a slow run once something is so, with what it has started going on, and starts a quick one at once. */
  const interrupted = async (so: (world: World) => Promise<boolean> | boolean) => {
    const { server, workers, worlds } = ground()
    const should = await undisturbed(ground(), "update")
    const world = await worlds.make()
    const job = jobIn(ground(), world, "update")
    await workers.run({ ...job, deployment: { slow } }, () => until(() => so(world)).then(() => "process" as const))
    const next = await workers.run(job)
    if (next === undefined) throw new Error("nobody has killed the next run, and it is gone")
    assert.strictEqual(next.exitCode, 0, JSON.stringify(next.failure))
    assert.deepStrictEqual(await picture(server, world), should.picture)
    return { next, should: should.picture, world }
  }

  it("is ended where it is a statement, which is not run twice", { timeout: 120_000 }, async () => {
    const { next, should, world } = await interrupted(async (w) => (await statements(ground(), w)) > 0)
    assert.strictEqual(next.interrupted?.step, "first-visits")
    assert.strictEqual(await statements(ground(), world), 0)
    assert.deepStrictEqual(await picture(ground().server, world), should)
  })

  it("is ended where it is a process, which writes nothing more", { timeout: 120_000 }, async () => {
    const { next } = await interrupted((w) => fs.existsSync(path.join(w.directory, "app/pages/2.html")))
    assert.strictEqual(next.interrupted?.step, "pages")
    const all = execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" })
    assert.notInclude(all, "app/pages 6 0.3")
  })
})
