import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"

const find = (text: string, options?: Lint.Options) => Lint.lint([{ file: "a.sql", text }], options)

/** Findings of a rule, each with the text that it points at. */
const pointed = (text: string, rule: string, options?: Lint.Options) =>
  Effect.map(find(text, options), (findings) =>
    findings
      .filter((finding) => finding.rule === rule)
      .map(({ column, endColumn, endLine, line }) => {
        const lines = text.split("\n").map((one) => [...one])
        const first = lines[line - 1] ?? []
        return endLine === line ? first.slice(column - 1, endColumn - 1).join("") : first.slice(column - 1).join("")
      })
  )

describe("findings point at what they are about", () => {
  const places: ReadonlyArray<readonly [rule: string, sql: string, at: string]> = [
    ["ban-drop-column", 'ALTER TABLE app."T t" ADD x int, DROP COLUMN y, ADD z numeric(1, 2)', "DROP COLUMN y"],
    ["adding-not-nullable-field", "ALTER TABLE IF EXISTS ONLY t\n  ALTER c\n  SET NOT NULL", "ALTER c"],
    ["adding-field-with-default", "ALTER TABLE t ADD c uuid NOT NULL DEFAULT gen_random_uuid()", "DEFAULT"],
    ["prefer-jsonb", "CREATE TABLE ünï (😀 text, b json)", "json"],
    ["or-and-precedence", "/* 😀 é */ UPDATE t SET a = 'é' WHERE a OR b AND c", "OR"],
    [
      "hidden-delete",
      "DO $do$\nBEGIN\n  IF true THEN\n    DELETE FROM t WHERE a = 1;\n  END IF;\nEND $do$",
      "DELETE FROM"
    ],
    ["hidden-delete", "DO 'BEGIN TRUNCATE é, t; END'", "TRUNCATE é"],
    ["hidden-delete", "DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'é'; END $$", "DELETE FROM"],
    [
      "guard-is-null",
      "DO $$ BEGIN\n IF 1 = 1 AND current_setting('é', true) <> 'b' THEN RAISE 'no'; END IF; END $$",
      "<>"
    ],
    ["enum-label-used-in-transaction", "BEGIN;\nALTER TYPE s ADD VALUE 'é';\nSELECT 'é'::s;\nCOMMIT", "'é'"],
    ["drop-cascade", "DROP TABLE a CASCADE", "CASCADE"],
    ["changing-column-type", "alter table t\n\talter c type int using c::int, drop d", "alter c type int using c::int"],
    ["require-concurrent-index-creation", "-- first\nCREATE UNIQUE INDEX i ON t (a)", "CREATE UNIQUE INDEX"],
    ["ban-drop-table", "\uFEFFDROP TABLE a;", "DROP TABLE"],
    ["ban-drop-table", "SELECT 1;\r\nDROP TABLE a;\r\n", "DROP TABLE"],
    ["ban-drop-table", "COPY t FROM stdin;\n1\té\n\\.\nDROP TABLE a;", "DROP TABLE"],
    ["syntax-error", "SELECT 1;\nSELECT 'é' frm x y;\nSELECT 2;", "x"]
  ]
  for (const [rule, sql, at] of places) {
    it.effect(`${rule}: ${sql.replaceAll("\n", " ").slice(0, 60)}`, () =>
      Effect.gen(function* () {
        assert.include(yield* pointed(sql, rule), at)
      })
    )
  }

  it.effect("in the order of files and lines, each file by itself", () =>
    Effect.gen(function* () {
      const one = "CREATE TABLE t (a int);\nDROP TABLE t;"
      const other = "DROP TABLE t;\nBEGIN;\nDROP TABLE t;"
      const findings = yield* Lint.lint([
        { file: "1.sql", text: one },
        { file: "2.sql", text: other }
      ])
      const drops = findings.filter(({ severity }) => severity === "error")
      assert.deepStrictEqual(
        drops.map(({ file, line, rule }) => `${file}:${line} ${rule}`),
        ["2.sql:1 ban-drop-table", "2.sql:2 ban-uncommitted-transaction", "2.sql:3 ban-drop-table"]
      )
    })
  )
})

describe("what cannot be parsed", () => {
  it.effect("does not keep the other statements from being looked at", () =>
    Effect.gen(function* () {
      const text = "DROP TABLE a;\nRAISE NOTICE 'x; y';\nDROP TABLE b; FOO"
      assert.deepStrictEqual(
        (yield* find(text)).filter(({ severity }) => severity === "error").map(({ line, rule }) => `${line} ${rule}`),
        ["1 ban-drop-table", "2 syntax-error", "3 ban-drop-table", "3 syntax-error"]
      )
    })
  )
})

describe("what is accepted with a reason", () => {
  const errors = (text: string) =>
    Effect.map(find(text), (findings) =>
      findings
        .filter(({ severity }) => severity !== "notice")
        .map(({ line, message, rule }) => ({ line, rule, message }))
    )
  const rulesOf = (text: string) =>
    Effect.map(errors(text), (found) => found.map(({ line, rule }) => `${line} ${rule}`))

  it.effect("is left out where it is said: above, behind or within the statement", () =>
    Effect.gen(function* () {
      const reason = "-- shipshape-ignore ban-drop-table: unused since May"
      assert.deepStrictEqual(yield* rulesOf(`${reason}\nDROP TABLE a;`), [])
      assert.deepStrictEqual(yield* rulesOf(`${reason}\n-- and more\n\nDROP TABLE a;`), [])
      assert.deepStrictEqual(yield* rulesOf(`DROP TABLE a; ${reason}`), [])
      assert.deepStrictEqual(yield* rulesOf(`DROP TABLE IF EXISTS\n${reason}\n a;`), [])
      assert.deepStrictEqual(yield* rulesOf("/* shipshape-ignore ban-drop-table: unused */ DROP TABLE a;"), [])
    })
  )

  it.effect("holds for that statement and that rule only", () =>
    Effect.gen(function* () {
      const reason = "-- shipshape-ignore ban-drop-table: unused since May"
      assert.deepStrictEqual(yield* rulesOf(`${reason}\nDROP TABLE IF EXISTS a;\nDROP TABLE IF EXISTS b;`), [
        "3 ban-drop-table"
      ])
      assert.deepStrictEqual(yield* rulesOf(`DROP TABLE IF EXISTS b;\n${reason}\nDROP TABLE IF EXISTS a CASCADE;`), [
        "1 ban-drop-table",
        "3 drop-cascade"
      ])
      const both = "-- shipshape-ignore ban-drop-table, drop-cascade: unused since May\nDROP TABLE a CASCADE;"
      assert.deepStrictEqual(yield* rulesOf(both), [])
      const behind = `DROP TABLE IF EXISTS a; ${reason}\nDROP TABLE IF EXISTS b;`
      assert.deepStrictEqual(yield* rulesOf(behind), ["2 ban-drop-table"])
    })
  )

  it.effect("holds within a DO block for what stands below, and above it for all of it", () =>
    Effect.gen(function* () {
      const reason = "-- shipshape-ignore hidden-delete: these are test rows"
      const [first, second] = ["DELETE FROM a WHERE b = 1;", "DELETE FROM c WHERE d = 1;"]
      assert.deepStrictEqual(yield* rulesOf(`DO $$ BEGIN\n${reason}\n${first}\n${second}\nEND $$;`), [
        "4 hidden-delete"
      ])
      assert.deepStrictEqual(yield* rulesOf(`${reason}\nDO $$ BEGIN\n${first}\n${second}\nEND $$;`), [])
    })
  )

  it.effect("can be said of a whole file", () =>
    Effect.gen(function* () {
      const text =
        "-- shipshape-ignore-file ban-drop-table: a clean-up\nDROP TABLE IF EXISTS a;\nDROP TABLE IF EXISTS b;"
      assert.deepStrictEqual(yield* rulesOf(text), [])
    })
  )

  it.effect("is not left out without a reason, and what is wrong with an ignore is said", () =>
    Effect.gen(function* () {
      const without = yield* errors("-- shipshape-ignore ban-drop-table\nDROP TABLE a;")
      assert.deepStrictEqual(without, [
        { line: 1, rule: "bad-ignore", message: "this ignore says no reason, and is not followed" },
        { line: 2, rule: "ban-drop-table", message: "the rows of a are gone" }
      ])
      const unknown = yield* errors("-- shipshape-ignore drop-table-ban: gone\nSELECT 1;")
      assert.deepStrictEqual(
        unknown.map(({ message }) => message),
        ["there is no rule drop-table-ban; ban-drop-table is one"]
      )
      const idle = yield* errors("-- shipshape-ignore ban-drop-table: gone\nSELECT 1;")
      assert.deepStrictEqual(
        idle.map(({ message }) => message),
        ["ban-drop-table finds nothing here"]
      )
    })
  )
})

describe("what Django prints", () => {
  const added = `--
-- Add field public to recipe
--
ALTER TABLE "core_recipe" ADD COLUMN "public" boolean DEFAULT false NOT NULL;
ALTER TABLE "core_recipe" ALTER COLUMN "public" DROP DEFAULT;
CREATE INDEX "core_recipe_public_1" ON "core_recipe" ("public");
`

  it.effect("is one transaction with its BEGIN and COMMIT, and none where atomic = False", () =>
    Effect.gen(function* () {
      const atomic = yield* find(`BEGIN;\n${added}COMMIT;`)
      const names = (findings: ReadonlyArray<Lint.Finding>) => findings.map(({ rule }) => rule)
      assert.deepStrictEqual(names(atomic), ["dropped-default", "require-concurrent-index-creation"])
      assert.match(atomic[1]?.message ?? "", /and readers too, as the ALTER TABLE above/)
      const loose = yield* find(added)
      assert.include(names(loose), "prefer-robust-stmts")
      assert.notMatch(loose.find(({ rule }) => rule.startsWith("require"))?.message ?? "", /readers too/)
    })
  )

  it.effect("makes tables, keys and indexes that hold up nobody", () =>
    Effect.gen(function* () {
      const text = `BEGIN;
CREATE TABLE "app_b" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "a_id" bigint NOT NULL);
ALTER TABLE "app_b" ADD CONSTRAINT "app_b_a_id_fk" FOREIGN KEY ("a_id") REFERENCES "app_a" ("id") DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE "app_b" ADD CONSTRAINT "app_b_uniq" UNIQUE ("id", "a_id");
CREATE INDEX "app_b_a_id" ON "app_b" ("a_id");
COMMIT;`
      assert.deepStrictEqual(yield* find(text), [])
    })
  )
})
