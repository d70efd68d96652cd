import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { statementsOf } from "../../src/internal/sql/split.ts"

const sqlOf = (text: string) => Effect.map(statementsOf(text), ({ statements }) => statements.map(({ sql }) => sql))

describe("statements of a text", () => {
  it.effect("are cut by the grammar, and not by semicolons", () =>
    Effect.gen(function* () {
      const texts = [
        "SELECT ';' , $$;$$, $a$ ; $$ $a$, E'\\';' , U&\"a;\" FROM t",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
        "DO $$ BEGIN PERFORM 1; END $$",
        "/* a /* nested ; */ */ SELECT 1"
      ]
      expect(yield* sqlOf(`${texts.join(";\n")};`)).toEqual([...texts.slice(0, 4), "SELECT 1"])
      expect(yield* sqlOf("")).toEqual([])
      expect(yield* sqlOf("-- nothing;\n ; ;\n/* either */")).toEqual([])
    })
  )

  it.effect("have places in characters, also behind ones of several bytes", () =>
    Effect.gen(function* () {
      const text = "-- ünï 😀\nSELECT 'é😀';\r\n  UPDATE t SET a = 'ß' WHERE b = 'é';"
      const { source, statements } = yield* statementsOf(text)
      expect(statements.map(({ place }) => place)).toEqual([
        { line: 2, column: 1 },
        { line: 3, column: 3 }
      ])
      expect(statements.map(({ end, start }) => text.slice(start, end))).toEqual(statements.map(({ sql }) => sql))
      const [, update] = statements
      if (update === undefined || !("UpdateStmt" in update.node)) throw new Error("no update")
      const { whereClause } = update.node.UpdateStmt
      if (whereClause === undefined || !("A_Expr" in whereClause)) throw new Error("no condition")
      const right = whereClause.A_Expr.rexpr
      if (right === undefined || !("A_Const" in right)) throw new Error("no constant")
      expect(text.slice(right.A_Const.location)).toBe("'é';")
      expect(source.places.of(right.A_Const.location ?? 0)).toEqual({ line: 3, column: 34 })
    })
  )

  it.effect("keep their comments", () =>
    Effect.gen(function* () {
      const { statements } = yield* statementsOf(
        "-- one\nSELECT 1; -- behind one\n/* two */ SELECT /* in two */ 2 -- end of two\n;\n\n-- nobody's"
      )
      expect(statements.map(({ comments, sql }) => [sql, comments.map(({ text }) => text)])).toEqual([
        ["SELECT 1", ["-- one", "-- behind one"]],
        ["SELECT /* in two */ 2", ["/* two */", "/* in two */", "-- end of two"]]
      ])
    })
  )

  it.effect("come with the data of a COPY", () =>
    Effect.gen(function* () {
      const text =
        "COPY a (x, y) FROM stdin;\n1\tit's; -- 'x\n2\t\\N\n\\.\n\nSELECT 1;\nCOPY b FROM STDIN WITH (FORMAT csv);\n\\.\nCOPY c TO stdout;\n"
      const { metaLines, source, statements } = yield* statementsOf(text)
      expect(metaLines).toEqual([])
      expect(statements.map(({ data, sql }) => [sql, data && source.text.slice(data.start, data.end)])).toEqual([
        ["COPY a (x, y) FROM stdin", "1\tit's; -- 'x\n2\t\\N\n\\.\n"],
        ["SELECT 1", undefined],
        ["COPY b FROM STDIN WITH (FORMAT csv)", "\\.\n"],
        ["COPY c TO stdout", undefined]
      ])
    })
  )

  it.effect("stand beside lines that are for psql", () =>
    Effect.gen(function* () {
      const { metaLines, statements } = yield* statementsOf(
        "\\restrict abc\n\\set ON_ERROR_STOP on\nSELECT 1;\n\\connect other\n\\echo it's; done\nSELECT 'DROP' \\gexec\nSELECT 3 \\; SELECT 4;\n  \\i more.sql\n"
      )
      expect(statements.map(({ place, sql }) => [sql, place.line])).toEqual([
        ["SELECT 1", 3],
        ["SELECT 'DROP'", 6],
        ["SELECT 3", 7],
        ["SELECT 4", 7]
      ])
      expect(metaLines.map(({ argument, harmless, name, place }) => [name, argument, harmless, place.line])).toEqual([
        ["restrict", "abc", true, 1],
        ["set", "ON_ERROR_STOP on", true, 2],
        ["connect", "other", false, 4],
        ["echo", "it's; done", true, 5],
        ["gexec", "", false, 6],
        [";", "", false, 7],
        ["i", "more.sql", false, 8]
      ])
    })
  )
})

describe("a text that is no SQL", () => {
  const refused = (text: string) => Effect.flip(statementsOf(text, "0001.sql"))

  it.effect("is refused with the place", () =>
    Effect.gen(function* () {
      const error = yield* refused("SELECT 1;\n-- ümlaut 😀\nSELECT 'é' FRM a b;")
      expect(error).toMatchObject({
        code: "postgres.sql-unparsable",
        file: "0001.sql",
        line: 3,
        column: 16,
        what: 'syntax error at or near "a"',
        message: '0001.sql:3:16: syntax error at or near "a"',
        tail: ["SELECT 'é' FRM a b;", "               ^"]
      })
    })
  )

  it.effect.each([
    ["SELECT * FROM t WHERE a = :'name'", /psql/],
    ["ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS c CHECK (a > 0)", /no IF NOT EXISTS/],
    ["SELECT `a` FROM t", /double quotes/],
    ["SELECT {{ a }}", /template/],
    ["SELECT 'a", /close/],
    [`SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)}`, /nested/],
    [`SELECT ${"1+".repeat(60_000)}1`, /nested/],
    ["COPY t FROM stdin\n1\t2\n", /version 18/]
  ] as const)("is told why: %#", ([text, hint]) =>
    Effect.gen(function* () {
      const error = yield* refused(text)
      expect(error.hint).toMatch(hint)
      expect(yield* sqlOf("SELECT 1")).toEqual(["SELECT 1"])
    })
  )
})
