/** What undo takes back, and what it refuses to: on the database in memory and on real ones alike. */
import { assert } from "@effect/vitest"
import { Failure, type Step } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type Ground, nasty, type Services } from "./laws.ts"

interface Scenario {
  readonly name: string
  readonly run: (ground: Ground) => Effect.Effect<void, unknown, Services>
}

/** What the laws of undo hold for. */
export const undone: ReadonlyArray<Scenario> = [
  {
    name: "an extension",
    run: (ground) => Laws.undo({ step: Postgres.extension("x", { name: "pg_trgm" }), see: ground.see })
  },
  {
    name: "an extension, and what it needs",
    run: (ground) =>
      Laws.undo({
        step: Postgres.extension("x", { name: "earthdistance", cascade: true }),
        see: ground.see,
        half: ground.createExtension("cube")
      })
  },
  {
    name: "an extension, and not what it needs and was there",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createExtension("cube")
        yield* Laws.undo({
          step: Postgres.extension("x", { name: "earthdistance", cascade: true }),
          see: ground.see
        })
      })
  },
  {
    name: "an enum",
    run: (ground) =>
      Laws.undo({ step: Postgres.enum("x", { name: nasty.name, labels: ["a", nasty.label] }), see: ground.see })
  },
  {
    name: "a column, in a table without rows and in one with rows",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable(nasty.name)
        const column = { table: nasty.name, name: `c"o$$l'; --`, type: "varchar(200)" }
        yield* Laws.undo({ step: Postgres.column("x", column), see: ground.see })
        yield* ground.insertRow(nasty.name)
        yield* Laws.undo({ step: Postgres.column("x", column), see: ground.see })
        yield* Laws.undo({
          step: Postgres.column("x", { ...column, nullable: false, default: "'it''s' || ' $1 \\'" }),
          see: ground.see
        })
      })
  },
  {
    name: "an enum, and a column of it",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable("documents")
        yield* ground.insertRow("documents")
        yield* ground.createEnum("status", ["draft", "final"])
        yield* Laws.undo({
          step: Postgres.column("x", {
            table: "documents",
            name: "status",
            type: "status",
            nullable: false,
            default: "'draft'"
          }),
          see: ground.see
        })
      })
  }
]

/** Captures, applies, lets something happen, and restores: what that fails with, after which nothing has changed. */
const refused = Effect.fnUntraced(function* <A, E>(
  ground: Ground,
  step: Step.Step<A, E, Services, Services, string>,
  meanwhile: Effect.Effect<unknown, unknown, Services>
) {
  const { apply, undo } = yield* Effect.fromResult(step.prepare(new Map()))
  if (undo === undefined) return assert.fail(`${step.type} has no undo`)
  const captured = yield* undo.capture
  yield* apply
  yield* meanwhile
  const before = yield* ground.see
  const error = Failure.report(yield* Effect.flip(undo.restore(captured)))
  assert.deepStrictEqual(yield* ground.see, before)
  return error
})

/** What undo refuses, as it would lose something or there is no way back. */
export const kept: ReadonlyArray<Scenario> = [
  {
    name: "a column to which something was written",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable(nasty.name)
        yield* ground.insertRow(nasty.name)
        const column = Postgres.column("x", { table: nasty.name, name: "note", type: "text", default: "'none'" })
        const error = yield* refused(ground, column, ground.insertRow(nasty.name, "note"))
        assert.strictEqual(error.code, "postgres.undo-refused")
        assert.include(error.message, `column public.${nasty.name}.note is not dropped`)
      })
  },
  {
    name: "labels of an enum",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createEnum("status", ["draft"])
        const labels = ["draft", "review", nasty.label]
        const error = yield* refused(ground, Postgres.enum("x", { name: "status", labels }), Effect.void)
        assert.strictEqual(error.code, "postgres.undo-refused")
        assert.include(error.message, `cannot remove one: review, ${nasty.label}`)
      })
  },
  {
    name: "an enum that a column has by now",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createTable("documents")
        const step = Postgres.enum("x", { name: "status", labels: ["draft"] })
        const column = Postgres.column("y", { table: "documents", name: "status", type: "status" })
        const added = Effect.flatMap(Effect.fromResult(column.prepare(new Map())), ({ apply }) => apply)
        const error = yield* refused(ground, step, added)
        assert.strictEqual(error.code, "postgres.statement-failed")
        assert.include(error.message, "2BP01")
        assert.include(error.hint, "depend on it")
      })
  },
  {
    name: "an extension that another one needs by now",
    run: (ground) =>
      Effect.gen(function* () {
        const step = Postgres.extension("x", { name: "cube" })
        const error = yield* refused(ground, step, ground.createExtension("earthdistance"))
        assert.include(error.message, "2BP01")
      })
  },
  {
    name: "the update of an extension",
    run: (ground) =>
      Effect.gen(function* () {
        yield* ground.createExtension("pg_trgm", "1.5")
        const error = yield* refused(ground, Postgres.extension("x", { name: "pg_trgm", version: "1.6" }), Effect.void)
        assert.strictEqual(error.code, "postgres.undo-refused")
        assert.include(error.message, "cannot go back to version 1.5")
      })
  }
]
