import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Run, Step } from "@shipshape/core"
import { Postgres, PostgresControl, PostgresProbe } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll } from "vitest"
import { signal } from "../../../test/support/processTree.ts"
import { layerOf } from "../test/support/real.ts"
import { docker, make, secret, user } from "./support/container.ts"

const container = make()

const layer = (options: { readonly database?: string; readonly port?: number } = {}, target = container.target) =>
  Layer.provide(
    layerOf(Postgres.inService({ service: "db", user, password: secret, database: "app", ...options })),
    target
  )

const server = Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.server)
const ready = Effect.flatMap(
  Effect.fromResult(Postgres.ready("ready", { timeout: "60 seconds" }).prepare(new Map())),
  ({ apply }) => apply
)

const started = Effect.promise(() => container.sql("app", "SELECT pg_postmaster_start_time()::text AS at")).pipe(
  Effect.map(({ rows }) => rows[0].at as string)
)

const sessions = Effect.promise(() =>
  container.sql("app", "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'shipshape%'")
).pipe(Effect.map(({ rows }) => rows[0].n as number))

const until = (holds: Effect.Effect<boolean>) =>
  Effect.flatMap(holds, (value) => (value ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.eventually,
    Effect.timeout("20 seconds")
  )

/** The docker clients that carry this container's tunnels. */
const relays = (): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const command = commandOf(pid)
      return command.startsWith("docker\0exec") && command.includes(container.name)
    })

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    // It has ended meanwhile.
    return ""
  }
}

const bringUp = Step.make("test.bringUp", {
  description: "The database's service runs",
  risk: "additive",
  input: {},
  output: {},
  provides: () => ["service:db"],
  check: () => Effect.succeed(Check.needed([{ summary: "start db" }])),
  apply: () => Effect.void
})

const startsDatabase = defineDeployment(
  "app",
  {
    environments: { staging: { data: "disposable" } },
    plugins: () => [Postgres.server({ user, database: "app" })]
  },
  function* () {
    yield* bringUp("database", {})
    yield* Postgres.ready("ready", {})
    yield* Postgres.extension("trigrams", { name: "pg_trgm" })
  }
)

beforeAll(async () => {
  await container.run()
})
afterAll(container.remove)

describe("a tunnel into a container that publishes no port", () => {
  it.live("is not taken in by the server that initialises the volume", () =>
    Effect.gen(function* () {
      yield* ready
      // The server that is left for good runs as the container's first process; the initialising one does not.
      const pid = yield* Effect.promise(() =>
        docker("exec", container.name, "head", "-1", "/var/lib/postgresql/data/postmaster.pid")
      )
      assert.strictEqual(pid, "1")
      assert.strictEqual((yield* server).major, 17)
    }).pipe(Effect.provide(layer()))
  )

  it.live("leaves no session behind, and no process that PostgreSQL would take for a crash of its own", () =>
    Effect.gen(function* () {
      const before = yield* started
      for (const target of [container.having("perl"), container.having("bash", "cat")]) {
        yield* Effect.provide(server, layer({}, target))
      }
      yield* until(Effect.map(sessions, (n) => n === 0))
      assert.strictEqual(yield* started, before)
      const log = yield* Effect.promise(() => docker("logs", container.name))
      assert.notInclude(log, "terminating any other active server processes")
    })
  )

  it.live("is opened anew when the container is recreated", () =>
    Effect.gen(function* () {
      const control = yield* PostgresControl.PostgresControl
      const statement = { text: "SELECT 1", values: [] }
      yield* server
      yield* control.execute(statement)
      yield* Effect.promise(container.remove)
      yield* Effect.promise(() => container.run())
      yield* ready
      yield* server
      yield* control.execute(statement)
    }).pipe(Effect.provide(layer()))
  )

  it.live("says which database is missing, and that nothing listens", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(Effect.provide(server, layer({ database: "nowhere" })))
      assert.strictEqual(missing._tag, "DatabaseMissing")
      const silent = yield* Effect.flip(Effect.provide(server, layer({ port: 5999 })))
      assert.strictEqual(silent._tag, "ServerNotReady")
    })
  )

  it.live("finds out that the password is wrong, which the image would not ask a client of its own machine for", () =>
    Effect.gen(function* () {
      const connecting = (password: Redacted.Redacted<string> | undefined) =>
        Layer.provide(
          layerOf(Postgres.inService({ service: "db", user, database: "app", ...(password && { password }) })),
          container.target
        )
      const wrong = yield* Effect.flip(Effect.provide(server, connecting(Redacted.make("wrong"))))
      assert.strictEqual(wrong._tag, "AuthenticationFailed")
      assert.strictEqual((yield* Effect.provide(server, connecting(undefined))).user, user)
    })
  )

  for (const programs of [["perl"], ["bash", "cat"]]) {
    it.live(`leaves nothing behind either when the deployment is killed, with ${programs[0]}`, () =>
      Effect.gen(function* () {
        const before = yield* started
        yield* server
        assert.strictEqual(yield* sessions, 1)
        for (const pid of relays()) signal(pid, "SIGKILL")
        yield* until(Effect.map(sessions, (n) => n === 0))
        assert.strictEqual(yield* started, before)
        // The next question opens another tunnel.
        assert.strictEqual((yield* server).major, 17)
      }).pipe(Effect.provide(layer({}, container.having(...programs))))
    )
  }

  it.live("that cannot be dug, as the container does not run, makes checks wait for the step that starts it", () =>
    Effect.gen(function* () {
      const inside = Layer.provide(
        layerOf(Postgres.inService({ service: "db", user, password: secret, database: "app" })),
        make().target
      )
      const session = yield* Run.openWith(startsDatabase, inside, { environment: "staging", inputs: [] })
      const plan = yield* session.plan
      assert.deepStrictEqual(
        plan.steps.map(({ action, reason }) => [action, reason]),
        [
          ["apply", undefined],
          ["deferred", "known after “database”"],
          ["deferred", "known after “database”, “ready”"]
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.live("costs a connection little more than TCP does", () =>
    Effect.gen(function* () {
      const host = yield* Effect.promise(container.address)
      const direct = Layer.provide(
        layerOf(Postgres.server({ host, user, password: secret, database: "app" })),
        container.target
      )
      const timed = (made: typeof direct) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const context = yield* Layer.buildWithScope(made, scope)
          const begun = performance.now()
          yield* Effect.provide(server, context)
          const connect = performance.now() - begun
          yield* Effect.provide(server, context)
          return { connect, query: performance.now() - begun - connect }
        })
      const [tunnel, tcp] = [yield* timed(layer()), yield* timed(direct)]
      yield* Effect.log({ tunnel, tcp })
      assert.isBelow(tunnel.query, 250)
    })
  )
})
