/** Whatever is given: findings, and never a crash; and what was found is found again wherever it stands. */
import { assert, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type Case, cases } from "./cases.ts"

const textOf = (one: Case): string => (typeof one === "string" ? one : one.sql)

const all = Object.values(cases).flatMap(({ accepts, finds }) => [...finds, ...accepts].map(textOf))

/** Random numbers that are the same in each run. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const check = (text: string) =>
  Effect.map(Lint.lint([{ file: "a.sql", text }]), (findings) => {
    const lines = text.split("\n")
    for (const { column, endColumn, endLine, line, rule } of findings) {
      const where = `${rule} at ${line}:${column} of ${text}`
      assert.isTrue(line >= 1 && line <= lines.length && column >= 1, where)
      assert.isAtMost(column, [...(lines[line - 1] ?? "")].length + 1, where)
      assert.isTrue(endLine > line || endColumn > column, where)
    }
    return findings
  })

it.effect("what is cut off anywhere is found fault with, and nothing else happens", () =>
  Effect.gen(function* () {
    const random = randomOf(1)
    for (const text of all) {
      for (let n = 0; n < 2; n++) yield* check(text.slice(0, random(text.length + 1)))
      for (let n = 0; n < 2; n++) yield* check(text.slice(random(text.length)))
    }
  })
)

it.effect("what is put together anyhow is looked at", () =>
  Effect.gen(function* () {
    const random = randomOf(2)
    const pick = () => all[random(all.length)] ?? ""
    const words = all.flatMap((text) => text.split(/\b/))
    for (let n = 0; n < 300; n++) yield* check(`${pick()};\n${pick()} -- é\n;${pick()}`)
    for (let n = 0; n < 300; n++) {
      yield* check(Array.from({ length: 1 + random(12) }, () => words[random(words.length)]).join(" "))
    }
  })
)

it.effect("what stands before changes places by as much, and findings not at all", () =>
  Effect.gen(function* () {
    for (const text of all) {
      const before = "-- é 😀\n/* DROP TABLE\n t; */\n"
      // A comment above an ignore would be another comment.
      const [alone, below] = [yield* check(text), yield* check(before + text)]
      assert.deepStrictEqual(
        below.map(({ column, line, message, rule }) => [rule, line - 3, column, message]),
        alone.map(({ column, line, message, rule }) => [rule, line, column, message]),
        text
      )
    }
  })
)

it.effect("a long file takes a moment", () =>
  Effect.gen(function* () {
    const one = (n: number) =>
      `ALTER TABLE t${n} ADD COLUMN IF NOT EXISTS c int DEFAULT 1;\n-- shipshape-ignore update-without-where: few rows\nUPDATE t${n} SET c = 2;\n`
    const text = Array.from({ length: 2_000 }, (_, n) => one(n)).join("")
    const started = performance.now()
    assert.strictEqual((yield* check(text)).length, 0)
    // It takes about two seconds on a slow machine; what grew with the square would take minutes.
    assert.isBelow(performance.now() - started, 20_000)
  })
)
