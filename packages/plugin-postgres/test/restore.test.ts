import { spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { control, folder, type Ground, take, toolsOf } from "./support/backupGround.ts"
import * as backups from "./support/backups.ts"
import { layerOf } from "./support/real.ts"
import * as restores from "./support/restores.ts"
import { programs, type SystemServer, start } from "./support/system.ts"

describe.skipIf(programs === undefined)("on the machine's own server, whose tools run beside it,", () => {
  let server: SystemServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  const ground: Ground = {
    layerOn: (database, user = server.user) =>
      Layer.orDie(Layer.provide(layerOf(Postgres.server({ host: server.host, user, database })), Target.local())),
    sql: (...args) => server.sql(...args),
    session: (database) => server.session(database),
    createDatabase: () => server.createDatabase()
  }
  backups.scenarios(ground)
  restores.scenarios(ground)

  it.live(
    "a restore that is killed at any moment leaves the one database or the other, and the next one ends it",
    () =>
      Effect.gen(function* () {
        const { count, databases, filled, on, query, scratches } = toolsOf(ground)
        const database = yield* filled
        const { file } = yield* on(database, take(folder()))
        const outcomes = new Set<number>()
        for (const [round, millis] of [5, 120, 240, 360, 480, 600, 900, 60_000].entries()) {
          yield* query(database, "DELETE FROM public.documents; INSERT INTO public.documents (title) VALUES ('later')")
          yield* Effect.promise(() => killed(millis, [server.host, server.user, database, file]))
          // It is there at every moment, and whole.
          const found = yield* count(database, "public.documents")
          assert.include([1, 500], found)
          outcomes.add(found)
          const restore = Effect.flatMap(control, (c) => c.restore({ file, keepAs: `round_${round}` }))
          assert.strictEqual((yield* on(database, restore)).keptAs, `round_${round}`)
          assert.strictEqual(yield* count(database, "public.documents"), 500)
          assert.deepStrictEqual(yield* scratches, [])
        }
        assert.deepStrictEqual([...outcomes].sort(), [1, 500])
        assert.include(yield* databases, "round_7")
      }),
    120_000
  )

  /** Starts a restore in a process of its own, and kills it after a while, unless it has ended. */
  const killed = async (millis: number, args: ReadonlyArray<string>) => {
    const script = path.join(import.meta.dirname, "support", "restoring.ts")
    const child = spawn(process.execPath, ["--conditions=@shipshape/source", script, ...args], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const ended = once(child, "exit")
    await once(child.stdout, "data")
    const kill = setTimeout(() => child.kill("SIGKILL"), millis)
    await ended
    clearTimeout(kill)
  }
})
