/** The laws of what changes schemas and roles on the machine's own PostgreSQL, which is an older one. */
import { assert, describe, it } from "@effect/vitest"
import { Target } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll } from "vitest"
import { apply, check } from "./support/database.ts"
import { scenarios } from "./support/laws.ts"
import { groundOf, layerOf } from "./support/real.ts"
import { programs, type SystemServer, start } from "./support/system.ts"
import { scenarios as ofTables } from "./support/tables.ts"

describe.skipIf(programs === undefined)("on the machine's own PostgreSQL", () => {
  let server: SystemServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  const layerOn = (database: string) =>
    Layer.provide(layerOf(Postgres.server({ host: server.host, user: server.user, database })), Target.local())

  for (const { name, run } of [...scenarios, ...ofTables]) {
    it.live(`the laws hold for ${name}`, () =>
      Effect.gen(function* () {
        const database = yield* Effect.promise(server.createDatabase)
        const ground = groundOf((text, values) => server.sql(database, text, values), layerOn(database))
        yield* Effect.provide(run(ground), ground.layer)
      })
    )
  }

  it.live("roles, privileges, settings and connections are asked of it, too", () =>
    Effect.gen(function* () {
      const database = yield* Effect.promise(server.createDatabase)
      yield* Effect.promise(() => server.sql(database, "CREATE TABLE documents (id serial PRIMARY KEY)"))
      const steps = [
        Postgres.role("x", { name: "app", login: true }),
        Postgres.role("x", { name: "readers" }),
        Postgres.membership("x", { role: "readers", member: "app" }),
        Postgres.schema("x", { name: "audit", owner: "app" }),
        Postgres.owner("x", { of: { table: "documents" }, owner: "app" }),
        Postgres.grant("x", { to: "readers", privileges: ["SELECT"], on: { tablesIn: "public" } }),
        Postgres.defaultPrivileges("x", { owner: "app", on: "tables", privileges: ["SELECT"], to: "readers" }),
        Postgres.setting("x", { role: "app", database, name: "search_path", value: "audit, public" })
      ]
      for (const step of steps) {
        yield* Effect.gen(function* () {
          assert.strictEqual((yield* check(step))._tag, "Needed", step.type)
          yield* apply(step)
          assert.strictEqual((yield* check(step))._tag, "Satisfied", step.type)
        }).pipe(Effect.provide(layerOn(database)))
      }
      const budget = Postgres.connectionBudget("x", { pools: {} })
      assert.strictEqual((yield* Effect.provide(check(budget), layerOn(database)))._tag, "Satisfied")
    })
  )
})
