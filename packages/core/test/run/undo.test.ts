import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, type Event, type Failure } from "@shipshape/core"
import { MemoryStore, Rehearsal } from "@shipshape/core/testing"
import * as Effect from "effect/Effect"
import { dial, dialsPlugin, layer, makeDials, rusty } from "../support/Dials.ts"

const plugins = () => [dialsPlugin({})]
const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]

/** Ten dials; every third one is rusty: it cannot be turned back. */
const ten = (onFailure: "stop" | "undo" | "rollback", value = 1) =>
  defineDeployment("ten", { environments: { staging: { data: "disposable", onFailure } }, plugins }, function* () {
    for (const [i, name] of names.entries()) {
      if (i % 3 === 2) yield* rusty(name, { name, value })
      else yield* dial(name, { name, value })
    }
  })

const undoneOf = (events: ReadonlyArray<Event.Event>) =>
  events.flatMap((event) => (event._tag === "StepUndone" ? [`${event.id} ${event.outcome}`] : []))

describe("a failure injected at each step of ten leaves what the policy promises", () => {
  for (const [at, name] of names.entries()) {
    for (const how of ["stuck", "half"] as const) {
      it.effect(`${name} is ${how}: stop leaves what was applied`, () =>
        Effect.gen(function* () {
          const dials = makeDials({ a: 7 })
          dials.broken.set(name, how)
          const run = yield* Rehearsal.apply(ten("stop"), layer(dials), { environment: "staging" })
          assert.strictEqual(run.exitCode, 1)
          assert.deepStrictEqual(undoneOf(run.events), [])
          for (const done of names.slice(0, at)) assert.strictEqual(dials.values.get(done), 1)
          assert.strictEqual(dials.values.has(names[at + 1] ?? "none"), false)
        })
      )

      it.effect(`${name} is ${how}: undo takes back all that can be, in reverse order`, () =>
        Effect.gen(function* () {
          const dials = makeDials({ a: 7 })
          dials.broken.set(name, how)
          const run = yield* Rehearsal.apply(ten("undo"), layer(dials), { environment: "staging" })
          assert.strictEqual(run.exitCode, 1)
          assert.strictEqual(run.failure?.message.includes(`“${name}” failed`), true)
          const begun = names.slice(0, at + 1)
          const undoable = begun.filter((_, i) => i % 3 !== 2)
          assert.deepStrictEqual(
            undoneOf(run.events),
            [...undoable].reverse().map((one) => `${one} undone`)
          )
          const expected = new Map([["a", 7]])
          for (const [i, one] of begun.entries()) {
            if (i % 3 === 2 && (i < at || how === "half")) expected.set(one, i < at ? 1 : -1)
          }
          assert.deepStrictEqual(new Map([...dials.values].sort()), new Map([...expected].sort()))
          const last = run.events.at(-1)
          assert.deepStrictEqual(last?._tag === "RunFinished" && [last.outcome, last.counts.undone], [
            "failed",
            undoable.length
          ])
        })
      )

      it.effect(`${name} is ${how}: rollback goes back to the last release`, () =>
        Effect.gen(function* () {
          const dials = makeDials()
          const store = MemoryStore.layer(MemoryStore.make())
          yield* Rehearsal.apply(ten("rollback", 1), layer(dials), { environment: "staging", store })
          dials.broken.set(name, how)
          if (at % 3 !== 2) {
            const run = yield* Rehearsal.apply(ten("rollback", 2), layer(dials), { environment: "staging", store })
            assert.strictEqual(run.exitCode, 1)
            // What failed half-way fails on the way back, too: everything before it stands where it stood.
            for (const [i, one] of names.slice(0, at).entries()) {
              assert.strictEqual(dials.values.get(one), i % 3 === 2 ? 2 : 1, one)
            }
          }
        })
      )
    }
  }
})

describe("undo", () => {
  it.effect("names in the plan what can be taken back", () =>
    Effect.gen(function* () {
      const run = yield* Rehearsal.plan(ten("undo"), layer(makeDials()), { environment: "staging" })
      assert.strictEqual(run.plan?.onFailure, "undo")
      assert.deepStrictEqual(
        run.plan?.steps.filter((step) => step.undo !== true).map((step) => step.id),
        ["c", "f", "i"]
      )
    })
  )

  it.effect("that fails is told beside the first error, and what was applied before it is left alone", () =>
    Effect.gen(function* () {
      const dials = makeDials()
      dials.broken.set("e", "stuck")
      dials.jammed.add("b")
      const run = yield* Rehearsal.apply(ten("undo"), layer(dials), { environment: "staging" })
      assert.strictEqual(run.failure?.message, "“e” failed: dial e is stuck")
      assert.deepStrictEqual(undoneOf(run.events), ["e undone", "d undone", "b failed"])
      assert.strictEqual(dials.values.get("a"), 1)
      assert.deepStrictEqual(
        run.aftermath.map((failure: Failure.Report) => failure.code),
        ["dials.broken"]
      )
    })
  )

  it.effect("is journalled: what was captured, what was taken back", () =>
    Effect.gen(function* () {
      const dials = makeDials({ a: 7 })
      dials.broken.set("b", "stuck")
      const memory = MemoryStore.make()
      yield* Rehearsal.apply(ten("undo"), layer(dials), { environment: "staging", store: MemoryStore.layer(memory) })
      const journal = memory.shelf({ deployment: "ten", environment: "staging" }).journals.get(1) ?? ""
      const records = journal
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        records.map((record) => `${record._tag} ${record.step ?? ""}`.trim()),
        [
          "RunBegan",
          "Planned",
          "AttemptBegan a",
          "AttemptEnded a",
          "AttemptBegan b",
          "AttemptEnded b",
          "UndoBegan b",
          "UndoEnded b",
          "UndoBegan a",
          "UndoEnded a",
          "RunEnded b"
        ]
      )
      assert.deepStrictEqual(records[2].captured, { value: 7 })
    })
  )
})
