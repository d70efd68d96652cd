import { assert, describe, it } from "@effect/vitest"
import { Look, type Resource } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { apply, check, forThisFile, type Options, server, serverLayer } from "./support/database.ts"
import { proxyTo } from "./support/proxy.ts"

const database = forThisFile()

const extension = Postgres.extension("x", { name: "pg_trgm" })

describe("a connection", () => {
  it.live("that is refused for its password says so, and not the password", () =>
    Effect.gen(function* () {
      for (const password of [Redacted.make("hunter22"), Redacted.make("")]) {
        const error = yield* Effect.flip(Effect.provide(server, database.layer({ password })))
        assert.strictEqual(error.code, "postgres.authentication-failed")
        assert.notInclude(JSON.stringify(error), "hunter22")
      }
    })
  )

  it.live("to a database that is not there names it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(check(extension), database.layer({ database: "nowhere" })))
      assert.strictEqual(error.code, "postgres.database-missing")
      assert.include(error.message, "nowhere")
    })
  )

  it.live("to a server that is down waits for what brings it up", () =>
    Effect.gen(function* () {
      const found = yield* Effect.provide(check(extension), database.layer({ port: 1, resource: "service:db" }))
      assert.strictEqual(found._tag, "Unavailable")
      assert.deepStrictEqual(found._tag === "Unavailable" ? found.lacks : [], ["service:db", "postgres:server"])
      assert.strictEqual(found._tag === "Unavailable" && found.failure?.code, "postgres.server-unreachable")
    })
  )

  it.live("goes by a URL, over a local socket too", () =>
    Effect.gen(function* () {
      const { password, port, socketFolder, user } = database.embedded()
      const end = `${user}:${encodeURIComponent(password)}`
      for (const url of [
        `postgres://${end}@127.0.0.1:${port}/${database.name()}`,
        Redacted.make(
          `postgresql://${end}@localhost:${port}/${database.name()}?host=${encodeURIComponent(socketFolder)}`
        )
      ]) {
        const made = serverLayer({ url })
        assert.strictEqual((yield* Effect.provide(server, made)).database, database.name())
      }
    })
  )

  it.live("whose options lack something is refused, without a word of the URL", () =>
    Effect.gen(function* () {
      const refused: ReadonlyArray<Options> = [
        {},
        { user: "app" },
        { url: "http://u:hunter22@x/y" },
        { url: "hunter22" },
        { url: "postgres://u:hunter22@x/y?sslmode=prefer" },
        { url: "postgres://u:hunter22%@x/y" },
        { url: "postgres://u:hunter22@x/y?options=-csearch_path%3Dapp" },
        { url: "postgres://u:hunter22@x/y?port=hunter" }
      ]
      for (const options of refused) {
        const made = serverLayer(options)
        const error = yield* Effect.flip(Effect.provide(server, made))
        assert.strictEqual(error.code, "postgres.connection-options-invalid")
        assert.notInclude(JSON.stringify(error), "hunter22")
      }
    })
  )

  it.live("is what a URL says as libpq reads it: a socket for its host, parts behind the question mark", () =>
    Effect.gen(function* () {
      const { password, port, socketFolder, user } = database.embedded()
      const parts = new URLSearchParams({ user, password, port: String(port) })
      for (const start of [
        `${encodeURIComponent(socketFolder)}/${database.name()}?`,
        `/?dbname=${database.name()}&host=${socketFolder}&`
      ]) {
        const found = yield* Effect.provide(server, serverLayer({ url: `postgres://${start}${parts}` }))
        assert.strictEqual(found.database, database.name())
      }
    })
  )

  it.live("that broke is opened anew", () =>
    Effect.gen(function* () {
      yield* server
      yield* database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shipshape%'"
      )
      assert.strictEqual((yield* server).database, database.name())
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that breaks under a question or before a change is opened anew, and neither notices", () =>
    Effect.gen(function* () {
      const proxy = yield* proxyTo(database.embedded().port)
      const change = apply(Postgres.sql("x", { apply: "SELECT 1", done: "SELECT true" }))
      yield* Effect.gen(function* () {
        yield* server
        yield* change
        proxy.cutNext = true
        assert.strictEqual((yield* server).database, database.name())
        proxy.cutNext = true
        yield* change
      }).pipe(Effect.provide(database.layer({ port: proxy.port })))
    }).pipe(Effect.scoped)
  )

  it.live("says to every check what it looks at", () =>
    Effect.gen(function* () {
      const observed = new Set<Resource.Resource>()
      yield* check(extension).pipe(
        Effect.provideService(Look.Observed, observed),
        Effect.provide(database.layer({ resource: "service:db" }))
      )
      assert.deepStrictEqual([...observed], ["service:db"])
    })
  )

  it.live("is closed with the run", () =>
    Effect.gen(function* () {
      yield* Effect.provide(server, database.layer())
      // The server lists a session for a moment after the client has heard its end.
      yield* database
        .sql("SELECT FROM pg_stat_activity WHERE application_name LIKE 'shipshape%'")
        .pipe(Effect.repeat({ until: ({ rows }) => rows.length === 0, schedule: Schedule.spaced("10 millis") }))
    })
  )
})
