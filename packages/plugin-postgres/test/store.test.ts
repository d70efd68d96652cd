/** Lock, journal and releases in PostgreSQL, on a real server. */
import { assert, describe, it } from "@effect/vitest"
import { Journal, Store } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { storeContract } from "../../core/test/support/storeContract.ts"
import { forThisFile } from "./support/database.ts"
import { claim, place, release, runOf, startHolder, storeOf } from "./support/store.ts"

const database = forThisFile()

/** A database of its own for a test: its store, and SQL beside it. */
const fresh = Effect.gen(function* () {
  const { createDatabase, password, port, sql, user } = database.embedded()
  const name = yield* Effect.promise(createDatabase)
  const url = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`
  return {
    name,
    url,
    layer: storeOf({ url }),
    sql: (text: string) =>
      Effect.map(
        Effect.promise(() => sql(name, text)),
        ({ rows }) => rows
      )
  }
})

const operations = Effect.map(Store.Store, (store) => store.of(place))

/** Holds the lock in a scope of its own. */
const holding = Effect.fnUntraced(function* (user: string) {
  const scope = yield* Scope.make()
  const lease = yield* Scope.provide(
    Effect.flatMap(operations, (store) => store.acquire(claim(user))),
    scope
  )
  return { lease, end: Scope.close(scope, Exit.void) }
})

const line = Journal.encode({ _tag: "UndoBegan", at: 0, step: 'it\'s "x"\n\u0000 – ü', fence: 1 })

storeContract(
  "the store in PostgreSQL",
  Effect.map(fresh, ({ layer }) => layer)
)

describe("looking", () => {
  it.live("finds nothing where nothing is, and makes nothing", () =>
    Effect.gen(function* () {
      const { layer, sql } = yield* fresh
      const found = yield* Effect.gen(function* () {
        const { holder, journal, releases, runs, unlock } = yield* operations
        const by = { who: claim("ada").who, reason: "none" }
        return [yield* holder, yield* runs, yield* journal(1), yield* releases, yield* unlock(by)]
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(found, [undefined, [], "", [], undefined])
      assert.deepStrictEqual(yield* sql("SELECT FROM pg_namespace WHERE nspname = 'shipshape'"), [])
    })
  )
})

describe("a lease", () => {
  it.live("writes what is read back exactly, by itself and by others", () =>
    Effect.gen(function* () {
      const { layer } = yield* fresh
      const [first, second] = [release(1), release(2)]
      yield* Effect.gen(function* () {
        const { lease } = yield* holding("ada")
        yield* lease.held
        yield* lease.begin(line)
        yield* lease.append(`${line}${line}`)
        yield* lease.append("torn")
        yield* lease.writeRelease(second)
        yield* lease.writeRelease({ ...first, plan: "other" })
        yield* lease.writeRelease(first)
        const store = yield* operations
        assert.strictEqual(yield* store.journal(lease.run), `${line}${line}${line}torn`)
        assert.deepStrictEqual(yield* store.releases, [first, second])
        yield* lease.removeRelease(1)
      }).pipe(Effect.provide(layer))
      yield* Effect.gen(function* () {
        const store = yield* operations
        assert.deepStrictEqual([yield* store.runs, yield* store.releases], [[1], [second]])
        const other = (yield* Store.Store).of({ ...place, environment: "production" })
        assert.deepStrictEqual([yield* other.runs, yield* other.releases], [[], []])
      }).pipe(Effect.provide(layer))
    })
  )

  it.live(
    "is on the disk before an append ends, whatever the database says, and its session ends with its client",
    () =>
      Effect.gen(function* () {
        const { layer, name, sql } = yield* fresh
        yield* sql(`ALTER DATABASE ${name} SET synchronous_commit = off`)
        yield* Effect.gen(function* () {
          yield* (yield* holding("ada")).end
          yield* sql(`CREATE TABLE public.seen (name text, setting text)`)
          yield* sql(`CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO public.seen SELECT name, setting FROM pg_settings; RETURN NULL; END $$`)
          yield* sql("CREATE TRIGGER look AFTER INSERT ON shipshape.journal EXECUTE FUNCTION public.look()")
          yield* (yield* holding("ada")).lease.begin(line)
        }).pipe(Effect.provide(layer))
        const names = ["client_connection_check_interval", "synchronous_commit", "tcp_keepalives_idle"]
        const seen = yield* sql(`SELECT setting FROM public.seen WHERE name = ANY ('{${names}}') ORDER BY name`)
        assert.deepStrictEqual(
          seen.map(({ setting }) => setting),
          ["1000", "on", "20"]
        )
      })
  )
})

describe("of many that ask at once", () => {
  it.live(
    "exactly one gets the lock, and the others are told which: 100 rounds of 2 to 20",
    () =>
      Effect.gen(function* () {
        const { url } = yield* fresh
        for (let round = 0; round < 100; round++) {
          const many = 2 + (round % 19)
          // Each has a store of its own, as in another process.
          const contender = (user: string) => Effect.exit(holding(user)).pipe(Effect.provide(storeOf({ url })))
          const exits = yield* Effect.forEach(
            Array.from({ length: many }, (_, i) => `user ${i}`),
            contender,
            { concurrency: "unbounded" }
          )
          const winners = exits.filter(Exit.isSuccess)
          assert.strictEqual(winners.length, 1, `round ${round} of ${many}`)
          const winner = winners[0]?.value
          const losers = exits.filter(Exit.isFailure).map((exit) => Exit.findErrorOption(exit))
          for (const loser of losers) {
            assert.strictEqual(loser._tag === "Some" ? runOf(loser.value) : undefined, winner?.lease.run)
          }
          yield* winner?.end ?? Effect.void
        }
      }),
    180_000
  )

  it.live("the tables are made once", () =>
    Effect.gen(function* () {
      const { sql, url } = yield* fresh
      const runs = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, i) => `environment ${i}`),
        (environment) =>
          Effect.flatMap(Store.Store, (store) => store.of({ ...place, environment }).acquire(claim("ada"))).pipe(
            Effect.map((lease) => lease.run),
            Effect.scoped,
            Effect.provide(storeOf({ url }))
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(runs), new Set([1]))
      assert.deepStrictEqual(yield* sql("SELECT version FROM shipshape.version"), [{ version: 1 }])
    })
  )

  it.live(
    "processes of their own do as well, and a killed one leaves nothing behind",
    () =>
      Effect.gen(function* () {
        const { layer, url } = yield* fresh
        const all = Array.from({ length: 5 }, () => startHolder(url))
        const said = yield* Effect.promise(() => Promise.all(all.map((one) => one.said)))
        const winner = said.indexOf("run 1")
        assert.isAtLeast(winner, 0, said.join("\n"))
        for (const [i, words] of said.entries()) {
          if (i !== winner) assert.include(words, "run 1 is going on: process on test")
        }
        yield* Effect.gen(function* () {
          all[winner]?.process.kill("SIGKILL")
          const killed = Date.now()
          const lease = yield* Effect.flatMap(operations, (store) =>
            store.acquire(claim("next", { wait: "10 seconds" }))
          )
          assert.isBelow(Date.now() - killed, 1000)
          assert.strictEqual(lease.run, 2)
        }).pipe(Effect.scoped, Effect.provide(layer))
      }),
    60_000
  )
})

describe("the lock is lost", () => {
  it.live("when the session ends, and then nothing can be written", () =>
    Effect.gen(function* () {
      const { layer, sql } = yield* fresh
      yield* Effect.gen(function* () {
        const { end, lease } = yield* holding("ada")
        yield* lease.begin(line)
        yield* sql("SELECT pg_terminate_backend(pid) FROM shipshape.leases")
        assert.strictEqual((yield* Effect.flip(lease.lost)).run, 1)
        assert.strictEqual((yield* Effect.flip(lease.held))._tag, "LockLost")
        assert.strictEqual((yield* Effect.flip(lease.append(line)))._tag, "LockLost")
        const store = yield* operations
        assert.isUndefined(yield* store.holder)
        const next = yield* holding("bob")
        assert.strictEqual(next.lease.run, 2)
        yield* end
        yield* next.lease.held
      }).pipe(Effect.provide(layer))
    })
  )

  it.live("when the lease is another's: each write is refused", () =>
    Effect.gen(function* () {
      const { layer, sql } = yield* fresh
      yield* Effect.gen(function* () {
        const store = yield* operations
        const { lease } = yield* holding("ada")
        yield* lease.begin(line)
        yield* lease.writeRelease(release(1))
        // A later run's; broken by hand; that of another session, to which the number was given again.
        for (const other of ["run = 7", "run = 1, pid = NULL", "pid = 1"]) {
          yield* sql(`UPDATE shipshape.leases SET ${other}`)
          yield* lease.at("nowhere")
          for (const write of [
            lease.held,
            lease.begin(line),
            lease.append(line),
            lease.writeRelease(release(2)),
            lease.removeRelease(1),
            lease.removeRun(1)
          ]) {
            assert.strictEqual((yield* Effect.flip(write))._tag, "LockLost")
          }
        }
        assert.strictEqual(yield* store.journal(1), line)
        assert.deepStrictEqual(yield* store.releases, [release(1)])
        assert.deepStrictEqual(yield* sql("SELECT step FROM shipshape.leases"), [{ step: null }])
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("the lease of a session that is gone", () => {
  it.live("is not believed, though its process has a successor", () =>
    Effect.gen(function* () {
      const { layer, sql } = yield* fresh
      yield* Effect.gen(function* () {
        const store = yield* operations
        yield* (yield* holding("ada")).end
        const other = yield* holding("bob")
        const [{ pid }] = yield* sql("SELECT pid FROM shipshape.leases")
        // The lock is held, by a process that has the number of the one that is gone.
        yield* sql("UPDATE shipshape.leases SET run = 9, backend_start = backend_start - interval '1 day'")
        assert.isUndefined(yield* store.holder)
        const error = yield* Effect.flip(holding("eve"))
        assert.strictEqual(error._tag, "LockHeld")
        assert.isUndefined(runOf(error))
        yield* other.end
        yield* sql(`UPDATE shipshape.leases SET pid = ${pid}`)
        assert.isUndefined(yield* store.holder)
        assert.strictEqual((yield* holding("eve")).lease.run, 9)
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("whoever waits", () => {
  it.live("holds up no CREATE INDEX CONCURRENTLY", () =>
    Effect.gen(function* () {
      const { layer, sql, url } = yield* fresh
      yield* sql("CREATE TABLE public.documents (name text)")
      yield* Effect.gen(function* () {
        yield* holding("ada")
        let waits = false
        const waiter = yield* Effect.flatMap(operations, (store) =>
          store.acquire(
            claim("bob", {
              wait: "1 minute",
              onWait: () => {
                waits = true
              }
            })
          )
        ).pipe(Effect.scoped, Effect.provide(storeOf({ url })), Effect.forkChild)
        yield* eventually(() => waits)
        yield* sql("SET statement_timeout = '10s'")
        yield* sql("CREATE INDEX CONCURRENTLY documents_name ON public.documents (name)")
        const [{ indisvalid }] = yield* sql(
          "SELECT indisvalid FROM pg_index WHERE indexrelid = 'documents_name'::regclass"
        )
        assert.isTrue(indisvalid)
        yield* Fiber.interrupt(waiter)
      }).pipe(Effect.provide(layer))
    })
  )
})

/** Waits for a condition, and fails the test by its time limit. */
const eventually = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.andThen(Effect.sleep("10 millis"), eventually(condition))))
