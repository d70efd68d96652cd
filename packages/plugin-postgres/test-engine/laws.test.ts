import { describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { scenarios } from "../test/support/laws.ts"
import { groundOf, layerOf } from "../test/support/real.ts"
import { make, secret, user } from "./support/container.ts"

describe("through a container that publishes no port, the laws hold for", () => {
  const container = make()
  beforeAll(async () => {
    await container.run()
    // The step is what waits, as in a deployment.
    const plugin = Postgres.inService({ service: "db", user, password: secret, database: "app" })
    const ready = Effect.gen(function* () {
      const { apply } = yield* Effect.fromResult(Postgres.ready("ready", {}).prepare(new Map()))
      yield* apply
    })
    await Effect.runPromise(ready.pipe(Effect.provide(Layer.provide(layerOf(plugin), container.target))))
  })
  afterAll(container.remove)

  for (const { name, run } of scenarios) {
    it.live(name, () =>
      Effect.gen(function* () {
        const database = yield* Effect.promise(container.createDatabase)
        const plugin = Postgres.inService({ service: "db", user, password: secret, database })
        const layer = Layer.provide(layerOf(plugin), container.target)
        const ground = groundOf((text, values) => container.sql(database, text, values), layer)
        yield* Effect.provide(run(ground), ground.layer)
      })
    )
  }
})
