/** Plans of SQL for tests. */
import * as Effect from "effect/Effect"
import type pg from "pg"
import { catalogOf, questionFor } from "../../src/internal/sql/catalog.ts"
import { nodesOf, type PlannedScript, planOf } from "../../src/internal/sql/plan.ts"
import { statementsOf } from "../../src/internal/sql/split.ts"

/** The plan of a text, for a version, or for what holds everywhere. */
export const planned = (text: string, major?: number) =>
  Effect.flatMap(statementsOf(text, "test.sql"), (file) => planOf(file, { major, catalog: undefined }))

/** The plan of a text against a server. */
export const plannedAgainst = (text: string, client: pg.Client) =>
  Effect.gen(function* () {
    const file = yield* statementsOf(text, "test.sql")
    const nodes = yield* nodesOf(file)
    const { text: question, values } = questionFor(nodes)
    const { rows } = yield* Effect.promise(() => client.query(question, [...values]))
    const catalog = yield* catalogOf(rows[0], nodes)
    return yield* planOf(file, { major: catalog.major, catalog })
  })

/** Units in short: what is committed together in brackets, what is alone as it is. */
export const shape = ({ units }: PlannedScript): ReadonlyArray<string | ReadonlyArray<string>> =>
  units.map(({ statements, transaction }) =>
    transaction ? statements.map(({ sql }) => sql) : statements.map(({ sql }) => sql).join("; ")
  )

/** Runs a plan as it says. */
export const run = async ({ units }: PlannedScript, client: pg.Client): Promise<void> => {
  for (const { statements, transaction } of units) {
    if (transaction) await client.query("BEGIN")
    try {
      for (const { sql } of statements) await client.query({ text: sql, queryMode: "extended" } as pg.QueryConfig)
    } catch (error) {
      if (transaction) await client.query("ROLLBACK")
      throw error
    }
    if (transaction) await client.query("COMMIT")
  }
}
