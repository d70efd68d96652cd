/** `shipshape schema diff`: what it prints, with which exit code, and what it says of what cannot be compared. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Failure } from "@shipshape/core"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandIn, type Flags } from "../support/contributed.ts"
import { type Embedded, start } from "../support/embedded.ts"
import { ask, embedded, installed, run as runUnits, type Server } from "../support/schemas.ts"
import * as system from "../support/system.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-schema-"))

const write = (name: string, content: string | Uint8Array): string => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  fs.writeFileSync(path.join(folder, name), content)
  return name
}

const run = (given: Flags) => Effect.runPromise(commandIn(folder, "diff", given).ended)

/** How the command fails: its code, and all that is shown of it. */
const failure = async (given: Flags): Promise<{ readonly code: string; readonly text: string }> => {
  const error: unknown = await run(given).then(
    () => undefined,
    (cause: unknown) => cause
  )
  const { code, hint, message } = Failure.report(error)
  return { code: String(code), text: `${message}\n${hint}` }
}

let running: Embedded
let server: Server
beforeAll(async () => {
  running = await start()
  server = embedded(running)
})
afterAll(async () => {
  await running.stop()
  fs.rmSync(folder, { recursive: true, force: true })
})

const made = async (sql: string): Promise<string> => {
  const database = await server.create()
  await ask(server, database, sql)
  return database
}

describe("schema diff", () => {
  it("prints units and hazards as JSON alone; 1 where something is lost, 0 where not", async () => {
    const [a, b] = [await made("CREATE TABLE t (a int)"), await made("CREATE TABLE t (a int, b int)")]
    const forth = await run({ from: server.url(a), to: server.url(b), json: true })
    expect(forth.code).toBe(0)
    expect(JSON.parse(forth.out).units).toEqual([
      {
        transaction: true,
        statements: [
          { sql: "SET LOCAL search_path = pg_catalog" },
          { sql: 'ALTER TABLE "public"."t" ADD COLUMN "b" integer', lock: "ACCESS EXCLUSIVE" }
        ]
      }
    ])
    const back = await run({ from: server.url(b), to: server.url(a), json: true })
    expect(back.code).toBe(1)
    expect(JSON.parse(back.out).hazards).toEqual([
      {
        kind: "data-loss",
        object: "public.t.b",
        message: "the column is dropped, with all that it holds",
        severity: "error"
      }
    ])
    expect((await run({ from: server.url(a), to: server.url(a), json: true })).out).toBe('{"units":[],"hazards":[]}\n')
  })

  it("takes a folder of files, and a file of renames; and never shows a password", async () => {
    write("schema/1_types.sql", "CREATE TYPE s AS ENUM ('a', 'b');")
    write(
      "schema/2_tables.sql",
      "\\set ON_ERROR_STOP on\nCREATE TABLE t (id int PRIMARY KEY, label s, at timestamptz DEFAULT now());\nCOPY t (id) FROM stdin;\n1\n\\.\n"
    )
    const renames = write("renames.json", '[{"kind":"column","table":"t","from":"kind","to":"label"}]')
    const database = await made("CREATE TYPE s AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, kind s)")
    const { code, out } = await run({ from: server.url(database), to: "schema", renames, prove: true, json: true })
    const script = JSON.parse(out)
    expect(code).toBe(0)
    await runUnits(server, database, script)
    expect((await run({ from: server.url(database), to: "schema", json: true })).out).toBe(
      '{"units":[],"hazards":[]}\n'
    )
    expect(out).not.toContain(running.password)
  })

  it.each<[string, () => Flags, string, RegExp]>([
    ["a missing side", () => ({ from: "a.sql" }), "usage.postgres", /needs --to/],
    [
      "files alone",
      () => ({ from: write("x.sql", "SELECT 1"), to: "schema" }),
      "usage.postgres",
      /--scratch postgres:/
    ],
    ["JSON and SQL", () => ({ from: "x", to: "y", json: true, sql: true }), "usage.postgres", /exclude each other/],
    [
      "a wrong password",
      () => ({ from: server.url("postgres").replace(/:[^:@/]+@/, ":wrong@"), to: server.url("postgres") }),
      "postgres.authentication-failed",
      /refuses user postgres/
    ],
    [
      "no server",
      () => ({ from: "postgres://u:secret-word@127.0.0.1:1/d", to: server.url("postgres") }),
      "postgres.server-unreachable",
      /127\.0\.0\.1:1/
    ],
    [
      "no database",
      () => ({ from: server.url("nowhere"), to: server.url("postgres") }),
      "postgres.database-missing",
      /nowhere/
    ],
    [
      "no file",
      () => ({ from: server.url("postgres"), to: "nowhere.sql" }),
      "postgres.schema-unreadable",
      /there is no such file or folder/
    ],
    [
      "an empty folder",
      () => ({ from: server.url("postgres"), to: path.dirname(write("empty/readme.md", "")) }),
      "postgres.schema-unreadable",
      /has no \.sql files/
    ],
    [
      "another encoding",
      () => ({ from: server.url("postgres"), to: write("latin.sql", Buffer.from([0x2d, 0x2d, 0xe9])) }),
      "postgres.schema-unreadable",
      /not UTF-8/
    ],
    [
      "a dump in the custom format",
      () => ({ from: server.url("postgres"), to: write("d.dump", "PGDMP\u0001") }),
      "postgres.schema-unreadable",
      /pg_restore --schema-only/
    ],
    [
      "SQL that is none",
      () => ({ from: server.url("postgres"), to: write("bad.sql", "SELECT 1;\nCREATE TABEL t ();") }),
      "postgres.sql-unparsable",
      /TABEL/
    ],
    [
      "SQL that fails",
      () => ({ from: server.url("postgres"), to: write("fails.sql", "SELECT 1;\nCREATE TABLE t (s nowhere);") }),
      "postgres.schema-unreadable",
      /fails\.sql:2: .*nowhere/
    ],
    [
      "what reaches beyond a scratch database",
      () => ({
        from: server.url("postgres"),
        to: write("beyond.sql", "CREATE TABLE t ();\nDO $$ BEGIN CREATE ROLE from_a_file; END $$;")
      }),
      "postgres.schema-unreadable",
      /beyond\.sql:2: .*reaches beyond it: DO/
    ],
    [
      "a URL of something else",
      () => ({ from: server.url("postgres"), to: "postgresql+psycopg2://u:secret-word@127.0.0.1/d" }),
      "postgres.schema-unreadable",
      /psycopg2:\/\/…: it is neither/
    ],
    [
      "what libpq alone knows",
      () => ({ from: server.url("postgres"), to: "host=127.0.0.1 password=secret-word dbname=d" }),
      "postgres.schema-unreadable",
      /it is neither a URL/
    ],
    [
      "what psql alone knows",
      () => ({ from: server.url("postgres"), to: write("psql.sql", "\\connect other\n") }),
      "postgres.schema-unreadable",
      /psql\.sql:1: \\connect/
    ]
  ])("says what is wrong with %s", async (_, given, code, text) => {
    const found = await failure(given())
    expect(found.code).toBe(code)
    expect(found.text).toMatch(text)
    expect(found.text).not.toContain(running.password)
    expect(found.text).not.toContain("secret-word")
  })

  it("runs what defines something that would reach beyond a database once it is called", async () => {
    const database = await made("CREATE TABLE t (a int)")
    const to = write(
      "dblink.sql",
      "CREATE EXTENSION IF NOT EXISTS dblink; CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM dblink('dbname=x', 'SELECT 1') AS d (a int);"
    )
    expect((await run({ from: server.url(database), to, sql: true })).out).toContain('CREATE VIEW "public"."v"')
  })

  it("makes no role to prove something", async () => {
    const other = await start(17)
    try {
      await other.sql("postgres", "CREATE ROLE elsewhere")
      const to = await other.createDatabase()
      await other.sql(to, "CREATE TABLE t (a int); GRANT SELECT ON t TO elsewhere")
      const from = await made("CREATE TABLE t (a int)")
      const { code, out } = await run({ from: server.url(from), to: embedded(other).url(to), prove: true })
      expect(code).toBe(0)
      expect(out).toContain('CREATE ROLE "elsewhere"')
      expect(out).toContain("Not proved: see above.")
      const { rows } = await running.sql(
        "postgres",
        "SELECT FROM pg_roles WHERE rolname IN ('elsewhere', 'from_a_file')"
      )
      expect(rows).toEqual([])
    } finally {
      await other.stop()
    }
  }, 60_000)

  it("leaves alone what Shipshape itself keeps: a ledger that is dropped would have all run again", async () => {
    const own =
      "CREATE TABLE shipshape_migrations (name text); CREATE SCHEMA shipshape; CREATE TABLE shipshape.leases (run int)"
    const [from, to] = [await made(`CREATE TABLE t (a int); ${own}`), await made("CREATE TABLE t (a int)")]
    for (const sides of [
      { from, to },
      { from: to, to: from }
    ]) {
      const { out } = await run({ from: server.url(sides.from), to: server.url(sides.to), json: true })
      expect(JSON.parse(out)).toEqual({ units: [], hazards: [] })
    }
  })

  it("makes no subscription to prove something, and leaves no database that could not be dropped", async () => {
    const [from, to] = [await made("CREATE TABLE t (a int)"), await made("CREATE TABLE t (a int, b int)")]
    await running.sql(
      to,
      "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=secret-word' PUBLICATION p WITH (connect = false)"
    )
    try {
      for (const sides of [
        { from, to },
        { from: to, to: from }
      ]) {
        const { out } = await run({ from: server.url(sides.from), to: server.url(sides.to), prove: true })
        expect(out).toMatch(/(CREATE|DROP) SUBSCRIPTION "s"/)
        expect(out).not.toMatch(/still differs|does not run|secret-word/)
      }
      const { rows } = await running.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'")
      expect(rows).toEqual([])
    } finally {
      await running.sql(to, "ALTER SUBSCRIPTION s SET (slot_name = NONE)")
      await running.sql(to, "DROP SUBSCRIPTION s")
    }
  }, 60_000)

  it("leaves who may not make a scratch database with a hint, and nothing behind", async () => {
    await running.sql("postgres", "CREATE ROLE looker LOGIN PASSWORD 'looker'")
    const url = server.url(await made("CREATE TABLE t (a int)")).replace(/\/\/[^@]*@/, "//looker:looker@")
    const found = await failure({ from: url, to: "schema" })
    expect(found).toMatchObject({ code: "postgres.scratch-impossible", text: expect.stringContaining("--scratch") })
    const left = await running.sql("postgres", "SELECT FROM pg_database WHERE datname LIKE 'shipshape%'")
    expect(left.rows).toEqual([])
  })
})

describe.skipIf(system.programs === undefined)("with pg_dump", () => {
  it("reads what it writes, and is the proof", async () => {
    const machine = await system.start()
    try {
      const own = installed(machine)
      const [a, b] = [await own.create(), await own.create()]
      await ask(own, a, "CREATE TABLE t (a int)")
      await ask(own, b, "CREATE TABLE t (a int, b text DEFAULT 'x'); CREATE VIEW v AS SELECT b FROM t")
      const dump = write("b.sql", await own.dump(b))
      const proved = await run({ from: own.url(a), to: own.url(b), prove: true, json: true })
      expect(JSON.parse(proved.out).hazards).toEqual([])
      expect((await run({ from: own.url(b), to: dump, json: true })).out).toBe('{"units":[],"hazards":[]}\n')
      await ask(own, b, "CREATE TABLE z (b int); ALTER TABLE z ADD a int; ALTER TABLE t DROP a, ADD a int")
      const other = JSON.parse((await run({ from: own.url(a), to: own.url(b), prove: true, json: true })).out)
      expect(other.hazards.map(({ kind, object }: { kind: string; object: string }) => `${kind} ${object}`)).toEqual([
        "unsupported public.t",
        "unproven public.t"
      ])
      const [c, d] = [await own.create(), await own.create()]
      await ask(
        own,
        c,
        "CREATE ROLE r; CREATE ROLE w; CREATE TABLE t (a int); GRANT SELECT ON t TO r; GRANT INSERT ON t TO w"
      )
      await ask(own, d, "CREATE TABLE t (a int, b int); GRANT INSERT ON t TO w; GRANT SELECT ON t TO r")
      const granted = await run({ from: own.url(c), to: own.url(d), prove: true, json: true })
      expect(JSON.parse(granted.out).hazards).toEqual([])
      const [e, f] = [await own.create(), await own.create()]
      await ask(
        own,
        f,
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'secret-word')"
      )
      const secret = await run({ from: own.url(e), to: own.url(f), prove: true })
      expect(secret.out).toContain("lacks “password '…'")
      expect(secret.out).not.toContain("secret-word")
    } finally {
      await machine.stop()
    }
  }, 120_000)
})
