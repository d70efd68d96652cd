import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, it } from "@effect/vitest"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { afterAll, beforeAll, expect } from "vitest"
import { type Ground, keepsTheLaws, type Services, sql } from "../test/support/comparing.ts"
import { make, secret, user } from "./support/container.ts"

describe("through a container that publishes no port", () => {
  const container = make()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ss-compare-"))

  const layerOf = (database: string): Layer.Layer<Services, unknown> => {
    const plugin = Postgres.inService({ service: "db", user, password: secret, database })
    return Layer.provide(Result.getOrThrow(plugin.layer(new Map())), container.target)
  }

  beforeAll(async () => {
    await container.run()
    const ready = Effect.gen(function* () {
      const { apply } = yield* Effect.fromResult(Postgres.ready("ready", {}).prepare(new Map()))
      yield* apply
    })
    await Effect.runPromise(Effect.provide(ready, layerOf("app")))
  })
  afterAll(async () => {
    fs.rmSync(folder, { recursive: true, force: true })
    await container.remove()
  })

  it.live("a schema is compared, proved by the container's own pg_dump, and made the expected one", () =>
    Effect.gen(function* () {
      const database = yield* Effect.promise(container.createDatabase)
      const run = (text: string) => Effect.promise(() => container.sql(database, text))
      yield* run(sql.before)
      const expected = path.join(folder, "schema.sql")
      fs.writeFileSync(expected, sql.expected)
      const ground: Ground = {
        layer: layerOf(database),
        expected,
        see: Effect.map(
          run(`SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT t.typname, e.enumlabel, e.enumsortorder::text FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
            UNION ALL SELECT datname, '', '' FROM pg_database WHERE datname LIKE 'shipshape%' ORDER BY 1, 2, 3`),
          ({ rows }) => rows
        ),
        dropLines: Effect.asVoid(run("DROP TABLE lines")),
        addStray: Effect.asVoid(run("CREATE TABLE stray (id int)"))
      }
      yield* Effect.provide(keepsTheLaws(ground), ground.layer)
      const { rows } = yield* run("SELECT count(*)::int AS n FROM orders WHERE amount = 2")
      expect(rows).toEqual([{ n: 5 }])
    })
  )

  it.live("a program in a container makes what is expected", () =>
    Effect.gen(function* () {
      const database = yield* Effect.promise(container.createDatabase)
      const program = {
        program: "psql",
        args: ["-v", "ON_ERROR_STOP=1", "-c", "CREATE TABLE t (id int PRIMARY KEY, note text)"],
        env: { PGUSER: user, PGHOST: "127.0.0.1" },
        service: "db"
      }
      const { apply, check } = yield* Effect.fromResult(
        Postgres.compare("x", { expected: program, mode: "converge" }).prepare(new Map())
      )
      const layer = layerOf(database)
      yield* Effect.provide(apply, layer)
      expect(yield* Effect.provide(check, layer)).toMatchObject({ _tag: "Satisfied" })
    })
  )
})
