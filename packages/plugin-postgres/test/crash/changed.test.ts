/** A deployment that is another by the time it is run again: `resume` refuses and says why, `apply` goes on with it. */
import { ExitCode } from "@shipshape/core"
import { assert, describe, it } from "vitest"
import { forThisFile } from "./ground.ts"
import { left } from "./journals.ts"
import { expectedOf, jobIn, judgeReport, judgeTold, undisturbed, type Variant } from "./trial.ts"
import { picture } from "./world.ts"

/** Writes of the run at which it is killed: early in it, in the middle, and late. */
const somewhere = [8, 30, 52]

describe("a run that was cut off", () => {
  const ground = forThisFile(2)

  const refusedThenApplied = async (variant: Variant, saying: string) => {
    const { server, workers, worlds } = ground()
    const should = await undisturbed(ground(), "update", variant)
    for (const at of somewhere) {
      const world = await worlds.make()
      await workers.run({ ...jobIn(ground(), world, "update"), crash: { at, when: "after", kept: 1, whom: "tree" } })
      const [journals, before] = [left(world), await picture(server, world)]
      const changed = jobIn(ground(), world, "update", variant)

      const refused = await workers.run({ ...changed, resume: "finish" })
      assert.strictEqual(refused?.exitCode, ExitCode.planStale)
      assert.strictEqual(refused?.failure?.code, "core.resume-changed")
      assert.include(refused?.failure?.message, saying)
      assert.deepStrictEqual([left(world), await picture(server, world)], [journals, before])

      const next = await workers.run(changed)
      assert.strictEqual(next?.exitCode, 0, JSON.stringify(next?.failure))
      if (next === undefined) continue
      assert.isEmpty(judgeReport(expectedOf(journals), next))
      assert.deepStrictEqual(await picture(server, world), should.picture)
      const { double, lost } = judgeTold(world, next)
      assert.deepStrictEqual([double, lost], [0, 0])
    }
  }

  it("is not resumed where the deployment has another step since, which apply adds", { timeout: 120_000 }, () =>
    refusedThenApplied({ deployment: { more: true } }, "step “more” is new")
  )

  it("is not resumed where an input is another since, which apply takes", { timeout: 120_000 }, () =>
    refusedThenApplied({ greeting: "good day" }, "input “greeting” was hello and is good day")
  )
})
