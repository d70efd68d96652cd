/** The first side as it is once renames are done, and what is altered without being dropped. */
import * as Effect from "effect/Effect"
import { RenamesInvalid } from "../../CompareError.ts"
import { alterations, namesakes } from "./before.ts"
import type { Seen } from "./comparing.ts"
import type { Database } from "./database.ts"
import { engine } from "./engine.ts"
import { namedAs } from "./extras.ts"
import { type Item, statement } from "./items.ts"
import type { See } from "./narrowing.ts"
import type { Rename } from "./renames.ts"
import * as renaming from "./renames.ts"
import { copyOf, inward } from "./scratch.ts"

export interface Prepared {
  readonly from: Seen
  readonly to: Seen
  readonly before: ReadonlyArray<Item>
}

/** Tries on a copy what has to be done first, and reads that instead. */
export const prepared = Effect.fnUntraced(function* (
  from: Seen,
  to: Seen,
  given: {
    readonly renames: ReadonlyArray<Rename>
    /** A rename that is done already is none. */
    readonly repeats: boolean
    readonly server: Database
    readonly see: See
  }
) {
  const { see } = given
  const stated = given.repeats ? renaming.left(given.renames, from.facts) : given.renames
  const renames = yield* renaming.statements(stated, from.facts, to.facts)
  if (renames.length === 0 && alterations(from.facts, to.facts).length === 0)
    return { from, to, before: [] } satisfies Prepared
  const tools = yield* Effect.promise(engine)
  const copy = yield* copyOf(given.server, from, see)
  const done: Array<string> = []
  for (const sql of renames) {
    yield* Effect.mapError(
      copy.database.run(sql),
      (error) =>
        new RenamesInvalid({
          path: "renames",
          message: `renames: PostgreSQL refuses ${sql}: ${error.message}`,
          hint: "correct the file",
          cause: error
        })
    )
    done.push(sql)
  }
  const wanted: Seen = { ...to, facts: inward(tools, to.facts) }
  const renamed = yield* see(copy.database)
  // Together, or not at all: what cannot be altered so is planned otherwise, and its hazards say how.
  const together = Effect.fnUntraced(function* (statements: ReadonlyArray<string>) {
    const ran = yield* Effect.exit(
      Effect.forEach(["BEGIN", ...statements, "COMMIT"], (sql) => copy.database.run(sql), { discard: true })
    )
    if (ran._tag === "Success") done.push(...statements)
    else yield* Effect.ignore(copy.database.run("ROLLBACK"))
  })
  for (const one of alterations(renamed.facts, wanted.facts)) yield* together(one)
  if (renames.length > 0) {
    const altered = yield* see(copy.database)
    for (const sql of namesakes(altered.facts, wanted.facts)) yield* together([sql])
  }
  const before = done.map((sql) => statement(sql, { lock: "ACCESS EXCLUSIVE" }))
  const { details, facts } = yield* see(copy.database)
  const notNulls = namedAs(details.notNulls, from.details.notNulls)
  return { from: { facts, details: { ...details, notNulls } }, to: wanted, before } satisfies Prepared
})
