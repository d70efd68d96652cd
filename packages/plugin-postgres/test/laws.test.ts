import { describe, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll } from "vitest"
import { type Embedded, start } from "./support/embedded.ts"
import * as fake from "./support/fake.ts"
import { scenarios } from "./support/laws.ts"
import { groundOf, layerOf } from "./support/real.ts"
import { scenarios as ofTables } from "./support/tables.ts"

describe("the laws hold on the database in memory, for", () => {
  for (const { name, run } of [...scenarios, ...ofTables]) {
    it.effect(name, () => {
      const ground = fake.ground()
      return Effect.provide(run(ground), ground.layer)
    })
  }
})

describe("the laws hold on a real server, for", () => {
  let embedded: Embedded
  beforeAll(async () => {
    embedded = await start()
  })
  afterAll(() => embedded.stop())

  for (const { name, run } of [...scenarios, ...ofTables]) {
    it.live(name, () =>
      Effect.gen(function* () {
        const database = yield* Effect.promise(embedded.createDatabase)
        const { password, port, user } = embedded
        const plugin = Postgres.server({ port, user, password: Redacted.make(password), database })
        const layer = Layer.provide(layerOf(plugin), Target.local())
        const ground = groundOf((text, values) => embedded.sql(database, text, values), layer)
        yield* Effect.provide(run(ground), ground.layer)
      })
    )
  }
})
