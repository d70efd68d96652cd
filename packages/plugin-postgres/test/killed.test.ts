/** A run that ends between any two statements leaves what the next run finishes, and the end is the same. */
import { assert, describe, it } from "@effect/vitest"
import type { Step } from "@shipshape/core"
import { Postgres, PostgresControl } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { apply, check, forThisFile, serverLayer } from "./support/database.ts"
import type { Services } from "./support/laws.ts"

const database = forThisFile()

type AnyStep = Step.Step<unknown, unknown, Services, Services, string>

const before = `CREATE TYPE status AS ENUM ('draft', 'old', 'final');
  CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1), (2);
  CREATE TABLE things (id int PRIMARY KEY, parent int, s status DEFAULT 'draft', note text, CONSTRAINT ranged CHECK (id < 10));
  CREATE INDEX noted ON things (note); INSERT INTO things SELECT n, 1 + n % 2, 'old', NULL FROM generate_series(1, 9) n`

const steps: ReadonlyArray<AnyStep> = [
  Postgres.enum("x", {
    name: "status",
    labels: ["new", "draft", "archived", "late", "final"],
    renames: { old: "archived" }
  }),
  Postgres.column("x", { table: "things", name: "note", type: "text", default: "'none'", nullable: false }),
  Postgres.column("x", { table: "things", name: "token", type: "uuid", default: "gen_random_uuid()", nullable: false }),
  Postgres.check("x", { table: "things", name: "ranged", expression: "id < 100" }),
  Postgres.unique("x", { table: "things", name: "once", columns: ["id", "parent"] }),
  Postgres.foreignKey("x", { table: "things", name: "of", columns: ["parent"], references: { table: "parents" } }),
  Postgres.index("x", { table: "things", name: "noted", columns: ["note", "s"] })
]

const schema = `SELECT
  (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull) ORDER BY attname) FROM pg_attribute WHERE attrelid = 'things'::regclass AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT json_agg(json_build_array(conname, convalidated, pg_get_constraintdef(oid)) ORDER BY conname) FROM pg_constraint WHERE conrelid = 'things'::regclass) AS constraints,
  (SELECT json_agg(json_build_array(pg_get_indexdef(indexrelid), indisvalid) ORDER BY 1::text) FROM pg_index WHERE indrelid = 'things'::regclass) AS indexes,
  enum_range(NULL::status)::text AS labels, (SELECT string_agg(note, ',') FROM things) AS notes, (SELECT count(DISTINCT token)::int FROM things) AS tokens`

class Killed extends Error {}

/** Runs something with a control that ends the run before the change of this number, and counts the changes. */
const dyingBefore = <A, E>(run: Effect.Effect<A, E, Services>, number: number, count: { n: number }) => {
  const dying =
    <Args extends ReadonlyArray<unknown>, B, F>(change: (...args: Args) => Effect.Effect<B, F>) =>
    (...args: Args): Effect.Effect<B, F> =>
      Effect.suspend(() => {
        count.n += 1
        return count.n > number ? Effect.die(new Killed()) : change(...args)
      })
  const { PostgresControl: Control } = PostgresControl
  return Effect.flatMap(Control, (control) =>
    Effect.provideService(run, Control, {
      ...control,
      addLabel: dying(control.addLabel),
      renameLabel: dying(control.renameLabel),
      addColumn: dying(control.addColumn),
      changeTable: dying(control.changeTable)
    })
  )
}

describe("a run that ends", () => {
  it.live(
    "between any two changes of any step is gone on with, to the same end",
    () =>
      Effect.gen(function* () {
        const { createDatabase, password, port, sql, user } = database.embedded()
        const fresh = Effect.gen(function* () {
          const name = yield* Effect.promise(createDatabase)
          yield* Effect.promise(() => sql(name, before))
          const layer = serverLayer({ port, user, password: Redacted.make(password), database: name })
          const see = Effect.map(
            Effect.promise(() => sql(name, schema)),
            ({ rows }): unknown => rows[0]
          )
          return { layer, see }
        })
        const all = Effect.forEach(steps, apply, { discard: true })
        const whole = yield* fresh
        const count = { n: 0 }
        yield* Effect.provide(dyingBefore(all, Number.POSITIVE_INFINITY, count), whole.layer)
        const wanted = yield* whole.see
        assert.isAbove(count.n, 20)
        for (let number = 0; number < count.n; number++) {
          const { layer, see } = yield* fresh
          yield* Effect.exit(Effect.provide(dyingBefore(all, number, { n: 0 }), layer))
          yield* Effect.provide(all, layer)
          assert.deepStrictEqual(yield* see, wanted, `ended before change ${number}`)
          const found = yield* Effect.provide(
            Effect.forEach(steps, (step) => check(step)),
            layer
          )
          assert.deepStrictEqual(
            found.map(({ _tag }) => _tag),
            steps.map(() => "Satisfied")
          )
        }
      }),
    300_000
  )
})
