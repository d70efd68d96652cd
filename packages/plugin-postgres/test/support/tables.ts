/** The scenarios in which the steps of tables keep the laws: on the database in memory and on real ones alike. */
import { assert } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { type Ground, nasty, type Services } from "./laws.ts"

const table = nasty.name

/** A table with rows, and a column of text. */
const filled = (ground: Ground) => Effect.andThen(ground.createTable(table), ground.insertRow(table))

/** Applies a step that is not what is tried. */
const make = <E, CR extends Services>(step: {
  readonly prepare: (
    values: ReadonlyMap<string, unknown>
  ) => import("effect/Result").Result<{ readonly apply: Effect.Effect<void, E, CR> }, unknown>
}) => Effect.flatMap(Effect.fromResult(step.prepare(new Map())), ({ apply }) => apply)

const scenario = (
  name: string,
  run: (ground: Ground) => Effect.Effect<void, unknown, Services>
): { readonly name: string; readonly run: (ground: Ground) => Effect.Effect<void, unknown, Services> } => ({
  name,
  run: (ground) => Effect.andThen(filled(ground), run(ground))
})

const longEnough = Postgres.check("x", { table, name: `c"k`, expression: "length(name) > 0" })

export const scenarios = [
  scenario("a check, which is undone", (ground) =>
    Effect.gen(function* () {
      yield* Laws.check({ step: longEnough, see: ground.see, damage: ground.dropConstraint(table, `c"k`) })
      yield* ground.dropConstraint(table, `c"k`)
      yield* Laws.undo({ step: longEnough, see: ground.see })
    })
  ),
  scenario("a check with another meaning, which is replaced, and comes back", (ground) =>
    Effect.gen(function* () {
      yield* make(longEnough)
      const other = Postgres.check("x", { table, name: `c"k`, expression: "length(name) < 99" })
      yield* Laws.undo({ step: other, see: ground.see })
      yield* Laws.check({ step: other, see: ground.see })
    })
  ),
  scenario("a unique constraint, also where its index was left half built", (ground) =>
    Effect.gen(function* () {
      const step = Postgres.unique("x", { table, name: `u"q`, columns: ["name"] })
      yield* Laws.undo({ step, see: ground.see })
      yield* Laws.check({ step, see: ground.see, damage: ground.dropConstraint(table, `u"q`) })
      yield* ground.dropConstraint(table, `u"q`)
      yield* make(Postgres.index("y", { table, name: `u"q`, columns: ["name"], unique: true }))
      yield* ground.spoilIndex(table, `u"q`)
      yield* Laws.check({ step, see: ground.see })
    })
  ),
  scenario("an index, also where it was left half built, and where it is another one", (ground) =>
    Effect.gen(function* () {
      const step = Postgres.index("x", {
        table,
        name: `i"x`,
        columns: [
          { expression: "lower(name)", operators: "text_pattern_ops" },
          { column: "name", descending: true }
        ],
        where: "name IS NOT NULL"
      })
      yield* Laws.undo({ step, see: ground.see })
      yield* Laws.check({ step, see: ground.see, damage: ground.spoilIndex(table, `i"x`) })
      yield* Laws.check({
        step: Postgres.index("x", { table, name: `i"x`, columns: ["name"] }),
        see: ground.see,
        damage: ground.dropIndex(table, `i"x`)
      })
    })
  ),
  scenario("a foreign key to the table itself, which is undone and replaced", (ground) =>
    Effect.gen(function* () {
      yield* make(Postgres.column("c", { table, name: "parent", type: "text" }))
      const key = (onDelete: "cascade" | "set null") =>
        Postgres.foreignKey("x", { table, name: `f"k`, columns: ["parent"], references: { table }, onDelete })
      yield* Laws.undo({ step: key("cascade"), see: ground.see })
      yield* Laws.check({
        step: key("cascade"),
        see: ground.see,
        damage: ground.dropConstraint(table, `f"k`)
      })
      yield* Laws.check({ step: key("set null"), see: ground.see })
    })
  ),
  scenario("a column's default, and that it is not null, which are undone", (ground) =>
    Effect.gen(function* () {
      yield* make(Postgres.column("c", { table, name: `n"n`, type: "text", default: "'a'" }))
      const step = Postgres.column("x", { table, name: `n"n`, type: "text", default: "'b'", nullable: false })
      yield* Laws.undo({ step, see: ground.see })
      yield* Laws.check({ step, see: ground.see })
      const bare = Postgres.column("x", { table, name: `n"n`, type: "text", default: null, nullable: true })
      yield* Laws.check({ step: bare, see: ground.see })
      const unstated = Postgres.column("x", { table, name: `n"n`, type: "text" })
      const { check } = yield* Effect.fromResult(unstated.prepare(new Map()))
      assert.strictEqual((yield* check)._tag, "Satisfied")
    })
  ),
  scenario("renamed labels of an enum, with new ones between them; a rename alone is undone", (ground) =>
    Effect.gen(function* () {
      yield* ground.createEnum("status", ["draft", "old'", "final"])
      const renamed = Postgres.enum("x", {
        name: "status",
        labels: ["draft", nasty.label, "final"],
        renames: { "old'": nasty.label }
      })
      yield* Laws.undo({ step: renamed, see: ground.see })
      yield* Laws.check({
        step: Postgres.enum("x", {
          name: "status",
          labels: ["new", "draft", "more", nasty.label, "final"],
          renames: { "old'": nasty.label }
        }),
        see: ground.see
      })
      assert.deepStrictEqual(yield* ground.labels("status"), ["new", "draft", "more", nasty.label, "final"])
    })
  ),
  scenario("an enum that is made anew, with fewer labels in another order", (ground) =>
    Effect.gen(function* () {
      yield* ground.createEnum("status", ["draft", "legacy", "final"])
      yield* make(Postgres.column("c", { table, name: "status", type: "status", default: "'draft'", nullable: false }))
      yield* make(Postgres.column("d", { table, name: "history", type: "status[]" }))
      yield* Laws.check({
        step: Postgres.replaceEnum("x", {
          name: "status",
          labels: ["final", nasty.label, "draft"],
          values: { legacy: "final" }
        }),
        see: ground.see
      })
      assert.deepStrictEqual(yield* ground.labels("status"), ["final", nasty.label, "draft"])
      yield* Laws.check({
        step: Postgres.column("x", { table, name: "status", type: "status", default: "'final'" }),
        see: ground.see
      })
    })
  )
]
