import { assert, describe, it } from "@effect/vitest"
import { defineDeployment } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { apply, check, forThisFile } from "./support/database.ts"

const database = forThisFile()

describe("an SQL statement", () => {
  const statement = (apply: string, done = "SELECT false") => Postgres.sql("x", { apply, done })

  it.live("that is wrong is shown with the place of the error", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(apply(statement("SELECT 1\n  FROM FROM")))
      assert.include(error.message, "SQLSTATE 42601, line 2, column 8")
      assert.deepStrictEqual(error.tail, ["  FROM FROM", "       ^"])
      // Characters are counted, not bytes and not units of UTF-16.
      const beyond = yield* Effect.flip(apply(statement("SELECT 'é𝄞' FROM FROM")))
      assert.include(beyond.message, "line 1, column 18")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that is two is refused, and neither is run", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(apply(statement("CREATE TABLE one_of_two (); CREATE TABLE two_of_two ()")))
      assert.include(error.message, "cannot insert multiple commands")
      const { rows } = yield* database.sql("SELECT to_regclass('one_of_two') AS it")
      assert.isNull(rows[0].it)
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("is asked for read-only: a query that would change something is refused, and changes nothing", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE kept AS SELECT 1 AS n")
      for (const done of [
        "WITH gone AS (DELETE FROM kept RETURNING n) SELECT true FROM gone",
        "SELECT set_config('transaction_read_only', 'off', false) IS NOT NULL",
        "DELETE FROM kept",
        "COMMIT",
        "SELECT true; DELETE FROM kept"
      ]) {
        yield* Effect.flip(check(statement("SELECT 1", done)))
      }
      // What a query may set ends with its transaction.
      yield* Effect.exit(check(statement("SELECT 1", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")))
      const writes = yield* Effect.flip(check(statement("SELECT 1", "DELETE FROM kept")))
      assert.strictEqual(writes.code, "postgres.not-read-only")
      assert.strictEqual((yield* database.sql("SELECT n FROM kept")).rowCount, 1)
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("is asked about again once one before it has run: nothing is missing in a table without rows", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE letters (id int, sent boolean NOT NULL DEFAULT false)")
      const deployment = defineDeployment(
        "letters",
        {
          environments: { test: { data: "disposable" } },
          plugins: () => [Postgres.server({ url: "postgres://nobody@localhost/none" })]
        },
        function* () {
          yield* Postgres.sql("write", {
            apply: "INSERT INTO letters (id) VALUES (1), (2)",
            done: "SELECT EXISTS (SELECT FROM letters)",
            risk: "additive"
          })
          yield* Postgres.sql("send", {
            apply: "UPDATE letters SET sent = true",
            done: "SELECT NOT EXISTS (SELECT FROM letters WHERE NOT sent)"
          })
        }
      )
      const once = yield* Rehearsal.apply(deployment, database.layer(), { environment: "test" })
      assert.deepStrictEqual(
        once.plan?.steps.map(({ action, reason }) => [action, reason]),
        [
          ["apply", undefined],
          ["deferred", "known after “write”"]
        ]
      )
      assert.deepStrictEqual(once.applied, ["write", "send"])
      const twice = yield* Rehearsal.apply(deployment, database.layer(), { environment: "test" })
      assert.deepStrictEqual(twice.applied, [])
    })
  )

  it.live("is done when its query says true, and nothing else", () =>
    Effect.gen(function* () {
      for (const done of ["SELECT 1", "SELECT NULL::boolean", "SELECT true WHERE false", "SELECT true, true"]) {
        const error = yield* Effect.flip(check(statement("SELECT 1", done)))
        assert.strictEqual(error.code, "postgres.done-not-boolean", done)
      }
      assert.strictEqual((yield* check(statement("SELECT 1", "SELECT true")))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("waits for the tables that its query names", () =>
    Effect.gen(function* () {
      const found = yield* check(statement("SELECT 1", "SELECT EXISTS (SELECT FROM not_yet)"))
      assert.deepStrictEqual(found._tag === "Unavailable" ? found.lacks : [], ["postgres:schema"])
      assert.strictEqual(found._tag === "Unavailable" && found.failure?.code, "postgres.statement-failed")
      assert.include(found._tag === "Unavailable" && found.failure?.hint, "to_regclass")
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("that the user may not run, or that waits for a lock too long, says so", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE locked (n int)")
      const asGuest = yield* database.guest
      const denied = yield* Effect.flip(Effect.provide(apply(statement("DELETE FROM locked")), asGuest))
      assert.strictEqual(denied.code, "postgres.permission-denied")
      const held = Promise.withResolvers<void>()
      const holder = database.embedded().holdLock(database.name(), "LOCK TABLE locked", held.promise)
      yield* Effect.promise(() => holder.held)
      const late = yield* Effect.flip(
        Effect.provide(
          apply(statement("ALTER TABLE locked ADD m int")),
          database.layer({ lockTimeout: "50 millis", lockRetries: 1 })
        )
      )
      held.resolve()
      yield* Effect.promise(() => holder.ended)
      assert.strictEqual(late.code, "postgres.lock-timeout")
      const slow = yield* Effect.flip(
        Effect.provide(apply(statement("SELECT pg_sleep(10)")), database.layer({ statementTimeout: "50 millis" }))
      )
      assert.strictEqual(slow.code, "postgres.statement-timeout")
    })
  )

  it.live("that is interrupted does not go on in the session that the next one uses", () =>
    Effect.gen(function* () {
      yield* Effect.timeoutOption(apply(statement("SELECT pg_sleep(5)")), "200 millis")
      const begun = performance.now()
      yield* apply(statement("SELECT 1"))
      assert.isBelow(performance.now() - begun, 2_000)
    }).pipe(Effect.provide(database.layer()))
  )

  it.live("gets secrets as values, and says them nowhere", () =>
    Effect.gen(function* () {
      yield* database.sql("CREATE TABLE vault (it text PRIMARY KEY)")
      const step = Postgres.sql("x", {
        apply: "INSERT INTO vault VALUES ($1)",
        params: [Redacted.make("hunter22")],
        done: "SELECT EXISTS (SELECT FROM vault WHERE it = $1)",
        doneParams: [Redacted.make("hunter22")]
      })
      assert.notInclude(JSON.stringify(yield* check(step)), "hunter22")
      yield* apply(step)
      assert.strictEqual((yield* check(step))._tag, "Satisfied")
    }).pipe(Effect.provide(database.layer()))
  )
})
