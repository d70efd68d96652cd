/** `shipshape sql plan`, as a program that others call. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { command } from "../support/command.ts"
import { type Embedded, start } from "../support/embedded.ts"

const folder = mkdtempSync(join(tmpdir(), "ss-plan-"))
let embedded: Embedded
let url = ""
beforeAll(async () => {
  embedded = await start()
  const database = await embedded.createDatabase()
  await embedded.sql(
    database,
    "CREATE TABLE orders (id int PRIMARY KEY, code varchar(10)); CREATE TYPE s AS ENUM ('a')"
  )
  const { password, port, user } = embedded
  url = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
})
afterAll(async () => {
  await embedded?.stop()
  rmSync(folder, { recursive: true })
})

const shipshape = (...args: ReadonlyArray<string>) => command(folder, args)

const file = (text: string | Buffer): string => {
  writeFileSync(join(folder, "x.sql"), text)
  return "x.sql"
}

describe("shipshape sql plan", () => {
  it("prints units and hazards as JSON, and nothing else", async () => {
    const name = file("ALTER TYPE s ADD VALUE 'b';\nALTER TABLE orders ALTER COLUMN code TYPE varchar(20);")
    const ended = await shipshape("sql", "plan", name, "--json", "--against", url)
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(JSON.parse(ended.out)).toEqual({
      units: [
        { transaction: false, statements: [{ sql: "ALTER TYPE s ADD VALUE 'b'" }] },
        {
          transaction: true,
          statements: [{ sql: "ALTER TABLE orders ALTER COLUMN code TYPE varchar(20)", lock: "ACCESS EXCLUSIVE" }]
        }
      ],
      hazards: [
        {
          kind: "irreversible",
          object: "public.s",
          message: "line 1: a label cannot be dropped once it is added: 'b' stays",
          severity: "notice"
        }
      ]
    })
  })

  it("ends with 1 where something stands in the way, and shows it", async () => {
    const ended = await shipshape("sql", "plan", file("CREATE TABLE t (a int);\nDROP TABLE orders;"))
    expect(ended).toMatchObject({ code: 1, err: "" })
    expect(ended.out).toMatchInlineSnapshot(`
      "x.sql

        1  transaction   2 statements, all or none
          1  CREATE TABLE t (a int)
          2  DROP TABLE orders
             ACCESS EXCLUSIVE · loses data

        error  data-loss  public.orders
               line 2: the rows of the table are gone

        2 statements in 1 unit · 1 error
      "
    `)
  })

  it("runs it on a copy of the schema", async () => {
    const text =
      "ALTER TABLE orders ADD COLUMN note text;\nCREATE ROLE dry_run;\nCREATE INDEX CONCURRENTLY i ON orders (note);"
    const good = await shipshape("sql", "plan", file(text), "--json", "--against", url, "--dry-run")
    expect(good).toMatchObject({ code: 0, err: "" })
    expect(JSON.parse(good.out).hazards).toMatchObject([{ kind: "unproven", object: "x.sql", severity: "notice" }])
    const bad = await shipshape(
      "sql",
      "plan",
      file(`${text}\nALTER TABLE orders ADD COLUMN note int;`),
      "--json",
      "--against",
      url,
      "--dry-run"
    )
    expect(bad.code).toBe(1)
    const [, failing] = JSON.parse(bad.out).hazards
    expect(failing).toMatchObject({ kind: "unproven", severity: "error" })
    expect(failing.message).toMatch(/^line 4: on a copy of the schema it fails: .*"note".*already exists/)
    const { rows } = await embedded.sql(
      "postgres",
      "SELECT rolname FROM pg_roles WHERE rolname = 'dry_run' UNION ALL SELECT datname FROM pg_database WHERE datname LIKE 'shipshape%'"
    )
    expect(rows).toEqual([])
  })

  it("points at what is no SQL", async () => {
    const ended = await shipshape("sql", "plan", file("SELECT 1;\n\tSELECT 'é' FRM a b;"))
    expect(ended).toMatchObject({ code: 1, out: "" })
    expect(ended.err).toMatchInlineSnapshot(`
      "error[postgres.sql-unparsable]: x.sql:2:17: syntax error at or near "a"
        │   SELECT 'é' FRM a b;
        │                  ^
        hint: correct it: this is what PostgreSQL's own grammar (version 18) says
      "
    `)
    const json = await shipshape("sql", "plan", "x.sql", "--json")
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({ failure: { code: "postgres.sql-unparsable" } })
  })

  it.each([
    { args: [], code: 64, says: "needs <FILE>" },
    { args: ["x.sql", "--server-version", "9"], code: 64, says: "a number from 11 to 18" },
    { args: ["x.sql", "--server-version", "17", "--against", "postgres://u@h/d"], code: 64, says: "contradict" },
    { args: ["x.sql", "--dry-run"], code: 64, says: "--dry-run needs --against" },
    { args: ["x.sql", "--against", "nowhere"], code: 64, says: "the url is none" },
    {
      args: ["x.sql", "--against", "postgres://u:hunter22@127.0.0.1:1/d"],
      code: 1,
      says: "postgres.server-unreachable"
    },
    { args: ["nowhere.sql"], code: 64, says: "there is no such file" }
  ])("refuses $args", async ({ args, code, says }) => {
    file("SELECT 1")
    const ended = await shipshape("sql", "plan", ...args)
    expect(ended).toMatchObject({ code, out: "" })
    expect(ended.err).toContain(says)
    expect(ended.err).not.toContain("hunter22")
  })
})
