import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Progress, Run } from "@shipshape/core"
import { MemoryStore } from "@shipshape/core/testing"
import { Postgres, PostgresControl } from "@shipshape/plugin-postgres"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { withPatience } from "../src/internal/lockWaiting.ts"
import { LockTimeout } from "../src/PostgresError.ts"
import { apply, forThisFile, server } from "./support/database.ts"
import { programs } from "./support/system.ts"

const database = forThisFile()

/** What a session says of itself that changes something. */
const said = Postgres.sql("x", {
  apply:
    "CREATE TABLE said AS SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement",
  done: "SELECT to_regclass('said') IS NOT NULL"
})

describe("a session", () => {
  it.live("waits two seconds for a lock and works a quarter of an hour, unless it is told otherwise", () =>
    Effect.gen(function* () {
      const found = Effect.map(database.sql("SELECT * FROM said"), ({ rows }) => rows[0])
      yield* Effect.provide(apply(said), database.layer())
      assert.deepStrictEqual(yield* found, { lock: "2s", statement: "15min" })
      yield* database.sql("DROP TABLE said")
      yield* Effect.provide(apply(said), database.layer({ lockTimeout: "700 millis", statementTimeout: "3 hours" }))
      assert.deepStrictEqual(yield* found, { lock: "700ms", statement: "3h" })
    })
  )

  it.live.skipIf(!fs.existsSync("/proc/net/tcp"))("asks whether the server is still there when nothing is said", () =>
    Effect.gen(function* () {
      const { port } = database.embedded()
      yield* Effect.provide(
        Effect.gen(function* () {
          yield* server
          // Local address, remote address, state, queues, timer: 02 is the one that keeps a connection alive.
          const timers = fs
            .readFileSync("/proc/net/tcp", "utf8")
            .split("\n")
            .map((line) => line.trim().split(/\s+/))
            .filter(([, , to = "", state]) => state === "01" && Number.parseInt(to.split(":")[1] ?? "", 16) === port)
            .map(([, , , , , timer = ""]) => timer.split(":")[0])
          assert.deepStrictEqual(timers, ["02"])
        }),
        database.layer()
      )
    })
  )

  it.live("is one of two, however many steps a plan has: one that looks, and one that changes", () =>
    Effect.gen(function* () {
      const { password, port, user } = database.embedded()
      const count = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'shipshape%'"
      const most: Array<number> = []
      const deployment = defineDeployment(
        "many",
        {
          environments: { staging: { data: "disposable" } },
          plugins: () => [Postgres.server({ port, user, password: Redacted.make(password), database: database.name() })]
        },
        function* () {
          for (let i = 0; i < 20; i++) {
            yield* Postgres.enum(`enum-${i}`, { name: `of_many_${i}`, labels: ["a"] })
            yield* Postgres.sql(`sql-${i}`, {
              apply: `CREATE TABLE of_many_${i}_t AS ${count}`,
              done: `SELECT to_regclass('of_many_${i}_t') IS NOT NULL`
            })
          }
        }
      )
      const session = yield* Run.open(deployment, {
        environment: "staging",
        inputs: [],
        store: MemoryStore.layer(MemoryStore.make())
      })
      yield* session.plan
      most.push((yield* database.sql(count)).rows[0].n)
      yield* session.apply()
      for (let i = 0; i < 20; i++) most.push((yield* database.sql(`SELECT n FROM of_many_${i}_t`)).rows[0].n)
      assert.deepStrictEqual([most[0], Math.max(...most)], [1, 2])
    }).pipe(Effect.scoped)
  )
})

describe.skipIf(programs === undefined)("a backup of a server that is newer than the client programs", () => {
  it.live("is refused before anything is written, with the name of the package", () =>
    Effect.gen(function* () {
      const directory = path.join(os.tmpdir(), `shipshape-never-${database.embedded().port}`)
      const take = Effect.flatMap(PostgresControl.PostgresControl, (control) =>
        control.backup({ directory, drill: false, keep: 1 })
      )
      const { major } = yield* Effect.provide(server, database.layer())
      const error = yield* Effect.flip(Effect.provide(take, database.layer({ tools: programs ?? "" })))
      assert.strictEqual(error.code, "postgres.dump-tool-unfit")
      assert.match(
        error.message,
        new RegExp(`pg_dump \\d+ on ${programs} of this machine is older than PostgreSQL ${major}`)
      )
      assert.include(error.hint, `install postgresql-client-${major}`)
      assert.isFalse(fs.existsSync(directory))
    })
  )
})

describe("who waits for a lock", () => {
  const held = new LockTimeout({ message: "canceling statement due to lock timeout", hint: "wait", retryable: true })

  /** When it was tried, in milliseconds since it began, and what was said. */
  const tries = Effect.gen(function* () {
    const [times, lines]: [Array<number>, Array<string>] = [[], []]
    const begun = yield* Clock.currentTimeMillis
    const run = Effect.andThen(
      Effect.map(Clock.currentTimeMillis, (now) => times.push(now - begun)),
      Effect.fail(held)
    )
    const patience = { lockTimeout: Duration.seconds(2), lockRetries: 8 }
    const waiting = yield* withPatience(run, undefined, () => Effect.never, patience).pipe(
      Effect.flip,
      Effect.provideService(Progress.Current, { line: (line) => lines.push(line) }),
      Effect.forkChild
    )
    for (let i = 0; i < 4_000; i++) yield* TestClock.adjust("10 millis")
    assert.strictEqual((yield* Fiber.join(waiting))._tag, "LockTimeout")
    return { times, lines }
  })

  it.effect("lets others pass between, for longer and longer, never quite as long as another, and says so", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* tries, yield* tries]
      const pausesOf = (times: ReadonlyArray<number>) => times.slice(1).map((at, i) => at - (times[i] ?? 0))
      for (const { lines, times } of [one, other]) {
        assert.strictEqual(times.length, 9)
        for (const [i, pause] of pausesOf(times).entries()) {
          const usual = Math.min(250 * 1.6 ** i, 5_000)
          assert.isAtLeast(pause, usual * 0.8 - 1)
          assert.isAtMost(pause, usual * 1.2 + 1)
        }
        assert.strictEqual(lines.filter((line) => line.endsWith("; trying again")).length, lines.length)
        assert.isAtLeast(lines.length, 8)
      }
      const others = pausesOf(other.times)
      assert.isTrue(pausesOf(one.times).some((pause, i) => Math.abs(pause - (others[i] ?? 0)) > 1))
    })
  )
})
