/** The same laws on the fake world and on the real thing, and a deployment that uses the plugin. */

import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Target } from "@shipshape/core"
import { Crash, Laws, MemoryStore, Rehearsal } from "@shipshape/core/testing"
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

describe("cron.job keeps the laws of undo", () => {
  const before = { backup: "0 0 1 1 * root /usr/local/bin/backup\n", other: "0 0 * * * root true\n" }

  it.effect("on the fake world, where there was a job", () => {
    const world = CronWorld.make(before)
    return Laws.undo({
      step: backup(),
      see: Effect.sync(() => [...world.jobs].sort()),
      half: Effect.sync(() => world.jobs.delete("backup"))
    }).pipe(Effect.provide(world.layer))
  })

  it.effect("on the fake world, where there was none", () => {
    const world = CronWorld.make()
    return Laws.undo({ step: backup(), see: Effect.sync(() => [...world.jobs]) }).pipe(Effect.provide(world.layer))
  })

  it.live("on the real thing", () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "cron.d-"))
    for (const [name, text] of Object.entries(before)) fs.writeFileSync(`${directory}/${name}`, text, { mode: 0o644 })
    const see = Effect.sync(() =>
      fs.readdirSync(directory).map((name) => [name, fs.readFileSync(`${directory}/${name}`, "utf8")])
    )
    return Laws.undo({ step: backup(), see, half: Effect.sync(() => fs.rmSync(`${directory}/backup`)) }).pipe(
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

  it.effect("ends well whichever write of its journal it is killed at", () =>
    Effect.gen(function* () {
      let writes = 0
      const counting = Crash.count(MemoryStore.layer(MemoryStore.make()), () => writes++)
      yield* Rehearsal.apply(deployment, CronWorld.make().layer, { environment: "production", store: counting })
      for (let at = 1; at <= writes; at++) {
        for (const when of ["before", "torn", "after"] as const) {
          const world = CronWorld.make()
          const memory = MemoryStore.layer(MemoryStore.make())
          const run = (store: typeof memory) =>
            Rehearsal.apply(deployment, world.layer, { environment: "production", store })
          yield* run(Crash.store(memory, { at, when, kill: () => {} }))
          const next = yield* run(memory)
          assert.strictEqual(next.exitCode, 0, `${when} write ${at}`)
          assert.deepStrictEqual([...world.jobs.keys()], ["backup"], `${when} write ${at}`)
        }
      }
    })
  )

  it.effect("is taken back by another process, from what its journal says", () =>
    Effect.gen(function* () {
      const old = "0 0 1 1 * root /usr/local/bin/backup\n"
      const world = CronWorld.make({ backup: old })
      const memory = MemoryStore.layer(MemoryStore.make())
      const options = { environment: "production" } as const
      // The fourth write says how the job has ended: it is scheduled by then.
      const store = Crash.store(memory, { at: 4, when: "before", kill: () => {} })
      yield* Rehearsal.apply(deployment, world.layer, { ...options, store })
      assert.notStrictEqual(world.jobs.get("backup"), old)
      yield* Rehearsal.apply(deployment, world.layer, { ...options, store: memory, apply: { resume: "undo" } })
      assert.strictEqual(world.jobs.get("backup"), old)
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
