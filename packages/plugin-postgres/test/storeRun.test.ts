/** Runs of a deployment whose lock, journal and releases live in PostgreSQL. */
import { assert, describe, it } from "@effect/vitest"
import { defineDeployment, Input, Journal, Run, Store } from "@shipshape/core"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import { forThisFile } from "./support/database.ts"
import { storeOf } from "./support/store.ts"

const database = forThisFile()

/** It fails at its last step, unless there is a table `allowed`. */
const deployment = defineDeployment(
  "edms",
  {
    environments: { staging: { data: "disposable", onFailure: "undo" } },
    inputs: { database: Input.secret("DATABASE_URL"), state: Input.secret("STATE_URL") },
    plugins: ({ inputs }) => [Postgres.server({ url: inputs.database })],
    store: ({ inputs }) => Postgres.store({ url: inputs.state, schema: "deployments" })
  },
  function* () {
    yield* Postgres.extension("distances", { name: "earthdistance", cascade: true })
    yield* Postgres.enum("status", { name: "status", labels: ["draft", "final"] })
    yield* Postgres.column("column", { table: "documents", name: "status", type: "status", default: "'draft'" })
    yield* Postgres.sql("last", { apply: "INSERT INTO allowed VALUES (1)", done: "SELECT EXISTS (TABLE allowed)" })
  }
)

const everything = `SELECT
  (SELECT array_agg(extname::text ORDER BY extname) FROM pg_extension) AS extensions,
  (SELECT array_agg(typname::text) FROM pg_type WHERE typtype = 'e') AS enums,
  (SELECT array_agg(column_name::text) FROM information_schema.columns WHERE table_name = 'documents') AS columns`

describe("a deployment with a store in PostgreSQL", () => {
  it.live("takes back what has failed, and goes on from there; another process reads what happened", () =>
    Effect.gen(function* () {
      const { createDatabase, password, port, sql, user } = database.embedded()
      const [data, state] = yield* Effect.promise(() => Promise.all([createDatabase(), createDatabase()]))
      const url = (name: string) => `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`
      const ask = (text: string) =>
        Effect.map(
          Effect.promise(() => sql(data, text)),
          ({ rows }) => rows
        )
      const variables = { DATABASE_URL: url(data), STATE_URL: url(state) }
      const apply = Effect.scoped(
        Effect.flatMap(
          Run.open(deployment, { environment: "staging", inputs: [{ name: "the test", variables }] }),
          (session) => session.apply()
        )
      )
      yield* ask("CREATE TABLE documents (name text)")
      yield* ask("INSERT INTO documents VALUES ('one')")
      yield* ask("CREATE TABLE allowed (id int CHECK (id <> 1))")
      const before = yield* ask(everything)

      const error = yield* Effect.flip(apply)
      assert.strictEqual(error._tag, "RunFailed")
      assert.deepStrictEqual(yield* ask(everything), before)

      yield* ask("ALTER TABLE allowed DROP CONSTRAINT allowed_id_check")
      const report = yield* apply
      assert.deepStrictEqual([report.run, report.release], [2, 2])
      assert.deepStrictEqual(yield* ask("SELECT * FROM documents"), [{ name: "one", status: "draft" }])

      yield* Effect.gen(function* () {
        const store = (yield* Store.Store).of({ deployment: "edms", environment: "staging" })
        const { records } = Journal.decode(yield* store.journal(1))
        const undone = records.filter((record) => record._tag === "UndoEnded")
        assert.deepStrictEqual(
          undone.map(({ outcome, step }) => [step, outcome]),
          ["column", "status", "distances"].map((step) => [step, "undone"])
        )
        assert.deepStrictEqual(
          (yield* store.releases).map((release) => release.number),
          [2]
        )
        assert.isUndefined(yield* store.holder)
        assert.notInclude(yield* store.journal(1), "p@ss")
      }).pipe(Effect.provide(storeOf({ url: url(state), schema: "deployments" })))
    })
  )
})
