/** What a store in PostgreSQL says of servers that it cannot use, and of one that is gone without a word. */
import { assert, describe, it } from "@effect/vitest"
import { Failure, Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { forThisFile } from "./support/database.ts"
import { poolerTo } from "./support/pooler.ts"
import { proxyTo } from "./support/proxy.ts"
import { claim, place, storeOf } from "./support/store.ts"

const database = forThisFile()

const server = Effect.gen(function* () {
  const { createDatabase, password, port, user } = database.embedded()
  return { user, password: Redacted.make(password), port, database: yield* Effect.promise(createDatabase) }
})

const sql = (name: string, text: string) =>
  Effect.map(
    Effect.promise(() => database.embedded().sql(name, text)),
    ({ rows }) => rows
  )

const acquire = Effect.flatMap(Store.Store, (store) => store.of(place).acquire(claim("ada")))
const acquiring = (options: Parameters<typeof storeOf>[0]) => Effect.scoped(Effect.provide(acquire, storeOf(options)))
const runs = Effect.flatMap(Store.Store, (store) => store.of(place).runs)

describe("a store says what is wrong, without a secret, of", () => {
  it.live("a server that is not there, a wrong password, and a database that is not there", () =>
    Effect.gen(function* () {
      const right = yield* server
      const wrong = [
        [{ ...right, port: 1 }, "no PostgreSQL answers", "start the server"],
        [{ ...right, password: Redacted.make("hunter22") }, "refuses user postgres", "correct user and password"],
        [{ ...right, database: "nowhere" }, "has no database nowhere", "createdb nowhere"]
      ] as const
      for (const [options, problem, hint] of wrong) {
        for (const asked of [Effect.flip(acquiring(options)), Effect.flip(Effect.provide(runs, storeOf(options)))]) {
          const error = Failure.report(yield* asked)
          assert.strictEqual(error.code, "core.store-failed")
          assert.include(error.message, problem)
          assert.include(error.hint, hint)
          assert.notInclude(JSON.stringify(error), "hunter22")
        }
      }
    })
  )

  it.live("a wrong URL", () =>
    Effect.gen(function* () {
      for (const url of ["hunter22", "http://u:hunter22@x/y", "postgres://u:hunter22%@x/y", "postgres://x"]) {
        const error = yield* Effect.flip(acquiring({ url }))
        assert.strictEqual(error._tag, "StoreFailed")
        assert.include(error.message, "the store: the connection to PostgreSQL")
        assert.notInclude(JSON.stringify(error), "hunter22")
      }
    })
  )

  it.live("a user who may not create the schema; one who owns it needs no more rights", () =>
    Effect.gen(function* () {
      const { database: name, port } = yield* server
      yield* sql(name, "DROP ROLE IF EXISTS deployer")
      yield* sql(name, "CREATE ROLE deployer LOGIN PASSWORD 'deployer'")
      const options = { user: "deployer", password: Redacted.make("deployer"), port, database: name }
      const error = yield* Effect.flip(acquiring(options))
      assert.strictEqual(error._tag, "StoreFailed")
      assert.include(error.message, "user deployer may not do this")
      assert.include(error.hint, "CREATE SCHEMA shipshape AUTHORIZATION deployer")
      yield* sql(name, "CREATE SCHEMA shipshape AUTHORIZATION deployer")
      assert.strictEqual((yield* acquiring(options)).run, 1)
    })
  )

  it.live("one who may not break another's lock: nothing is changed", () =>
    Effect.gen(function* () {
      const right = yield* server
      yield* sql(right.database, "DROP ROLE IF EXISTS visitor")
      yield* sql(right.database, "CREATE ROLE visitor LOGIN PASSWORD 'visitor'")
      const visitor = storeOf({ ...right, user: "visitor", password: Redacted.make("visitor") })
      yield* Effect.gen(function* () {
        const lease = yield* acquire
        yield* lease.begin("{}\n")
        yield* sql(right.database, "GRANT USAGE ON SCHEMA shipshape TO visitor")
        yield* sql(right.database, "GRANT ALL ON ALL TABLES IN SCHEMA shipshape TO visitor")
        const by = { who: claim("bob").who, reason: "he is away" }
        const unlock = Effect.flatMap(Store.Store, (store) => store.of(place).unlock(by))
        const error = yield* Effect.flip(Effect.provide(unlock, visitor))
        assert.include(error.hint, "pg_signal_backend")
        yield* lease.held
        assert.strictEqual(yield* (yield* Store.Store).of(place).journal(1), "{}\n")
      }).pipe(Effect.scoped, Effect.provide(storeOf(right)))
    })
  )

  it.live("tables of a later version", () =>
    Effect.gen(function* () {
      const options = yield* server
      yield* acquiring(options)
      yield* sql(options.database, "UPDATE shipshape.version SET version = 2")
      const error = yield* Effect.flip(acquiring(options))
      assert.include(error.message, "its tables have version 2")
    })
  )
})

describe("a schema's name", () => {
  it.live("may be anything, and is one place with each", () =>
    Effect.gen(function* () {
      const options = yield* server
      const schema = `we"ird\n'na me; --`
      yield* Effect.gen(function* () {
        const lease = yield* acquire
        yield* lease.begin("{}\n")
        assert.deepStrictEqual(yield* runs, [1])
        assert.strictEqual((yield* acquiring(options)).run, 1)
      }).pipe(Effect.scoped, Effect.provide(storeOf({ ...options, schema })))
      const found = yield* sql(
        options.database,
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|info|public)'"
      )
      assert.deepStrictEqual(new Set(found.map(({ nspname }) => nspname)), new Set([schema, "shipshape"]))
    })
  )
})

describe("a pooler", () => {
  const behind = Effect.fnUntraced(function* (mode: "transaction" | "session") {
    const options = yield* server
    const { password, user } = database.embedded()
    const own = { host: "127.0.0.1", port: options.port, user, password, database: options.database }
    return { ...options, port: yield* poolerTo(own, mode) }
  })

  it.live("that shares its sessions is refused, and no lock stays with it", () =>
    Effect.gen(function* () {
      const options = yield* behind("transaction")
      const error = yield* Effect.flip(acquiring(options))
      assert.strictEqual(error._tag, "StoreFailed")
      assert.include(error.message, "a pooler stands before it")
      assert.include(error.hint, "the server's own address")
      assert.deepStrictEqual(yield* sql(options.database, "SELECT FROM pg_locks WHERE locktype = 'advisory'"), [])
    })
  )

  it.live("that gives each client a session of its own is as good as the server", () =>
    Effect.gen(function* () {
      const options = yield* behind("session")
      yield* Effect.gen(function* () {
        const lease = yield* acquire
        yield* lease.begin("{}\n")
        yield* lease.held
        assert.strictEqual((yield* Effect.flip(acquiring(options)))._tag, "LockHeld")
      }).pipe(Effect.scoped, Effect.provide(storeOf(options)))
      assert.deepStrictEqual(yield* Effect.provide(runs, storeOf(options)), [1])
    })
  )
})

describe("a server that is silent", () => {
  it.effect("has lost the lock for its holder within a minute, also for who waits for an answer", () =>
    Effect.gen(function* () {
      const options = yield* server
      const proxy = yield* proxyTo(options.port)
      yield* Effect.gen(function* () {
        const lease = yield* acquire
        yield* lease.held
        // A server that answers keeps the lock, however long it takes: each answer comes behind that of the beat.
        for (let beat = 0; beat < 20; beat++) {
          yield* TestClock.adjust("5 seconds")
          yield* lease.held
        }
        proxy.silent = true
        let passed = 0
        const time = Effect.forever(
          Effect.andThen(
            TestClock.adjust("1 second"),
            Effect.promise(() => {
              passed++
              return new Promise((resolve) => setImmediate(resolve))
            })
          )
        )
        const [lost, write] = yield* Effect.raceFirst(
          Effect.all([Effect.flip(lease.lost), Effect.flip(lease.append("{}\n"))], { concurrency: 2 }),
          time
        )
        assert.include(lost.message, "has not answered for 40 seconds")
        assert.strictEqual(write._tag, "LockLost")
        assert.isAtMost(passed, 60)
      }).pipe(Effect.scoped, Effect.provide(storeOf({ ...options, port: proxy.port })))
    })
  )

  it.live("does not keep a run from ending", () =>
    Effect.gen(function* () {
      const options = yield* server
      const proxy = yield* proxyTo(options.port)
      const began = yield* Effect.gen(function* () {
        yield* acquire
        proxy.silent = true
        return Date.now()
      }).pipe(Effect.scoped, Effect.provide(storeOf({ ...options, port: proxy.port })))
      assert.isBelow(Date.now() - began, 20_000)
    })
  )
})
