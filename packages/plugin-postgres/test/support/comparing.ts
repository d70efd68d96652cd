/** `Postgres.compare` keeps the laws: on the database in memory and on a real one alike. */
import { assert } from "@effect/vitest"
import { Laws } from "@shipshape/core/testing"
import { Postgres, type PostgresControl, type PostgresProbe, type PostgresSchema } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"

export type Services =
  | PostgresProbe.PostgresProbe
  | PostgresControl.PostgresControl
  | PostgresSchema.SchemaProbe
  | PostgresSchema.SchemaControl

/** A database with the table `orders (id int, total int)`, five of its rows, and the enum `status (open)`. */
export interface Ground {
  readonly layer: Layer.Layer<Services, unknown>
  /** What is expected: `orders (id int, amount int, note text)`, `status (new, open, done)`, `lines (id int)`. */
  readonly expected: string
  readonly see: Effect.Effect<unknown>
  readonly dropLines: Effect.Effect<void>
  readonly addStray: Effect.Effect<void>
}

export const sql = {
  before:
    "CREATE TYPE status AS ENUM ('open'); CREATE TABLE orders (id int, total int); INSERT INTO orders SELECT 1, 2 FROM generate_series(1, 5)",
  expected:
    "CREATE TYPE status AS ENUM ('new', 'open', 'done'); CREATE TABLE orders (id int, amount int, note text); CREATE TABLE lines (id int);"
} as const

const renames = [{ kind: "column", table: "orders", from: "total", to: "amount" }] as const

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flip(effect)

const prepared = (step: ReturnType<typeof Postgres.compare>) => Effect.fromResult(step.prepare(new Map()))

export const keepsTheLaws = Effect.fnUntraced(function* ({ addStray, dropLines, expected, see }: Ground) {
  const verify = yield* prepared(Postgres.compare("x", { expected }))
  const drift = yield* failure(verify.apply)
  assert.deepInclude(drift, { code: "postgres.schema-drifted" })
  const asked = yield* verify.check
  assert.strictEqual(asked._tag, "Needed")

  // What nobody has stated as renamed would be dropped.
  const careless = yield* prepared(Postgres.compare("x", { expected, mode: "converge" }))
  const before = yield* see
  assert.deepInclude(yield* failure(careless.check), {
    code: "postgres.schema-change-refused",
    objects: ["public.orders.total"]
  })
  assert.deepInclude(yield* failure(careless.apply), { code: "postgres.schema-change-refused" })
  assert.deepStrictEqual(yield* see, before)

  yield* Laws.check({
    step: Postgres.compare("x", { expected, mode: "converge", renames }),
    see,
    damage: dropLines
  })
  assert.strictEqual((yield* verify.check)._tag, "Satisfied")
  yield* verify.apply

  yield* addStray
  assert.deepInclude(yield* failure(careless.check), { objects: ["public.stray"] })
  const ignoring = yield* prepared(Postgres.compare("x", { expected, ignore: ["stray"] }))
  assert.strictEqual((yield* ignoring.check)._tag, "Satisfied")
  const accepting = yield* prepared(Postgres.compare("x", { expected, mode: "converge", accept: ["public.stray"] }))
  assert.deepInclude(yield* accepting.check, { _tag: "Needed", risk: "destructive" })
  yield* accepting.apply
  assert.strictEqual((yield* verify.check)._tag, "Satisfied")
})
