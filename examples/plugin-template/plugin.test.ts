/** The same laws on the fake world and on the real thing, and a deployment that uses the plugin. */

import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Target } from "@shipshape/core"
import { Laws, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cron } from "./src/index.ts"
import { CronWorld } from "./src/testing/index.ts"

const backup = () =>
  Cron.job("nightly", {
    name: "backup",
    schedule: "30 2 * * *",
    user: "root",
    command: "/usr/local/bin/backup --keep 14"
  })

describe("cron.job keeps the laws", () => {
  it.effect("on the fake world", () => {
    const world = CronWorld.make()
    return Laws.check({
      step: backup(),
      see: Effect.sync(() => [...world.jobs]),
      damage: Effect.sync(() => world.jobs.set("backup", "* * * * * root rm -rf /\n"))
    }).pipe(Effect.provide(world.layer))
  })

  it.live("on the real thing", () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "cron.d-"))
    const see = Effect.sync(() =>
      fs.readdirSync(directory).map((name) => fs.readFileSync(`${directory}/${name}`, "utf8"))
    )
    return Laws.check({ step: backup(), see, damage: Effect.sync(() => fs.rmSync(`${directory}/backup`)) }).pipe(
      Effect.provide(Layer.provide(Cron.layer(directory), Target.local())),
      Effect.ensuring(Effect.sync(() => fs.rmSync(directory, { recursive: true })))
    )
  })
})

describe("a deployment with the plugin", () => {
  const deployment = defineDeployment(
    "shop",
    { environments: { production: { data: "precious" } }, plugins: () => [Cron.plugin({})] },
    function* () {
      yield* backup()
    }
  )

  it.effect("schedules the job once, and sees when somebody has changed it", () =>
    Effect.gen(function* () {
      const world = CronWorld.make()
      const run = () => Rehearsal.apply(deployment, world.layer, { environment: "production" })
      assert.deepStrictEqual((yield* run()).applied, ["nightly"])
      assert.deepStrictEqual((yield* run()).applied, [])
      world.jobs.set("backup", "0 0 1 1 * root /usr/local/bin/backup\n")
      const { plan } = yield* Rehearsal.plan(deployment, world.layer, { environment: "production" })
      assert.deepStrictEqual(plan?.steps[0]?.changes, [
        {
          summary: "reschedule backup",
          before: "0 0 1 1 * root /usr/local/bin/backup",
          after: "30 2 * * * root /usr/local/bin/backup --keep 14"
        }
      ])
    })
  )

  it.effect("says what to do where there is no cron", () =>
    Effect.gen(function* () {
      const { plan } = yield* Rehearsal.plan(
        deployment,
        Layer.provide(Cron.layer("/nonexistent/cron.d"), Target.local()),
        { environment: "production" }
      )
      assert.strictEqual(plan?.steps[0]?.action, "blocked")
      assert.strictEqual(plan?.steps[0]?.failure?.code, "cron.missing")
    })
  )
})
