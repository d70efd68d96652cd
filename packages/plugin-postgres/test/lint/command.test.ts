import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { afterAll } from "vitest"
import { commandIn, type Flags } from "../support/contributed.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shipshape-lint-"))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const write = (name: string, content: string | Uint8Array): string => {
  fs.writeFileSync(path.join(folder, name), content)
  return name
}

const run = (operands: ReadonlyArray<string>, given: Flags = {}) => commandIn(folder, "lint", given, operands).ended

const bad = write(
  "bad.sql",
  "SELECT 1;\n\tDROP TABLE orders; -- all of it\nALTER TABLE t\n  ALTER c\n  DROP NOT NULL;\n"
)
const good = write("good.sql", "CREATE TABLE t (id bigint PRIMARY KEY);\n")
const warned = write("warned.sql", "ALTER TABLE t ALTER c DROP NOT NULL;\n")

describe("sql lint", () => {
  it.effect("ends with 1 where there is an error, and else with 0", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run([bad])).code, 1)
      assert.strictEqual((yield* run([good, bad])).code, 1)
      assert.strictEqual((yield* run([warned])).code, 0)
      assert.deepStrictEqual(yield* run([good]), { code: 0, out: "nothing found in 1 file\n", err: "" })
    })
  )

  it.effect("prints nothing but JSON", () =>
    Effect.gen(function* () {
      const { err, out } = yield* run([bad, warned], { json: true })
      assert.strictEqual(err, "")
      const [{ file, line, column, rule, severity, message, hint }] = JSON.parse(out)
      assert.deepStrictEqual([file, line, column, rule, severity], ["bad.sql", 2, 2, "ban-drop-table", "error"])
      assert.isTrue([message, hint].every((text) => String(text).length > 10))
      assert.strictEqual((yield* run([good], { json: true })).out, "[]\n")
    })
  )

  it.effect("shows the line, what points at it, why, and what to write instead", () =>
    Effect.gen(function* () {
      const { out } = yield* run([bad])
      assert.include(
        out,
        [
          "error[ban-drop-table] the rows of orders are gone",
          " ╭─ bad.sql:2:2",
          "2 │ \tDROP TABLE orders; -- all of it",
          "  │ \t^^^^^^^^^^",
          "    why: Its rows are gone, and a program that is still running and asks for it fails from this",
          "         moment on.",
          "    instead: release programs that do not use the table first, and take a backup; ignore with that",
          "             as the reason"
        ].join("\n")
      )
      assert.include(out, "4 │   ALTER c\n  │   ^^^^^^^\n")
      assert.match(out, /\n1 error, 2 warnings in 1 file\n$/)
      for (const line of out.split("\n")) assert.isAtMost(line.length, 100)
    })
  )

  it.effect("prints SARIF", () =>
    Effect.gen(function* () {
      const { out } = yield* run([bad], { sarif: true })
      const { runs, version } = JSON.parse(out)
      assert.strictEqual(version, "2.1.0")
      const [{ results, tool }] = runs
      assert.strictEqual(tool.driver.rules.length, Lint.rules.length)
      for (const { ruleId, ruleIndex } of results) assert.strictEqual(tool.driver.rules[ruleIndex].id, ruleId)
      const drop = results.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "ban-drop-table")
      assert.strictEqual(drop.level, "error")
      assert.deepStrictEqual(drop.locations[0].physicalLocation, {
        artifactLocation: { uri: "bad.sql" },
        region: { startLine: 2, startColumn: 2, endLine: 2, endColumn: 12 }
      })
    })
  )

  it.effect("refuses what it cannot read, and what contradicts itself", () =>
    Effect.gen(function* () {
      const latin = write("latin.sql", Uint8Array.from([0x2d, 0x2d, 0xe9]))
      const refusals: ReadonlyArray<readonly [Parameters<typeof run>, RegExp]> = [
        [[["missing.sql"]], /missing\.sql: there is no such file/],
        [[[latin]], /latin\.sql is not encoded in UTF-8/],
        [[[good], { json: true, sarif: true }], /two forms of the same/],
        [[[good], { trace: true }], /--trace needs --against/],
        [[[good], { serverVersion: "new" }], /cannot be “new”/],
        [[[good], { against: "postgres://u@127.0.0.1:1/d" }], /no PostgreSQL answers at 127\.0\.0\.1:1/]
      ]
      for (const [given, message] of refusals) {
        const error = yield* Effect.flip(run(...given))
        assert.match(Predicate.isError(error) ? error.message : "", message)
      }
    })
  )
})
