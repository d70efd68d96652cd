/** The deployment, tested without a server: each world is in memory, and can be read and damaged. */
import { assert, describe, it } from "@effect/vitest"
import { FakeTarget, Rehearsal } from "@shipshape/core/testing"
import { HealthWorld } from "@shipshape/plugin-health/testing"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import deployment from "./deploy.ts"
import { MachineControl, MachineProbe } from "./local/index.ts"
import * as schema from "./schema.ts"

/** A machine in memory: its database server is the fake database, its service answers the fake health checks. */
const makeWorlds = () => {
  const seeded = { documents: false }
  const postgres = PostgresWorld.make({
    status: "down",
    resource: "postgres:server",
    available: { pg_trgm: "1.6" },
    statements: {
      [schema.table.apply]: (world) => world.tables.set("public.documents", new Map()),
      [schema.firstDocuments.apply]: () => {
        seeded.documents = true
      }
    },
    queries: {
      [schema.table.done]: (world) => world.tables.has("public.documents"),
      [schema.firstDocuments.done]: () => seeded.documents
    }
  })
  const health = HealthWorld.make()
  const target = FakeTarget.make({})
  const machine = Layer.mergeAll(
    Layer.succeed(MachineProbe, {
      server: () => Effect.sync(() => (postgres.status === "running" ? "running" : "absent")),
      program: ({ port }) => Effect.sync(() => (health.tcp.has(`127.0.0.1:${port}`) ? "running" : "stopped"))
    }),
    Layer.succeed(MachineControl, {
      startServer: () =>
        Effect.sync(() => {
          postgres.status = "running"
        }),
      startProgram: ({ port }) =>
        Effect.sync(() => {
          health.tcp.add(`127.0.0.1:${port}`)
          health.urls.set(`http://127.0.0.1:${port}/health/`, () => ({
            body: JSON.stringify({ storage: "writable", documents: seeded.documents ? 3 : 0 })
          }))
        }),
      clear: Effect.void
    })
  )
  const layer = Layer.mergeAll(machine, postgres.layer, health.layer)
  const options = {
    environment: "local",
    inputs: { QUICKSTART_PASSWORD: "correct horse" },
    target: FakeTarget.layer(target)
  } as const
  return {
    postgres,
    health,
    target,
    seeded,
    plan: Rehearsal.plan(deployment, layer, options),
    apply: Rehearsal.apply(deployment, layer, options)
  }
}

const storage = (files: ReadonlyMap<string, FakeTarget.Entry>) =>
  [...files].find(([path]) => path.endsWith("/storage")) ?? assert.fail("there is no storage")

describe("the quickstart's deployment", () => {
  it.effect("builds everything from nothing, and then has nothing to do", () =>
    Effect.gen(function* () {
      const worlds = makeWorlds()
      const first = yield* worlds.apply
      assert.deepStrictEqual(first.plan?.summary, { none: 0, apply: 3, deferred: 7, blocked: 0 })
      assert.deepStrictEqual(first.outputs, { url: "http://127.0.0.1:58080" })
      assert.deepStrictEqual([...first.applied].sort(), [
        "database",
        "documents",
        "service",
        "status",
        "status-column",
        "storage",
        "table",
        "trigrams"
      ])
      assert.strictEqual(worlds.postgres.tables.get("public.documents")?.get("status")?.type, "document_status")
      assert.strictEqual(storage(worlds.target.files)[1].mode, 0o750)

      const again = yield* worlds.apply
      assert.deepStrictEqual([again.exitCode, again.applied], [0, []])
    })
  )

  it.effect("repairs what was broken by hand, and nothing else", () =>
    Effect.gen(function* () {
      const worlds = makeWorlds()
      yield* worlds.apply
      worlds.postgres.extensions.delete("pg_trgm")
      const [path, entry] = storage(worlds.target.files)
      worlds.target.files.set(path, { ...entry, mode: 0o777 })

      const { plan } = yield* worlds.plan
      const pending = plan?.steps.filter(({ action }) => action !== "none")
      assert.deepStrictEqual(
        pending?.map(({ action, id }) => [id, action]),
        [
          ["trigrams", "apply"],
          ["storage", "apply"]
        ]
      )
      assert.deepStrictEqual(pending?.at(1)?.changes, [{ summary: "mode", before: "777", after: "750" }])
      assert.deepStrictEqual((yield* worlds.apply).applied, ["trigrams", "storage"])
    })
  )

  it.effect("is red when the service answers but has not read the documents", () =>
    Effect.gen(function* () {
      const worlds = makeWorlds()
      yield* worlds.apply
      worlds.health.urls.set("http://127.0.0.1:58080/health/", { body: '{"storage":"writable","documents":0}' })
      const { plan } = yield* worlds.plan
      const health = plan?.steps.find(({ id }) => id === "health")
      assert.include(health?.changes[0]?.summary, "“documents” in its body is 0, not 3")
    })
  )

  it.effect("keeps the password out of everything it tells", () =>
    Effect.gen(function* () {
      const worlds = makeWorlds()
      assert.notInclude(JSON.stringify(yield* worlds.apply), "correct horse")
    })
  )
})
