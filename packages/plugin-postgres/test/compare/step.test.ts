import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { acknowledge, defineDeployment, Target } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { afterAll, beforeAll, expect } from "vitest"
import { type Ground, keepsTheLaws, type Services, sql } from "../support/comparing.ts"
import { type Embedded, start } from "../support/embedded.ts"
import { ask, embedded, type Server } from "../support/schemas.ts"

const schemas = {
  "schema.sql": {
    tables: { orders: { id: "int", amount: "int", note: "text" }, lines: { id: "int" } },
    enums: { status: ["new", "open", "done"] }
  }
}

describe("in memory", () => {
  it.effect("keeps the laws", () => {
    const world = PostgresWorld.make({
      tables: { orders: { id: "int", total: "int" } },
      enums: { status: ["open"] },
      schemas
    })
    const ground: Ground = {
      layer: world.layer,
      expected: "schema.sql",
      see: Effect.sync(() => [[...world.tables].map(([name, columns]) => [name, ...columns]), [...world.enums]]),
      dropLines: Effect.sync(() => void world.tables.delete("public.lines")),
      addStray: Effect.sync(() => void world.tables.set("public.stray", new Map()))
    }
    return Effect.provide(keepsTheLaws(ground), ground.layer)
  })

  const deployment = (accepted: boolean) =>
    defineDeployment(
      "shop",
      {
        environments: { production: { data: "precious" } },
        plugins: () => [Postgres.server({ user: "a", database: "shop" })]
      },
      function* () {
        yield* Postgres.backup("backup", { directory: "/backups" })
        const schema = Postgres.compare("schema", { expected: "s", mode: "converge", accept: ["public.orders.old"] })
        yield* accepted ? acknowledge(schema, { reason: "moved", approvedBy: "dba@example.org" }) : schema
      }
    )

  it.effect("what loses precious data is refused where nobody has acknowledged it", () =>
    Effect.gen(function* () {
      const world = () =>
        PostgresWorld.make({
          tables: { orders: { id: "int", old: "int" } },
          schemas: { s: { tables: { orders: { id: "int" } } } }
        })
      const options = { environment: "production" } as const
      const refused = yield* Rehearsal.apply(deployment(false), world().layer, options)
      expect(JSON.stringify(refused)).toContain("policy.destructive-on-precious-data")
      const accepted = world()
      const run = yield* Rehearsal.apply(deployment(true), accepted.layer, options)
      assert.deepStrictEqual([...run.applied], ["backup", "schema"])
      assert.deepStrictEqual([...(accepted.tables.get("public.orders")?.keys() ?? [])], ["id"])
    })
  )

  it.effect("what only looks needs no backup, and ends the run where something differs", () =>
    Effect.gen(function* () {
      const deployment = defineDeployment(
        "shop",
        {
          environments: { production: { data: "precious" } },
          plugins: () => [Postgres.server({ user: "a", database: "shop" })]
        },
        function* () {
          yield* Postgres.compare("no-drift", { expected: "s" })
        }
      )
      const world = PostgresWorld.make({
        tables: { orders: { id: "int" } },
        schemas: { s: { tables: { orders: { id: "int", note: "text" } } } }
      })
      const run = yield* Rehearsal.apply(deployment, world.layer, { environment: "production" })
      expect(JSON.stringify(run)).toContain("postgres.schema-drifted")
      expect(JSON.stringify(run)).toContain("ALTER TABLE public.orders ADD COLUMN note text")
      assert.deepStrictEqual([...run.applied], [])
      world.tables.get("public.orders")?.set("note", { type: "text", nullable: true })
      const again = yield* Rehearsal.plan(deployment, world.layer, { environment: "production" })
      assert.strictEqual(again.plan?.steps[0]?.action, "none")
    })
  )
})

describe("on a real server", () => {
  let running: Embedded
  let server: Server
  let folder: string

  beforeAll(async () => {
    running = await start()
    server = embedded(running)
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "ss-compare-"))
  })
  afterAll(async () => {
    fs.rmSync(folder, { recursive: true, force: true })
    await running.stop()
  })

  const layerOf = (database: string): Layer.Layer<Services, unknown, never> => {
    const plugin = Postgres.server({
      port: running.port,
      user: running.user,
      password: Redacted.make(running.password),
      database
    })
    return Layer.provide(Result.getOrThrow(plugin.layer(new Map())), Target.local())
  }

  const made = async (text: string): Promise<string> => {
    const database = await server.create()
    await ask(server, database, text)
    return database
  }

  const file = (text: string): string => {
    const name = path.join(folder, `${Math.random()}.sql`)
    fs.writeFileSync(name, text)
    return name
  }

  it.live("keeps the laws", () =>
    Effect.gen(function* () {
      const database = yield* Effect.promise(() => made(sql.before))
      const run = (text: string) => Effect.asVoid(Effect.promise(() => ask(server, database, text)))
      const ground: Ground = {
        layer: layerOf(database),
        expected: file(sql.expected),
        see: Effect.promise(async () => [
          await server.dump(database),
          (await ask(server, database, "SELECT * FROM orders"))[0]?.rows.length,
          (await ask(server, database, "SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'"))[0]?.rows
        ]),
        dropLines: run("DROP TABLE lines"),
        addStray: run("CREATE TABLE stray (id int)")
      }
      yield* Effect.provide(keepsTheLaws(ground), ground.layer)
    })
  )

  const stepped = (database: string, input: Parameters<typeof Postgres.compare>[1]) => {
    const step = Effect.fromResult(Postgres.compare("x", input).prepare(new Map()))
    const layer = layerOf(database)
    return {
      check: () =>
        Effect.runPromise(
          Effect.provide(
            Effect.flatMap(step, ({ check }) => check),
            layer
          )
        ),
      apply: () =>
        Effect.runPromise(
          Effect.provide(
            Effect.flatMap(step, ({ apply }) => apply),
            layer
          )
        )
    }
  }

  it("does not look at what Shipshape keeps, at owners and at grants, and says in the plan what each statement costs", async () => {
    const database = await made(
      `DO $$ BEGIN CREATE ROLE other; EXCEPTION WHEN duplicate_object THEN END $$;
       CREATE TABLE t (id int); ALTER TABLE t OWNER TO other; GRANT SELECT ON t TO PUBLIC;
       CREATE TABLE shipshape_migrations (id serial PRIMARY KEY); CREATE SCHEMA shipshape; CREATE TABLE shipshape.journal (id serial PRIMARY KEY)`
    )
    const equal = await stepped(database, { expected: file("CREATE TABLE t (id int)") }).check()
    expect(equal._tag).toBe("Satisfied")
    const strict = await stepped(database, { expected: file("CREATE TABLE t (id int)"), privileges: true }).check()
    expect(JSON.stringify(strict)).toContain("REVOKE")
    const wanted = file("CREATE TABLE t (id int NOT NULL); CREATE INDEX i ON t (id)")
    const planned = await stepped(database, { expected: wanted, mode: "converge" }).check()
    expect(planned).toMatchObject({
      _tag: "Needed",
      risk: "reversible",
      changes: expect.arrayContaining([
        {
          summary: expect.stringMatching(/^CREATE INDEX CONCURRENTLY i /),
          after: expect.stringMatching(/^unit \d of \d, by itself, SHARE UPDATE EXCLUSIVE$/)
        }
      ])
    })
  })

  it("takes a database as what is expected, and a program that fills one", async () => {
    const database = await made("CREATE TABLE t (id int)")
    const other = await made("CREATE TABLE t (id int, b text DEFAULT 'x')")
    const { apply } = stepped(database, { expected: Redacted.make(server.url(other)), mode: "converge" })
    await apply()
    expect(await server.dump(database)).toBe(await server.dump(other))
    const script = `const pg = require(${JSON.stringify(path.resolve(import.meta.dirname, "../../../../node_modules/pg"))})
      const client = new pg.Client({ host: process.env.PGHOST })
      client.connect().then(() => client.query("CREATE TABLE t (id int, b text DEFAULT 'x', c int)")).then(() => client.end())`
    const program = { program: process.execPath, args: ["-e", script] }
    expect((await stepped(database, { expected: program }).check())._tag).toBe("Needed")
    await stepped(database, { expected: program, mode: "converge" }).apply()
    expect((await stepped(database, { expected: program }).check())._tag).toBe("Satisfied")
    const wrong = { program: process.execPath, args: ["-e", "console.error('no module books'); process.exit(3)"] }
    await expect(stepped(database, { expected: wrong }).check()).rejects.toMatchObject({
      code: "postgres.expected-schema-failed",
      tail: expect.arrayContaining(["no module books"])
    })
  })

  it("goes on with renames that are done, and sweeps what somebody who was killed has left", async () => {
    const database = await made(
      "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE clients (id int, name text, m mood); INSERT INTO clients VALUES (1, 'Ada', 'sad')"
    )
    const old = `shipshape_scratch_${(Date.now() - 7_200_000).toString(36)}_0`
    const young = `shipshape_scratch_${Date.now().toString(36)}_0`
    for (const name of [old, young]) await running.sql("postgres", `CREATE DATABASE ${name}`)
    const expected = file("CREATE TYPE mood AS ENUM ('blue'); CREATE TABLE clients (id int, full_name text, m mood);")
    const { apply, check } = stepped(database, {
      expected,
      mode: "converge",
      renames: [
        { kind: "table", from: "customers", to: "clients" },
        { kind: "column", table: "customers", from: "name", to: "full_name" },
        { kind: "enumValue", type: "mood", from: "sad", to: "blue" }
      ]
    })
    await apply()
    expect((await check())._tag).toBe("Satisfied")
    expect((await ask(server, database, "SELECT full_name, m FROM clients"))[0]?.rows).toEqual([
      { full_name: "Ada", m: "blue" }
    ])
    const left = await running.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'")
    expect(left.rows).toEqual([{ datname: young }])
    await running.sql("postgres", `DROP DATABASE ${young}`)
  })

  it("is gone on with where its process was killed while it built an index", async () => {
    const before = "CREATE TABLE t (id int, a int); INSERT INTO t SELECT n, n FROM generate_series(1, 100) n"
    const wanted =
      "CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0), s s); CREATE INDEX i ON t (a);"
    const [database, expected] = [await made(before), file(wanted)]
    const begin = () => {
      const worker = fileURLToPath(new URL("../support/converging.ts", import.meta.url))
      const options = ["--disable-warning=ExperimentalWarning", "--conditions=@shipshape/source"]
      const args = [...options, worker, String(running.port), running.password, database, expected]
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] })
      return { child, ended: new Promise<number | null>((resolve) => child.on("close", resolve)) }
    }
    // Who has looked before keeps the index from being ready, and nothing else.
    const reader = server.client(database)
    await reader.connect()
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    const isBuilding =
      "SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE %INDEX CONCURRENTLY%' AND datname = $1 AND wait_event = 'virtualxid'"
    const { child, ended } = begin()
    while ((await running.sql(database, isBuilding, [database])).rowCount === 0) expect(child.exitCode).toBe(null)
    child.kill("SIGKILL")
    await ended
    await reader.end()
    expect(await begin().ended).toBe(0)
    const reached = await server.dump(database)
    expect(reached).toBe(await server.dump(await made(wanted)))
  })

  it("says what it lacks: the right to make scratch databases, and containers", async () => {
    const database = await made("CREATE TABLE t (id int)")
    await ask(server, database, "CREATE ROLE poor LOGIN PASSWORD 'poor'")
    const plugin = Postgres.server({ port: running.port, user: "poor", password: Redacted.make("poor"), database })
    const layer = Layer.provide(Result.getOrThrow(plugin.layer(new Map())), Target.local())
    const expected = file("CREATE TABLE t (id int)")
    const look = (input: Parameters<typeof Postgres.compare>[1]) =>
      Effect.fromResult(Postgres.compare("x", input).prepare(new Map())).pipe(
        Effect.flatMap(({ check }) => check),
        Effect.provide(layer),
        Effect.runPromise
      )
    await expect(look({ expected })).rejects.toMatchObject({
      code: "postgres.scratch-impossible",
      hint: expect.stringContaining("`scratch`")
    })
    const scratch = Redacted.make(server.url("postgres"))
    expect((await look({ expected, scratch }))._tag).toBe("Satisfied")
    await expect(look({ expected: { program: "true", service: "web" }, scratch })).rejects.toMatchObject({
      code: "postgres.expected-schema-failed",
      message: expect.stringContaining("service web")
    })
  })

  it("refuses a column that the rows of its table have no value for", async () => {
    const database = await made("CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int)")
    const expected = file("CREATE TABLE t (id int, n int NOT NULL); CREATE TABLE u (id int, n int NOT NULL)")
    await expect(stepped(database, { expected, mode: "converge" }).check()).rejects.toMatchObject({
      code: "postgres.schema-change-refused",
      objects: ["public.t.n"],
      message: expect.stringContaining("the table has rows")
    })
    await ask(server, database, "DELETE FROM t")
    await stepped(database, { expected, mode: "converge" }).apply()
    expect((await stepped(database, { expected }).check())._tag).toBe("Satisfied")
  })
})
