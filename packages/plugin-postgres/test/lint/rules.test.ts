import { assert, describe, it } from "@effect/vitest"
import { Lint } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type Case, cases } from "./cases.ts"

const find = (one: Case) => {
  const { sql, ...options } = typeof one === "string" ? { sql: one } : one
  return Lint.lint([{ file: "migration.sql", text: sql }], options)
}

const names = (findings: ReadonlyArray<Lint.Finding>) => findings.map(({ rule }) => rule)

describe("each rule", () => {
  it("has cases in which it finds something, and in which it does not", () => {
    // These are said by trace() alone.
    const looked = Lint.rules.filter(({ name }) => name !== "lock-taken" && name !== "statement-fails")
    assert.deepStrictEqual(Object.keys(cases).sort(), looked.map(({ name }) => name).sort())
    for (const { accepts, finds } of Object.values(cases)) assert.isAbove(Math.min(accepts.length, finds.length), 0)
  })

  for (const [rule, { accepts, finds }] of Object.entries(cases)) {
    it.effect(rule, () =>
      Effect.gen(function* () {
        for (const one of finds) assert.include(names(yield* find(one)), rule, JSON.stringify(one))
        for (const one of accepts) assert.notInclude(names(yield* find(one)), rule, JSON.stringify(one))
      })
    )
  }
})
