/** Comparing schemas on a real server: what is run is what is printed, and the server itself says whether both are equal. */
import { Compare } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Embedded, start } from "../support/embedded.ts"
import { ask, compared, converge, embedded, type Server } from "../support/schemas.ts"

let running: Embedded
let server: Server

beforeAll(async () => {
  running = await start()
  server = embedded(running)
})
afterAll(() => running.stop())

const kinds = (script: { readonly hazards: ReadonlyArray<{ readonly kind: string; readonly object: string }> }) =>
  script.hazards.map(({ kind, object }) => `${kind} ${object}`)

describe("enums", () => {
  it("adds labels first, each alone, where they belong, and uses them behind", async () => {
    const { script } = await converge(
      server,
      "CREATE TYPE status AS ENUM ('open', 'done'); CREATE TABLE t (s status)",
      `CREATE TYPE status AS ENUM ('new', 'open', 'held', 'done', 'gone');
       CREATE TABLE t (s status DEFAULT 'held' CHECK (s <> 'gone')); CREATE VIEW v AS SELECT * FROM t WHERE s = 'new'`
    )
    expect(script.units.slice(0, 3)).toEqual([
      { transaction: false, statements: [{ sql: `ALTER TYPE "public"."status" ADD VALUE 'new' BEFORE 'open'` }] },
      { transaction: false, statements: [{ sql: `ALTER TYPE "public"."status" ADD VALUE 'held' BEFORE 'done'` }] },
      { transaction: false, statements: [{ sql: `ALTER TYPE "public"."status" ADD VALUE 'gone' AFTER 'done'` }] }
    ])
    expect(script.units.slice(3).map(({ transaction }) => transaction)).toEqual([true])
  })

  it("makes a type anew where a label goes, with what depends on it, and says what is lost", async () => {
    const rest = `CREATE TABLE t (id int, s status DEFAULT 'a', l status[], CHECK (s <> 'b')); CREATE INDEX i ON t (s) WHERE s = 'a';
      CREATE VIEW v AS SELECT s FROM t WHERE s = 'a'; CREATE VIEW w AS SELECT * FROM v; CREATE MATERIALIZED VIEW m AS SELECT s, count(*) FROM t GROUP BY s`
    const { script } = await converge(
      server,
      `CREATE TYPE status AS ENUM ('a', 'b', 'c'); ${rest}; INSERT INTO t VALUES (1, 'a', '{b}')`,
      `CREATE TYPE status AS ENUM ('b', 'a'); ${rest}`
    )
    expect(kinds(script)).toContain("data-loss public.status")
    expect(script.hazards.find(({ kind }) => kind === "data-loss")?.severity).toBe("error")
  })
})

describe("renames", () => {
  const from = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE customers (id serial PRIMARY KEY, name text UNIQUE, m mood DEFAULT 'sad');
    CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers); CREATE VIEW v AS SELECT name, m FROM customers;
    CREATE INDEX ON customers (lower(name)); INSERT INTO customers (name) VALUES ('Ada')`
  const to = `CREATE TYPE mood AS ENUM ('blue', 'ok', 'glad'); CREATE TABLE clients (id serial PRIMARY KEY, full_name text UNIQUE, m mood DEFAULT 'blue');
    CREATE TABLE orders (id int PRIMARY KEY, client int REFERENCES clients); CREATE VIEW v AS SELECT full_name AS name, m FROM clients;
    CREATE INDEX ON clients (lower(full_name))`

  it("keeps what a stated rename is about, with its rows, its keys and its sequence", async () => {
    const { database, script, text } = await converge(server, from, to, {
      renames: [
        { kind: "table", from: "customers", to: "clients" },
        { kind: "column", table: "customers", from: "name", to: "full_name" },
        { kind: "column", table: "public.orders", from: "customer", to: "client" },
        { kind: "enumValue", type: "mood", from: "sad", to: "blue" }
      ]
    })
    const [found] = await ask(server, database, "SELECT full_name, m FROM clients")
    expect(found?.rows).toEqual([{ full_name: "Ada", m: "blue" }])
    expect(text).not.toMatch(/DROP (TABLE|COLUMN|TYPE|CONSTRAINT)/)
    expect(script.hazards.filter(({ severity }) => severity === "error")).toEqual([])
  })

  it("never guesses one", async () => {
    const script = await compared(server, "CREATE TABLE t (a text)", "CREATE TABLE t (b text)")
    expect(kinds(script)).toEqual(["data-loss public.t.a"])
  })

  it.each([
    ['[{"kind":"column","table":"orders","from":"customer"}]', /^renames\[0\]\.to: /],
    ['[{"kind":"index","from":"a","to":"b"}]', /^renames\[0\]\.kind: "index" is none/],
    [
      '[{"kind":"table","from":"a","to":"b"},{"kind":"table","from":"a","to":"b","tabel":"x"}]',
      /^renames\[1\]\.tabel: /
    ],
    ["{}", /^renames: it is no list/],
    ["[", /^renames: it is no JSON/]
  ])("says where a file is wrong: %s", async (text, message) => {
    expect((await Effect.runPromise(Effect.flip(Compare.renames(text)))).message).toMatch(message)
  })

  it.each([
    [
      { kind: "column", table: "nowhere", from: "a", to: "b" },
      /^renames\[0\]\.table: there is no table public.nowhere/
    ],
    [{ kind: "column", table: "orders", from: "a", to: "b" }, /^renames\[0\]\.from: public.orders has no column a/],
    [{ kind: "table", from: "orders", to: "sales" }, /^renames\[0\]\.to: there is not to be a table public.sales/],
    [
      { kind: "enumValue", type: "mood", from: "sad", to: "ok" },
      /^renames\[0\]\.to: public.mood has the label 'ok' already/
    ]
  ] as const)("says which is not of these schemas: %o", async (rename, message) => {
    await expect(compared(server, from, to, { renames: [rename] })).rejects.toThrow(message)
  })
})

describe("online", () => {
  it("makes keys, checks, indexes and NOT NULL on tables that are there without long locks", async () => {
    const { script } = await converge(
      server,
      "CREATE TABLE a (id int PRIMARY KEY, u int); CREATE TABLE b (id int, a int, c int, n int); INSERT INTO b VALUES (1, null, 2, 3)",
      `CREATE TABLE a (id int PRIMARY KEY, u int UNIQUE); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, c int CHECK (c > 0), n int NOT NULL);
       CREATE INDEX bc ON b (c); COMMENT ON INDEX bc IS 'for c'`,
      { online: true }
    )
    const alone = script.units.filter(({ transaction }) => !transaction).flatMap(({ statements }) => statements)
    expect(alone.map(({ lock }) => lock)).toEqual(alone.map(() => "SHARE UPDATE EXCLUSIVE"))
    expect(alone.every(({ sql }) => /^CREATE (UNIQUE )?INDEX CONCURRENTLY/.test(sql))).toBe(true)
    const validated = script.units.flatMap(({ statements }, unit) =>
      statements.flatMap(({ sql }) => (sql.includes("VALIDATE CONSTRAINT") ? [unit] : []))
    )
    const added = script.units.findIndex(({ statements }) => statements.some(({ sql }) => sql.endsWith(" NOT VALID")))
    expect(validated.length).toBe(4)
    expect(Math.min(...validated)).toBeGreaterThan(added)
  })

  it("refers to a key that is built beside writers once it is there", () =>
    converge(
      server,
      "CREATE TABLE a (id int NOT NULL); CREATE TABLE b (a int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)",
      `CREATE TABLE a (id int PRIMARY KEY, t text); CREATE TABLE b (a int REFERENCES a);
       CREATE VIEW v AS SELECT id, t, count(*) FROM a JOIN b ON b.a = a.id GROUP BY a.id`,
      { online: true }
    ))
})

describe("online, what replaces an index or a key", () => {
  const table = (rest: string) => `CREATE TABLE t (a int NOT NULL, b int NOT NULL${rest}`
  const rows = "; INSERT INTO t VALUES (1, 1), (2, 2)"

  it.each([
    ["a wider key of another name", table(", UNIQUE (a))"), table(", UNIQUE (a, b))")],
    ["a wider key of the same name", table(", CONSTRAINT u UNIQUE (a))"), table(", CONSTRAINT u UNIQUE (a, b))")],
    ["another primary key", table(", PRIMARY KEY (a))"), table(", CONSTRAINT k PRIMARY KEY (b))")],
    ["an index that is a key then", table("); CREATE UNIQUE INDEX u ON t (a)"), table(", CONSTRAINT u UNIQUE (a, b))")],
    ["a wider index", table("); CREATE INDEX i ON t (a)"), table("); CREATE INDEX j ON t (a, b)")],
    ["an index of the same name", table('); CREATE INDEX "I ON" ON t (a)'), table('); CREATE INDEX "I ON" ON t (a, b)')]
  ])("is built before that goes: %s", async (_, from, to) => {
    const { text } = await converge(server, `${from}${rows}`, to, { online: true })
    const [built, gone] = [text.search(/CREATE (UNIQUE )?INDEX CONCURRENTLY/), text.search(/DROP (INDEX|CONSTRAINT)/)]
    expect(built).toBeGreaterThanOrEqual(0)
    expect(gone).toBeGreaterThan(built)
  })

  it("makes a column NOT NULL before it is an identity, and sets that in the same transaction", async () => {
    for (const online of [true, false]) {
      const { script } = await converge(
        server,
        "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (7, 7)",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, b serial)",
        { online }
      )
      const made = script.units.find(({ statements }) => statements.some(({ sql }) => sql.includes("ADD GENERATED")))
      expect(made?.statements.some(({ sql }) => sql.includes("setval"))).toBe(true)
    }
  })
})

describe("tables", () => {
  it("says where rows have no value for a new column, if it knows of rows", async () => {
    const script = await compared(
      server,
      "CREATE TABLE old (a int); CREATE TABLE u (a int); INSERT INTO old VALUES (1)",
      "CREATE TABLE t (a int, b int NOT NULL); CREATE TABLE u (a int, b int NOT NULL)",
      { renames: [{ kind: "table", from: "old", to: "t" }] }
    )
    expect(script.hazards.map(({ kind, object, severity }) => `${severity} ${kind} ${object}`)).toEqual([
      "error irreversible public.t.b",
      "warning irreversible public.u.b"
    ])
  })

  it("keeps the order of columns in new tables, whatever has to be made between", () =>
    converge(
      server,
      "SELECT 1",
      `CREATE TYPE s AS ENUM ('a'); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE TABLE t (z int, g int GENERATED ALWAYS AS (z + 1) STORED, v int GENERATED ALWAYS AS (z + 2) VIRTUAL, a s DEFAULT 'a', "B, (c" text DEFAULT 'x,)(''', d int DEFAULT f(), CHECK (z > 0));
       CREATE TABLE x (id int PRIMARY KEY, y int); CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x, self int REFERENCES y);
       ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y DEFERRABLE INITIALLY DEFERRED`
    ))

  it("makes functions between a table and its default, and behind a table that they return rows of", () =>
    converge(
      server,
      "SELECT 1",
      `CREATE FUNCTION next_number() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM orders); END';
       CREATE TABLE orders (id int PRIMARY KEY, number int DEFAULT next_number(), at timestamp);
       CREATE FUNCTION by_number() RETURNS SETOF orders LANGUAGE sql AS 'SELECT * FROM orders ORDER BY number'`
    ))

  it("attaches, detaches and inherits instead of dropping", async () => {
    const { database, text } = await converge(
      server,
      `CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
       CREATE TABLE p2 (id int, at date); CREATE TABLE base (id int); CREATE TABLE child (id int);
       INSERT INTO p VALUES (1, '2020-05-05'); INSERT INTO p2 VALUES (2, '2021-05-05'); INSERT INTO child VALUES (3)`,
      `CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE TABLE p1 (id int, at date);
       CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01'); CREATE INDEX ON p (at);
       CREATE TABLE base (id int); CREATE TABLE child (id int) INHERITS (base)`
    )
    expect(text).not.toContain("DROP TABLE")
    const [found] = await ask(
      server,
      database,
      "SELECT (SELECT count(*) FROM p1) + (SELECT count(*) FROM p2) + (SELECT count(*) FROM base) AS n"
    )
    expect(found?.rows).toEqual([{ n: "3" }])
  })

  it("detaches a partition that was a table before, with what its constraints were called", () => {
    const tables = `CREATE TABLE p (at date NOT NULL, v int CONSTRAINT named NOT NULL) PARTITION BY RANGE (at);
      CREATE TABLE p1 (at date NOT NULL, v int NOT NULL); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')`
    return converge(
      server,
      `${tables}; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')`,
      `${tables}; ALTER TABLE p DETACH PARTITION p2`
    )
  })

  it("changes a collation without dropping, and goes on counting where an identity is new", async () => {
    const { database, text } = await converge(
      server,
      `CREATE TABLE t (id int PRIMARY KEY, n text COLLATE "C"); INSERT INTO t VALUES (41, 'x')`,
      "CREATE TABLE t (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, n text)"
    )
    expect(text).not.toContain("DROP COLUMN")
    await ask(server, database, "INSERT INTO t (n) VALUES ('y')")
    expect((await ask(server, database, "SELECT max(id) FROM t"))[0]?.rows).toEqual([{ max: 42 }])
  })

  it("sets what pg-delta does not see", () =>
    converge(
      server,
      "CREATE TABLE t (a text, b int, c int); CREATE STATISTICS s ON a, b FROM t; CREATE VIEW v AS SELECT * FROM t",
      `CREATE TABLE t (a text STORAGE EXTERNAL, b int, c int); ALTER TABLE t ALTER b SET STATISTICS 77; CREATE STATISTICS s ON b, c FROM t;
       CREATE INDEX i ON t (b); ALTER TABLE t CLUSTER ON i; CREATE VIEW v AS SELECT * FROM t; ALTER VIEW v ALTER a SET DEFAULT 'x'`
    ))

  it("says what it cannot do", async () => {
    const script = await compared(
      server,
      "CREATE TABLE t (a int, b int)",
      "CREATE TABLE t (c int, a int, b int); CREATE TEXT SEARCH CONFIGURATION own (COPY = simple)"
    )
    expect(kinds(script)).toEqual(["unsupported public.own", "unsupported public.t"])
    expect(kinds(await compared(server, "SELECT 1", "CREATE TYPE r AS RANGE (SUBTYPE = int)"))).toEqual([])
    const inherited = "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (PRIMARY KEY (id)) INHERITS (p)"
    expect(kinds(await compared(server, "SELECT 1", inherited))).toEqual(["unsupported public.c.id"])
    const parent = "CREATE TABLE p (id int NOT NULL) PARTITION BY LIST (id)"
    const partition = "CREATE TABLE c PARTITION OF p FOR VALUES IN (1)"
    const attaching = await compared(server, `${parent}; CREATE TABLE c (id int NOT NULL)`, `${parent}; ${partition}`)
    expect(kinds(attaching)).toEqual(["unsupported public.c.id"])
    const renamed = await compared(
      server,
      `${parent}; ${partition}`,
      `${parent}; ${partition}; ALTER TABLE p RENAME CONSTRAINT p_id_not_null TO n`
    )
    expect(renamed).toMatchObject({ units: [{ statements: [{}, {}] }], hazards: [] })
  })

  it("tells a conversion that cuts from one that may fail, and from one that is nothing", async () => {
    const script = await compared(
      server,
      "CREATE TABLE t (a varchar(20), b varchar(20), c text, d int, n text)",
      "CREATE TABLE t (a varchar(5), b varchar(30), c int, d bigint, n text NOT NULL)"
    )
    expect(script.hazards.map(({ kind, object, severity }) => `${severity} ${kind} ${object}`)).toEqual([
      "error data-loss public.t.a",
      "warning rewrite public.t.c",
      "warning rewrite public.t.d",
      "warning lock public.t.n"
    ])
    const widened = script.units.flatMap(({ statements }) => statements).find(({ sql }) => / "b" TYPE /.test(sql))
    expect(widened?.rewrite).toBeUndefined()
  })
})

describe("grants", () => {
  it("grants columns behind tables, and again where a table's grants are taken", () =>
    converge(
      server,
      `DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN END $$;
       CREATE TABLE t (a int, b int); GRANT INSERT ON t TO reader; GRANT SELECT (a) ON t TO reader`,
      "CREATE TABLE t (a int, b int); GRANT DELETE ON t TO reader; GRANT SELECT (a), UPDATE (b) ON t TO reader"
    ))
})

it("finds nothing between a schema and itself", async () => {
  const schema = "CREATE TABLE t (id int PRIMARY KEY, v int); CREATE VIEW v AS SELECT * FROM t"
  expect(await compared(server, schema, schema)).toEqual({ units: [], hazards: [] })
})

it("leaves nothing behind on the server", async () => {
  await compared(server, "CREATE TABLE a (x int)", "CREATE TABLE b (x int)", {
    renames: [{ kind: "table", from: "a", to: "b" }],
    prove: true
  })
  expect((await ask(server, "postgres", "SELECT FROM pg_database WHERE datname LIKE 'shipshape%'"))[0]?.rows).toEqual(
    []
  )
})
