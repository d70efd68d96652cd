/** Random states on random tables: reached, the same from wherever, kept, and reached by a run that was killed and begun again. */
import { assert, describe, it } from "@effect/vitest"
import { PostgresControl } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll } from "vitest"
import { apply, check, serverLayer } from "./support/database.ts"
import * as embedded from "./support/embedded.ts"
import type { Services } from "./support/laws.ts"
import { numbers, wanted } from "./support/randomTable.ts"
import * as schemas from "./support/schemas.ts"
import * as system from "./support/system.ts"

const seeds = Array.from({ length: process.env.SHIPSHAPE_SWEEP === "full" ? 20 : 5 }, (_, i) => i + 1)

/** The machine's own server, whose `pg_dump` says what a schema is; else the embedded one, whose catalog does. */
let server: schemas.Server
let stop: () => Promise<void> = () => Promise.resolve()

beforeAll(async () => {
  const running = system.programs === undefined ? await embedded.start() : await system.start()
  server = "port" in running ? schemas.embedded(running) : schemas.installed(running)
  stop = running.stop
})
afterAll(() => stop())

class Killed extends Error {}

/** Runs something with a control that counts the changes, and ends the run before the one of this number. */
const counted = <A, E>(run: Effect.Effect<A, E, Services>, count: { n: number }, last = Number.POSITIVE_INFINITY) => {
  const dying =
    <Args extends ReadonlyArray<unknown>, B, F>(change: (...args: Args) => Effect.Effect<B, F>) =>
    (...args: Args): Effect.Effect<B, F> =>
      Effect.suspend(() => {
        count.n += 1
        return count.n > last ? Effect.die(new Killed()) : change(...args)
      })
  const { PostgresControl: Control } = PostgresControl
  return Effect.flatMap(Control, (control) =>
    Effect.provideService(run, Control, {
      ...control,
      createEnum: dying(control.createEnum),
      addLabel: dying(control.addLabel),
      addColumn: dying(control.addColumn),
      changeTable: dying(control.changeTable)
    })
  )
}

const fresh = Effect.fnUntraced(function* (sql: string) {
  const name = yield* Effect.promise(server.create)
  yield* Effect.promise(() => schemas.ask(server, name, sql))
  const { host, password, port, user } = server.client(name)
  const layer = serverLayer({
    host,
    port,
    user: user ?? "postgres",
    ...(password == null ? {} : { password: Redacted.make(String(password)) }),
    database: name
  })
  const rows = `SELECT coalesce(md5(string_agg((to_jsonb(t) - 'c0' - 'c1' - 'c2' - 'c3')::text, ',' ORDER BY id)), '') AS it, count(*)::int AS n FROM "Things" t`
  return {
    layer,
    dump: Effect.promise(() => server.dump(name)),
    rows: Effect.promise(async () => (await schemas.ask(server, name, rows))[0]?.rows)
  }
})

/** Columns stand in the order in which they came. */
const unordered = (dump: string): ReadonlyArray<string> =>
  dump
    .split("\n")
    .map((line) => line.replace(/,$/, ""))
    .toSorted()

describe("a random state", () => {
  for (const seed of seeds) {
    it.live(
      `${seed} is reached from random tables, kept, and reached by who was killed`,
      () =>
        Effect.gen(function* () {
          const { steps, table } = wanted(seed)
          const all = Effect.forEach(steps, apply, { discard: true })
          const reach = Effect.fnUntraced(function* (from: number) {
            const ground = yield* fresh(table(from))
            const [before, count] = [yield* ground.rows, { n: 0 }]
            yield* Effect.provide(counted(all, count), ground.layer)
            for (const step of steps) {
              const found = yield* Effect.provide(check(step), ground.layer)
              assert.strictEqual(found._tag, "Satisfied", `seed ${seed} from ${from}: ${step.type}`)
            }
            const dump = yield* ground.dump
            // Again, and nothing is changed.
            const again = { n: 0 }
            yield* Effect.provide(
              Effect.forEach(steps, (step) =>
                Effect.flatMap(check(step), ({ _tag }) =>
                  _tag === "Satisfied" ? Effect.void : counted(apply(step), again)
                )
              ),
              ground.layer
            )
            assert.deepStrictEqual([again.n, yield* ground.dump, yield* ground.rows], [0, dump, before])
            return { dump, changes: count.n }
          })
          const [a, b] = [yield* reach(seed * 100), yield* reach(seed * 100 + 1)]
          assert.deepStrictEqual(unordered(a.dump), unordered(b.dump))
          const below = numbers(seed)
          for (const kill of [below(a.changes), below(a.changes)]) {
            const ground = yield* fresh(table(seed * 100))
            yield* Effect.exit(Effect.provide(counted(all, { n: 0 }, kill), ground.layer))
            yield* Effect.provide(all, ground.layer)
            assert.strictEqual(yield* ground.dump, a.dump, `killed before change ${kill + 1} of ${a.changes}`)
          }
        }),
      120_000
    )
  }
})
