/** `shipshape sql` and `shipshape schema` as another program calls them: codes, and nothing but JSON on standard output. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { command } from "./support/command.ts"
import { type Embedded, start } from "./support/embedded.ts"

/** A folder without a project above it. */
const folder = mkdtempSync(join(tmpdir(), "ss-contract-"))

let server: Embedded
let [url, other] = ["", ""]
beforeAll(async () => {
  server = await start()
  const { password, port, user } = server
  const made = async (sql: string) => {
    const database = await server.createDatabase()
    await server.sql(database, sql)
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  }
  url = await made("CREATE TYPE s AS ENUM ('a'); CREATE TABLE orders (id int PRIMARY KEY, s s, kind text)")
  other = await made(
    "CREATE TYPE s AS ENUM ('a', 'b'); CREATE TABLE orders (id int PRIMARY KEY, s s DEFAULT 'b', label text)"
  )
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const shipshape = (args: ReadonlyArray<string>, input = "") => command(folder, args, input)

const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return name
}

/** What is promised, and nothing besides. */
const strictly = <S extends Schema.Top & { readonly DecodingServices: never }>(schema: S, text: string) =>
  Schema.decodeUnknownSync(schema)(JSON.parse(text), { onExcessProperty: "error" })

const Statement = Schema.Struct({
  sql: Schema.String,
  lock: Schema.optionalKey(Schema.String),
  rewrite: Schema.optionalKey(Schema.Boolean),
  dataLoss: Schema.optionalKey(Schema.Boolean),
  data: Schema.optionalKey(Schema.String)
})
const severity = Schema.Literals(["error", "warning", "notice"])
const Script = Schema.Struct({
  units: Schema.Array(Schema.Struct({ transaction: Schema.Boolean, statements: Schema.Array(Statement) })),
  hazards: Schema.Array(Schema.Struct({ kind: Schema.String, object: Schema.String, message: Schema.String, severity }))
})
const place = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(1))
const Findings = Schema.Array(
  Schema.Struct({
    ...{ file: Schema.String, line: place, column: place, endLine: place, endColumn: place },
    ...{ rule: Schema.String, severity, message: Schema.String, why: Schema.String, hint: Schema.String }
  })
)
const Refusal = Schema.Struct({
  failure: Schema.Struct({
    ...{ code: Schema.String, message: Schema.String, hint: Schema.String, retryable: Schema.Boolean },
    causes: Schema.Array(Schema.String),
    tail: Schema.optionalKey(Schema.Array(Schema.String))
  })
})

describe("sql plan --json", () => {
  it.each<[string, string | Uint8Array, ReadonlyArray<string>, number, ReadonlyArray<ReadonlyArray<string> | string>]>([
    ["an empty file", "", [], 0, []],
    ["nothing but comments", "-- one;\n/* two; /* three */ */\n", [], 0, []],
    ["a mark of the encoding, and CRLF", "\uFEFFSELECT 'é';\r\nSELECT 2;\r\n", [], 0, [["SELECT 'é'", "SELECT 2"]]],
    [
      "a label and its use",
      "ALTER TYPE s ADD VALUE 'b';\nUPDATE orders SET s = 'b' WHERE id = 1;\nVACUUM orders;",
      ["--server-version", "14"],
      0,
      ["ALTER TYPE s ADD VALUE 'b'", ["UPDATE orders SET s = 'b' WHERE id = 1"], "VACUUM orders"]
    ],
    [
      "a transaction that cannot be one",
      "BEGIN;\nALTER TYPE s ADD VALUE 'b';\nUPDATE orders SET s = 'b' WHERE id = 1;\nCOMMIT;",
      ["--server-version=17.2"],
      1,
      ["ALTER TYPE s ADD VALUE 'b'", ["UPDATE orders SET s = 'b' WHERE id = 1"]]
    ],
    [
      "dollars in dollars",
      "DO $a$ BEGIN EXECUTE $b$ SELECT ';' $b$; END $a$; SELECT 1",
      [],
      0,
      [["DO $a$ BEGIN EXECUTE $b$ SELECT ';' $b$; END $a$", "SELECT 1"]]
    ],
    [
      "rows with semicolons",
      "COPY orders (kind) FROM stdin;\na;b\n--;\n\\.\nSELECT 1;",
      [],
      0,
      [["COPY orders (kind) FROM stdin", "SELECT 1"]]
    ],
    ["a line for psql", "\\i other.sql\nSELECT 1;", [], 1, [["SELECT 1"]]]
  ])("%s", async (_, content, flags, code, units) => {
    const ended = await shipshape(["sql", "plan", write("p.sql", content), "--json", ...flags])
    expect(ended).toMatchObject({ code, err: "" })
    const script = strictly(Script, ended.out)
    expect(
      script.units.map(({ statements, transaction }) =>
        transaction ? statements.map(({ sql }) => sql) : statements.map(({ sql }) => sql).join("; ")
      )
    ).toEqual(units)
    expect(script.hazards.some(({ severity }) => severity === "error")).toBe(code === 1)
  })

  it("reads standard input, and asks a server", async () => {
    const ended = await shipshape(
      ["sql", "plan", "-", "--against", url, "--json"],
      "ALTER TABLE orders DROP COLUMN kind;"
    )
    expect(ended.code).toBe(1)
    expect(strictly(Script, ended.out).hazards).toMatchObject([{ kind: "data-loss", object: "public.orders.kind" }])
    expect(ended.out + ended.err).not.toContain(server.password)
  })

  it("is quick with files of megabytes", { timeout: 300_000 }, async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `INSERT INTO orders (id, kind) VALUES (${i}, 'näme; ${i}');`)
    const name = write(
      "large.sql",
      ["ALTER TYPE s ADD VALUE 'b';", ...rows, "COPY orders FROM stdin;", ...rows, "\\."].join("\n")
    )
    const [plan, lint] = [
      await shipshape(["sql", "plan", name, "--json"]),
      await shipshape(["sql", "lint", name, "--json"])
    ]
    expect([plan.code, lint.code]).toEqual([0, 0])
    expect(strictly(Script, plan.out).units.map(({ statements }) => statements.length)).toEqual([1, 40_001])
  })
})

describe("sql lint --json", () => {
  it("says file, line and column in characters, for each file", async () => {
    const [a, b] = [
      write("a.sql", "SELECT 'é😀'; DROP TABLE orders;\r\n"),
      write("b.sql", "SELECT 1;\n\tSELEC 2;\nDROP TABLE u;")
    ]
    const ended = await shipshape(["sql", "lint", a, b, "--json"])
    expect(ended).toMatchObject({ code: 1, err: "" })
    const errors = strictly(Findings, ended.out).filter(({ severity }) => severity === "error")
    expect(errors.map(({ column, file, line, rule }) => [file, line, column, rule])).toEqual([
      ["a.sql", 1, 14, "ban-drop-table"],
      ["b.sql", 2, 2, "syntax-error"],
      ["b.sql", 3, 1, "ban-drop-table"]
    ])
  })

  it("ends with 0 where there is nothing, or nothing but warnings", async () => {
    expect(await shipshape(["sql", "lint", write("n.sql", "-- nothing"), "--json"])).toEqual({
      code: 0,
      out: "[]\n",
      err: ""
    })
    const warned = await shipshape(["sql", "lint", "-", "--json"], "ALTER TABLE t ALTER c DROP NOT NULL;")
    expect(warned.code).toBe(0)
    expect(strictly(Findings, warned.out)).toMatchObject([{ file: "-", severity: "warning" }])
  })

  it("knows what a server has", async () => {
    const sql = "ALTER TABLE orders ALTER COLUMN kind TYPE varchar;"
    const name = write("k.sql", sql)
    // Where it is not known what the column is before, it may be that it only becomes wider.
    const alone = await shipshape(["sql", "lint", name, "--json"])
    expect(alone.code).toBe(0)
    expect(strictly(Findings, alone.out)).toMatchObject([{ rule: "changing-column-type", severity: "warning" }])
    const known = await shipshape(["sql", "lint", name, "--json", "--against", url])
    expect(known).toMatchObject({ code: 0, out: "[]\n" })
  })
})

describe("schema diff --json", () => {
  it("gives units for renames that are told, one way and the other", async () => {
    const renames = write("renames.json", '[{"kind":"column","table":"orders","from":"kind","to":"label"}]')
    const ended = await shipshape([
      "schema",
      "diff",
      "--from",
      url,
      "--to",
      other,
      "--renames",
      renames,
      "--online",
      "--json"
    ])
    expect(ended).toMatchObject({ code: 0, err: "" })
    const { units } = strictly(Script, ended.out)
    expect(units.filter(({ transaction }) => !transaction).flatMap(({ statements }) => statements.length)).toEqual([1])
    expect(JSON.stringify(units)).toContain("ADD VALUE 'b'")
    expect((await shipshape(["schema", "diff", "--from", url, "--to", url, "--json"])).out).toBe(
      '{"units":[],"hazards":[]}\n'
    )
    expect((await shipshape(["schema", "diff", "--from", other, "--to", url, "--json"])).code).toBe(1)
  })
})

describe("what cannot be done", () => {
  const latin = Uint8Array.from([0x2d, 0x2d, 0xe9])
  it.each<[number, string, ReadonlyArray<string>]>([
    [64, "usage.invalid", ["sql", "plan"]],
    [64, "usage.invalid", ["sql", "lint"]],
    [64, "usage.invalid", ["sql", "plan", "x.sql", "--nonsense"]],
    [64, "usage.invalid", ["sql", "plan", "x.sql", "x.sql"]],
    [64, "usage.invalid", ["sql", "nonsense"]],
    [64, "usage.postgres", ["sql", "plan", "nowhere.sql"]],
    [64, "usage.postgres", ["sql", "lint", "x.sql", "nowhere.sql"]],
    [64, "usage.postgres", ["sql", "plan", "."]],
    [64, "usage.postgres", ["sql", "plan", "x.sql", "--server-version", "new"]],
    [64, "usage.postgres", ["sql", "lint", "x.sql", "--against", "nowhere"]],
    [64, "usage.postgres", ["schema", "diff", "--from", "postgres://u@127.0.0.1:1/d"]],
    [64, "usage.invalid", ["schema", "diff", "--nonsense"]],
    [1, "postgres.sql-unparsable", ["sql", "plan", "bad.sql"]],
    [1, "postgres.sql-unreadable", ["sql", "plan", "latin.sql"]],
    [1, "postgres.sql-unreadable", ["sql", "lint", "latin.sql"]],
    [1, "postgres.server-unreachable", ["sql", "lint", "x.sql", "--against", "postgres://u:hunter22@127.0.0.1:1/d"]],
    [
      1,
      "postgres.server-unreachable",
      ["schema", "diff", "--from", "postgres://u:hunter22@127.0.0.1:1/a", "--to", "postgres://u@127.0.0.1:1/b"]
    ]
  ])("ends with %i and %s: %j", async (code, failure, args) => {
    write("x.sql", "SELECT 1")
    write("bad.sql", "SELEC 1")
    write("latin.sql", latin)
    const ended = await shipshape([...args, "--json"])
    expect(ended.code).toBe(code)
    expect(strictly(Refusal, ended.out).failure.code).toBe(failure)
    expect(ended.out + ended.err).not.toContain("hunter22")
  })
})
