import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Step } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

/** A deployment of two releases, whose first step makes the database's container anew. */
const start = () => {
  const world = PostgresWorld.make({ resource: "service:db", tables: { documents: { id: "bigint" } } })
  let runs = 0
  const code = Step.make("test.code", {
    description: "Code",
    risk: "additive",
    input: { version: Schema.Int },
    output: {},
    touches: () => ["service:db"],
    check: ({ version }) =>
      Effect.sync(() => (runs === version ? Check.satisfied({}) : Check.needed([{ summary: `version ${version}` }]))),
    apply: ({ version }) =>
      Effect.sync(() => {
        runs = version
      })
  })
  const shop = (version: number) =>
    defineDeployment(
      "shop",
      {
        environments: { staging: { data: "disposable" } },
        plugins: () => [Postgres.server({ user: "app", database: "app" })]
      },
      function* () {
        yield* code("code", { version })
        yield* Postgres.backup("backup", { directory: "/backups", maxAge: "1 minute" })
      }
    )
  const store = MemoryStore.layer(MemoryStore.make())
  const apply = (version: number, rollback?: { readonly to: number; readonly data: boolean }) =>
    Effect.andThen(
      TestClock.adjust("1 hour"),
      Rehearsal.apply(shop(version), world.layer, {
        environment: "staging",
        store,
        ...(rollback === undefined ? {} : { rollback })
      })
    )
  return { world, apply, runs: () => runs }
}

describe("going back with its data", () => {
  const toFirst = { to: 1, data: true }

  it.effect("takes those of when the release was replaced", () =>
    Effect.gen(function* () {
      const { apply, runs, world } = start()
      yield* apply(1)
      world.rows.set("public.documents", 3)
      yield* apply(2)
      world.rows.set("public.documents", 4)
      const { applied, failure } = yield* apply(1, toFirst)
      assert.deepStrictEqual([failure, applied], [undefined, ["code", "backup"]])
      assert.deepStrictEqual([runs(), world.rows.get("public.documents")], [1, 3])
    })
  )

  for (const [what, damage] of [
    ["damaged", { intact: false }],
    ["of another database", { database: "other" }],
    ["another one than was recorded", { sha256: "0".repeat(64) }]
  ] as const) {
    it.effect(`is refused before anything is changed where the backup is ${what}`, () =>
      Effect.gen(function* () {
        const { apply, runs, world } = start()
        yield* apply(1)
        yield* apply(2)
        const file = [...world.backups.keys()].at(-1) ?? "none"
        const backup = world.backups.get(file)
        assert.isDefined(backup)
        world.backups.set(file, { ...backup, ...damage })
        const { applied, exitCode, plan } = yield* apply(1, toFirst)
        const blocked = plan?.steps.filter(({ action }) => action === "blocked")
        assert.deepStrictEqual(
          blocked?.map(({ failure, id }) => [id, failure?.code]),
          [["backup", "postgres.backup-invalid"]]
        )
        assert.deepStrictEqual([exitCode, applied, runs(), world.kept.size], [1, [], 2, 0])
      })
    )
  }
})
