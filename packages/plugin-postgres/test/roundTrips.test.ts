import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Run } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { forThisFile } from "./support/database.ts"

const database = forThisFile()

/** Counts how often the client speaks after the server has: that is what a slow line makes expensive. */
const countingProxy = Effect.acquireRelease(
  Effect.promise(async () => {
    const count = { turns: 0 }
    const listener = net.createServer((client) => {
      const upstream = net.connect(database.embedded().port, "127.0.0.1")
      let last = "server"
      client.on("data", () => {
        if (last === "server") count.turns++
        last = "client"
      })
      upstream.on("data", () => {
        last = "server"
      })
      client.pipe(upstream).pipe(client)
      for (const socket of [client, upstream]) socket.on("error", () => socket.destroy())
    })
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
    const address = listener.address()
    return { count, listener, port: address !== null && typeof address === "object" ? address.port : 0 }
  }),
  ({ listener }) => Effect.sync(() => listener.close())
)

describe("a plan", () => {
  it.live("costs one round trip, however many questions its steps have", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE wide (n int)")
      const { count, port } = yield* countingProxy
      const { password, user } = database.embedded()
      const turnsOf = Effect.fnUntraced(function* (steps: number) {
        const deployment = defineDeployment(
          "many",
          {
            environments: { staging: { data: "disposable" } },
            plugins: () => [
              Postgres.server({ port, user, password: Redacted.make(password), database: database.name() })
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
        const before = count.turns
        const { summary } = yield* session.plan
        assert.strictEqual(summary.apply, steps * 4)
        return count.turns - before
      }, Effect.scoped)
      assert.deepStrictEqual([yield* turnsOf(1), yield* turnsOf(20)], [1, 1])
    }).pipe(Effect.scoped)
  )
})
