/** The deployment on real servers: the embedded one, and the machine's own, which can be backed up. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Event, ExitCode, Failure, Run } from "@shipshape/core"
import { Compare, Lint } from "@shipshape/plugin-postgres"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { afterAll, beforeAll } from "vitest"
import * as embedded from "../../packages/plugin-postgres/test/support/embedded.ts"
import * as system from "../../packages/plugin-postgres/test/support/system.ts"
import deployment from "./deploy.ts"
import exporting from "./export.ts"
import * as wanted from "./wanted.ts"

const here = (name: string) => path.join(import.meta.dirname, name)
const textOf = (name: string) => fs.readFileSync(here(name), "utf8")

const root = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-viaticos-"))

afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

interface Server {
  readonly url: (database: string) => string
  readonly sql: (database: string, text: string) => Promise<{ readonly rows: ReadonlyArray<unknown> }>
  readonly createDatabase: () => Promise<string>
  readonly stop: () => Promise<void>
}

const servers = {
  embedded: async (): Promise<Server> => {
    const server = await embedded.start()
    const login = `${server.user}:${encodeURIComponent(server.password)}`
    return { ...server, url: (database) => `postgres://${login}@127.0.0.1:${server.port}/${database}` }
  },
  installed: async (): Promise<Server> => {
    const server = await system.start()
    const at = `host=${encodeURIComponent(server.host)}`
    return { ...server, url: (name) => `postgres://${server.user}@127.0.0.1/${encodeURIComponent(name)}?${at}` }
  }
}

/** Starts a server before the tests of a group, and stops it after them. */
const serverOf = (start: () => Promise<Server>) => {
  let server: Server | undefined
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())
  return () => {
    if (server === undefined) throw new Error("the server is used before the tests run")
    return server
  }
}

/** Runs what is done with a session, and tells how it ended. */
const told = <E>(
  session: Effect.Effect<Run.Session<unknown, unknown>, E, Scope.Scope>,
  use: (session: Run.Session<unknown, unknown>) => Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function* () {
    const events: Array<Event.Event> = []
    const exit = yield* session.pipe(
      Effect.flatMap(use),
      Effect.scoped,
      Effect.provideService(Event.CurrentSink, (event) => void events.push(event)),
      Effect.exit
    )
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    const finished = events.filter((event) => event._tag === "StepFinished")
    return {
      exitCode: error === undefined ? ExitCode.succeeded : ExitCode.of(error),
      failure: error === undefined ? undefined : Failure.report(error).message,
      plan: events.findLast((event) => event._tag === "Planned")?.plan,
      applied: finished.flatMap((event) => (event.outcome === "applied" ? [event.id] : []))
    }
  })

/** A production and a development as they are found, what can be done with them, and a folder for what comes of it. */
const makeSides = Effect.fnUntraced(function* (server: Server) {
  const folder = fs.mkdtempSync(path.join(root, "run-"))
  const side = (name: "production" | "development") =>
    Effect.promise(async () => {
      const database = await server.createDatabase()
      for (const kind of ["schema", "data"]) await server.sql(database, textOf(`${kind}/${name}.sql`))
      return database
    })
  const [production, development] = [yield* side("production"), yield* side("development")]
  const variables = {
    VIATICOS_DATABASE_URL: server.url(production),
    VIATICOS_DEVELOPMENT_URL: server.url(development),
    VIATICOS_MASTER_DATA: path.join(folder, "master-data"),
    VIATICOS_BACKUPS: path.join(folder, "backups"),
    VIATICOS_STATE: path.join(folder, "state")
  }
  const given = { inputs: [{ name: "the test", variables }] }
  const open = (environment: "staging" | "production") => Run.open(deployment, { ...given, environment })
  const exported = yield* told(Run.open(exporting, { ...given, environment: "development" }), (session) =>
    session.apply()
  )
  assert.deepStrictEqual([exported.failure, exported.applied], [undefined, ["master-data"]])
  return {
    folder,
    variables,
    plan: (environment: "staging" | "production") => told(open(environment), (session) => session.plan),
    apply: (environment: "staging" | "production") => told(open(environment), (session) => session.apply()),
    verify: (environment: "staging" | "production") => told(open(environment), (session) => session.verify),
    sql: (text: string): Effect.Effect<ReadonlyArray<unknown>> =>
      Effect.map(
        Effect.promise(() => server.sql(production, text)),
        ({ rows }) => rows
      ),
    /** What production has to become, to be what development is. */
    differences: Compare.compare({ from: server.url(production), to: server.url(development) }),
    differencesFromFile: Compare.compare({ from: server.url(production), to: here("schema/development.sql") })
  }
})

type Sides = Effect.Success<ReturnType<typeof makeSides>>

/** The databases are the same, and rows are where they should be. */
const expectArrived = Effect.fnUntraced(function* ({ differences, differencesFromFile, sql }: Sides) {
  assert.deepStrictEqual(yield* differences, { units: [], hazards: [] })
  assert.deepStrictEqual(yield* differencesFromFile, { units: [], hazards: [] })
  assert.deepStrictEqual(
    yield* sql(
      "SELECT array_agg(label::text ORDER BY label) AS labels FROM unnest(enum_range(NULL::requeststatus)) label"
    ),
    [{ labels: wanted.requestStatus }]
  )
  // Rows that were there have got what was worked out of them.
  assert.deepStrictEqual(
    yield* sql("SELECT status, report_type, count(*)::int AS n FROM travel_expense_reports GROUP BY 1, 2 ORDER BY 1"),
    [
      { status: "PENDING", report_type: "PREPAYMENT", n: 20 },
      { status: "APPROVED_EXPENSES", report_type: "PREPAYMENT", n: 20 }
    ]
  )
  assert.deepStrictEqual(yield* sql("SELECT DISTINCT currency_id FROM category_country_alerts"), [{ currency_id: 1 }])
  // Master data is that of development; people are who they were, and whoever is new has no password.
  assert.deepStrictEqual(yield* sql("SELECT code, symbol FROM currencies ORDER BY id"), [
    { code: "PEN", symbol: "S/" },
    { code: "USD", symbol: "US$" },
    { code: "CLP", symbol: "$" },
    { code: "COP", symbol: "$" }
  ])
  assert.deepStrictEqual(
    yield* sql(`SELECT u.name, u.password, u.force_password_change AS forced, s.name AS supervisor
      FROM users u LEFT JOIN users s ON s.id = u.supervisor_id ORDER BY u.id`),
    [
      { name: "Rosa", password: "$2b$12$production", forced: true, supervisor: null },
      { name: "Luis", password: "$2b$12$production", forced: true, supervisor: "Rosa" },
      { name: "Ana", password: "!", forced: true, supervisor: "José" },
      { name: "José", password: "!", forced: true, supervisor: "Rosa" },
      { name: "Clara", password: "!", forced: true, supervisor: "José" }
    ]
  )
  // The next row of a table gets an id that is free.
  yield* sql("BEGIN; INSERT INTO currencies (name, code) VALUES ('Euro', 'EUR'); ROLLBACK")
})

const expectChanges = Effect.fnUntraced(function* (sides: Sides, environment: "staging" | "production") {
  const before = yield* sides.differences
  const statements = before.units.flatMap(({ statements }) => statements.map(({ sql }) => sql))
  assert.strictEqual(statements.filter((sql) => sql.includes(" ADD VALUE ")).length, 6)
  assert.strictEqual(statements.filter((sql) => sql.includes(" ADD COLUMN ")).length, 15)
  // Each label is committed before anything uses it.
  assert.deepStrictEqual(
    before.units.slice(0, 6).map(({ transaction }) => transaction),
    [false, false, false, false, false, false]
  )

  const { plan } = yield* sides.plan(environment)
  // The last of all only looks.
  const pending = plan?.steps.flatMap(({ action, id }) => (action === "none" || id === "no-drift" ? [] : [id])) ?? []
  assert.strictEqual(plan?.summary.blocked, 0)
  assert.deepStrictEqual(yield* sides.differences, before, "a plan changes nothing")

  const done = yield* sides.apply(environment)
  assert.deepStrictEqual([done.failure, done.exitCode], [undefined, 0])
  assert.deepStrictEqual(done.applied, pending, "in the order that was planned")
  yield* expectArrived(sides)

  assert.deepStrictEqual((yield* sides.apply(environment)).applied, [])
  const verified = yield* sides.verify(environment)
  assert.strictEqual(verified.plan?.summary.none, verified.plan?.steps.length)
  return done
})

const timeout = 240_000

describe("on the embedded server", () => {
  const server = serverOf(servers.embedded)
  const sides = Effect.suspend(() => makeSides(server()))

  it.live(
    "production becomes what development is",
    () => Effect.flatMap(sides, (both) => expectChanges(both, "staging")),
    timeout
  )

  it.live(
    "a run that is killed is gone on with, however often, and ends the same",
    () =>
      Effect.gen(function* () {
        const both = yield* sides
        for (const step of ["suppliers.tax_name", "requeststatus"]) {
          yield* Effect.promise(() => killedIn(step, both))
          // What holds the lock for a process ends a moment after it.
          const isFree = ({ plan }: Effect.Success<ReturnType<Sides["plan"]>>) => plan?.interrupted !== undefined
          const { plan } = yield* Effect.repeat(both.plan("staging"), { until: isFree, times: 20 })
          assert.isDefined(plan?.interrupted)
          assert.strictEqual(plan?.steps.find(({ id }) => id === "reports.reason")?.action, "none")
        }
        assert.isUndefined((yield* both.apply("staging")).failure)
        yield* expectArrived(both)
      }),
    timeout
  )

  it.live(
    "what is not what it should be stops the run there, and all before it stays",
    () =>
      Effect.gen(function* () {
        const both = yield* sides
        // There is no location that a category could get.
        yield* both.sql("UPDATE users SET location_id = NULL; DELETE FROM locations")
        const { applied, exitCode, failure } = yield* both.apply("staging")
        assert.deepStrictEqual([exitCode, applied.at(-1)], [1, "suppliers.tax_name"])
        assert.include(failure, "categories.location_id")
        yield* both.sql(
          "INSERT INTO locations VALUES (1, 'Lima Headquarters', 'LIM001', 'CC-LIMA-HQ'); UPDATE users SET location_id = 1"
        )
        assert.strictEqual((yield* both.apply("staging")).exitCode, 0)
        yield* expectArrived(both)
      }),
    timeout
  )
})

/** Starts the deployment as its users do, and kills it as soon as it says that it has begun with a step. */
const killedIn = (step: string, { folder, variables }: Sides): Promise<void> =>
  new Promise((resolve, reject) => {
    const program = spawn(
      process.execPath,
      ["--conditions=@shipshape/source", here("deploy.ts"), "apply", "--env", "staging", "--yes"],
      { cwd: folder, env: { ...process.env, ...variables, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] }
    )
    let output = ""
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text
        if (output.includes(`▸ ${step}\n`)) program.kill("SIGKILL")
      })
    }
    program.once("exit", (_, signal) => (signal === "SIGKILL" ? resolve() : reject(new Error(output))))
  })

describe.skipIf(system.programs === undefined)("on the machine's own server", () => {
  const server = serverOf(servers.installed)
  const sides = Effect.suspend(() => makeSides(server()))

  it.live(
    "precious data is changed behind a backup that was restored to see that it can be",
    () =>
      Effect.gen(function* () {
        const both = yield* sides
        const { applied } = yield* expectChanges(both, "production")
        assert.strictEqual(applied[0], "backup")
        const { plan } = yield* both.plan("production")
        const proof = plan?.steps.find(({ id }) => id === "backup")?.proof
        assert.isTrue(proof?.drilled)
        assert.strictEqual(proof?.rows["public.travel_expense_reports"], 40)
      }),
    timeout
  )

  it.live(
    "nothing is changed where there can be no backup",
    () =>
      Effect.gen(function* () {
        const both = yield* sides
        const before = yield* both.differences
        fs.writeFileSync(both.variables.VIATICOS_BACKUPS, "no folder")
        const { applied, exitCode, failure } = yield* both.apply("production")
        assert.deepStrictEqual([applied, exitCode], [[], 1])
        assert.include(failure, "backup")
        assert.deepStrictEqual(yield* both.differences, before)
      }),
    timeout
  )
})

describe("what production was brought up to date with before", () => {
  const rulesOf = (file: string) =>
    Effect.map(Lint.lint([{ file, text: textOf(`legacy/${file}`) }]), (findings) =>
      findings.flatMap(({ line, rule, severity }) => (severity === "error" ? [`${line} ${rule}`] : []))
    )

  it.effect("is told what fails in it, and what it does that nobody expects", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* rulesOf("2025-01-fund-return.sql"), [
        "17 require-concurrent-index-creation",
        "18 enum-label-used-in-transaction",
        "20 enum-label-used-in-transaction"
      ])
      assert.deepStrictEqual(yield* rulesOf("2025-02-locations.sql"), [
        "2 adding-foreign-key-constraint",
        "6 hidden-delete",
        "7 adding-not-nullable-field",
        "9 disallowed-unique-constraint",
        "10 require-concurrent-index-creation",
        "17 or-and-precedence",
        "20 transaction-nesting"
      ])
    })
  )
})
