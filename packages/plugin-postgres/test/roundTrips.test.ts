import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Run } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { forThisFile } from "./support/database.ts"
import { proxyTo } from "./support/proxy.ts"

const database = forThisFile()

describe("a plan", () => {
  it.live("costs one round trip, however many questions its steps have", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE wide (n int)")
      const proxy = yield* proxyTo(database.embedded().port)
      const { password, user } = database.embedded()
      const turnsOf = Effect.fnUntraced(function* (steps: number) {
        const deployment = defineDeployment(
          "many",
          {
            environments: { staging: { data: "disposable" } },
            plugins: () => [
              Postgres.server({ port: proxy.port, user, password: Redacted.make(password), database: database.name() })
            ]
          },
          function* () {
            yield* Postgres.ready("ready", {})
            for (let i = 0; i < steps; i++) {
              yield* Postgres.extension(`extension-${i}`, { name: "unaccent" })
              yield* Postgres.enum(`enum-${i}`, { name: `type_${i}`, labels: ["a"] })
              yield* Postgres.column(`column-${i}`, { table: "wide", name: `c${i}`, type: "varchar(9)" })
              yield* Postgres.sql(`sql-${i}`, { apply: "SELECT 1", done: "SELECT false" })
            }
          }
        )
        const session = yield* Run.open(deployment, { environment: "staging", inputs: [] })
        yield* session.plan
        const before = proxy.turns
        const { summary } = yield* session.plan
        assert.strictEqual(summary.apply, steps * 4)
        return proxy.turns - before
      }, Effect.scoped)
      assert.deepStrictEqual([yield* turnsOf(1), yield* turnsOf(20)], [1, 1])
    }).pipe(Effect.scoped)
  )
})
