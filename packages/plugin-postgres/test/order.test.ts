/** The order of what depends on each other: as it is written, and as it has to be. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { forThisFile } from "./support/database.ts"

const database = forThisFile()

/** The last of all first, as somebody writes it who does not think of it. */
const written = () => [
  Postgres.sql("data", {
    apply: "INSERT INTO letters (kind) VALUES ('late')",
    done: "SELECT EXISTS (SELECT FROM letters WHERE kind = 'late')",
    risk: "additive"
  }),
  Postgres.check("check", { table: "letters", name: "kinds", expression: "kind <> 'never'" }),
  Postgres.column("column", { table: "letters", name: "kind", type: "kind", default: "'late'", nullable: false }),
  Postgres.enum("enum", { name: "kind", labels: ["early", "late", "never"] })
]

const plugins = () => [Postgres.server({ url: "postgres://nobody@localhost/none" })]

const environments = { test: { data: "disposable" } } as const

describe("steps that need each other", () => {
  it.live("are blocked in the wrong order, with what they lack; nothing is changed", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE letters (id serial)")
      const deployment = defineDeployment("wrong", { environments, plugins }, function* () {
        for (const step of written()) yield* step
      })
      const run = yield* Rehearsal.apply(deployment, database.layer(), { environment: "test" })
      assert.deepStrictEqual(run.applied, [])
      const [data, check, column, last] = run.plan?.steps ?? []
      assert.deepStrictEqual(
        [data?.action, check?.action, column?.action, last?.action],
        ["blocked", "blocked", "blocked", "apply"]
      )
      assert.include(column?.reason, "type kind")
      const { rows } = yield* database.sql("SELECT to_regtype('kind') AS kind")
      assert.isNull(rows[0].kind)
    })
  )

  it.live("are put in order where that is asked for", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment("right", { environments, plugins }, function* () {
        yield* Postgres.inOrder(written())
      })
      const run = yield* Rehearsal.apply(deployment, database.layer(), { environment: "test" })
      assert.deepStrictEqual(run.applied, ["enum", "column", "check", "data"])
      assert.deepStrictEqual(
        run.plan?.steps.map(({ action }) => action),
        ["apply", "deferred", "deferred", "deferred"]
      )
      const again = yield* Rehearsal.apply(deployment, database.layer(), { environment: "test" })
      assert.deepStrictEqual(again.applied, [])
    })
  )
})
