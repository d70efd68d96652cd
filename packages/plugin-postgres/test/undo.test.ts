/** Undo of steps: on worlds in memory, random ones too, and on a real server. */
import { assert, describe, it } from "@effect/vitest"
import { type Step, Target } from "@shipshape/core"
import { Laws } from "@shipshape/core/testing"
import { Postgres, PostgresProbe } from "@shipshape/plugin-postgres"
import { PostgresWorld } from "@shipshape/plugin-postgres/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { forThisFile } from "./support/database.ts"
import * as fake from "./support/fake.ts"
import type { Services } from "./support/laws.ts"
import { groundOf, layerOf } from "./support/real.ts"
import { kept, undone } from "./support/undo.ts"

const scenarios = [
  ["takes back", undone],
  ["refuses to take back", kept]
] as const

for (const [what, all] of scenarios) {
  describe(`on the database in memory undo ${what}`, () => {
    for (const { name, run } of all) {
      it.effect(name, () => {
        const ground = fake.ground()
        return Effect.provide(run(ground), ground.layer)
      })
    }
  })
}

/** A source of numbers that gives the same ones for the same seed (mulberry32). */
const random = (seed: number) => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number): number => Math.floor(next() * n)
  const some = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> => items.filter(() => next() < 0.5)
  return { below, some, one: <A>(items: readonly [A, ...A[]]): A => items[below(items.length)] ?? items[0] }
}

/** A world, and a step for something that it lacks. */
const randomCase = (seed: number) => {
  const { below, one, some } = random(seed)
  const names = ["a", "b", "c", "d", "e", "f"] as const
  const available = Object.fromEntries(
    names.map((name, i) => [name, { version: `1.${below(5)}`, requires: some(names.slice(i + 1)) }])
  )
  const wanted = one(names)
  const world = PostgresWorld.make({
    available,
    extensions: {},
    enums: Object.fromEntries(some(names.filter((name) => name !== wanted)).map((name) => [name, some(names)])),
    tables: {
      [wanted]: Object.fromEntries(some(names.filter((name) => name !== wanted)).map((name) => [name, "text"]))
    }
  })
  // What is installed has what it needs; the wanted one, and what needs it, is not.
  const closure = (name: string): ReadonlyArray<string> => [name, ...(available[name]?.requires ?? []).flatMap(closure)]
  for (const name of some(names)) {
    if (closure(name).includes(wanted)) continue
    for (const each of closure(name))
      world.extensions.set(each, { version: available[each]?.version ?? "", schema: "public" })
  }
  const step = one<() => Step.Step<unknown, unknown, Services, Services, string>>([
    () => Postgres.extension("x", { name: wanted, cascade: true }),
    () => Postgres.enum("x", { name: wanted, labels: ["x", ...some(names)] }),
    () => Postgres.column("x", { table: wanted, name: wanted, type: one(["int", "text[]", "varchar(3)"]) })
  ])()
  return { world, step }
}

describe("on random worlds in memory", () => {
  it.effect("undo makes the world as it was, whatever was there", () =>
    Effect.gen(function* () {
      const types = new Set<string>()
      for (let seed = 0; seed < 1000; seed++) {
        const { step, world } = randomCase(seed)
        types.add(step.type)
        const see = Effect.sync(() => [
          [...world.extensions].sort(([a], [b]) => (a < b ? -1 : 1)),
          [...world.enums],
          [...world.tables].map(([name, columns]) => [name, ...columns])
        ])
        yield* Laws.undo({ step, see }).pipe(
          Effect.provide(world.layer),
          Effect.mapError((error) => new Error(`seed ${seed}`, { cause: error }))
        )
      }
      assert.lengthOf([...types], 3)
    })
  )
})

describe("on a real server", () => {
  const database = forThisFile()

  const fresh = Effect.gen(function* () {
    const { createDatabase, password, port, sql, user } = database.embedded()
    const name = yield* Effect.promise(createDatabase)
    const plugin = Postgres.server({ port, user, password: Redacted.make(password), database: name })
    return groundOf((text, values) => sql(name, text, values), Layer.provide(layerOf(plugin), Target.local()))
  })

  for (const [what, all] of scenarios) {
    for (const { name, run } of all) {
      it.live(`undo ${what} ${name}`, () =>
        Effect.flatMap(fresh, (ground) => Effect.provide(run(ground), ground.layer))
      )
    }
  }

  it.live("a default is one that the server gave when the column was added, or gives now", () =>
    Effect.gen(function* () {
      const { createDatabase, sql } = database.embedded()
      const name = yield* Effect.promise(createDatabase)
      const run = (text: string) => Effect.promise(() => sql(name, text))
      yield* run("CREATE TABLE documents (name text)")
      yield* run("INSERT INTO documents VALUES ('before')")
      const restored = Effect.fnUntraced(function* (type: string, value: string, meanwhile: string) {
        const step = Postgres.column("x", { table: "documents", name: "added", type, default: value, nullable: false })
        const { apply, undo } = yield* Effect.fromResult(step.prepare(new Map()))
        if (undo === undefined) return assert.fail("it has no undo")
        const captured = yield* undo.capture
        yield* apply
        yield* run(meanwhile)
        const exit = yield* Effect.exit(undo.restore(captured))
        yield* run("ALTER TABLE documents DROP COLUMN IF EXISTS added")
        return exit._tag
      })
      const insert = "INSERT INTO documents (name) VALUES ('after')"
      const found = yield* Effect.all([
        restored("json", "'{\"a\": [1]}'", insert),
        restored("numeric(6, 2)", "1.5", insert),
        restored("timestamptz", "'2020-01-01'", insert),
        restored("text[]", "'{a,\"b c\"}'", insert),
        restored("timestamptz", "now()", "SELECT"),
        // What was written since, or what cannot be told from it.
        restored("timestamptz", "now()", insert),
        restored("uuid", "gen_random_uuid()", "SELECT"),
        restored("int", "1", "UPDATE documents SET added = 2")
      ]).pipe(Effect.provide(database.layer({ database: name })))
      assert.deepStrictEqual(found, [...Array(5).fill("Success"), ...Array(3).fill("Failure")])
    })
  )

  it.live("what an extension needs stands in the order in which it can be dropped", () =>
    Effect.gen(function* () {
      const probe = yield* PostgresProbe.PostgresProbe
      const found = yield* Effect.all([probe.neededExtensions("earthdistance"), probe.neededExtensions("cube")])
      assert.deepStrictEqual(found, [[{ name: "cube", installed: undefined }], []])
    }).pipe(Effect.provide(Layer.suspend(() => database.layer())))
  )
})
