import { assert, describe, it } from "@effect/vitest"
import { Check, defineDeployment, Look, type Resource, Step } from "@shipshape/core"
import { Laws, MemoryStore, Rehearsal } from "@shipshape/core/testing"
import { Postgres, PostgresProbe } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const plugins = () => [Postgres.server({ user: "app", database: "app" })]
const environments = { staging: { data: "disposable" } } as const

const step = (provides: ReadonlyArray<Resource.Resource>, touches: ReadonlyArray<Resource.Resource>) =>
  Step.make("test.pending", {
    description: "Something that is pending",
    risk: "additive",
    input: {},
    output: {},
    provides: () => provides,
    touches: () => touches,
    check: () => Effect.succeed(Check.needed([{ summary: "change something" }])),
    apply: () => Effect.void
  })

const bringsUp = step(["service:db"], [])
const recreates = step([], ["service:db"])

const reasons = (run: Rehearsal.Rehearsed<unknown>) =>
  Object.fromEntries((run.plan?.steps ?? []).map(({ action, id, reason }) => [id, [action, reason]]))

describe("a deployment on the database in memory", () => {
  const whole = defineDeployment("whole", { environments, plugins }, function* () {
    yield* Postgres.ready("ready", {})
    yield* Postgres.backup("backup", { directory: "/backups" })
    yield* Postgres.extension("trigrams", { name: "pg_trgm" })
    yield* Postgres.enum("status", { name: "status", labels: ["draft", "final"] })
    yield* Postgres.column("column", { table: "documents", name: "status", type: "status" })
  })

  it.effect("is applied once", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make({
        available: { pg_trgm: "1.6" },
        enums: { status: ["draft"] },
        tables: { documents: { id: "bigint" } }
      })
      const first = yield* Rehearsal.apply(whole, world.layer, { environment: "staging" })
      assert.deepStrictEqual(first.applied, ["backup", "trigrams", "status", "column"])
      assert.strictEqual(world.log.length, 4)
      const second = yield* Rehearsal.apply(whole, world.layer, { environment: "staging" })
      assert.deepStrictEqual(second.applied, [])
    })
  )

  it.effect("takes another backup when the newest is too old, and keeps as many as it is told", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make()
      // Of the releases, the last one alone holds on to its backup.
      const staging = { data: "disposable", keepReleases: 1 } as const
      const kept = defineDeployment("kept", { environments: { staging }, plugins }, function* () {
        return yield* Postgres.backup("backup", { directory: "/backups", keep: 2, maxAge: "1 hour" })
      })
      const store = MemoryStore.layer(MemoryStore.make())
      const applied: Array<number> = []
      for (const _ of [1, 2, 3, 4]) {
        applied.push((yield* Rehearsal.apply(kept, world.layer, { environment: "staging", store })).applied.length)
        yield* TestClock.adjust("31 minutes")
      }
      assert.deepStrictEqual(applied, [1, 0, 1, 0])
      yield* TestClock.adjust("2 hours")
      yield* Rehearsal.apply(kept, world.layer, { environment: "staging", store })
      assert.strictEqual(world.backups.size, 2)
    })
  )

  it.effect("keeps the laws of backups", () => {
    const world = PostgresWorld.make()
    return Laws.check({
      step: Postgres.backup("backup", { directory: "/backups" }),
      see: Effect.sync(() => [...world.backups]),
      damage: Effect.sync(() => {
        for (const [file, backup] of world.backups) world.backups.set(file, { ...backup, intact: false })
      })
    }).pipe(Effect.provide(world.layer))
  })

  it.effect("whose server is not up yet is known after the step that brings it up", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make({ status: "down", resource: "service:db" })
      const up = defineDeployment("up", { environments, plugins }, function* () {
        yield* bringsUp("database", {})
        yield* Postgres.backup("backup", { directory: "/backups" })
        yield* Postgres.enum("status", { name: "status", labels: ["a"] })
        yield* Postgres.column("column", { table: "t", name: "c", type: "text" })
        yield* Postgres.sql("sql", { apply: "x", done: "y" })
      })
      const run = yield* Rehearsal.plan(up, world.layer, { environment: "staging" })
      const deferred = ["deferred", "known after “database”"]
      assert.deepStrictEqual(reasons(run), {
        database: ["apply", undefined],
        backup: deferred,
        status: deferred,
        column: deferred,
        sql: deferred
      })
    })
  )

  it.effect("calls nothing satisfied that a step before may take away with the server's container", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make({ extensions: { pg_trgm: "1.6" }, resource: "service:db" })
      const again = defineDeployment("again", { environments, plugins }, function* () {
        yield* recreates("database", {})
        yield* Postgres.extension("trigrams", { name: "pg_trgm" })
      })
      const run = yield* Rehearsal.plan(again, world.layer, { environment: "staging" })
      assert.deepStrictEqual(reasons(run).trigrams, ["deferred", "known after “database”"])
    })
  )

  it.effect("knows a column after the step that makes its table", () =>
    Effect.gen(function* () {
      const create = "CREATE TABLE documents (id bigint)"
      const exists = "SELECT to_regclass('documents') IS NOT NULL"
      const world = PostgresWorld.make({
        statements: { [create]: (w) => void w.tables.set("public.documents", new Map()) },
        queries: { [exists]: (w) => w.tables.has("public.documents") }
      })
      const grows = defineDeployment("grows", { environments, plugins }, function* () {
        yield* Postgres.sql("table", { apply: create, done: exists, risk: "additive" })
        yield* Postgres.column("column", { table: "documents", name: "c", type: "varchar(9)" })
      })
      const run = yield* Rehearsal.apply(grows, world.layer, { environment: "staging" })
      assert.deepStrictEqual(reasons(run).column, ["deferred", "known after “table”"])
      assert.strictEqual(run.plan?.steps[0]?.risk, "additive")
      assert.strictEqual(world.tables.get("public.documents")?.get("c")?.type, "character varying(9)")
    })
  )

  it.effect("refuses a statement that may lose data where data is precious", () =>
    Effect.gen(function* () {
      const drop = Postgres.destructiveSql("drop", { apply: "DROP TABLE t", done: "SELECT true" })
      assert.strictEqual(drop.risk, "destructive")
      assert.deepStrictEqual(drop.destructive, ["postgres.destructiveSql"])
    })
  )
})

describe("waiting until the server is ready", () => {
  const waits = defineDeployment("waits", { environments, plugins }, function* () {
    return yield* Postgres.ready("ready", { timeout: "30 seconds" })
  })

  it.effect("ends as soon as it is", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make({ status: "starting" })
      const run = yield* Effect.forkChild(Rehearsal.apply(waits, world.layer, { environment: "staging" }))
      yield* TestClock.adjust("10 seconds")
      world.status = "running"
      yield* TestClock.adjust("1 second")
      const { applied, outputs } = yield* Fiber.join(run)
      assert.deepStrictEqual(applied, ["ready"])
      assert.deepStrictEqual(outputs, { version: "17.5", database: "app", user: "app" })
    })
  )

  it.effect("ends after the timeout, with what the server said last", () =>
    Effect.gen(function* () {
      const world = PostgresWorld.make({ status: "starting" })
      const run = yield* Effect.forkChild(Rehearsal.apply(waits, world.layer, { environment: "staging" }))
      yield* TestClock.adjust("31 seconds")
      const failure = (yield* Fiber.join(run)).steps.ready?.failure
      assert.strictEqual(failure?.code, "postgres.server-not-ready")
      assert.include(failure?.message ?? "", "starting up")
    })
  )
})

it.effect("a probe says what it looks at", () =>
  Effect.gen(function* () {
    const world = PostgresWorld.make({ resource: "service:db" })
    const observed = new Set<Resource.Resource>()
    yield* Effect.flatMap(PostgresProbe.PostgresProbe, (probe) => probe.server).pipe(
      Effect.provideService(Look.Observed, observed),
      Effect.provide(world.layer)
    )
    assert.deepStrictEqual([...observed], ["service:db"])
  })
)
