/** What is wrong with what a deployment is given, and what must be said of it. Nothing may be half done. */
import { assert, it } from "@effect/vitest"
import { defineDeployment, type Step, Target } from "@shipshape/core"
import { Rehearsal } from "@shipshape/core/testing"
import { Postgres } from "@shipshape/plugin-postgres"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Database, Options } from "./database.ts"
import { embedded } from "./schemas.ts"

type Services = Postgres.Services | Target.TargetProbe | Target.Target

export type AnyStep = Step.Step<unknown, unknown, Services, Services, string>

/** One thing that is wrong. */
export interface Bad {
  readonly name: string
  /** SQL that is run before. */
  readonly given?: string
  /** Where it is not the database's superuser that connects. */
  readonly connection?: () => Options
  readonly steps: () => ReadonlyArray<AnyStep>
  readonly code: string
  /** The culprit. */
  readonly says: string
  /** What to do. */
  readonly hint: string
  /** The line of the catalog that stays although the run has failed. */
  readonly leaves?: RegExp
}

/** What is said of one that was run. */
export const runOn = (database: Database, { connection, steps }: Pick<Bad, "connection" | "steps">) => {
  const { password, port, user } = database.embedded()
  const options = connection?.() ?? { port, user, password: Redacted.make(password), database: database.name() }
  const deployment = defineDeployment(
    "bad",
    { environments: { test: { data: "disposable" } }, plugins: () => [Postgres.server(options)] },
    function* () {
      for (const step of steps()) yield* step
    }
  )
  const layer = Layer.provideMerge(
    Result.getOrThrow(Postgres.server({ lockTimeout: "100 millis", lockRetries: 1, ...options }).layer(new Map())),
    Target.local()
  )
  return Effect.map(Rehearsal.apply(deployment, layer, { environment: "test" }), (run) => ({
    exitCode: run.exitCode,
    applied: run.applied,
    failure: Object.values(run.steps).find(({ failure }) => failure !== undefined)?.failure ?? run.failure
  }))
}

/** Schema, rows, and what belongs to the whole server. The ledger of files of SQL says itself what was done. */
export const fingerprint = (database: Database): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(async () => {
    const { sql } = database.embedded()
    const name = database.name()
    const catalog = await embedded(database.embedded()).dump(name)
    const { rows: tables } = await sql(
      name,
      "SELECT oid::regclass::text AS it FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    const counted = tables.map(
      ({ it: table }) =>
        `SELECT 'rows ' || '${table}' || ' ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM ${table} t`
    )
    const { rows } = await sql(
      name,
      `SELECT 'role ' || rolname || rolcanlogin || coalesce(rolpassword, '') AS line FROM pg_authid UNION ALL SELECT 'database ' || datname FROM pg_database
       UNION ALL SELECT 'setting ' || setdatabase || setrole || setconfig::text FROM pg_db_role_setting UNION ALL SELECT 'invalid ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid
       ${counted.map((one) => `UNION ALL ${one}`).join(" ")} ORDER BY 1`
    )
    return [...catalog.split("\n"), ...rows.map(({ line }) => String(line))].filter(
      (line) => !line.includes("shipshape_migrations")
    )
  })

/** Each is a test. */
export const testAll = (database: Database, cases: ReadonlyArray<Bad>): void => {
  for (const bad of cases) {
    it.live(bad.name, () =>
      Effect.gen(function* () {
        if (bad.given !== undefined) yield* database.sql(bad.given)
        const before = yield* fingerprint(database)
        const { applied, exitCode, failure } = yield* runOn(database, bad)
        const after = yield* fingerprint(database)
        assert.notStrictEqual(exitCode, 0)
        assert.deepStrictEqual(applied, [])
        assert.strictEqual(failure?.code, bad.code)
        assert.include(failure?.message, bad.says)
        assert.include(failure?.hint, bad.hint)
        const more = after.filter((line) => !before.includes(line))
        assert.deepStrictEqual(
          more.filter((line) => bad.leaves?.test(line) !== true),
          []
        )
        assert.deepStrictEqual(
          before.filter((line) => !after.includes(line)),
          []
        )
      })
    )
  }
}
